# SPDX-License-Identifier: Apache-2.0
"""What the tests need to let the library write a log, and to hold two readings side by side."""
from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coding import Keys
from layout import round_up
from walread import read_log

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REFUSED = ("corrupt", "version", "unsupported", "crypto", "refused")
CIPHER_AT = 116  # in a segment's header

# What make_logs takes as "aead=ALGORITHM:ID:SEED"; the last one is for writing.
KEY_WORDS = ("aead=1:1:0", "aead=2:2:0", "aead=2:3:0", "aead=1:4:0")


def keys_of(words: tuple[str, ...]) -> Keys:
    """The same keys for walread."""
    result = {}
    for word in words:
        algorithm, key_id, seed = map(int, word.removeprefix("aead=").split(":"))
        result[algorithm, key_id] = bytes((seed + 31 * key_id + at) % 256 for at in range(32))
    return result


KEYS = keys_of(KEY_WORDS)


def build_tool(folder: Path) -> Path:
    """make_logs, linked with the library of the build in WAL_BUILD, else with the sources."""
    compiler = os.environ.get("CC", "cc")
    common = [compiler, "-std=c11", "-O1", "-g", "-D_GNU_SOURCE", f"-I{ROOT}/include"]
    tool = folder / "make_logs"
    build = os.environ.get("WAL_BUILD")
    if build:
        names = ("libwal-crypto.a", "libwal.a")
        linked = [path for name in names for path in sorted(Path(build).rglob(name))[:1]]
        if len(linked) != len(names):
            raise FileNotFoundError(f"not all of {names} below {build}")
    else:
        linked = compile_sources([*common, f"-I{ROOT}/src"], folder)
    command = [*common, "-Wall", "-Wextra", str(HERE / "make_logs.c"), *map(str, linked)]
    flags = os.environ.get("WAL_LINK_FLAGS", "").split()
    subprocess.run([*command, *flags, "-lz", "-lcrypto", "-pthread", "-o", str(tool)], check=True)
    return tool


def compile_sources(command: list[str], folder: Path) -> list[Path]:
    def compile_one(source: Path) -> Path:
        target = folder / f"{source.parent.name}_{source.stem}.o"
        subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
        return target

    sources = sorted(path for path in ROOT.glob("src/*/*.c") if path.parent.name != "walctl")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(compile_one, sources))


class Failed(Exception):
    """A command of the writer gave an error code."""


class Writer:
    """A process that has a log open. It ends by `kill` or `close`."""

    def __init__(self, tool: Path, directory: Path, options: dict):
        self.directory = directory
        self.process = subprocess.Popen(
            [str(tool)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        plain = {name: value for name, value in options.items() if name != "keys"}
        words = [*options.get("keys", ()), *(f"{name}={value}" for name, value in plain.items())]
        self.do("open", directory, *words)

    def send(self, *words: object) -> None:
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def do(self, *words: object) -> int:
        self.send(*words)
        code, value = self.process.stdout.readline().split()
        if code != "0":
            raise Failed(f"{words} gave {code}")
        return int(value)

    def dump(self) -> list[dict]:
        """What the open handle shows."""
        self.send("dump")
        lines = list(iter(self.process.stdout.readline, ".\n"))
        return [json.loads(line) for line in lines]

    def snapshot(self, target: Path) -> None:
        """A copy of the directory as a kill at this moment would leave it."""
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        shutil.copytree(self.directory, target)
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def close(self) -> None:
        self.do("close")
        self.kill()


def is_encrypted(directory: Path) -> bool:
    files = (path for path in directory.glob("*.wal") if path.is_file())
    return any(path.read_bytes()[at : at + 2].strip(b"\0")
               for path in files for at in (CIPHER_AT, CIPHER_AT + 2048))


def c_reading(tool: Path, command: str, directory: Path, seconds: int = 60,
              keys: tuple[str, ...] = KEY_WORDS) -> list[dict]:
    arguments = [str(tool), command, str(directory)]
    if is_encrypted(directory):
        arguments += keys
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{directory}: the library comes to no end") from None
    if done.returncode not in (0, 1):
        raise AssertionError(f"make_logs {command} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def difference(ours: list[dict], theirs: list[dict]) -> str:
    """How the two readings of one state differ; '' if they don't."""
    left, right = ours[0], theirs[0]
    if not left.get("certain", True):
        return ""
    if left["verdict"] != right["verdict"]:
        return f"verdicts: document {left}, library {right}"
    if left["verdict"] in REFUSED:
        return ""
    names = ["metadata", "tag", "checkpoint_lsn", "checkpoint"]
    if left["verdict"] != "new":
        names += ["first_lsn", "next_lsn"]
    for name in names:
        if left[name] != right[name]:
            return f"{name}: document {left}, library {right}"
    if left["verdict"] != "new":
        end = left["end_offset"]
        if round_up(end + left["given_up"], 64) - end != right["given_up"]:
            return f"given up: document {left}, library {right}"
    if left["verdict"] in ("torn", "ambiguous"):
        cut = (right["cut_segment"], right["cut_offset"])
        if (left["segment"], left["end_offset"]) != cut:
            return f"where it is cut: document {left}, library {right}"
    return record_difference(ours[1:], theirs[1:])


def record_difference(ours: list[dict], theirs: list[dict]) -> str:
    for left, right in zip(ours, theirs):
        if left != right:
            return f"records: document {left}, library {right}"
    if len(ours) != len(theirs):
        return f"number of records: document {len(ours)}, library {len(theirs)}"
    return ""


def slots_agree(directory: Path) -> bool:
    data = (directory / "control").read_bytes()
    return data[:256] == data[4096:4352]


def check_follower(tool: Path, directory: Path, ours: list[dict]) -> None:
    """A read-only handle shows what the document calls durable."""
    durable = ours[0]["durable_lsn"]
    theirs = c_reading(tool, "follow", directory)
    assert theirs[0]["verdict"] not in REFUSED, theirs[0]
    assert theirs[0]["first_lsn"] == ours[0]["first_lsn"], (ours[0], theirs[0])
    for name in ("metadata", "tag", "checkpoint"):
        assert theirs[0][name] == ours[0]["durable_" + name], (ours[0], theirs[0])
    shown = [record for record in ours[1:] if record["lsn"] <= durable]
    assert not record_difference(shown, theirs[1:]), (ours[0], theirs[0])


def check_same(tool: Path, directory: Path, scratch: Path,
               keys: tuple[str, ...] = KEY_WORDS) -> dict:
    """Both readings of a directory, which is left as it is; gives the document's header line. What
    the library leaves after its recovery must read as the same log again."""
    ours = read_log(str(directory), keys_of(keys))
    if scratch.exists():
        shutil.rmtree(scratch)
    shutil.copytree(directory, scratch, symlinks=True)
    theirs = c_reading(tool, "dump", scratch, keys=keys)
    text = difference(ours, theirs)
    assert not text, f"{directory}: {text}"
    if not {ours[0]["verdict"], theirs[0]["verdict"]} & set(REFUSED):
        after = read_log(str(scratch), keys_of(keys))
        assert after[0]["verdict"] == "clean", after[0]
        if ours[0]["verdict"] != "new":
            for name in ("first_lsn", "next_lsn", "metadata", "tag", "checkpoint"):
                assert after[0][name] == ours[0][name], (name, ours[0], after[0])
            assert not record_difference(ours[1:], after[1:]), (ours[0], after[0])
    shutil.rmtree(scratch)
    return ours[0]
