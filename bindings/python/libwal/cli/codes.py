# SPDX-License-Identifier: Apache-2.0
"""Exit codes, and the errors that end a command."""

from libwal import CorruptError, LockedError, TornError, WalError

FINE, FAILED, USAGE, CORRUPT, TORN, LOCKED = range(6)


class UsageError(Exception):
    """The command line makes no sense; args[0] says why."""


class Failure(Exception):
    """The operation failed; args[0] says why."""


def code_of(error: WalError) -> int:
    """The exit code that an error of the library stands for."""
    if isinstance(error, TornError):
        return TORN
    if isinstance(error, CorruptError):
        return CORRUPT
    return LOCKED if isinstance(error, LockedError) else FAILED
