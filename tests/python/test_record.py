# SPDX-License-Identifier: Apache-2.0
"""Records as values: made by hand, compared, matched, shown."""
# mypy: disable-error-code="arg-type, call-arg, operator"

import pytest

import libwal


def test_by_hand() -> None:
    record = libwal.Record(5, b"data", 7, tag=b"t", durable=False, batch_last=False)
    assert (record.lsn, record.data, record.type, record.tag) == (5, b"data", 7, b"t")
    assert (record.durable, record.batch_last) == (False, False)
    plain = libwal.Record(1, bytearray(b"x"))
    assert (plain.data, plain.type, plain.tag) == (b"x", 0, None)
    assert type(plain.data) is bytes and plain.durable and plain.batch_last


def test_as_the_log_makes_them(log: libwal.Log) -> None:
    log.append(b"x", 7)
    assert log.record(1) == libwal.Record(1, b"x", 7)
    assert list(log) == [libwal.Record(1, b"x", 7)]


@pytest.mark.parametrize(
    "other",
    [
        libwal.Record(2, b"x", 3, tag=b"t"),
        libwal.Record(1, b"y", 3, tag=b"t"),
        libwal.Record(1, b"x", 4, tag=b"t"),
        libwal.Record(1, b"x", 3),
        libwal.Record(1, b"x", 3, tag=b""),
        (1, b"x", 3),
        None,
    ],
)
def test_unequal(other: object) -> None:
    record = libwal.Record(1, b"x", 3, tag=b"t")
    assert record != other and not record == other


def test_equal() -> None:
    one, two = libwal.Record(1, b"x", 3, tag=b"t"), libwal.Record(1, b"x", 3, tag=b"t")
    assert one == two and hash(one) == hash(two) and len({one, two}) == 1
    with pytest.raises(TypeError):
        one < two


def test_match() -> None:
    match libwal.Record(1, b"x", 3):
        case libwal.Record(lsn, data, type):
            assert (lsn, data, type) == (1, b"x", 3)
        case _:
            pytest.fail("no match")
    match libwal.Record(1, b"x", 3):
        case libwal.Record(data=b"x", type=3):
            pass
        case _:
            pytest.fail("no match")


def test_it_cannot_be_changed() -> None:
    record = libwal.Record(1, b"x")
    for name in ("lsn", "data", "type", "tag", "durable", "batch_last", "other"):
        with pytest.raises(AttributeError):
            setattr(record, name, 1)


def test_repr() -> None:
    text = repr(libwal.Record(12345, b"hello", 7))
    assert "12345" in text and "hello" in text and "7" in text
    assert len(repr(libwal.Record(1, bytes(10_000_000)))) < 1000, "for people"


@pytest.mark.parametrize(
    "arguments",
    [(), (1,), ("1", b"x"), (1, "x"), (1, None), (1, b"x", "3"), (1, b"x", 3, "t"), (1.0, b"x")],
)
def test_arguments_of_a_wrong_type(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError):
        libwal.Record(*arguments)


@pytest.mark.parametrize("lsn, type", [(-1, 0), (2**64, 0), (10**30, 0), (1, -1), (1, 65536)])
def test_numbers_out_of_range(lsn: int, type: int) -> None:
    with pytest.raises((ValueError, OverflowError, IndexError)):
        libwal.Record(lsn, b"x", type)


def test_flags_and_tags_of_a_wrong_type() -> None:
    with pytest.raises(TypeError):
        libwal.Record(1, b"x", tag="t")
    with pytest.raises(TypeError):
        libwal.Record(1, b"x", unknown=1)
