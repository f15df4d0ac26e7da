# SPDX-License-Identifier: Apache-2.0
"""Shows what libwal is for: demo.py FOLDER FILE LANGUAGE=WRITER...

A writer in each language appends the lines of a file to a log of its own in the folder. It is
killed three times on the way; each time the log is opened, read as a whole, and compared with what
the writer had acknowledged by then. In the end the log holds the file."""

import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import libwal

APPENDERS = 16
KILLED_AT = (0.25, 0.5, 0.75)  # of the lines
LINGER_S = 0.003  # at most, between that and the kill


@dataclass
class Life:
    """What a writer said: the LSNs of lines, how long appends took, the time it went on."""

    lsns: dict[int, int] = field(default_factory=dict)
    took_ns: list[int] = field(default_factory=list)
    seconds: float = 0


@dataclass
class Found:
    """What a log holds."""

    lsns: dict[int, int]
    altered: int
    recovery: libwal.Recovery


def live(command, path, file, enough):
    """Runs a writer until it has acknowledged enough lines; then it is killed. None: to its end."""
    life = Life()
    process = subprocess.Popen([*command, path, file, str(APPENDERS)], stdout=subprocess.PIPE)
    began = None
    for answer in process.stdout:
        began = began or time.monotonic()
        number, lsn, took_ns = map(int, answer.split())
        life.lsns[number] = lsn
        life.took_ns.append(took_ns)
        if len(life.lsns) == enough:
            time.sleep(random.uniform(0, LINGER_S))
            process.kill()
    life.seconds = time.monotonic() - (began or 0)
    expected = 0 if enough is None else -signal.SIGKILL
    if process.wait() != expected:
        sys.exit(f"The writer ended with {process.returncode}, not {expected}")
    return life


def look(path, lines):
    """Opens a log, which recovers it, and reads all of it."""
    lsns, altered = {}, 0
    with libwal.open(path) as log:
        for record in log.read():
            number = int.from_bytes(record.data[:4], "little")
            if number in lsns or number >= len(lines) or record.data[4:] != lines[number]:
                altered += 1
            else:
                lsns[number] = record.lsn
        return Found(lsns, altered, log.recovery)


def lost(told, found):
    return sum(found.lsns.get(number) != lsn for number, lsn in told.items())


def check(told, found):
    """What is wrong ends the demo; the log stays."""
    if lost(told, found) or found.altered:
        sys.exit(f"WRONG: {lost(told, found)} lost, {found.altered} altered")


def show_kill(told, found):
    recovery = found.recovery
    unsaid = len(found.lsns.keys() - told.keys())
    print(f"  SIGKILL with {len(told):,} lines acknowledged: opened in "
          f"{recovery.duration_ns / 1e6:.1f} ms, end {recovery.verdict}, "
          f"{recovery.discarded_bytes} bytes given up")
    print(f"    {len(found.lsns):,} lines came back: {lost(told, found)} lost, "
          f"{found.altered} altered, {unsaid} written that were not acknowledged yet")


def show_end(lives, found, lines):
    took_ns = sorted(ns for life in lives for ns in life.took_ns)
    rate = len(took_ns) / sum(life.seconds for life in lives)
    print(f"  went on and closed: {len(found.lsns):,} of {len(lines):,} lines, byte for byte")
    print(f"  {rate:,.0f} lines/s, an append took {statistics.median(took_ns) / 1e6:.2f} ms "
          f"(median), {took_ns[len(took_ns) * 99 // 100] / 1e6:.2f} ms (99 %), "
          f"{took_ns[-1] / 1e6:.1f} ms (longest)", flush=True)


def run(language, command, path, file, lines):
    print(f"{language}: {APPENDERS} appenders at the same time, each line waits for the disk",
          flush=True)
    told, lives = {}, []
    for part in KILLED_AT:
        lives.append(live(command, path, file, int(len(lines) * part) - len(told)))
        told |= lives[-1].lsns
        found = look(path, lines)
        show_kill(told, found)
        check(told, found)
        told = dict(found.lsns)  # what was on its way when the writer died counts as told now
    lives.append(live(command, path, file, None))
    found = look(path, lines)
    check(told | lives[-1].lsns, found)
    if len(found.lsns) != len(lines):
        sys.exit(f"WRONG: {len(found.lsns)} lines are in the log")
    show_end(lives, found, lines)


def main(folder, file, *writers):
    lines = file.read_bytes().removesuffix(b"\n").split(b"\n")
    folder.mkdir()
    for writer in writers:
        language, _, command = writer.partition("=")
        run(language, command.split(), folder / language, file, lines)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(os.path.abspath(sys.argv[2])), *sys.argv[3:])
