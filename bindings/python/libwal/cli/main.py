# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

import libwal
from libwal.cli import args, cat, codes, info, verify
from libwal.cli.args import Choices, Command, OptionError
from libwal.cli.codes import Failure, UsageError
from libwal.cli.console import Console, OutError, die_of

Run = Callable[[Console, Choices, str], int]
COMMANDS: list[tuple[Command, Run]] = [
    (info.COMMAND, info.run),
    (cat.COMMAND, cat.run),
    (verify.COMMAND, verify.run),
]

OVERVIEW = """Usage: python -m libwal COMMAND [OPTION]... LOG
       python -m libwal COMMAND --help
       python -m libwal --version

Looks into write-ahead logs of libwal. A LOG is a directory. These are commands of walctl, which
has more of them.

Commands:
{commands}
Exit codes:
  0  fine
  1  the operation failed
  2  wrong usage
  3  the log is damaged
  4  the log's end is torn, nothing else is wrong (verify, or -O strict=1)
"""


def main() -> NoReturn:
    """Runs the command of sys.argv, and ends the process."""
    console = Console()
    code = codes.FINE
    try:
        code = _run(console, sys.argv[1:])
        console.flush()
    except KeyboardInterrupt:
        die_of(signal.SIGINT)
    except OutError as error:
        _end_cut_off(console, error, code or codes.FAILED)
    sys.exit(code)


def _end_cut_off(console: Console, error: OutError, code: int) -> NoReturn:
    """stdout is gone: quietly, where its reader has gone. What it holds must not be tried again."""
    if error.args[0] == errno.EPIPE:
        die_of(signal.SIGPIPE)
    console.say(f"write error: {os.strerror(error.args[0])}")
    os._exit(code)


def _run(console: Console, words: list[str]) -> int:
    name = words[0] if words else ""
    if name in ("--help", "-h"):
        console.put(_overview().encode())
        return codes.FINE
    if name in ("--version", "-V"):
        console.put(f"walctl (libwal) {libwal.version()}\n".encode())
        return codes.FINE
    for command, run in COMMANDS:
        if name and name in (command.name, command.alias):
            return _run_command(console, command, run, words[1:])
    console.say(f"there is no command '{name}'" if words else "a command is missing")
    return _hint(console, "")


def _overview() -> str:
    lines = [f"  {command.name:12}{command.summary}\n" for command, _ in COMMANDS]
    return OVERVIEW.format(commands="".join(lines))


def _run_command(console: Console, command: Command, run: Run, words: list[str]) -> int:
    try:
        choices, operands = args.parse(command, words)
        if "help" in choices:
            console.put(args.help_of(command).encode())
            return codes.FINE
        console.use_color(choices.get("color", "auto"))
        return run(console, choices, operands[0])
    except OptionError as error:
        console.complain(f"walctl: {error}\n".encode(errors="surrogateescape"))
    except UsageError as error:
        console.say(str(error))
    except Failure as error:
        console.say(str(error))
        return codes.FAILED
    except libwal.WalError as error:
        console.say(str(error))
        return codes.code_of(error)
    return _hint(console, command.name)


def _hint(console: Console, command: str) -> int:
    console.complain(f"Try 'walctl {command} --help'.\n".replace("  ", " ").encode())
    return codes.USAGE
