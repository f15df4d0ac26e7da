#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a log's directory contains, decided from docs/format.md alone, as lines of JSON.

    python3 walread.py DIR [CIPHER:ID:KEY ...]    the key in hexadecimal digits

The first line tells verdict, LSNs and metadata, each following one a record. "certain": false says
that the text allows another verdict to a program that reads fewer bytes, or more. The exit status
is 0 where there is a log or none yet, 1 where the log is refused, 2 for a wrong command line.
Nothing is written to the directory and no lock is taken, so nobody may write to it meanwhile.
"""
from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Optional

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from checkpoints import Found  # noqa: E402
from coding import Keys  # noqa: E402
from layout import Refusal  # noqa: E402
from recover import Log, recover  # noqa: E402


def hexed(metadata: dict[bytes, bytes]) -> dict[str, str]:
    return {key.hex(): value.hex() for key, value in metadata.items()}


def digest(checkpoint: Found) -> str:
    """LSN and state of a checkpoint in one word."""
    if checkpoint.lsn == 0:
        return "none"
    if checkpoint.state is None:
        return "broken"
    digest = hashlib.sha256(checkpoint.state).hexdigest()
    return f"{checkpoint.lsn}:{len(checkpoint.state)}:{digest}"


def header_line(log: Log) -> dict:
    line = {
        "verdict": log.verdict,
        "first_lsn": log.first_lsn,
        "next_lsn": log.next_lsn,
        "durable_lsn": log.durable_lsn,
        "checkpoint_lsn": log.checkpoint.lsn,
        "checkpoint": digest(log.checkpoint),
        "metadata": hexed(log.metadata),
        "tag": log.tag.hex(),
        "durable_metadata": hexed(log.durable_metadata),
        "durable_tag": log.durable_tag.hex(),
        "durable_checkpoint": digest(log.durable_checkpoint),
    }
    if not log.certain:
        line["certain"] = False
    if log.tail is not None:
        line["segments"] = len(log.parts)
        line["segment"] = log.parts[-1][0].number
        line["walked_offset"] = log.tail.walked
        line["end_offset"] = log.tail.end
        line["durable_offset"] = log.tail.durable
        line["given_up"] = log.given_up
    return line


def record_lines(log: Log) -> list[dict]:
    lines = []
    for record in log.records:
        line = {
            "lsn": record.lsn,
            "type": record.type,
            "batch_last": record.batch_last,
            "sha256": hashlib.sha256(record.payload).hexdigest(),
            "size": len(record.payload),
        }
        if record.tag:
            line["tag"] = record.tag.hex()
        lines.append(line)
    return lines


def read_log(directory: str, keys: Optional[Keys] = None) -> list[dict]:
    """The lines; a refused log has one."""
    try:
        log = recover(directory, keys)
    except Refusal as refusal:
        line = {"verdict": refusal.verdict, "reason": refusal.reason}
        if not refusal.certain:
            line["certain"] = False
        return [line]
    return [header_line(log), *record_lines(log)]


def main(arguments: list[str]) -> int:
    try:
        directory, *texts = arguments
        fields = [text.split(":") for text in texts]
        keys = {(int(cipher), int(id)): bytes.fromhex(key) for cipher, id, key in fields}
    except ValueError:
        print(__doc__, file=sys.stderr)
        return 2
    lines = read_log(directory, keys)
    for line in lines:
        print(json.dumps(line))
    return 1 if "reason" in lines[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
