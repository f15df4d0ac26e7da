# SPDX-License-Identifier: Apache-2.0
"""A log against a list, by Hypothesis: whatever is done to it, also a crash at any byte, it holds
what the list holds. LIBWAL_HYPOTHESIS=long runs longer, and other examples each time."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import libwal
from support import copy_live, memory, segment_files

LONG = os.environ.get("LIBWAL_HYPOTHESIS") == "long"
WITNESS = 8192  # of control: see docs/format.md
PLACE_BYTES = 64

payloads = st.binary(max_size=40) | st.integers(0, 3000).map(lambda size: b"x" * size)
types = st.sampled_from((0, 1, 65535))
rows = st.lists(st.tuples(payloads, types), min_size=1, max_size=6)
syncs = st.sampled_from((None, None, False, True))
keys = st.sampled_from(("a", "b", "c"))
values = st.binary(max_size=8)

Row = tuple[bytes, int]


class Model:
    """What the log must hold: records with the LSNs first, first + 1 ..., and which of them end a
    batch; metadata; the newest checkpoint."""

    def __init__(self) -> None:
        self.first = 1
        self.rows: list[Row] = []
        self.ends: set[int] = set()
        self.meta: dict[str, bytes] = {}
        self.checkpoint: tuple[int, bytes] | None = None

    @property
    def next(self) -> int:
        return self.first + len(self.rows)

    def add(self, rows: list[Row]) -> None:
        self.rows += rows
        self.ends.add(self.next - 1)

    def cut_after(self, lsn: int) -> None:
        if lsn < self.next - 1:
            self.drop_behind(lsn)
            if self.checkpoint is not None and self.checkpoint[0] > lsn:
                self.checkpoint = None

    def drop_behind(self, lsn: int) -> None:
        del self.rows[lsn - self.first + 1 :]
        self.ends = {end for end in self.ends if end <= lsn} | {lsn}

    def cut_before(self, lsn: int) -> None:
        del self.rows[: max(lsn - self.first, 0)]
        self.first = max(lsn, self.first)


def durable_end(path: Path) -> int | None:
    """Behind how many bytes of the newest segment nothing is durable, as the log's control file
    says; None where that doesn't speak of it."""
    witness = (path / "control").read_bytes()[WITNESS : WITNESS + 64]
    if int.from_bytes(witness[24:32], "little") != int(segment_files(path)[-1].stem):
        return None
    return int.from_bytes(witness[32:36], "little") * PLACE_BYTES


def ways_of_reading(log: libwal.Log) -> dict[str, list[tuple[int, Row]]]:
    """All records, by each way of reading them."""
    first = log.first_lsn
    span = range(first, log.next_lsn)
    replayed: list[libwal.Record] = []
    log.replay(replayed.append, first)
    with log.read(form="bytes") as reader, log.read(form="view") as views:
        plain, seen = list(reader), [bytes(view) for view in views]
    with log.read() as reader, log.tail(first, 0) as tail:
        listed = []
        while part := reader.read_many(3):
            listed += part
        return {
            name: [(r.lsn, (r.data, r.type)) for r in records]
            for name, records in {
                "iteration": list(log),
                "reverse": list(log.read(reverse=True))[::-1],
                "record": [log.record(lsn) for lsn in span],
                "replay": replayed,
                "read_many": listed,
                "tail": list(tail),
                "bytes": remade(log, plain),
                "views": remade(log, seen),
                "index": remade(log, [log[lsn] for lsn in span]),
                "get": remade(log, [log.get(lsn) or b"" for lsn in span]),
            }.items()
        }


def remade(log: libwal.Log, data: list[bytes]) -> list[libwal.Record]:
    """Records of these data, with the log's own types."""
    first = log.first_lsn
    return [libwal.Record(first + i, d, log.record(first + i).type) for i, d in enumerate(data)]


