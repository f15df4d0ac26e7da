# SPDX-License-Identifier: Apache-2.0
"""Random life of a log: options, operations, and losses of what was not durable yet."""
from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Optional

from driver import KEY_WORDS, Failed, Writer

ASYNC, SUBMIT = 2, 8
MODES = ("none", "interval", "data", "full", "dsync")
SECTOR = 512


def random_options(rng: Random) -> dict:
    return {
        "sync": rng.choice(MODES),
        "segment_bytes": rng.choice(("64K", "64K", "128K", "1M")),
        "segment_records": rng.choice((0, 0, 0, 7, 40)),
        "group_bytes": "64K",
        "max_record_bytes": rng.choice(("60000", "1M")),
        "zero_ahead_bytes": rng.choice(("0", "4K", "64K", "1M")),
        "group_align": rng.choice((64, 64, 512, 4096)),
        "interval_bytes": rng.choice(("1", "20000", "1M")),
        "first_lsn": rng.choice((1, 1, 1000, 2**32 - 20, 2**63)),
    }


def encoding(kind: str, rng: Random) -> dict:
    """Options for one of "plain", "zlib", "aead", "both". Every key may be asked for by what is
    there; any of them writes."""
    options: dict = {}
    if kind in ("zlib", "both"):
        options |= {"codec": "zlib", "codec_min_bytes": rng.choice((0, 0, 500)),
                    "codec_level": rng.choice((1, 6, 9))}
    if kind in ("aead", "both"):
        at = rng.randrange(len(KEY_WORDS))
        options["keys"] = (*KEY_WORDS[at + 1 :], *KEY_WORDS[: at + 1])
    return options


def random_size(rng: Random) -> int:
    return rng.choice((0, 1, 7, 8, 30, 200, 448, 1000, 5000, 30000))


