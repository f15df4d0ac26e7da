# SPDX-License-Identifier: Apache-2.0
"""Encoded bodies, from docs/format.md alone: zlib streams, AES-256-GCM, ChaCha20-Poly1305, and the
keys of segments. Who lacks the module `cryptography` reads everything but encrypted logs."""
from __future__ import annotations

import hashlib
import hmac
import struct
import zlib
from typing import Optional

from layout import COMPRESSED, ENCRYPTED, GROUP, GroupHeader, Refusal, SegmentHeader

ZLIB = 1
AES_256_GCM, CHACHA20_POLY1305 = 1, 2
TAG_BYTES = 16

Keys = dict[tuple[int, int], bytes]  # the user's, by cipher and key id


def segment_key(secret: bytes, salt: bytes, cipher: int, key_id: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) to 32 bytes, which is one block of it."""
    info = b"libwal segment key" + struct.pack("<HI", cipher, key_id)
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, info + b"\1", hashlib.sha256).digest()


class Opener:
    """What undoes the encodings of one segment. Without its key that is known only when a group is
    read: a segment without groups needs none."""

    def __init__(self, header: SegmentHeader, keys: Keys):
        self.header = header
        self.aead = None
        secret = keys.get((header.cipher, header.key_id))
        if secret is not None:
            key = segment_key(secret, header.key_salt, header.cipher, header.key_id)
            self.aead = aead_of(header.cipher, key)

    @property
    def locked(self) -> bool:
        return self.header.cipher != 0 and self.aead is None

    def body(self, group: GroupHeader, stored: bytes) -> Optional[bytes]:
        """The raw body of a group whose body CRC is right; None: it gives no such body."""
        body = self.decrypt(group, stored) if group.flags & ENCRYPTED else stored
        return inflate(body, group.raw_bytes) if group.flags & COMPRESSED else body

    def decrypt(self, group: GroupHeader, stored: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        if self.aead is None:
            raise Refusal("crypto", f"no key of cipher {self.header.cipher} with the id "
                          f"{self.header.key_id} for segment {self.header.number}")
        raw = GROUP.pack(*group)
        nonce = struct.pack("<III", group.place, 0, group.epoch_low)
        associated = struct.pack("<Q", self.header.number) + raw[8:52] + raw[56:64]
        try:
            return self.aead.decrypt(nonce, stored, associated)
        except InvalidTag:
            where = f"segment {self.header.number}, LSN {group.first_lsn}"
            raise Refusal("crypto", f"{where}: another key, or changed") from None


def aead_of(cipher: int, key: bytes):
    from cryptography.hazmat.primitives.ciphers import aead

    return {AES_256_GCM: aead.AESGCM, CHACHA20_POLY1305: aead.ChaCha20Poly1305}[cipher](key)


def inflate(stored: bytes, raw_bytes: int) -> Optional[bytes]:
    """One stream that gives exactly so many bytes, and nothing behind it."""
    stream = zlib.decompressobj()
    try:
        body = stream.decompress(stored, raw_bytes + 1)
    except zlib.error:
        return None
    whole = stream.eof and not stream.unused_data and len(body) == raw_bytes > 0
    return body if whole else None
