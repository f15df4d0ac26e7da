# SPDX-License-Identifier: Apache-2.0
"""Where an asynchronous log lives: its loop, and the loop's executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Home:
    """One loop, thus one thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def check(self) -> None:
        """RuntimeError on another loop's thread, or on one without a loop."""
        if asyncio.get_running_loop() is not self.loop:
            raise RuntimeError("the log was opened on another event loop")

    def start(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> asyncio.Future[_T]:
        """The call, in the loop's default executor. It goes on when its task is cancelled."""
        return self.loop.run_in_executor(None, partial(function, *args, **kwargs))

    async def run(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Awaits that."""
        self.check()
        return await self.start(function, *args, **kwargs)
