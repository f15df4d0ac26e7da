# SPDX-License-Identifier: Apache-2.0
meta:
  id: libwal
  title: Files of a libwal log, format 1.0
  application: libwal
  file-extension: wal
  license: Apache-2.0
  ks-version: '0.10'
  encoding: UTF-8
  endian: le
doc: |
  The file `control` of a log, one of its segments, or a batch in portable form: which one, its magic
  says. docs/format.md is the normative text. This description shows what lies where; it checks
  neither checksums nor where the log ends, which is what recovery is about: a segment's groups are
  given as long as another header follows, so the last ones may be torn or cut off by a later segment.
seq:
  - id: magic
    type: u8
instances:
  control:
    pos: 0
    type: control
    size-eos: true
    if: magic == 0x1a0a0d434c415789
  segment:
    pos: 0
    type: segment
    size-eos: true
    if: magic == 0x0a1a0a0d4c415789
  portable:
    pos: 0
    type: portable
    size-eos: true
    if: magic == 0x1a0a0d504c415789

types:
  control:
    instances:
      slot_a:
        pos: 0
        type: slot
      slot_b:
        pos: 4096
        type: slot
      witness:
        pos: 8192
        type: witness

  slot:
    seq:
      - id: magic
        size: 8
      - id: major
        type: u2
      - id: minor
        type: u2
      - id: zero_12
        type: u4
      - id: uuid
        size: 16
      - id: sequence
        type: u8
      - id: epoch
        type: u8
      - id: oldest_segment
        type: u8
      - id: newest_segment
        type: u8
      - id: first_lsn
        type: u8
      - id: flags
        type: u4
      - id: process_id
        type: u4
      - id: end_lsn
        type: u8
      - id: end_offset
        type: u8
      - id: checkpoint_lsn
        type: u8
      - id: checkpoint
        type: reference
      - id: metadata
        type: reference
      - id: tagged
        type: reference
      - id: zero_152
        size: 100
      - id: crc
        type: u4
    instances:
      is_clean:
        value: (flags & 1) != 0

  reference:
    seq:
      - id: segment
        type: u8
      - id: offset
        type: u8

  witness:
    seq:
      - id: magic
        size: 8
      - id: sequence
        type: u8
      - id: durable_lsn
        type: u8
      - id: segment
        type: u8
      - id: durable_place
        type: u4
      - id: group_crc
        type: u4
      - id: salt_low
        type: u4
      - id: zero_44
        size: 16
      - id: crc
        type: u4

  segment:
    instances:
      header:
        pos: 0
        type: segment_header
      header_copy:
        pos: 2048
        type: segment_header
      first_magic:
        pos: 4096
        type: u4
        if: _io.size >= 4096 + 64
      groups:
        pos: 4096
        type: group(header.group_alignment)
        repeat: until
        repeat-until: not _.is_followed
        if: _io.size >= 4096 + 64 and first_magic == 0xb1474c57

  segment_header:
    seq:
      - id: magic
        size: 8
      - id: major
        type: u2
      - id: minor
        type: u2
      - id: header_bytes
        type: u4
      - id: incompatible
        type: u4
      - id: read_only_ok
        type: u4
      - id: uuid
        size: 16
      - id: number
        type: u8
      - id: base_lsn
        type: u8
      - id: salt
        type: u8
      - id: epoch
        type: u8
      - id: follow_end_lsn
        type: u8
      - id: follow_end_offset
        type: u8
      - id: follow_link
        type: u4
      - id: follow_salt_low
        type: u4
      - id: group_alignment
        type: u4
      - id: window
        type: u4
      - id: max_group_bytes
        type: u4
      - id: max_record_bytes
        type: u4
      - id: checksum
        type: u2
      - id: codec
        type: u2
        enum: codec
      - id: cipher
        type: u2
        enum: cipher
      - id: zero_118
        type: u2
      - id: key_id
        type: u4
      - id: zero_124
        type: u4
      - id: key_salt
        size: 32
      - id: created_ns
        type: u8
      - id: label
        size: 64
      - id: follow_number
        type: u8
      - id: flags
        type: u4
      - id: birth_place
        type: u4
      - id: kept_records
        type: u4
      - id: crc
        type: u4
    instances:
      is_reset:
        value: (flags & 1) != 0

  group:
    doc: |
      Of an encrypted group nothing can be told without the key: `stored` is its ciphertext, and behind
      that a tag of 16 bytes.
    params:
      - id: alignment
        type: u4
    seq:
      - id: start
        size: 0
        if: offset >= 0
      - id: magic
        contents: [0x57, 0x4c, 0x47, 0xb1]
      - id: header_crc
        type: u4
      - id: salt_low
        type: u4
      - id: place
        type: u4
      - id: first_lsn
        type: u8
      - id: watermark
        type: u8
      - id: epoch_low
        type: u4
      - id: link
        type: u4
      - id: num_records
        type: u4
      - id: stored_bytes
        type: u4
      - id: raw_bytes
        type: u4
      - id: body_crc
        type: u4
      - id: type
        type: u1
        enum: group_type
      - id: flags
        type: group_flags
      - id: tag_bytes
        type: u2
      - id: durable_place
        type: u4
      - id: stored
        size: stored_bytes
        if: is_whole
      - id: padding
        size: end - offset - 64 - stored_bytes
        if: is_whole
    instances:
      body:
        pos: offset + 64
        size: stored_bytes
        type: body(type, num_records, tag_bytes, first_lsn)
        if: is_whole and not flags.encrypted and not flags.compressed
      body_compressed:
        pos: offset + 64
        size: stored_bytes
        process: zlib
        type: body(type, num_records, tag_bytes, first_lsn)
        if: is_whole and not flags.encrypted and flags.compressed
      offset:
        value: _io.pos
      end:
        value: (offset + 64 + stored_bytes + alignment - 1) / alignment * alignment
        doc: Where the next header would be, in bytes from the segment's start.
      is_whole:
        value: end <= _io.size
      next_magic:
        pos: end
        type: u4
        if: end + 64 <= _io.size
      is_followed:
        value: end + 64 <= _io.size and next_magic == 0xb1474c57

  group_flags:
    meta:
      bit-endian: le
    seq:
      - id: compressed
        type: b1
      - id: encrypted
        type: b1
      - id: first
        type: b1
      - id: last
        type: b1
      - id: birth
        type: b1
      - id: reserved
        type: b3

  body:
    params:
      - id: type
        type: u1
        enum: group_type
      - id: num_records
        type: u4
      - id: tag_bytes
        type: u2
      - id: first_lsn
        type: u8
    seq:
      - id: tag
        size: tag_bytes
      - id: tag_padding
        size: (8 - tag_bytes % 8) % 8
      - id: records
        type: record(first_lsn + _index)
        repeat: expr
        repeat-expr: num_records
      - id: seal
        type: seal
        if: type == group_type::seal
      - id: checkpoint
        type: checkpoint
        if: type == group_type::checkpoint
      - id: metadata
        type: metadata
        if: type == group_type::metadata

  record:
    params:
      - id: lsn
        type: u8
    seq:
      - id: length
        type: u4
      - id: crc
        type: u4
      - id: lsn_low
        type: u4
      - id: type
        type: u2
      - id: flags
        type: u2
      - id: payload
        size: length
      - id: padding
        size: (8 - length % 8) % 8
    instances:
      is_batch_last:
        value: (flags & 2) != 0

  seal:
    seq:
      - id: num_entries
        type: u4
      - id: zero
        type: u4
      - id: entries
        type: seal_entry
        repeat: expr
        repeat-expr: num_entries

  seal_entry:
    seq:
      - id: first_lsn
        type: u8
      - id: place
        type: u4
      - id: zero
        type: u4

  checkpoint:
    seq:
      - id: lsn
        type: u8
      - id: state_size
        type: u8
      - id: part_offset
        type: u8
      - id: part_size
        type: u8
      - id: part
        size: part_size

  metadata:
    seq:
      - id: num_keys
        type: u4
      - id: zero
        type: u4
      - id: entries
        type: metadata_entry
        repeat: expr
        repeat-expr: num_keys

  metadata_entry:
    seq:
      - id: key_bytes
        type: u2
      - id: value_bytes
        type: u2
      - id: zero
        type: u4
      - id: key
        size: key_bytes
      - id: value
        size: value_bytes
      - id: padding
        size: (8 - (key_bytes + value_bytes) % 8) % 8

  portable:
    seq:
      - id: magic
        size: 8
      - id: major
        type: u2
      - id: minor
        type: u2
      - id: num_records
        type: u4
      - id: size
        type: u8
      - id: zero
        type: u8
      - id: records
        type: portable_record
        repeat: expr
        repeat-expr: num_records
      - id: crc
        type: u4

  portable_record:
    seq:
      - id: length
        type: u4
      - id: type
        type: u2
      - id: zero
        type: u2
      - id: payload
        size: length

enums:
  codec:
    0: none
    1: zlib
  cipher:
    0: none
    1: aes_256_gcm
    2: chacha20_poly1305
  group_type:
    1: data
    2: seal
    3: tag
    4: checkpoint
    5: metadata
