# SPDX-License-Identifier: Apache-2.0
"""stats: figures as text, JSON and for Prometheus; none of them is made up."""

import re

import support

METRIC = re.compile(r"# HELP (libwal_\w+) \S.*\.\n# TYPE \1 (gauge|counter)\n"
                    r'\1\{log="((?:[^"\\\n]|\\["\\n])*)"\} (\d+(?:\.\d+)?)\n')


class Stats(support.Case):
    def make(self):
        self.append(b"x" * 10, b"yy", b"", args=["--batch", "2", "-O", "segment_records=2"])
        self.append(b"z" * 5, args=["--type", "7"])

    def metrics(self, log="a.wal", *args):
        out, _ = self.walctl("stats", "--prometheus", *args, log)
        text = out.decode()
        found = METRIC.findall(text)
        self.assertEqual("".join(m[0] for m in METRIC.finditer(text)), text)
        self.assertEqual(len({name for name, *_ in found}), len(found))
        return {name: (kind, label, value) for name, kind, label, value in found}

    def test_figures(self):
        self.make()
        stats, = self.json("stats", "a.wal")
        segments, info = self.json("ls", "a.wal"), self.json("info", "a.wal")[0]
        sizes = [s["bytes"] for s in segments]
        opened = stats.pop("open_ns")
        self.assertGreater(opened, 0)
        self.assertEqual(stats, {
            "log": "a.wal", "records": 4, "first_lsn": 1, "last_lsn": 4, "next_lsn": 5,
            "durable_lsn": 4, "segments": len(segments), "disk_bytes": info["disk_bytes"],
            "used_bytes": sum(sizes), "smallest_segment_bytes": min(sizes),
            "largest_segment_bytes": max(sizes),
            "oldest_segment_created": segments[0]["created_ns"] // 10**9,
            "newest_segment_created": segments[-1]["created_ns"] // 10**9, "epoch": 2,
            "metadata_keys": 0, "stray_files": 0, "discarded_bytes": 0, "header_repairs": 0})

    def test_figures_of_records(self):
        self.make()
        stats, = self.json("stats", "--records", "a.wal")
        self.assertEqual({k: stats[k] for k in list(stats)[-8:-1]}, {
            "payload_bytes": 17, "smallest_record_bytes": 0, "largest_record_bytes": 10,
            "batches": 3, "largest_batch_records": 2, "tagged_records": 0, "record_types": 2})

    def test_text(self):
        self.make()
        out, _ = self.walctl("stats", "--records", "a.wal")
        rows = dict(line.split() for line in out.decode().splitlines())
        stats, = self.json("stats", "--records", "a.wal")
        for key in set(stats) - {"log", "open_ns"}:
            self.assertEqual(rows[key], str(stats[key]))
        self.assertEqual(rows["checkpoint_lsn"], "-")
        self.assertNotIn("payload_bytes", self.walctl("stats", "a.wal")[0].decode())

    def test_nothing_is_made_up(self):
        """An empty log has no LSNs, and no record is the smallest one."""
        self.append()
        stats, = self.json("stats", "--records", "a.wal")
        for key in ("first_lsn", "last_lsn", "durable_lsn", "checkpoint_lsn",
                    "smallest_record_bytes", "largest_record_bytes", "largest_batch_records"):
            self.assertNotIn(key, stats)
        self.assertEqual((stats["records"], stats["next_lsn"], stats["payload_bytes"]), (0, 1, 0))
        self.assertNotIn("libwal_last_lsn", self.metrics())

    def test_prometheus(self):
        self.make()
        found = self.metrics("a.wal", "--records")
        stats, = self.json("stats", "--records", "a.wal")
        for name, key in (("segments", "segments"), ("storage_size_bytes", "disk_bytes"),
                          ("first_lsn", "first_lsn"), ("last_lsn", "last_lsn"),
                          ("durable_lsn", "durable_lsn"), ("payload_bytes", "payload_bytes")):
            self.assertEqual(found["libwal_" + name], ("gauge", "a.wal", str(stats[key])))
        self.assertEqual(found["libwal_recovery_discarded_bytes_total"], ("counter", "a.wal", "0"))
        self.assertGreater(float(found["libwal_recovery_duration_seconds"][2]), 0)
        for name in found:
            self.assertNotRegex(name, "append|fsync|error|corruption|rotation")

    def test_a_path_that_needs_escaping(self):
        name = 'a\\"b\nc'
        self.append(b"x", log=name)
        self.assertEqual(self.metrics(name)["libwal_segments"][1], 'a\\\\\\"b\\nc')

    def test_torn_and_in_use(self):
        writer = self.writer()
        writer.add(b"x")
        self.tear()
        self.assertNotIn("discarded_bytes", self.json("stats", "a.wal")[0])
        writer.kill()
        self.assertEqual(self.json("stats", "a.wal")[0]["discarded_bytes"], 64)

    def test_damage(self):
        self.append(b"one-unmistakable")
        self.append(b"two", args=["-O", "segment_records=1"])
        self.append(b"three")
        self.damage(1, b"one-unmistakable")
        out, err = self.walctl("stats", "--records", "-o", "json", "a.wal", code=support.CORRUPT,
                               err=None)
        self.assertIn(b"LSN 1: the group's body is damaged", err)
        self.assertEqual(support.json.loads(out)["records"], 3)
        self.assertNotIn("payload_bytes", support.json.loads(out))

    def test_usage(self):
        self.walctl("stats", "--prometheus", "-o", "json", "a.wal", code=support.USAGE, out=b"",
                    err=b"walctl: --prometheus and --output json exclude each other\n"
                        b"Try 'walctl stats --help'.\n")


support.run()
