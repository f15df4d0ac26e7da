# SPDX-License-Identifier: Apache-2.0
"""A collector for prometheus_client.

    from prometheus_client import REGISTRY, start_http_server
    from libwal.prometheus import Collector

    REGISTRY.register(Collector(log))
    start_http_server(9100)

It asks the log at each scrape; between them it costs nothing. Names, types and texts are those of
`walctl stats --prometheus`, and besides there is what only a running log counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from libwal._libwal import Log, WalError

try:
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector as _Base
except ImportError as error:
    raise ImportError(
        "libwal.prometheus needs prometheus_client: pip install 'libwal[prometheus]'",
        name=error.name,
    ) from error

__all__ = ["Collector"]

_NS = 1e-9


class _Family(NamedTuple):
    kind: str
    help: str


# In the order of walctl's output, then of the statistics. Counters are without _total here.
_FAMILIES = {
    "records": _Family("gauge", "Records in the log."),
    "first_lsn": _Family("gauge", "The smallest LSN in the log."),
    "last_lsn": _Family("gauge", "The largest LSN in the log."),
    "next_lsn": _Family("gauge", "The LSN that the next record gets."),
    "durable_lsn": _Family("gauge", "Records up to this LSN are durable."),
    "checkpoint_lsn": _Family("gauge", "LSN of the newest checkpoint."),
    "segments": _Family("gauge", "Segment files."),
    "storage_size_bytes": _Family("gauge", "What the files take on the disk."),
    "used_bytes": _Family("gauge", "Bytes in use in the segments."),
    "oldest_segment_created_timestamp_seconds": _Family(
        "gauge", "When the oldest segment was made."
    ),
    "newest_segment_created_timestamp_seconds": _Family(
        "gauge", "When the newest segment was made."
    ),
    "epoch": _Family("gauge", "How many opens have written to the log."),
    "metadata_keys": _Family("gauge", "Keys of the log's metadata."),
    "stray_files": _Family("gauge", "Files that mean nothing to the log."),
    "recovery_discarded_bytes": _Family(
        "counter", "Bytes at the log's end that a crash left and that don't count."
    ),
    "recovery_header_repairs": _Family(
        "gauge", "Segment headers of which one of two copies is damaged."
    ),
    "recovery_duration_seconds": _Family("gauge", "How long opening the log took."),
    "append_records": _Family("counter", "Records appended."),
    "append_bytes": _Family("counter", "Bytes of their payloads."),
    "append_duration_seconds": _Family("histogram", "Time inside appends and commits."),
    "commit_groups": _Family("counter", "Groups of records that were committed together."),
    "commit_group_records": _Family("histogram", "Records per group."),
    "fsync": _Family("counter", "Syncs."),
    "fsync_duration_seconds": _Family("histogram", "Time of a sync."),
    "write_calls": _Family("counter", "Write calls for groups."),
    "written_bytes": _Family("counter", "Bytes written, with headers and padding."),
    "segment_rotations": _Family("counter", "New segments behind full ones."),
    "removed_segments": _Family("counter", "Segments that left the log."),
    "truncated_records": _Family("counter", "Records that were cut off, at the front or back."),
    "corruptions": _Family("counter", "Damage met while reading."),
    "write_errors": _Family("counter", "Writes that failed."),
    "pending_bytes": _Family("gauge", "Bytes that are buffered and not yet written."),
    "index_bytes": _Family("gauge", "Memory of the index."),
    "pinned_bytes": _Family("gauge", "Bytes that retention would remove but for readers' pins."),
    "broken_pins": _Family("counter", "Pins of readers that were broken."),
}

_COUNTED = {  # what the statistics call them
    "append_records": "append_records",
    "append_bytes": "append_bytes",
    "commit_groups": "groups",
    "fsync": "syncs",
    "write_calls": "writes",
    "written_bytes": "written_bytes",
    "segment_rotations": "rotations",
    "removed_segments": "removed_segments",
    "corruptions": "corruptions",
    "write_errors": "write_errors",
    "pending_bytes": "pending_bytes",
    "index_bytes": "index_bytes",
    "pinned_bytes": "pinned_bytes",
    "broken_pins": "broken_pins",
    "recovery_discarded_bytes": "discarded_bytes",
}

# Bucket i of the library counts up to 2^(i+1) - 1.
_DURATION_BUCKETS = range(13, 34)  # 16 us to 17 s
_RECORD_BUCKETS = range(0, 17)


class Collector(_Base):
    """What one log, or several, have to tell. A log that is closed tells nothing any more; nor
    does one whose files can't be looked at: a scrape never fails by it."""

    def __init__(self, log: Log, labels: Mapping[str, str] | None = None) -> None:
        """Each sample has the label log, the log's path, and `labels`, which come first."""
        self._logs: list[tuple[Log, dict[str, str]]] = []
        self.add(log, labels)

    def add(self, log: Log, labels: Mapping[str, str] | None = None) -> None:
        """One log more. A registry must not hold two collectors: their metrics would mix."""
        self._logs.append((log, {"log": log.path, **(labels or {})}))

    def collect(self) -> Iterator[Metric]:
        """All metrics, for the registry."""
        metrics = {name: Metric(f"libwal_{name}", f.help, f.kind) for name, f in _FAMILIES.items()}
        for log, labels in self._logs:
            try:
                seen = _Look(log)
            except WalError:
                continue
            seen.add_to(metrics, labels)
        yield from (metric for metric in metrics.values() if metric.samples)


