# SPDX-License-Identifier: Apache-2.0
"""Payloads and messages as text that nothing but printable UTF-8 is left in."""

SHORT = {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
NO_UTF8 = range(0xDC80, 0xDD00)  # what surrogateescape makes of bytes that are none
MARKS = (  # those that change the direction of writing, separate lines or paragraphs, byte order
    {0x61C, 0x200E, 0x200F, 0xFEFF} | set(range(0x2028, 0x202F)) | set(range(0x2066, 0x206A))
)


def printable(c: int) -> bool:
    """Whether a terminal shows this code point and does nothing else."""
    if c < 0x20 or 0x7F <= c < 0xA0 or c in MARKS or c in NO_UTF8:
        return False
    return not (0xFDD0 <= c <= 0xFDEF or c & 0xFFFE == 0xFFFE)


class _Table(dict[int, str]):
    """For str.translate; filled as characters come."""

    def one(self, c: int) -> str:
        raise NotImplementedError

    def __missing__(self, c: int) -> str:
        self[c] = self.one(c)
        return self[c]


class _Text(_Table):
    def __init__(self, exact: bool) -> None:
        super().__init__(SHORT)
        if exact:
            self[ord("\\")] = "\\\\"

    def one(self, c: int) -> str:
        if printable(c):
            return chr(c)
        return "".join(f"\\x{byte:02x}" for byte in chr(c).encode("utf-8", "surrogateescape"))


class _Json(_Table):
    def __init__(self) -> None:
        super().__init__(SHORT | {ord('"'): '\\"', ord("\\"): "\\\\"})

    def one(self, c: int) -> str:
        if c in NO_UTF8:
            return "\\ufffd"
        if printable(c):
            return chr(c)
        if c < 0x10000:
            return f"\\u{c:04x}"
        return f"\\u{0xD800 + (c - 0x10000 >> 10):04x}\\u{0xDC00 + (c & 0x3FF):04x}"


_exact, _message, _json = _Text(True), _Text(False), _Json()


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def text(data: bytes) -> bytes:
    """From which the bytes can be had back: a backslash is doubled."""
    return _decoded(data).translate(_exact).encode()


def message(line: str) -> bytes:
    """For stderr: a backslash stays."""
    return _decoded(line.encode("utf-8", "surrogateescape")).translate(_message).encode()


def json(data: bytes) -> bytes:
    """A JSON string; what is no UTF-8 becomes U+FFFD."""
    return b'"' + _decoded(data).translate(_json).encode() + b'"'
