# SPDX-License-Identifier: Apache-2.0
"""file(1), told of packaging/libwal.magic, knows the files of the golden logs, and says of each
what the reader that is written from docs/format.md reads there; and a batch in portable form.

magic.py ROOT FILE"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT / "tests/oracle"))

import layout  # noqa: E402

CIPHERS = {1: "AES-256-GCM", 2: "ChaCha20-Poly1305"}
# The worked example of the portable form in docs/format.md
FORM = bytes.fromhex("89 57 41 4c 50 0d 0a 1a 01 00 00 00 03 00 00 00"
                     "43 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
                     "05 00 00 00 07 00 00 00 68 65 6c 6c 6f 00 00 00"
                     "00 00 00 00 00 02 00 00 00 ff ff 00 00 76 31 18 01 7e bc")


def of_segment(data):
    header = layout.read_header_block(data[:layout.FIRST_GROUP])
    said = f"segment, format 1.0, number {header.number}, base LSN {header.base_lsn}"
    said += ", zlib" if header.codec else ""
    said += f", {CIPHERS[header.cipher]}" if header.cipher else ""
    label = header.label.rstrip(b"\0").decode()
    return said + (f', label "{label}"' if label else "")


def of_control(data):
    slot = layout.Slot(*layout.SLOT.unpack(data[:layout.BLOCK_SIZE]))
    said = f"control, format 1.0, segments {slot.oldest} to {slot.newest}"
    said += f", first LSN {slot.first_lsn}, " + ("closed" if slot.clean else "in use or not closed")
    return said + (f", checkpoint at LSN {slot.checkpoint_lsn}" if slot.checkpoint_lsn else "")


def said_by_file(program, path):
    command = [program, "-b", "-m", str(ROOT / "packaging/libwal.magic"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n") + done.stderr


def cases(folder):
    """(path, what file is to say)"""
    for path in sorted((ROOT / "tests/golden").glob("*/*/*")):
        data = path.read_bytes()
        yield path, "libwal log " + (of_control if path.name == "control" else of_segment)(data)
    form, export = folder / "form", folder / "export"
    form.write_bytes(FORM)
    yield form, "libwal batch in portable form, format 1.0, 3 records, 67 bytes"
    export.write_bytes(len(FORM).to_bytes(8, "little") + FORM)
    yield export, "libwal export, format 1.0"
    (folder / "other").write_bytes(bytes(range(1, 90)))
    yield folder / "other", "data"


def main(program):
    wrong = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for path, wanted in cases(Path(folder)):
            count += 1
            if (said := said_by_file(program, path)) != wanted:
                wrong += 1
                print(f"{path}: {said}\n    instead of {wanted}")
    print(f"{count} files")
    sys.exit(1 if wrong or count < 40 else 0)


main(sys.argv[2])