class Life:
    """One log from its creation on. `step` does something to it by chance."""

    def __init__(self, tool: Path, directory: Path, rng: Random, options: Optional[dict] = None):
        self.tool = tool
        self.directory = directory
        self.rng = rng
        self.refusals: list[str] = []
        self.fixed = options or {}
        self.options = {**random_options(rng), **self.fixed}
        self.writer = Writer(tool, directory, self.options)

    def reopen(self, killed: bool) -> None:
        if killed:
            self.writer.kill()
        else:
            self.writer.close()
        if self.rng.random() < 0.5:
            self.options = {**random_options(self.rng), **self.fixed}
        self.writer = Writer(self.tool, self.directory, self.options)

    def random_lsn(self) -> int:
        """One in the log; 0 for an empty one."""
        first, after = self.writer.do("first"), self.writer.do("next")
        return self.rng.randrange(first, after) if first < after else 0

    def step(self) -> None:
        name = self.rng.choice(
            ["append"] * 8
            + ["many"] * 5
            + ["batch"] * 3
            + ["long"] * 2
            + ["meta"] * 3
            + ["tagged"] * 2
            + ["joint"] * 2
            + ["checkpoint"] * 2
            + ["swap"]
            + ["before", "after", "after", "replace", "replace", "rotate", "sync", "flush"]
            + (["reset"] if self.rng.random() < 0.2 else [])
        )
        getattr(self, "do_" + name, self.do_plain)(name)

    def run(self, *words: object) -> None:
        """A record above the maximum, or a key that isn't there, is refused; the log goes on. So it
        does after any other refusal, which the test hears of at its end."""
        try:
            self.writer.do(*words)
        except Failed as failed:
            if not str(failed).endswith(("gave -15", "gave -5")):
                self.refusals.append(str(failed))

    def seed(self) -> int:
        return self.rng.randrange(2**30)

    def flags(self) -> int:
        return self.rng.choice((0, 0, 0, ASYNC, ASYNC, SUBMIT))

    def do_append(self, _: str) -> None:
        kind = self.rng.choice((0, 1, 65535))
        self.run("append", kind, random_size(self.rng), self.seed(), self.flags())

    def do_many(self, _: str) -> None:
        count, size = self.rng.randrange(1, 12), random_size(self.rng)
        self.run("many", count, size, self.seed(), self.flags())

    def do_batch(self, _: str) -> None:
        count, size = self.rng.randrange(1, 40), self.rng.choice((0, 100, 2000))
        self.run("batch", count, size, self.seed(), self.flags())

    def do_long(self, _: str) -> None:
        """A batch that one group doesn't hold."""
        name = self.rng.choice(("many", "batch"))
        count, size = self.rng.randrange(5, 25), self.rng.choice((20000, 50000))
        self.run(name, count, size, self.seed(), self.flags())

    def do_tagged(self, _: str) -> None:
        count = self.rng.choice((1, 2, 5, 20))
        size = self.rng.choice((0, 100, 100, 20000))
        self.run("tagged", count, size, self.seed(), self.flags())

    def do_joint(self, _: str) -> None:
        """Metadata and a tag, with records or without."""
        count = self.rng.choice((0, 1, 3, 8))
        size = self.rng.choice((0, 100, 100, 30000))
        self.run("joint", count, size, self.seed(), self.flags())

    def do_swap(self, _: str) -> None:
        """The same in the place of the log's end."""
        lsn = self.random_lsn()
        if lsn:
            lsn -= int(self.rng.random() < 0.2)
            count, size = self.rng.choice((0, 1, 5)), self.rng.choice((0, 300, 30000))
            self.run("swap", lsn, count, size, self.seed())

    def do_meta(self, _: str) -> None:
        key = "k" * self.rng.choice((1, 2, 63)) + str(self.rng.randrange(4))
        if self.rng.random() < 0.2:
            self.run("unmeta", key)
        else:
            self.run("meta", key, self.rng.choice((0, 5, 1024)), self.seed())

    def do_checkpoint(self, _: str) -> None:
        """Mostly of the durable LSN; an older one may be refused, since there is a newer one."""
        durable = self.writer.do("durable")
        lsn = max(durable - self.rng.choice((0, 0, 0, 1, 5)), 0)
        size = self.rng.choice((0, 1, 8, 100, 3000, 65504, 65505, 200000))
        try:
            self.writer.do("checkpoint", lsn, size, self.seed())
        except Failed as failed:
            if not str(failed).endswith("gave -16"):
                self.refusals.append(str(failed))

    def do_before(self, _: str) -> None:
        """Up to the next LSN, which empties the log."""
        first, after = self.writer.do("first"), self.writer.do("next")
        self.run("before", self.rng.choice((self.rng.randint(first, after), first, after)))

    def do_after(self, _: str) -> None:
        """Down to the first LSN - 1, which empties it too."""
        first, after = self.writer.do("first"), self.writer.do("next")
        self.run("after", self.rng.choice((self.rng.randrange(first - 1, after), first - 1)))

    def do_replace(self, _: str) -> None:
        lsn = self.random_lsn()
        if lsn:
            lsn -= int(self.rng.random() < 0.2)
            count, size = self.rng.randrange(0, 9), self.rng.choice((0, 300, 30000))
            self.run("replace", lsn, count, size, self.seed())

    def do_reset(self, _: str) -> None:
        after = self.writer.do("next")
        self.writer.do("reset", self.rng.choice((1, after, after + 1000)))

    def do_plain(self, name: str) -> None:
        self.writer.do(name)


def newest_file(directory: Path) -> Path:
    return max(directory.glob("*.wal"))


def lose_unsynced(directory: Path, durable: int, rng: Random) -> str:
    """What a power cut may do to the bytes from `durable` on; says what was done."""
    path = newest_file(directory)
    data = bytearray(path.read_bytes())
    used = max(len(data.rstrip(b"\0")), durable)
    kind = rng.choice(("cut", "short", "sectors", "sectors", "one sector", "rest"))
    if kind == "cut":
        del data[rng.randint(durable, len(data)) :]
    elif kind == "short":
        del data[rng.randint(durable, min(used + 128, len(data))) :]
    elif kind == "rest":
        start = rng.randint(durable, used)
        data[start:] = bytes(len(data) - start)
    else:
        sectors = list(range(durable // SECTOR, (used + SECTOR - 1) // SECTOR))
        lost = [s for s in sectors if rng.random() < rng.choice((0.1, 0.5))]
        if kind == "one sector" and sectors:
            lost = [rng.choice(sectors)]
        for sector in lost:
            start = max(sector * SECTOR, durable)
            end = min((sector + 1) * SECTOR, len(data))
            data[start:end] = bytes(max(0, end - start))
    path.write_bytes(data)
    return kind


def lose_witness(directory: Path, older: bytes) -> None:
    """The witness is rewritten without a sync: an older one may be there, or none."""
    path = directory / "control"
    data = bytearray(path.read_bytes())
    data[8192:8256] = older
    path.write_bytes(data)
