# SPDX-License-Identifier: Apache-2.0
"""One JSON object per line, in walctl's form: no blanks, keys in the order given."""

from base64 import b64encode

from libwal.cli import escape

Value = int | bool | bytes


def base64(data: bytes) -> bytes:
    """As a string."""
    return b'"' + b64encode(data) + b'"'


def value(of: Value) -> bytes:
    """Numbers with all their digits; bytes as a string, as far as they are UTF-8."""
    if isinstance(of, bytes):
        return escape.json(of)
    if isinstance(of, bool):
        return b"true" if of else b"false"
    return b"%d" % of


def line(members: dict[str, bytes]) -> bytes:
    """Values are JSON already."""
    return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in members.items()) + b"}\n"


def text_members(data_key: str, text_key: str, data: bytes) -> dict[str, bytes]:
    """In base64, and only where it is UTF-8 as a string, too."""
    members = {data_key: base64(data)}
    try:
        data.decode()
    except UnicodeDecodeError:
        return members
    return {**members, text_key: escape.json(data)}
