# SPDX-License-Identifier: Apache-2.0
"""cat: shows records."""

from __future__ import annotations

from contextlib import closing

from libwal import Log, Record
from libwal.cli.args import Arg, Choices, Command, number, take_flag, take_lsn, take_number
from libwal.cli.codes import FAILED, FINE, Failure, UsageError
from libwal.cli.console import Bar, Console
from libwal.cli.opening import OPEN_ARGS, open_read_only
from libwal.cli.record import RECORD_ARGS, Printer

LSN_MAX = 2**64 - 1


def _take_type(choices: Choices, arg: Arg, value: str) -> None:
    choices.setdefault("types", set()).add(number(arg, value, "record type", 0, 65535))


SELECT_ARGS = [
    Arg("from", "", "LSN", "no records below this one", take_lsn),
    Arg("to", "", "LSN", "no records above this one", take_lsn),
    Arg("count", "n", "N", "N records at most", take_number),
    Arg("type", "", "TYPE", "only records of this type; may be repeated", _take_type),
    Arg("written", "", "", "also records that are written but not yet durable", take_flag),
    Arg("reverse", "", "", "the newest record first", take_flag),
]

COMMAND = Command(
    name="cat",
    alias="dump",
    summary="show records",
    args=[*SELECT_ARGS, *RECORD_ARGS, *OPEN_ARGS],
    about="Shows the records that are durable at the start, the oldest first. The log may be\n"
    "in use: it is neither locked nor changed.\n",
    examples="  walctl cat my.wal                        every record: LSN, type, payload\n"
    "  walctl cat --reverse -n 5 my.wal         the last five, the newest first\n"
    "  walctl cat -o json my.wal | jq .text     one JSON object per record\n"
    "  walctl cat -o raw --lines my.wal >f.txt  the payloads, as append reads them\n",
)


def run(console: Console, choices: Choices, path: str) -> int:
    """The exit code."""
    printer = Printer(console, choices)
    if choices.get("from", 0) > choices.get("to", LSN_MAX):
        raise UsageError(f"--from {choices['from']} is above --to {choices['to']}")
    with closing(open_read_only(path, choices)) as log:
        low, high = _span(log, choices)
        if low <= high:
            _show(console, choices, log, low, high, printer)
    return FAILED if printer.decoder.failures else FINE


def _span(log: Log, choices: Choices) -> tuple[int, int]:
    """The lowest and the highest LSN that are wanted."""
    at = log.range()
    written = choices.get("written", False)
    low = choices.get("from", at.first_lsn)
    if low < at.first_lsn or (low > at.next_lsn and not written):
        raise Failure(
            f"--from {low}: the log has LSN {at.first_lsn} to {at.next_lsn - 1}"
        )
    return low, min(choices.get("to", LSN_MAX), LSN_MAX if written else at.next_lsn - 1)


def _show(
    console: Console, choices: Choices, log: Log, low: int, high: int, printer: Printer
) -> None:
    """Nothing outside of the span is read: there may be damage. But for the newest records, in
    reverse, of those that are only written."""
    reverse, written = choices.get("reverse", False), choices.get("written", False)
    left, types = choices.get("count", LSN_MAX), choices.get("types")
    bar = Bar(console, "cat", wanted=console.is_file() and not written)
    if reverse:
        reader = log.read(None if written else high, low - 1, reverse=True, written=written)
    else:
        reader = log.read(low, None if written else high + 1, written=written)
    with reader:
        try:
            for done, record in enumerate(reader if left else (), 1):
                bar.at(done, high - low + 1)
                if record.lsn > high:
                    if not reverse:
                        break
                elif types is None or record.type in types:
                    printer.show(record)
                    left -= 1
                    if left == 0:
                        break
        finally:
            bar.end()
