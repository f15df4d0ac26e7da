# SPDX-License-Identifier: Apache-2.0
"""What go.py makes of figures; the programs are Go's to test."""

import unittest

import go


def row_of(rows, name):
    return next(row for row in rows if row.name == name)


class Lines(unittest.TestCase):
    def test_shares_of_rates(self):
        row = row_of(go.SHARE, "durable-16")
        rounds = [[{"rate": c}, {"rate": g}] for c, g in ((100, 80), (200, 190), (50, 46))]
        line = list(go.log_lines([(row, rounds)]))[1]
        self.assertEqual(line[0], "durable-16")
        self.assertEqual(line[2:], ["100", "80", "0.92", "0.80..0.95", ">= 0.9", "pass"])

    def test_what_a_call_costs_more(self):
        append, get = row_of(go.MORE, "append"), row_of(go.MORE, "get")
        found = [(append, [[{"rate_nosync": 1e7}, {"rate_nosync": 4e6}]]),
                 (get, [[{"ns": 500}, {"ns": 621}]])]
        lines = list(go.log_lines(found))
        self.assertEqual(lines[1][2:], ["100", "250", "150", "150..150", "<= 120", "short"])
        self.assertEqual(lines[2][-3:], ["121..121", "<= 120", "short"])

    def test_stores(self):
        every, gets = row_of(go.RAFT, "StoreLog"), row_of(go.RAFT, "GetLog")
        rounds = [{"raftwal": 1000.0, "raft-wal": 1500.0, "boltdb": bolt} for bolt in (900, 800)]
        lines = list(go.raft_lines([(every, rounds), (gets, rounds)]))
        self.assertEqual(lines[1][2:7], ["1.00", "1.50", "0.85", "1.50 (1.50..1.50)",
                                         "0.85 (0.80..0.90)"])
        self.assertEqual([line[-1] for line in lines[1:]], ["short", "pass"])


if __name__ == "__main__":
    unittest.main(argv=["go"])