class LogAgainstList(RuleBasedStateMachine):
    """The log is in INTERVAL-less mode "none": what was not synced may be lost by a crash."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="libwal-", dir=memory()))
        self.path = self.folder / "0"
        self.crashes = 0
        self.model = Model()
        self.log = self.open()

    def open(self) -> libwal.Log:
        return libwal.open(self.path, sync="none", segment_records=8, zero_ahead_bytes=65536)

    def teardown(self) -> None:
        self.log.close()
        libwal.verify(self.path)
        shutil.rmtree(self.folder)

    def lsn_at(self, part: float, low: int, high: int) -> int:
        return low + int(part * (high - low))

    @initialize(lsn=st.sampled_from((1, 1, 5, 2**40)))
    def start(self, lsn: int) -> None:
        if lsn > 1:
            self.reset(lsn)

    @rule(row=rows.map(lambda rows: rows[0]), sync=syncs)
    def append(self, row: Row, sync: bool | None) -> None:
        assert self.log.append(*row, sync=sync) == self.model.next
        self.model.add([row])

    @rule(rows=rows, sync=syncs)
    def append_many(self, rows: list[Row], sync: bool | None) -> None:
        lsn = self.log.append_many((d for d, _ in rows), (t for _, t in rows), sync=sync)
        assert lsn == self.model.next
        self.model.add(rows)

    @rule(rows=rows, change=st.none() | st.tuples(keys, values), abort=st.booleans())
    def batch(self, rows: list[Row], change: tuple[str, bytes] | None, abort: bool) -> None:
        with self.log.batch() as batch:
            batch.append_many([d for d, _ in rows], [t for _, t in rows])
            if change is not None:
                batch.set_meta(*change)
            if abort:
                batch.abort()
                return
        assert batch.first_lsn == self.model.next
        self.model.add(rows)
        assert batch.last_lsn == self.model.next - 1
        if change is not None:
            self.model.meta[change[0]] = change[1]

    @rule(key=keys, value=values)
    def set_meta(self, key: str, value: bytes) -> None:
        self.log.meta[key] = self.model.meta[key] = value

    @precondition(lambda self: self.model.meta)
    @rule(data=st.data())
    def delete_meta(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.meta)))
        del self.log.meta[key], self.model.meta[key]

    @rule(part=st.floats(0, 1))
    def truncate_before(self, part: float) -> None:
        lsn = self.lsn_at(part, self.model.first, self.model.next)
        self.log.truncate_before(lsn)
        self.model.cut_before(lsn)

    @rule(part=st.floats(0, 1))
    def truncate_after(self, part: float) -> None:
        lsn = self.lsn_at(part, self.model.first - 1, self.model.next - 1)
        self.log.truncate_after(lsn)
        self.model.cut_after(lsn)

    @rule(part=st.floats(0, 1), rows=rows)
    def replace_after(self, part: float, rows: list[Row]) -> None:
        lsn = self.lsn_at(part, self.model.first - 1, self.model.next - 1)
        assert self.log.replace_after(lsn, [d for d, _ in rows], [t for _, t in rows]) == lsn + 1
        self.model.cut_after(lsn)
        self.model.add(rows)

    @rule(lsn=st.integers(1, 100))
    def reset(self, lsn: int) -> None:
        self.log.reset(lsn)
        meta = self.model.meta
        self.model = Model()
        self.model.first, self.model.meta = lsn, meta

    @precondition(lambda self: self.model.rows)
    @rule(part=st.floats(0, 1), state=values)
    def checkpoint(self, part: float, state: bytes) -> None:
        self.log.sync()
        low = max(self.model.first, self.model.checkpoint[0] if self.model.checkpoint else 0)
        lsn = self.lsn_at(part, low, max(self.model.next - 1, low))
        if lsn < self.model.next:
            self.log.checkpoint(lsn, state)
            self.model.checkpoint = (lsn, state)

    @rule(call=st.sampled_from((libwal.Log.sync, libwal.Log.flush, libwal.Log.rotate)))
    def settle(self, call: Callable[[libwal.Log], None]) -> None:
        call(self.log)

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = self.open()
        assert self.log.recovery.verdict == "clean"
        self.compare()

    @rule(part=st.floats(0, 1), zeros=st.booleans(), flush=st.booleans())
    def crash(self, part: float, zeros: bool, flush: bool) -> None:
        """The log goes on with what a crash left: of bytes that weren't synced only some."""
        if flush:
            self.log.flush()
        durable = self.log.durable_lsn
        self.crashes += 1
        self.path = copy_live(self.path, self.folder / str(self.crashes))
        self.lose_bytes(part, zeros)
        self.log.close()
        self.log = self.open()
        last = self.log.next_lsn - 1
        assert min(durable, self.model.next - 1) <= last < self.model.next
        assert last == self.model.next - 1 or last == self.model.first - 1 or (
            last in self.model.ends or last == durable
        ), "a batch is there, or not"
        self.model.drop_behind(last)
        self.compare()

    def lose_bytes(self, part: float, zeros: bool) -> None:
        end = durable_end(self.path)
        if end is None:
            return
        file = segment_files(self.path)[-1]
        size = file.stat().st_size
        used = min(size, end + 30_000)  # behind that there are only zeros
        os.truncate(file, self.lsn_at(part, end, max(used, end)))
        if zeros:
            os.truncate(file, size)

    @rule()
    def compare(self) -> None:
        self.log.sync()
        expected = list(enumerate(self.model.rows, self.model.first))
        for name, records in ways_of_reading(self.log).items():
            assert records == expected, name
        assert self.log.meta.copy() == self.model.meta
        assert self.log.last_checkpoint() == self.model.checkpoint
        assert self.log.durable_lsn in (self.model.next - 1, 0)

    @invariant()
    def range_is_right(self) -> None:
        first, last, next_, durable = self.log.range()
        assert (first, next_) == (self.model.first, self.model.next)
        assert last == (next_ - 1 if self.model.rows else 0)
        assert durable < next_ and len(self.log) == len(self.model.rows)


LogAgainstList.TestCase.settings = settings(
    max_examples=300 if LONG else 50,
    stateful_step_count=60 if LONG else 30,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestLogAgainstList = LogAgainstList.TestCase
