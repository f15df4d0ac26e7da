# SPDX-License-Identifier: Apache-2.0
"""Every example runs as its first lines say, and is right."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import libwal

EXAMPLES = Path(__file__).resolve().parents[2] / "bindings" / "python" / "examples"


def start(name, *words, **kinds):
    environment = {**os.environ, "MPLCONFIGDIR": os.environ.get("TMPDIR", "/tmp")}
    command = [sys.executable, "-W", "error", EXAMPLES / name, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment, **kinds)


def finish(process):
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


def run(name, *words):
    return finish(start(name, *words))


def test_hello(path):
    expected = ["4 records, durable up to LSN 4, cursor b'42'", "b'hello'", "4 7 b'a batch'",
                "3 0 b'or none'", "2 0 b'all of these'", "1 0 b'hello'", "clean"]
    assert run("hello.py", path) == expected
    assert len((EXAMPLES / "hello.py").read_text().splitlines()) <= 25
    with libwal.open(path, "r") as log:
        assert [record.lsn for record in log] == [4]


def test_asyncio_writer(path):
    for _ in range(2):
        assert run("asyncio_writer.py", path, 300) == [
            "300 orders, LSN 1 to 300", "a transfer, LSN 301 to 302", "303 records followed",
            "fewer syncs than orders"]
    with libwal.open(path, "r") as log:
        assert len(log) == 606
        assert (log[301], log[302], log[303]) == (b"debit 5", b"credit 5", b"end")


def test_follower(path):
    with libwal.open(path) as log:
        log.append_many([b"%d" % n for n in range(100)])
        follower = start("follower.py", path, 2)
        assert follower.stdout.readline() == "1 0 0\n"
        for n in range(100, 200):
            log.append(b"%d" % n, type=3)
        lines = [follower.stdout.readline() for _ in range(199)]
        assert lines[-1] == "200 3 199\n"
        assert [int(line.split()[0]) for line in lines] == list(range(2, 201))
        assert finish(follower) == []


def test_a_follower_that_falls_behind(path):
    """What it had not read is cut away: it says so and goes on at what is left."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import follower
    finally:
        sys.path.remove(str(EXAMPLES))
    with libwal.open(path) as log, libwal.open(path, "r") as reader:
        log.append_many([b"x"] * 5)
        records = follower.follow(reader, 0.01)
        assert next(records).lsn == 1
        log.append_many([b"x"] * 5000)
        log.truncate_before(5001)
        assert [record.lsn for record in records][-5:] == [5001, 5002, 5003, 5004, 5005]


def test_state_machine(path):
    assert run("state_machine.py", path, "a=1", "b=2", "a=3", "a") == ["3", "{'a': '3', 'b': '2'}"]
    assert run("state_machine.py", path, "b-", "c=x y") == ["{'a': '3', 'c': 'x y'}"]
    assert run("state_machine.py", path) == ["{'a': '3', 'c': 'x y'}"]


def test_a_state_machine_over_many_segments(path):
    """Its log stays short, and a restart finds everything."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        import state_machine
    finally:
        sys.path.remove(str(EXAMPLES))
    store = state_machine.Store(path)
    for n in range(300):
        store[f"key {n % 10}"] = str(n) + " " * 20_000
    assert store.compact() > 0
    store.close()
    store = state_machine.Store(path)
    assert [value.strip() for _, value in store.items()] == [str(n) for n in range(290, 300)]
    del store["key 3"]
    with pytest.raises(KeyError):
        store["key 3"]
    store.close()
    with libwal.open(path, "r") as log:
        assert log.first_lsn > 200


def test_all_are_tested():
    names = [path.name for path in EXAMPLES.glob("*.py")]
    tests = Path(__file__).parent
    files = (Path(__file__), tests / "package/test_plot.py")  # which needs matplotlib
    source = "".join(path.read_text() for path in files)
    assert names and all(f'"{name}"' in source for name in names)
