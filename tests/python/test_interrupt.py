# SPDX-License-Identifier: Apache-2.0
"""Signals: Ctrl-C ends what waits, and a handler may close the log."""

from pathlib import Path

import pytest

from support import run_child

WAITS = {
    "log.wait": "log.wait(10**9)",
    "log.wait with a timeout": "log.wait(10**9, 60)",
    "tail": "list(log.tail())",
    "reader.wait": "log.read(2).wait()",
    "events.wait": "[e := log.events('rotated'), e.wait(), next(e)]",
    "a follower's tail": "list(libwal.open(sys.argv[1], 'r').tail())",
}

SCRIPT = """
    import os, signal, sys, threading, time, warnings
    import libwal

    warnings.simplefilter("ignore", ResourceWarning)

    def later():
        time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    log = libwal.open(sys.argv[1])
    log.append(b"x")
    {handler}
    threading.Thread(target=later, daemon=True).start()
    try:
        {wait}
    except {error}:
        print("ended")
    {behind}
"""


def script(**parts: str) -> str:
    return SCRIPT.format(**{"handler": "", "behind": "", **parts})


@pytest.mark.parametrize("wait", WAITS.values(), ids=WAITS)
def test_keyboard_interrupt(path: Path, wait: str) -> None:
    said = run_child(
        script(wait=wait, error="KeyboardInterrupt", behind="print(log.append(b'goes on'))"), path
    )
    assert said == "ended\n2\n"


@pytest.mark.parametrize("wait", list(WAITS.values())[:5], ids=list(WAITS)[:5])
def test_a_handler_closes_the_log(path: Path, wait: str) -> None:
    handler = "signal.signal(signal.SIGINT, lambda *_: log.close())"
    said = run_child(script(handler=handler, wait=wait, error="libwal.ClosedError"), path)
    assert said == "ended\n"


@pytest.mark.parametrize("wait", list(WAITS.values())[:5], ids=list(WAITS)[:5])
def test_a_handler_raises_something_else(path: Path, wait: str) -> None:
    handler = "signal.signal(signal.SIGINT, lambda *_: 1 // 0)"
    said = run_child(script(handler=handler, wait=wait, error="ZeroDivisionError"), path)
    assert said == "ended\n"


def test_a_handler_that_returns_ends_no_wait(path: Path) -> None:
    said = run_child(
        script(
            handler="signal.signal(signal.SIGINT, lambda *_: print('handled'))",
            wait="log.wait(10**9, 0.5)",
            error="libwal.WalTimeoutError",
        ),
        path,
    )
    assert said == "handled\nended\n"


def test_a_handler_appends(path: Path) -> None:
    """What the wait waits for comes from a handler, on the thread that waits."""
    said = run_child(
        script(
            handler="signal.signal(signal.SIGINT, lambda *_: log.append(b'y'))",
            wait="print(next(log.tail()).data)",
            error="ZeroDivisionError",
            behind="log.close()",
        ),
        path,
    )
    assert said == "b'y'\n"


def test_signals_while_it_appends(path: Path) -> None:
    """Calls that are under way come to their end: nothing is lost or appended twice."""
    said = run_child(
        """
        import signal, sys, libwal
        hits = []
        signal.signal(signal.SIGALRM, lambda *_: hits.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
        with libwal.open(sys.argv[1]) as log:
            lsns = [log.append(b"%d" % number) for number in range(500)]
            assert lsns == list(range(1, 501))
            assert [r.data for r in log] == [b"%d" % number for number in range(500)]
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(bool(hits))
        """,
        path,
    )
    assert said == "True\n"
