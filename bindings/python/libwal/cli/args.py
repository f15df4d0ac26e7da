# SPDX-License-Identifier: Apache-2.0
"""The command line: options as getopt_long takes them (anywhere between the operands, "--" ends
them, long ones may be shortened), and a command's help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from libwal.cli.codes import UsageError

HELP_COLUMN = 28

Choices = dict[str, Any]


class OptionError(Exception):
    """What getopt itself would have said."""


@dataclass(frozen=True)
class Arg:
    """An option. take(choices, arg, value) stores the value under the option's name."""

    name: str
    letter: str
    value: str
    help: str
    take: Callable[[Choices, Arg, str], None]


@dataclass(frozen=True)
class Command:
    """What walctl's help shows of a command, and the function that runs it."""

    name: str
    summary: str
    args: list[Arg]
    about: str
    examples: str
    alias: str = ""
    defaults: Choices = field(default_factory=dict)


def take_flag(choices: Choices, arg: Arg, value: str) -> None:
    """It was given."""
    choices[arg.name] = True


def take_text(choices: Choices, arg: Arg, value: str) -> None:
    """As it is."""
    choices[arg.name] = value


def take_word(choices: Choices, arg: Arg, value: str) -> None:
    """One of those that arg.value lists."""
    if value not in arg.value.split("|"):
        raise UsageError(f"--{arg.name}: '{value}' is not {arg.value}")
    choices[arg.name] = value


def number(arg: Arg, value: str, what: str, least: int, most: int) -> int:
    """Decimal digits and nothing else."""
    is_number = value.isascii() and value.isdigit() and len(value.lstrip("0")) <= 20
    if not is_number or not least <= int(value) <= most:
        raise UsageError(f"--{arg.name}: '{value}' is no {what} ({least} to {most})")
    return int(value)


def take_lsn(choices: Choices, arg: Arg, value: str) -> None:
    """1 .. 2^64-2."""
    choices[arg.name] = number(arg, value, "LSN", 1, 2**64 - 2)


def take_number(choices: Choices, arg: Arg, value: str) -> None:
    """0 .. 2^64-1."""
    choices[arg.name] = number(arg, value, "number", 0, 2**64 - 1)


HELP = Arg("help", "h", "", "show this help and exit", take_flag)


def parse(command: Command, words: list[str]) -> tuple[Choices, list[str]]:
    """What was chosen, and the operands."""
    choices: Choices = dict(command.defaults)
    operands: list[str] = []
    known = [*command.args, HELP]
    rest = iter(words)
    for word in rest:
        if word == "--":
            operands += rest
        elif word.startswith("--"):
            _long(known, choices, word[2:], rest)
        elif word.startswith("-") and word != "-":
            _letters(known, choices, word[1:], rest)
        else:
            operands.append(word)
    if "help" not in choices:
        _check_operands(command, operands)
    return choices, operands


def _long(known: list[Arg], choices: Choices, word: str, rest: Iterator[str]) -> None:
    _, sign, value = word.partition("=")
    arg = _by_name(known, word)
    if not arg.value and sign:
        raise OptionError(f"option '--{arg.name}' doesn't allow an argument")
    if arg.value and not sign:
        try:
            value = next(rest)
        except StopIteration:
            raise OptionError(f"option '--{arg.name}' requires an argument") from None
    arg.take(choices, arg, value)


def _by_name(known: list[Arg], word: str) -> Arg:
    """The option of that name, or the only one that begins with it."""
    name = word.partition("=")[0]
    found = [arg for arg in known if arg.name.startswith(name)]
    exact = [arg for arg in found if arg.name == name]
    if exact or len(found) == 1:
        return (exact or found)[0]
    if not found:
        raise OptionError(f"unrecognized option '--{word}'")
    names = "".join(f" '--{arg.name}'" for arg in found)
    raise OptionError(f"option '--{word}' is ambiguous; possibilities:{names}")


def _letters(known: list[Arg], choices: Choices, word: str, rest: Iterator[str]) -> None:
    while word:
        letter, word = word[0], word[1:]
        arg = next((arg for arg in known if arg.letter == letter), None)
        if arg is None:
            raise OptionError(f"invalid option -- '{letter}'")
        value = ""
        if arg.value:
            following = word or next(rest, None)
            if following is None:
                raise OptionError(f"option requires an argument -- '{letter}'")
            value, word = following, ""
        arg.take(choices, arg, value)


def _check_operands(command: Command, operands: list[str]) -> None:
    if not operands:
        raise UsageError(f"an operand is missing: walctl {command.name} LOG")
    if len(operands) > 1:
        raise UsageError(f"one operand too many: '{operands[1]}'")
    if not operands[0]:
        raise UsageError(f"an operand is empty: walctl {command.name} LOG")


def help_of(command: Command) -> str:
    """As walctl's."""
    lines = [f"Usage: walctl {command.name} [OPTION]... LOG"]
    if command.alias:
        lines.append(f"       walctl {command.alias} ...")
    lines += ["", command.about, "Options:"]
    for arg in [*command.args, HELP]:
        lines += _help_lines(arg)
    return "\n".join(lines) + f"\n\nExamples:\n{command.examples}"


def _help_lines(arg: Arg) -> list[str]:
    left = f"-{arg.letter}, --{arg.name}" if arg.letter else f"    --{arg.name}"
    if arg.value:
        left += f" {arg.value}"
    first, *others = arg.help.split("\n")
    blanks = "  " + " " * HELP_COLUMN
    lines = [f"  {left:{HELP_COLUMN}}"]
    if len(left) > HELP_COLUMN - 2:
        lines.append(blanks + first)
    else:
        lines[0] += first
    return lines + [blanks + other for other in others]
