# SPDX-License-Identifier: Apache-2.0
"""verify: reads everything, and says whether it is right."""

from __future__ import annotations

from typing import NamedTuple

import libwal
from libwal import CorruptError, Log, Recovery, TornError, Verification
from libwal.cli import codes, json, opening, segment_map, verdict
from libwal.cli.args import Choices, Command
from libwal.cli.console import Bar, Console
from libwal.cli.record import COLOR_ARG, MAP_ARGS, REPORT_ARG, plural

COMMAND = Command(
    name="verify",
    summary="read everything, and say whether it is right",
    args=[REPORT_ARG, *MAP_ARGS, COLOR_ARG, *opening.OPEN_ARGS],
    about="Reads and checks every record and the metadata, without changing or locking anything.\n"
    "Ends with 3 when something is damaged (file, offset and LSN are on stderr), with 4\n"
    "when only the end is torn, as a crash leaves it: the next writer gives that up, and\n"
    "nothing of it was acknowledged. The end of a log in use may look torn for a moment,\n"
    "which counts as right.\n",
    examples="  walctl verify my.wal\n"
    "  walctl verify -o json my.wal | jq -r .verdict\n",
)


class Findings(NamedTuple):
    """What was found."""

    report: Verification
    recovery: Recovery | None  # of an open, where damage doesn't keep the log from that
    verdict: str


def run(console: Console, choices: Choices, path: str) -> int:
    """The exit code. The log is opened as well: only so one knows what the next writer gives up
    at its end."""
    log = _open(path, choices)
    try:
        findings = _verify(console, choices, path, log)
        _show(console, choices, findings)
        if log is not None and choices.get("output") != "json" and _draws(console, choices):
            recovery = log.recovery
            segment_map.show(
                console, log.segments(), recovery.checkpoint_lsn, findings.report.damaged_segment
            )
    finally:
        if log is not None:
            log.close()
    return verdict.CODES.get(findings.verdict, codes.FINE)


def _open(path: str, choices: Choices) -> Log | None:
    try:
        return opening.open_read_only(path, choices)
    except TornError:  # asked for by -O strict=1
        raise
    except CorruptError:
        return None


def _draws(console: Console, choices: Choices) -> bool:
    return "map" in choices or ("no-map" not in choices and console.is_terminal())


def _verify(console: Console, choices: Choices, path: str, log: Log | None) -> Findings:
    in_use, _ = opening.writes(path)
    recovery = log.recovery if log is not None else None
    report, damaged = _report(console, choices, path)
    in_use |= opening.writes(path)[0]
    found = verdict.DAMAGED if damaged else verdict.verdict_of(recovery, in_use)
    return Findings(report, recovery, found)


def _report(console: Console, choices: Choices, path: str) -> tuple[Verification, bool]:
    """And whether something is damaged, which was said then."""
    bar = Bar(console, "verify")
    threads = int(choices.get("options", {}).get("read_threads", 1))
    keys = opening.key_arguments(choices)
    try:
        return libwal.verify(path, bar.at, read_threads=threads, **keys), False
    except CorruptError as error:
        bar.end()
        if error.report is None:
            raise
        torn = isinstance(error, TornError)
        if not torn:
            console.say(str(error))
        return error.report, not torn
    finally:
        bar.end()


def _show(console: Console, choices: Choices, findings: Findings) -> None:
    if choices.get("output") == "json":
        console.put(_json(findings))
    else:
        _text(console, findings)
    repairs = findings.recovery.header_repairs if findings.recovery else 0
    if repairs > 0:
        console.say(
            f"one of the header's two copies is damaged in {repairs} segment{plural(repairs)}"
        )


def _text(console: Console, findings: Findings) -> None:
    report, recovery = findings.report, findings.recovery
    verdict.show(console, findings.verdict)
    line = f": {report.records} record{plural(report.records)}"
    if report.records > 0:
        line += f", LSN {report.first_lsn} to {report.last_lsn}"
    line += f", {report.bytes} byte{plural(report.bytes)} of payload"
    line += f" in {report.segments} segment{plural(report.segments)}\n"
    if recovery and findings.verdict in (verdict.TORN, verdict.AMBIGUOUS):
        line += f"given up: {recovery.discarded_bytes} bytes"
        line += f" from offset {recovery.cut_offset} of segment {recovery.cut_segment}\n"
    if report.gaps > 0:
        line += f"gaps: {report.gaps} range{plural(report.gaps)} of LSNs can't be read\n"
    console.put(line.encode())


def _json(findings: Findings) -> bytes:
    report, recovery = findings.report, findings.recovery
    members: dict[str, json.Value] = {
        "verdict": findings.verdict.encode(),
        "records": report.records,
        "payload_bytes": report.bytes,
        "first_lsn": report.first_lsn,
        "last_lsn": report.last_lsn,
        "segments": report.segments,
        "discarded_bytes": recovery.discarded_bytes if recovery else 0,
        "cut_segment": recovery.cut_segment if recovery else 0,
        "cut_offset": recovery.cut_offset if recovery else 0,
        "header_repairs": recovery.header_repairs if recovery else 0,
        "damaged_segment": report.damaged_segment,
        "damaged_offset": report.damaged_offset,
        "damaged_lsn": report.damaged_lsn,
        "gaps": report.gaps,
    }
    return json.line({key: json.value(value) for key, value in members.items()})
