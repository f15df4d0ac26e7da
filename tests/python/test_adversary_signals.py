# SPDX-License-Identifier: Apache-2.0
"""Long calls that were given no function to be told of their progress look at signals, too."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

import libwal


def handlers_run(call: Callable[[], object]) -> int:
    """How often a timer's handler ran during one call: more than once by the call itself only."""
    seen = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(frame))
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return len(seen)


@pytest.mark.parametrize("name", ["verify", "copy"])
def test_without_progress(path: Path, tmp_path: Path, name: str) -> None:
    with libwal.open(path, sync="none") as log:
        for _ in range(48):
            log.append_many([bytes(1 << 18)] * 4)
        log.sync()
        calls: dict[str, Callable[[], object]] = {
            "verify": lambda: libwal.verify(path),
            "copy": lambda: log.copy(tmp_path / "copy"),
        }
        assert handlers_run(calls[name]) > 4
