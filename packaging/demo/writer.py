# SPDX-License-Identifier: Apache-2.0
"""The demo's writer in Python: writer.py LOG FILE THREADS

Appends each line of the file that isn't in the log yet, as a record of its number (32 bits,
little-endian) and its text. Once an append has returned it says so on standard output: number, LSN,
nanoseconds that the append took."""

import os
import sys
import threading
import time

import libwal


def append_lines(log, lines, numbers):
    for number in numbers:
        record = number.to_bytes(4, "little") + lines[number]
        before = time.monotonic_ns()
        lsn = log.append(record)
        took = time.monotonic_ns() - before
        os.write(1, f"{number} {lsn} {took}\n".encode())


def main(path, file, threads):
    with open(file, "rb") as text:
        lines = text.read().removesuffix(b"\n").split(b"\n")
    with libwal.open(path) as log:
        written = {int.from_bytes(record.data[:4], "little") for record in log.read()}
        numbers = iter([n for n in range(len(lines)) if n not in written])  # its next is atomic
        crew = [threading.Thread(target=append_lines, args=(log, lines, numbers))
                for _ in range(threads)]
        for thread in crew:
            thread.start()
        for thread in crew:
            thread.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
