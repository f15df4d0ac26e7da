# SPDX-License-Identifier: Apache-2.0
"""Random calls of everything with anything, in a child that has to come to its end."""

from pathlib import Path

import pytest

from support import run_child

FUZZ = """
    import itertools, os, random, resource, signal, sys, warnings
    import libwal

    seed, steps = int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    os.chdir(sys.argv[1])
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda *_: None  # a tick in the middle of a destructor
    resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 20, 32 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    class Tick(BaseException):
        pass

    ticking = False

    def tick(*_):
        if ticking:
            raise Tick

    signal.signal(signal.SIGALRM, tick)
    signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)

    class Odd:
        def __init__(self, how):
            self.how = how
        def __index__(self):
            return self.how()
        __bool__ = __len__ = __float__ = __fspath__ = __iter__ = __next__ = __index__
        def __call__(self, *arguments):
            return self.how()
        def __buffer__(self, flags):
            return self.how()
        def apply(self, record):
            return self.how()
        def snapshot(self):
            return self.how()
        def restore(self, lsn, state):
            return self.how()

    def raising():
        raise ZeroDivisionError

    pool = []

    def closing():
        draw.choice(pool).close()
        return 1

    def dropping():
        pool.clear()
        return b"x"

    def fresh(name=None, **options):
        log = libwal.open(name or draw.choice("abc"), draw.choice("aaarx"), **options)
        pool.append(log)
        return log

    def value():
        return draw.choice([
            None, True, False, 0, 1, 2, 3, 5, -1, 2**16, 2**31, 2**32, 2**63, 2**64 - 1, 2**64,
            10**30, 0.0, 0.001, -1.0, float("nan"), float("inf"), "", "a", "b", "k", "\\ud800",
            "record", "bytes", "view", "none", "data", "64K", "rotated", "sync_ns", "a\\0b",
            b"", b"x", b"y" * 100, bytes(70000), bytearray(b"abc"), memoryview(b"abcdef")[::2],
            [], [b"x"], [b"x", b"y", b"z"], (1, 2, 3), {}, {1: bytes(32)}, {"a": 1}, range(3),
            iter([b"i"]), itertools.repeat(b"r", 5), object(), lambda *a: None, lambda *a: True,
            Odd(raising), Odd(closing), Odd(dropping), Odd(lambda: 2), Odd(lambda: b"x"),
            Odd(lambda: fresh()), bytes, libwal.Log, ..., *pool[-5:],
        ])

    LEFT_OUT = ("__mul__", "__rmul__")  # of tuples: that would be much memory

    NAMES = ["create", "sync", "submit", "nowait", "reverse", "written", "pin", "form", "start",
             "stop", "timeout", "types", "type", "default", "max", "max_bytes", "key", "key_id",
             "keys", "aead", "machine", "lock", "strict", "label", "codec", "preset",
             "segment_records", "state", "progress"]
    FUNCTIONS = [libwal.open, libwal.verify, libwal.salvage, libwal.repair, libwal.destroy,
                 libwal.lock_holder, libwal.encode, libwal.decode, libwal.options,
                 libwal.version, libwal.Record, libwal.Lock]

    def step():
        if not pool or draw.random() < 0.02:
            return fresh(draw.choice("abc"))
        if draw.random() < 0.15:
            call = draw.choice(FUNCTIONS)
        else:
            thing = draw.choice(pool)
            name = draw.choice([n for n in dir(thing) if n not in LEFT_OUT])
            if name in ("close", "reset") and draw.random() < 0.8:
                return None
            call = getattr(thing, name)
            if not callable(call):
                return call
        arguments = [value() for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 4)))]
        keywords = {draw.choice(NAMES): value() for _ in range(draw.choice((0, 0, 0, 1, 2)))}
        return call(*arguments, **keywords)

    def keep(result):
        if type(result).__module__.startswith("libwal") or type(result) is memoryview:
            pool.append(result)
        if len(pool) > 30:
            del pool[draw.randrange(30)]
        if isinstance(result, list):
            for item in result[:3]:
                if type(item).__module__.startswith("libwal"):
                    pool.append(item)

    done = 0
    while done < steps:
        done += 1
        try:
            ticking = True
            result = step()
            ticking = False
            keep(result)
        except (Exception, Tick):
            ticking = False
    signal.setitimer(signal.ITIMER_REAL, 0)
    result = None
    pool.clear()
    for name in "abc":
        try:
            libwal.open(name).close()
        except libwal.WalError:
            pass
    print("done")
"""


@pytest.mark.parametrize("seed", range(4))
def test_random_calls(tmp_path: Path, seed: int) -> None:
    """A walk over everything with anything; the child comes to its end."""
    assert run_child(FUZZ, tmp_path, seed, 5000, flags=("-X", "dev", "-W", "ignore")) == "done\n"
