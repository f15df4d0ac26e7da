# SPDX-License-Identifier: Apache-2.0
"""What the tests of libwal.aio share."""

import asyncio
import json
import subprocess
import sys
import textwrap

SMALL = {"max_record_bytes": 4096, "pending_bytes": 1}  # room for one record or two


def run(main):
    """The test's coroutine, on a loop of its own. Nothing hangs for ever."""

    async def limited():
        return await asyncio.wait_for(main, 60)

    return asyncio.run(limited())


def script(source, *args):
    """A process that prints JSON."""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", textwrap.dedent(source), *args],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def crowd(log, data):
    """Appends until the last 50 have no room yet: the future of each."""
    futures = []
    while len(log._submissions.backlog) < 50:
        futures.append(log.append_nowait(data))
    return futures
