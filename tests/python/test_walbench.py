# SPDX-License-Identifier: Apache-2.0
"""tests/bench/walbench.py keeps to the benchmark's command line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[1] / "bench/walbench.py"
RATE = ["rate rec/s", "mb MB/s"]
FIGURES = {
    "durable": ["rate rec/s", "p50 us", "p99 us", "p999 us"],
    "batch": RATE,
    "append": [*RATE, "rate_nosync rec/s"],
    "tasks": ["rate rec/s"],
    "fill": [],
    "replay": [*RATE, "rate_noopen rec/s"],
    "open": ["ms ms"],
    "get": ["ns ns"],
}
LINE = re.compile(r"(\w+) \d+\.\d+ (\S+)")


def call(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, PROGRAM, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def figures(*words: str | Path) -> list[str]:
    done = call(*words)
    assert (done.returncode, done.stderr) == (0, "")
    *lines, last = done.stdout.splitlines()
    assert last == "ok"
    return [f"{found[1]} {found[2]}" for line in lines if (found := LINE.fullmatch(line))]


def test_each_operation_prints_its_figures(tmp_path: Path) -> None:
    short = ("count=2000", "seconds=0.02", "threads=2", "tasks=20", "zero_ahead_bytes=0")
    for operation, wanted in FIGURES.items():  # those that read come behind fill
        assert figures(operation, tmp_path / "log", *short) == wanted, operation


@pytest.mark.parametrize("keys", [("form=bytes", "many=7"), ("form=view",), ("many=1000",)])
def test_every_way_of_reading(keys: tuple[str, ...], tmp_path: Path) -> None:
    assert figures("fill", tmp_path / "log", "count=3000", "size=40") == []
    assert figures("replay", tmp_path / "log", "count=3000", "size=40", *keys)
    assert "3000 records, not 2999" in call(
        "replay", tmp_path / "log", "count=2999", "size=40", *keys
    ).stderr


@pytest.mark.parametrize("words", [("durable", "nonsense=1"), ("replay",), ("other",)])
def test_errors(words: tuple[str, ...], tmp_path: Path) -> None:
    done = call(words[0], tmp_path / "log" / "missing", *words[1:])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr
