# SPDX-License-Identifier: Apache-2.0
"""What compression and encryption cost: walbench with each of them in turn, round after round.

    cost.py WALBENCH DIR [ROUNDS]

Prints medians, and each as a share of the plain log's in the same round. Half of each payload is
random, so that compression has something to do."""

import statistics
import sys
from pathlib import Path

import measure

WAYS = {
    "plain": {},
    "zlib": {"codec": "zlib"},
    "AES-256-GCM": {"aead": "aes-256-gcm"},
    "ChaCha20-Poly1305": {"aead": "chacha20-poly1305"},
    "zlib, AES-256-GCM": {"codec": "zlib", "aead": "aes-256-gcm"},
}
COUNT = {128: 1_000_000, 4096: 60_000}


def figures(program, root, way, size):
    """{what: figure} of one way."""
    keys = {"size": size, "random_bits": 32, "codec_level": 1, **way}
    buffered = {**keys, "count": COUNT[size]}

    def run(op, keys):
        return measure.call(measure.command_line([program], op, root / "log", keys))

    durable = run("durable", {**keys, "seconds": 1})
    append = run("append", buffered)
    run("fill", buffered)
    stored = sum(p.stat().st_size for p in (root / "log").glob("*.wal"))
    return {
        "durable appends, records/s": durable["rate"],
        "buffered appends, MB/s": append["mb"],
        "replay, MB/s": run("replay", buffered)["mb"],
        "a random get, ns": run("get", {**buffered, "seconds": 1})["ns"],
        "size in files, MB": stored / 1e6,
    }


def main(program, root, rounds):
    for size in COUNT:
        seen = [{name: figures(program, root, way, size) for name, way in WAYS.items()}
                for _ in range(rounds)]
        print(f"\nrecords of {size} bytes, {rounds} rounds | " + " | ".join(WAYS))
        for what in seen[0]["plain"]:
            cells = []
            for name in WAYS:
                figure = statistics.median(r[name][what] for r in seen)
                share = statistics.median(r[name][what] / r["plain"][what] for r in seen)
                cells.append(f"{figure:,.0f} ({share:.2f})")
            print(f"{what} | " + " | ".join(cells))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 3)
