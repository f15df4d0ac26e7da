# SPDX-License-Identifier: Apache-2.0
"""libwal.prometheus: names, types, values; a log that is closed; without prometheus_client."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import libwal

NAMED = """
append_records_total append_bytes_total fsync_total fsync_duration_seconds
append_duration_seconds commit_group_records segments storage_size_bytes first_lsn last_lsn
durable_lsn segment_rotations_total truncated_records_total corruptions_total write_errors_total
recovery_discarded_bytes_total recovery_duration_seconds
""".split()

DISCARDED = "Bytes at the log's end that a crash left and that don't count."

# What `walctl stats --prometheus` prints of a log with a checkpoint.
WALCTL = f"""
# HELP libwal_records Records in the log.
# TYPE libwal_records gauge
# HELP libwal_first_lsn The smallest LSN in the log.
# TYPE libwal_first_lsn gauge
# HELP libwal_last_lsn The largest LSN in the log.
# TYPE libwal_last_lsn gauge
# HELP libwal_next_lsn The LSN that the next record gets.
# TYPE libwal_next_lsn gauge
# HELP libwal_durable_lsn Records up to this LSN are durable.
# TYPE libwal_durable_lsn gauge
# HELP libwal_checkpoint_lsn LSN of the newest checkpoint.
# TYPE libwal_checkpoint_lsn gauge
# HELP libwal_segments Segment files.
# TYPE libwal_segments gauge
# HELP libwal_storage_size_bytes What the files take on the disk.
# TYPE libwal_storage_size_bytes gauge
# HELP libwal_used_bytes Bytes in use in the segments.
# TYPE libwal_used_bytes gauge
# HELP libwal_oldest_segment_created_timestamp_seconds When the oldest segment was made.
# TYPE libwal_oldest_segment_created_timestamp_seconds gauge
# HELP libwal_newest_segment_created_timestamp_seconds When the newest segment was made.
# TYPE libwal_newest_segment_created_timestamp_seconds gauge
# HELP libwal_epoch How many opens have written to the log.
# TYPE libwal_epoch gauge
# HELP libwal_metadata_keys Keys of the log's metadata.
# TYPE libwal_metadata_keys gauge
# HELP libwal_stray_files Files that mean nothing to the log.
# TYPE libwal_stray_files gauge
# HELP libwal_recovery_discarded_bytes_total {DISCARDED}
# TYPE libwal_recovery_discarded_bytes_total counter
# HELP libwal_recovery_header_repairs Segment headers of which one of two copies is damaged.
# TYPE libwal_recovery_header_repairs gauge
# HELP libwal_recovery_duration_seconds How long opening the log took.
# TYPE libwal_recovery_duration_seconds gauge
""".strip().split("\n")  # fmt: skip


def walctl():
    root = Path(__file__).resolve().parents[2]
    named = os.environ.get("WALCTL", root / "build-dev" / "walctl")
    return os.path.abspath(named) if os.access(named, os.X_OK) else None


@pytest.fixture
def scrape():
    """Registers a collector and returns a function that scrapes it: the lines, and the samples by
    name with their labels."""
    from prometheus_client import CollectorRegistry, generate_latest

    from libwal.prometheus import Collector

    def scrapes(collector):
        assert isinstance(collector, Collector)
        registry = CollectorRegistry()
        registry.register(collector)
        lines = generate_latest(registry).decode().splitlines()
        samples = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return lines, {name: float(value) for name, value in samples.items()}

    return scrapes


def heads(lines):
    return [line for line in lines if line.startswith("# ")]


def test_names(tmp_path, scrape):
    from libwal.prometheus import Collector

    with libwal.open(tmp_path / "a.wal") as log:
        log.append(b"x")
        log.checkpoint(1)
        lines, _ = scrape(Collector(log))
    types = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert {f"libwal_{name}" for name in NAMED} <= types
    assert set(WALCTL) <= set(heads(lines))
    if walctl():
        done = subprocess.run([walctl(), "stats", "--prometheus", "a.wal"], cwd=tmp_path,
                              capture_output=True, text=True, check=True)
        assert heads(done.stdout.splitlines()) == WALCTL


def test_values(tmp_path, scrape):
    from libwal.prometheus import Collector

    with libwal.open(tmp_path / "a.wal", segment_records=4) as log:
        log.append_many([b"x" * 10] * 4)
        log.append(b"y" * 5)
        log.truncate_before(3)
        log.truncate_after(4)
        log.meta["k"] = b"v"
        stats, durable = log.stats(), log.durable_lsn
        _, seen = scrape(Collector(log, {"service": "test"}))
        at = f'{{log="{log.path}",service="test"}}'
        of = {name: seen[f"libwal_{name}{at}"] for name in (
            "records", "first_lsn", "last_lsn", "next_lsn", "durable_lsn", "metadata_keys",
            "append_records_total", "append_bytes_total", "segments", "fsync_total")}
    assert of == {"records": 2, "first_lsn": 3, "last_lsn": 4, "next_lsn": 5,
                  "durable_lsn": durable, "metadata_keys": 1, "append_records_total": 5,
                  "append_bytes_total": 45, "segments": of["segments"],
                  "fsync_total": stats["syncs"]}
    cuts = {re.search('side="(.*)"', name)[1]: n for name, n in seen.items() if "side=" in name}
    assert cuts == {"front": 2, "back": 1}
    assert not any("checkpoint" in name for name in seen)


def test_histograms(tmp_path, scrape):
    from libwal.prometheus import Collector

    with libwal.open(tmp_path / "a.wal") as log:
        for size in (1, 3, 3, 100):
            log.append_many([b"x"] * size)
        _, seen = scrape(Collector(log))
        syncs = log.stats()["syncs"], log.stats()["sync_ns"]

    def buckets(of):
        found = {}
        for name, value in seen.items():
            if name.startswith(f"libwal_{of}_bucket"):
                found[float(re.search('le="([^"]*)"', name)[1])] = value
        return found

    groups = buckets("commit_group_records")
    assert (groups[1], groups[3], groups[63], groups[127], groups[float("inf")]) == (1, 3, 3, 4, 4)
    durations = buckets("fsync_duration_seconds")
    assert min(durations) == pytest.approx(16.384e-6)
    assert list(durations.values()) == sorted(durations.values())
    assert durations[float("inf")] == syncs[0] == only(seen, "fsync_duration_seconds_count")
    assert only(seen, "fsync_duration_seconds_sum") == pytest.approx(syncs[1] / 1e9)
    assert buckets("append_duration_seconds")[float("inf")] == 4


def only(seen, name):
    values = [value for key, value in seen.items() if key.startswith(f"libwal_{name}{{")]
    assert len(values) == 1
    return values[0]


def test_several_logs_and_closed_ones(tmp_path, scrape):
    from libwal.prometheus import Collector

    one = libwal.open(tmp_path / "one")
    two = libwal.open(tmp_path / "two")
    reader = libwal.open(tmp_path / "one", "r")
    collector = Collector(one, {"name": "1"})
    collector.add(two, {"name": "2"})
    collector.add(reader, {"name": "3"})
    lines, seen = scrape(collector)
    assert sum(name.startswith("libwal_segments{") for name in seen) == 3
    assert lines.count("# TYPE libwal_segments gauge") == 1
    one.close()
    _, seen = scrape(collector)
    assert {re.search('name="(.)"', name)[1] for name in seen} == {"2", "3"}
    two.close()
    reader.close()
    assert scrape(collector) == ([], {})


def test_without_prometheus_client():
    """It is not imported by libwal, and what is missing is named."""
    source = """
import sys
import libwal
assert not any(name.startswith("prometheus") for name in sys.modules)
sys.modules["prometheus_client"] = None
try:
    import libwal.prometheus
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True,
                          timeout=60, check=True)
    assert done.stdout == ("libwal.prometheus needs prometheus_client: "
                           "pip install 'libwal[prometheus]'\n")