class _Look:
    """All of a log's figures, before any of them is given away."""

    def __init__(self, log: Log) -> None:
        self.stats = log.stats()
        self.values = _places(log) | _segments(log) | _about(log)
        self.values |= {name: self.stats[of] for name, of in _COUNTED.items()}
        self.appends = log.histogram("append_ns")
        self.syncs = log.histogram("sync_ns")
        self.groups = log.histogram("group_records")

    def add_to(self, metrics: dict[str, Metric], labels: dict[str, str]) -> None:
        """Adds its samples to all of the metrics."""
        for name, value in self.values.items():
            metric = metrics[name]
            suffix = "_total" if metric.type == "counter" else ""
            metric.add_sample(metric.name + suffix, labels, value)
        cut = metrics["truncated_records"]
        for side in ("front", "back"):
            value = self.stats[f"truncated_{side}"]
            cut.add_sample(f"{cut.name}_total", {**labels, "side": side}, value)
        _add_durations(metrics["append_duration_seconds"], labels, self.appends)
        syncs = metrics["fsync_duration_seconds"]
        _add_durations(syncs, labels, self.syncs)
        syncs.add_sample(f"{syncs.name}_sum", labels, self.stats["sync_ns"] * _NS)
        limits = {i: float(2 ** (i + 1) - 1) for i in _RECORD_BUCKETS}
        _add_buckets(metrics["commit_group_records"], labels, self.groups, limits)


def _places(log: Log) -> dict[str, float]:
    """LSNs that there are none of are left out."""
    at = log.range()
    lsns = {
        "first_lsn": at.first_lsn if at.last_lsn else 0,
        "last_lsn": at.last_lsn,
        "next_lsn": at.next_lsn,
        "durable_lsn": at.durable_lsn,
    }
    known = {name: float(lsn) for name, lsn in lsns.items() if lsn > 0}
    checkpoint = log.last_checkpoint()
    if checkpoint is not None:
        known["checkpoint_lsn"] = checkpoint.lsn
    return {"records": at.next_lsn - at.first_lsn, **known}


def _segments(log: Log) -> dict[str, float]:
    segments = log.segments()
    if not segments:
        return {"segments": 0}
    return {
        "segments": len(segments),
        "storage_size_bytes": log.disk_bytes,
        "used_bytes": sum(segment.bytes for segment in segments),
        "oldest_segment_created_timestamp_seconds": segments[0].created_ns // 10**9,
        "newest_segment_created_timestamp_seconds": segments[-1].created_ns // 10**9,
    }


def _about(log: Log) -> dict[str, float]:
    info, recovery = log.info(), log.recovery
    return {
        "epoch": info.epoch,
        "metadata_keys": len(log.meta),
        "stray_files": info.strays,
        "recovery_header_repairs": recovery.header_repairs,
        "recovery_duration_seconds": recovery.duration_ns * _NS,
    }


def _add_durations(metric: Metric, labels: dict[str, str], counts: list[int]) -> None:
    limits = {i: 2 ** (i + 1) * _NS for i in _DURATION_BUCKETS}
    _add_buckets(metric, labels, counts, limits)


def _add_buckets(
    metric: Metric, labels: dict[str, str], counts: list[int], limits: dict[int, float]
) -> None:
    """`limits`: what counts[i] counts up to, for those that become buckets."""
    total = 0
    for i, count in enumerate(counts):
        total += count
        if i in limits:
            metric.add_sample(f"{metric.name}_bucket", {**labels, "le": repr(limits[i])}, total)
    metric.add_sample(f"{metric.name}_bucket", {**labels, "le": "+Inf"}, total)
    metric.add_sample(f"{metric.name}_count", labels, total)
