# SPDX-License-Identifier: Apache-2.0
"""A key-value store that survives crashes: python state_machine.py DIR [KEY=VALUE | KEY- | KEY]...

The log is the store's memory: each change is a record. The library hands every durable record to
`apply` exactly once and in order, after a restart too; it takes a snapshot at each new segment, so
that a restart reads about one segment, and the older ones can go."""

import json
import sys

import libwal

SET, DELETE = 1, 2


class Store:
    """A dict that a log keeps. `apply`, `snapshot` and `restore` are what the library calls."""

    def __init__(self, path: str) -> None:
        self._values: dict[str, str] = {}
        self._log = libwal.open(path, machine=self, segment_bytes="1M")

    def apply(self, record: libwal.Record) -> None:
        """One change, which is durable. It must not fail, and must come out the same each time."""
        if record.type == SET:
            key, value = json.loads(record.data)
            self._values[key] = value
        else:
            self._values.pop(record.data.decode(), None)

    def snapshot(self) -> bytes:
        """The state after what was applied so far."""
        return json.dumps(self._values).encode()

    def restore(self, lsn: int, state: bytes) -> None:
        """The state as of record `lsn`; what follows is applied."""
        self._values = json.loads(state)

    def __setitem__(self, key: str, value: str) -> None:
        self._log.append(json.dumps([key, value]).encode(), SET)

    def __delitem__(self, key: str) -> None:
        self._log.append(key.encode(), DELETE)

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def items(self) -> list[tuple[str, str]]:
        """All of them, by key."""
        return sorted(self._values.items())

    def compact(self) -> int:
        """Drops the segments that the newest snapshot has made useless; says how many."""
        return self._log.drain(lambda segment: True)

    def close(self) -> None:
        """The next Store on this path goes on from here."""
        self._log.close()


def main(path: str, words: list[str]) -> None:
    """Each word is a change or a question; at the end everything is shown."""
    store = Store(path)
    for word in words:
        key, sign, value = word.partition("=")
        if sign:
            store[key] = value
        elif word.endswith("-"):
            del store[word[:-1]]
        else:
            print(store[word])
    print(dict(store.items()))
    store.compact()
    store.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
