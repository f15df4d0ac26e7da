# SPDX-License-Identifier: Apache-2.0
"""--decoder: payloads go through a shell command before they are shown."""

from __future__ import annotations

import os
import subprocess

from libwal import Record
from libwal.cli.console import Console


class Decoder:
    """Runs the command once per record: any filter will do."""

    def __init__(self, console: Console, command: str | None) -> None:
        self.failures = 0
        self._console = console
        self._command = command

    def run(self, record: Record) -> bytes | None:
        """What the command makes of it. None: there is no command, or it failed, which was said."""
        if self._command is None:
            return None
        about = {"WALCTL_LSN": str(record.lsn), "WALCTL_TYPE": str(record.type)}
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", self._command],
                input=record.data,
                stdout=subprocess.PIPE,
                env={**os.environ, **about},
                check=False,
            )
        except OSError as error:
            self._failed(record, f"can't be run: {error.strerror}")
            return None
        if done.returncode == 0:
            return done.stdout
        if done.returncode < 0:
            self._failed(record, f"was ended by signal {-done.returncode}")
        else:
            self._failed(record, f"ended with status {done.returncode}")
        return None

    def _failed(self, record: Record, how: str) -> None:
        self.failures += 1
        self._console.say(f"LSN {record.lsn}: the decoder {how}")
