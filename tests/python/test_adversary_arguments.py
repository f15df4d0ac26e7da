# SPDX-License-Identifier: Apache-2.0
"""Arguments of a program's own making."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import libwal
from support import run_child


class Keys(dict[int, bytes]):
    """A mapping whose items are none."""

    def __init__(self, items: list[Any]) -> None:
        self.wrong = items

    def items(self) -> Any:
        return self.wrong

    def __iter__(self) -> Iterator[int]:
        return iter([1])


class Mapping:
    """The same without a dict below."""

    def __init__(self, items: list[Any]) -> None:
        self.wrong = items

    def items(self) -> list[Any]:
        return self.wrong

    def keys(self) -> list[int]:
        return [1]

    def __getitem__(self, key: int) -> bytes:
        return b"k" * 32


@pytest.mark.parametrize("items", [[[1, b"k" * 32]], [7], [(1,)], [None], [(1, b"k", 2)]])
def test_keys_whose_items_are_no_pairs(path: Path, items: list[Any]) -> None:
    for keys in (Mapping(items), Keys(items)):
        with pytest.raises((TypeError, libwal.UnsupportedError)):
            libwal.open(path, keys=keys).close()  # type: ignore[arg-type]
            raise TypeError("a dict's own items are taken")


def test_a_machine_whose_attribute_raises(path: Path) -> None:
    class Machine:
        @property
        def apply(self) -> Any:
            raise SystemExit(3)

    with pytest.raises(SystemExit):
        libwal.open(path, machine=Machine())  # type: ignore[arg-type]


def test_a_nul_in_an_option(path: Path) -> None:
    with pytest.raises(libwal.InvalidError):
        libwal.open(path, codec="none\0x")  # type: ignore[arg-type]


def test_metadata_keys_that_are_no_utf_8(log: libwal.Log) -> None:
    assert "\ud800" not in log.meta
    with pytest.raises(UnicodeEncodeError):
        log.meta["\ud800"]


def test_metadata_are_not_hashable(log: libwal.Log) -> None:
    with pytest.raises(TypeError):
        hash(log.meta)


CHANGING = """
    import sys, threading, time
    import libwal

    sys.setswitchinterval(1e-6)
    count = 5000
    right = libwal.encode([b"a" * 10] * count)
    form = bytearray(right)
    at = 32 + 18 * (count - 5)  # within what is looked at last
    end = time.monotonic() + 1

    def change():
        while time.monotonic() < end:
            time.sleep(0.0003)
            form[at : at + 18] = bytes(18)
            time.sleep(0.001)
            form[at : at + 18] = right[at : at + 18]

    thread = threading.Thread(target=change)
    thread.start()
    while time.monotonic() < end:
        try:
            assert {record.data for record in libwal.decode(form)} == {b"a" * 10}
        except libwal.CorruptError:
            pass
    thread.join()
"""


def test_a_form_that_changes_while_it_is_decoded() -> None:
    """What is given was checked, whenever the bytes change."""
    assert run_child(CHANGING, flags=()) == ""
