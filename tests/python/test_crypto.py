# SPDX-License-Identifier: Apache-2.0
"""Encrypted and compressed logs. A build without OpenSSL says so by UnsupportedError; tests run
with one that has it."""
# mypy: disable-error-code="arg-type"

from pathlib import Path

import pytest

import libwal
from support import contents, corrupt_payload, fill, segment_files

KEY = bytes(range(32))
OTHER = bytes(range(1, 33))
SECRET = b"the secret is in here " * 10


@pytest.mark.parametrize("aead", ["aes-256-gcm", "chacha20-poly1305"])
def test_encrypted(path: Path, aead: str) -> None:
    with libwal.open(path, key=KEY, aead=aead) as log:
        log.append(SECRET)
        assert log[1] == SECRET
        assert (log.info().cipher, log.info().key_id) == (aead, 0)
    assert all(SECRET[:20] not in file.read_bytes() for file in segment_files(path))
    with libwal.open(path, "r", key=KEY, aead=aead) as log:
        assert contents(log) == [(1, SECRET)]


@pytest.mark.parametrize("keyword", [{}, {"key": OTHER}, {"key": KEY, "key_id": 5}])
def test_without_the_right_key(path: Path, keyword: dict[str, object]) -> None:
    with libwal.open(path, key=KEY) as log:
        fill(log, 3)
    for call in (libwal.open, libwal.verify, libwal.salvage):
        with pytest.raises(libwal.CryptoError) as error:
            call(path, **keyword)
        assert error.value.name == "WAL_E_CRYPTO" and error.value.code == -19
    with libwal.open(path, key=KEY) as log:
        assert len(log) == 3, "nothing was done to it"


def test_kinds_of_keys(path: Path) -> None:
    with libwal.open(path, key=bytearray(KEY)) as log:
        fill(log, 3)
    with libwal.open(path, key=memoryview(KEY)) as log:
        assert len(log) == 3


def test_keys_are_replaced(path: Path) -> None:
    with libwal.open(path, key=KEY, key_id=1) as log:
        log.append(b"one")
        log.rotate()
    with libwal.open(path, key=OTHER, key_id=2, keys={1: KEY}) as log:
        assert log[1] == b"one"
        log.append(b"two")
        log.rotate()
        log.append(b"three")
        assert log.info().key_id == 2
    with pytest.raises(libwal.CryptoError):
        with libwal.open(path, key=OTHER, key_id=2) as log:
            list(log)
    with libwal.open(path, key=OTHER, key_id=2, keys={1: KEY, 7: bytes(32)}) as log:
        log.truncate_before(2)
        assert [data for _, data in contents(log)] == [b"two", b"three"]


def test_keys_for_reading_alone(path: Path) -> None:
    with libwal.open(path, key=KEY, key_id=1) as log:
        log.append(b"one")
    with libwal.open(path, "r", keys={1: KEY}) as log:
        assert log[1] == b"one"


@pytest.mark.parametrize("size", [0, 15, 1025])
def test_sizes_of_keys(path: Path, size: int) -> None:
    with pytest.raises(libwal.InvalidError):
        libwal.open(path, key=bytes(size))
    assert not path.exists()


@pytest.mark.parametrize("key_id", [-1, 2**32, 10**30])
def test_key_ids_out_of_range(path: Path, key_id: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        libwal.open(path, key=KEY, key_id=key_id)
    with pytest.raises((ValueError, OverflowError)):
        libwal.open(path, key=KEY, keys={key_id: OTHER})
    assert not path.exists()


def test_two_keys_of_one_id(path: Path) -> None:
    with pytest.raises(libwal.ExistsError):
        libwal.open(path, key=KEY, key_id=1, keys={1: OTHER})


def test_functions_take_keys(path: Path, tmp_path: Path) -> None:
    with libwal.open(path, key=KEY, key_id=3) as log:
        fill(log, 5)
        log.copy(tmp_path / "copy")
    for keywords in ({"key": KEY, "key_id": 3}, {"keys": {3: KEY}}):
        assert libwal.verify(path, **keywords).records == 5
        assert len(libwal.salvage(path, **keywords).records) == 5
        assert libwal.repair(path, dry_run=True, **keywords).records == 5
    with libwal.open(tmp_path / "copy", key=KEY, key_id=3) as copy:
        assert len(copy) == 5


def test_metadata_and_checkpoints_are_encrypted(path: Path) -> None:
    with libwal.open(path, key=KEY) as log:
        fill(log, 1)
        log.meta["name"] = SECRET
        log.checkpoint(1, SECRET)
    assert all(SECRET[:20] not in file.read_bytes() for file in segment_files(path))
    with libwal.open(path, key=KEY) as log:
        assert log.meta["name"] == SECRET and log.last_checkpoint() == (1, SECRET)


def test_codec(path: Path) -> None:
    with libwal.open(path, codec="zlib", codec_level=9) as log:
        lsn = log.append(SECRET * 1000)
        assert log[lsn] == SECRET * 1000
        assert log.info().codec == "zlib"
        assert log.segments()[0].bytes < 20_000
        stats = log.stats()
        assert stats["stored_bytes"] < stats["raw_bytes"]
    with libwal.open(path, codec=0) as log:
        assert log[lsn] == SECRET * 1000


def test_codec_and_cipher(path: Path) -> None:
    with libwal.open(path, codec="zlib", key=KEY) as log:
        log.append(SECRET * 1000)
        log.append(b"short")
    with libwal.open(path, key=KEY) as log:
        assert [data for _, data in contents(log)] == [SECRET * 1000, b"short"]
    libwal.verify(path, key=KEY)


def test_damage_in_a_compressed_log(path: Path) -> None:
    with libwal.open(path, codec="zlib", codec_min_bytes="1G") as log:
        log.append(b"before")
        log.append(SECRET)
        log.append(b"behind")
        log.rotate()
    corrupt_payload(path, SECRET)
    with libwal.open(path, "r") as log, pytest.raises(libwal.CorruptError):
        list(log)
