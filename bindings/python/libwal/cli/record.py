# SPDX-License-Identifier: Apache-2.0
"""How a record is shown: text, json, raw or hex, as 'walctl help formats' describes it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from libwal import Record
from libwal.cli import escape, json
from libwal.cli.args import Arg, Choices, take_flag, take_text, take_word
from libwal.cli.codes import UsageError
from libwal.cli.console import Console
from libwal.cli.decoder import Decoder

HEX_BYTES = 16
FRAMES: dict[str, Callable[[bytes], bytes]] = {
    "lines": lambda data: data + b"\n",
    "null": lambda data: data + b"\0",
    "length-prefixed": lambda data: struct.pack("<I", len(data)) + data,
}


def _take_frame(choices: Choices, arg: Arg, value: str) -> None:
    choices["frame"] = arg.name


FORMAT_ARG = Arg(
    "output",
    "o",
    "text|json|raw|hex",
    "how records are shown (default text);\n'walctl help formats' describes them",
    take_word,
)
REPORT_ARG = Arg("output", "o", "text|json", "how it is shown (default text)", take_word)
COLOR_ARG = Arg(
    "color",
    "",
    "auto|always|never",
    "auto (default): on a terminal, unless NO_COLOR is\nset",
    take_word,
)
MAP_ARGS = [
    Arg("map", "", "", "draw the log's segments (default on a terminal)", take_flag),
    Arg("no-map", "", "", "don't", take_flag),
]
RECORD_ARGS = [
    FORMAT_ARG,
    Arg("lines", "", "", "each record ends with a newline", _take_frame),
    Arg("null", "0", "", "each record ends with a byte 0", _take_frame),
    Arg(
        "length-prefixed",
        "",
        "",
        "before each record stands its length, as 32 bits,\nlittle-endian",
        _take_frame,
    ),
    Arg(
        "decoder",
        "",
        "COMMAND",
        "pipe each payload through this shell command, or\n"
        "'raft': show entries of a Raft log ('walctl help\ndecoder' says how)",
        take_text,
    ),
    COLOR_ARG,
]


def plural(n: int) -> str:
    """What a noun ends with behind this number."""
    return "" if n == 1 else "s"


class Printer:
    """Prints records the way that was chosen."""

    def __init__(self, console: Console, choices: Choices) -> None:
        self.decoder = Decoder(console, choices.get("decoder"))
        self._console = console
        self._form = choices.get("output", "text")
        if "frame" in choices and self._form != "raw":
            raise UsageError("--lines, --null and --length-prefixed go with --output raw only")
        self._framed = FRAMES.get(choices.get("frame", ""), bytes)

    def show(self, record: Record) -> None:
        """On stdout."""
        decoded = self.decoder.run(record)
        if self._form == "text":
            self._console.put(*self._text(record, decoded))
        elif self._form == "json":
            self._console.put(_json(record, decoded))
        elif self._form == "raw":
            self._console.put(self._framed(record.data if decoded is None else decoded))
        else:
            self._console.put(*self._hex(record, record.data if decoded is None else decoded))

    def _colored(self, name: str, number: int) -> bytes:
        return b"%s%d%s" % (self._console.color(name), number, self._console.color("off"))

    def _text(self, record: Record, decoded: bytes | None) -> Iterator[bytes]:
        yield self._colored("lsn", record.lsn) + b"\t"
        yield self._colored("type", record.type) + b"\t"
        if decoded is None:
            yield escape.text(record.data)
        else:  # lines below each other; none can be taken for a record
            lines = decoded.removesuffix(b"\n").split(b"\n")
            yield b"\n\t\t".join(map(escape.text, lines))
        yield b"\n"

    def _hex(self, record: Record, data: bytes) -> Iterator[bytes]:
        yield b"LSN " + self._colored("lsn", record.lsn)
        yield b", type " + self._colored("type", record.type)
        yield b", %d byte%s\n" % (len(data), plural(len(data)).encode())
        for offset in range(0, len(data), HEX_BYTES):
            yield _hex_line(data[offset : offset + HEX_BYTES], offset)


def _hex_line(part: bytes, offset: int) -> bytes:
    half = HEX_BYTES // 2
    left, right = part[:half].hex(" "), part[half:].hex(" ")
    width = 3 * half - 1
    shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
    return f"{offset:08x}  {left:{width}}  {right:{width}}  |{shown}|\n".encode()


def _json(record: Record, decoded: bytes | None) -> bytes:
    members = {
        "lsn": json.value(record.lsn),
        "type": json.value(record.type),
        "size": json.value(len(record.data)),
        "durable": json.value(record.durable),
        "batch_last": json.value(record.batch_last),
    }
    if record.tag is not None:
        members |= json.text_members("tag", "tag_text", record.tag)
    members |= json.text_members("data", "text", record.data)
    if decoded is not None:
        members |= json.text_members("decoded_data", "decoded_text", decoded)
    return json.line(members)
