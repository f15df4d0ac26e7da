# SPDX-License-Identifier: Apache-2.0
"""--decoder: payloads go through a shell command, or become entries of a Raft log, to be shown."""

from __future__ import annotations

import os
import subprocess

from libwal import Record
from libwal.cli import raft
from libwal.cli.console import Console


class Decoder:
    """Runs the command once per record: any filter will do. "raft" is built in."""

    def __init__(self, console: Console, command: str | None) -> None:
        self.failures = 0
        self._console = console
        self._command = command

    def run(self, record: Record) -> bytes | None:
        """What the command makes of it. None: there is no command, or it failed, which was said."""
        if self._command is None:
            return None
        if self._command == "raft":
            return self._run_raft(record)
        return self._run_command(self._command, record)

    def _run_raft(self, record: Record) -> bytes | None:
        decoded = raft.decode(record.data)
        if decoded is None:
            self._say(record, "it is no entry of a Raft log")
        return decoded

    def _run_command(self, command: str, record: Record) -> bytes | None:
        about = {"WALCTL_LSN": str(record.lsn), "WALCTL_TYPE": str(record.type)}
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                input=record.data,
                stdout=subprocess.PIPE,
                env={**os.environ, **about},
                check=False,
            )
        except OSError as error:
            self._say(record, f"the decoder can't be run: {error.strerror}")
            return None
        if done.returncode == 0:
            return done.stdout
        if done.returncode < 0:
            self._say(record, f"the decoder was ended by signal {-done.returncode}")
        else:
            self._say(record, f"the decoder ended with status {done.returncode}")
        return None

    def _say(self, record: Record, what: str) -> None:
        self.failures += 1
        self._console.say(f"LSN {record.lsn}: {what}")
