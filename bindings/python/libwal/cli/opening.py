# SPDX-License-Identifier: Apache-2.0
"""Opening the log that a command works on: -O, --key and its like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import libwal
from libwal import InvalidError, Log
from libwal.cli.args import Arg, Choices, number, take_word
from libwal.cli.codes import Failure, UsageError

NAME_MAX_BYTES = 64
KEYS_MAX = 16
KEY_BYTES_MAX = 1024
SYNC = ("none", "interval", "data", "full", "dsync")
NOT_FOR_OPEN = {"create", "exclusive", "read_only"}  # the command's own business


@dataclass
class Key:
    """What --key-id and --aead say belongs to the --key in front of them, or to the first one."""

    file: str = ""
    id: int | None = None
    aead: str = "aes-256-gcm"


def _take_option(choices: Choices, arg: Arg, value: str) -> None:
    name, sign, setting = value.partition("=")
    if not sign or len(name) >= NAME_MAX_BYTES:
        raise UsageError(f"-O: '{value}' is not of the form NAME=VALUE")
    if name not in libwal.options():
        raise UsageError(f"no option has the name '{name}'")
    options = choices.setdefault("options", {})
    if name in NOT_FOR_OPEN:
        if _choice(name, setting, ("0", "1"), "0 or 1") == 1 and name == "exclusive":
            raise Failure("options read_only and exclusive contradict each other")
    elif name == "sync":
        of = "none, interval, data, full or dsync"
        options[name] = setting if setting in SYNC else SYNC[_choice(name, setting, SYNC, of)]
    else:
        options[name] = setting


def _choice(name: str, setting: str, words: tuple[str, ...], of: str) -> int:
    """A number that stands for one of the words."""
    is_number = setting.isascii() and setting.isdigit()
    if is_number and len(setting) < 20 and int(setting) < len(words):
        return int(setting)
    shown = setting if is_number else f"'{setting}'"
    raise UsageError(f"option {name}: {shown} is not {of}")


def _keys(choices: Choices) -> list[Key]:
    keys: list[Key] = choices.setdefault("keys", [Key()])
    return keys


def _take_key(choices: Choices, arg: Arg, value: str) -> None:
    keys = _keys(choices)
    if keys[-1].file and len(keys) == KEYS_MAX:
        raise UsageError(f"--key: more than {KEYS_MAX} of them")
    if keys[-1].file:
        keys.append(Key())
    keys[-1].file = value


def _take_key_id(choices: Choices, arg: Arg, value: str) -> None:
    key_id = number(arg, value, "number", 0, 2**64 - 1)
    if key_id >= 2**32:
        raise UsageError(f"--key-id: at most {2**32 - 1}")
    _keys(choices)[-1].id = key_id


def _take_aead(choices: Choices, arg: Arg, value: str) -> None:
    into: Choices = {}
    take_word(into, arg, value)
    _keys(choices)[-1].aead = into["aead"]


OPEN_ARGS = [
    Arg(
        "option",
        "O",
        "NAME=VALUE",
        "open the log with this option of the library\n('walctl help options' lists them)",
        _take_option,
    ),
    Arg(
        "key",
        "",
        "KEYFILE",
        "the log's key: 16 to 1024 bytes. May be repeated: all\n"
        "of them read, the last one writes",
        _take_key,
    ),
    Arg("key-id", "", "N", "the number of the --key before this (default 0)", _take_key_id),
    Arg(
        "aead",
        "",
        "aes-256-gcm|chacha20-poly1305",
        "and its algorithm (default aes-256-gcm)",
        _take_aead,
    ),
]


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(KEY_BYTES_MAX + 1)
    except OSError as error:
        raise Failure(f"{file} can't be read: {error.strerror}") from None


def key_arguments(choices: Choices) -> dict[str, Any]:
    """Arguments for the library's functions."""
    keys: list[Key] = choices.get("keys", [])
    if not keys:
        return {}
    if not keys[0].file:
        raise UsageError("--key-id and --aead go with --key")
    if any(key.aead != keys[0].aead for key in keys):
        raise UsageError("--aead: one for all keys, other than walctl's")
    *others, last = keys
    return {
        "keys": {key.id or 0: _read(key.file) for key in others},
        "key": _read(last.file),
        "key_id": last.id or 0,
        "aead": last.aead,
    }


def open_read_only(path: str, choices: Choices) -> Log:
    """Never writes or locks. A value that -O can't have is a UsageError."""
    try:
        return libwal.open(path, "r", **choices.get("options", {}), **key_arguments(choices))
    except InvalidError as error:
        if re.match(r"option \w+: ", str(error)):
            raise UsageError(str(error)) from None
        raise


def writes(path: str) -> tuple[bool, int]:
    """Whether somebody has the log open for writing, and which process, 0: unknown."""
    try:
        pid = libwal.lock_holder(path)
    except libwal.WalError:  # opening it tells why
        return False, 0
    return pid is not None, pid or 0
