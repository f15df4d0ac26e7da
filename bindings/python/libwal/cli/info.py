# SPDX-License-Identifier: Apache-2.0
"""info: shows what a log is and how it stands."""

from __future__ import annotations

import os

from libwal.cli import escape, json, verdict
from libwal.cli.args import Choices, Command
from libwal.cli.codes import FINE
from libwal.cli.console import Console
from libwal.cli.facts import Facts, look
from libwal.cli.opening import OPEN_ARGS
from libwal.cli.record import COLOR_ARG, REPORT_ARG

NAME_COLUMN = 13
CIPHERS = {"none": 0, "aes-256-gcm": 1, "chacha20-poly1305": 2}

COMMAND = Command(
    name="info",
    summary="show what a log is and how it stands",
    args=[REPORT_ARG, COLOR_ARG, *OPEN_ARGS],
    about="Shows the log's identity, the LSNs in it, its size, what is at its end, who writes it.\n"
    "The end is clean; or torn, as a crash leaves it: what doesn't count there was never\n"
    "acknowledged, and the next writer gives it up; or ambiguous: the same, or damage to the\n"
    "very last write. Each of these is fine (exit code 0). Stray files are those in the\n"
    "directory that mean nothing to the log. In JSON, LSN 0, process 0 and cipher 0\n"
    "mean none. Compression and encryption are those of the newest segment.\n",
    examples="  walctl info my.wal\n"
    "  walctl info -o json my.wal | jq .durable_lsn\n",
)


def run(console: Console, choices: Choices, path: str) -> int:
    """The exit code."""
    facts = look(path, choices)
    if choices.get("output") == "json":
        console.put(_json(facts))
    else:
        _text(console, facts)
    return FINE


def _records(facts: Facts) -> int:
    return facts.range.next_lsn - facts.range.first_lsn


def _text(console: Console, facts: Facts) -> None:
    for name, shown in _rows(facts).items():
        console.put(console.color("head"), name.ljust(NAME_COLUMN).encode(), console.color("off"))
        if name == "end":
            verdict.show(console, facts.verdict)
        console.put(shown, b"\n")


def _rows(facts: Facts) -> dict[str, bytes]:
    info, at = facts.info, facts.range
    return {
        "log": escape.text(os.fsencode(facts.path)),
        "label": escape.text(info.label) or b"none",
        "uuid": info.uuid.encode(),
        "format": b"%d.%d" % (info.major, info.minor),
        "records": _record_text(facts),
        "next LSN": _lsn(at.next_lsn),
        "durable LSN": _lsn(at.durable_lsn),
        "checkpoint": _lsn(facts.recovery.checkpoint_lsn),
        "segments": b"%d" % facts.segments,
        "on disk": b"%d bytes" % facts.disk_bytes,
        "end": _end(facts),
        "writer": _writer(facts),
        "metadata": b"%d keys" % facts.metadata_keys,
        "stray files": b"%d" % info.strays,
        "compression": info.codec.encode(),
        "encryption": _cipher(facts),
    }


def _lsn(lsn: int) -> bytes:
    return b"%d" % lsn if lsn > 0 else b"none"


def _record_text(facts: Facts) -> bytes:
    n = _records(facts)
    if n == 0:
        return b"0"
    return b"%d, LSN %d to %d" % (n, facts.range.first_lsn, facts.range.last_lsn)


def _end(facts: Facts) -> bytes:
    """Behind the verdict."""
    if facts.verdict not in verdict.CODES:
        return b""
    recovery = facts.recovery
    cut = (recovery.discarded_bytes, recovery.cut_offset, recovery.cut_segment)
    return b", %d bytes from offset %d of segment %d don't count" % cut


def _writer(facts: Facts) -> bytes:
    if not facts.in_use:
        return b"none"
    if facts.writer_pid:
        return b"process %d" % facts.writer_pid
    return b"a process that has written nothing yet"


def _cipher(facts: Facts) -> bytes:
    info = facts.info
    key = "" if info.cipher == "none" else f", key {info.key_id}"
    return (info.cipher + key).encode()


def _json(facts: Facts) -> bytes:
    info, at, recovery = facts.info, facts.range, facts.recovery
    members: dict[str, json.Value] = {
        "log": os.fsencode(facts.path),
        "label": info.label,
        "uuid": info.uuid.encode(),
        "format_major": info.major,
        "format_minor": info.minor,
        "epoch": info.epoch,
        "records": _records(facts),
        "first_lsn": at.first_lsn,
        "last_lsn": at.last_lsn,
        "next_lsn": at.next_lsn,
        "durable_lsn": at.durable_lsn,
        "checkpoint_lsn": recovery.checkpoint_lsn,
        "segments": facts.segments,
        "disk_bytes": facts.disk_bytes,
        "end": facts.verdict.encode(),
        "discarded_bytes": recovery.discarded_bytes,
        "cut_segment": recovery.cut_segment,
        "cut_offset": recovery.cut_offset,
        "header_repairs": recovery.header_repairs,
        "in_use": facts.in_use,
        "writer_pid": facts.writer_pid,
        "metadata_keys": facts.metadata_keys,
        "stray_files": info.strays,
        "compression": info.codec.encode(),
        "cipher": CIPHERS[info.cipher],
        "key_id": info.key_id,
    }
    return json.line({key: json.value(value) for key, value in members.items()})
