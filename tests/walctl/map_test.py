# SPDX-License-Identifier: Apache-2.0
"""The map that ls and verify draw: cells as wide as segments are large, holes, marks, damage."""

import re
import shutil

import support

GOLDEN = support.Path(__file__).resolve().parents[1] / "golden" / "1.0-checkpoint"
COLOR = re.compile(r"\x1b\[\d*m")


class Map(support.Case):
    def make(self, segments=3, more=b""):
        for k in range(segments):
            self.append(*[b"%d-unmistakable%s" % (k, more)], b"x" * 900 * k,
                        args=["-O", "segment_records=2"])

    def drawn(self, command="ls", log="a.wal", code=support.FINE, err=b"", **env):
        """The lines of the map."""
        env = {"LC_ALL": "C", "COLUMNS": "40", **env}
        out, _ = self.walctl(command, "--map", log, code=code, err=err, **env)
        out = out.decode()
        return out.split("\n\n")[1].splitlines() if command == "ls" else out.splitlines()[-3:]

    def test_cells(self):
        self.make()
        cells, scale, legend = self.drawn()
        self.assertEqual(len(cells), 40)
        self.assertRegex(cells, r"\A#+ #+ \++\Z")
        sizes = [s["bytes"] for s in self.json("ls", "a.wal")]
        for part, size in zip(cells.split(), sizes):
            self.assertAlmostEqual(len(part), 1 + 35 * size / sum(sizes), delta=1)
        self.assertEqual(scale, "1" + " " * 38 + "6")
        self.assertEqual(legend, "# sealed  + active")

    def test_verify_draws_the_same(self):
        self.make()
        self.assertEqual(self.drawn("verify"), self.drawn("ls"))

    def test_damage(self):
        self.make()
        self.damage(2, b"1-unmistakable")
        cells, _, legend = self.drawn("verify", code=support.CORRUPT, err=None)
        self.assertRegex(cells, r"\A#+ !+ \++\Z")
        self.assertEqual(legend, "# sealed  + active  ! damaged")

    def test_a_hole(self):
        self.make()
        self.walctl("truncate", "--after", "2", "--yes", "a.wal", err=None)
        self.append(b"new")
        cells, scale, legend = self.drawn()
        self.assertRegex(cells, r"\A#+ \.+ - \++\Z")
        self.assertEqual(scale, "1" + " " * (len(cells) - 2) + "3")
        self.assertEqual(legend, "- no longer there  . without records  # sealed  + active")

    def test_a_checkpoint(self):
        for name, at in (("torn", r"\A *\^\Z"), ("moved", r"\A\^\Z"),
                         ("checkpoint", r"\A {20,}\^\Z"), ("cut", r"\A *\^\Z")):
            shutil.copytree(GOLDEN / name, self.folder / name)
            cells, mark, _, legend = self.drawn(log=name)
            self.assertRegex(mark, at)
            lsn = self.json("info", name)[0]["checkpoint_lsn"]
            self.assertTrue(legend.endswith(f"^ newest checkpoint, LSN {lsn}"))
            self.assertLess(len(mark), len(cells) + 1)
        self.assertIn(". without records", legend)
        shutil.copytree(GOLDEN / "gone", self.folder / "gone")
        self.assertNotIn("^", "".join(self.drawn(log="gone")))  # it was cut off

    def test_more_segments_than_columns(self):
        self.append(*[b"x"] * 100, args=["-O", "segment_records=2"])
        count = len(self.json("ls", "a.wal"))
        cells, scale, _ = self.drawn()
        self.assertEqual(cells, "#" * (-(-count // 2) - 1) + "+")
        self.assertRegex(scale, r"\A1 +100\Z")
        cells, _, _ = self.drawn(COLUMNS="200")
        self.assertEqual(cells.count(" "), count - 1)

    def test_widths(self):
        self.make()
        for columns, width in (("20", 20), ("1", 20), ("99999", 500), ("x", 80), ("", 80)):
            self.assertEqual(len(self.drawn(COLUMNS=columns)[0]), width)

    def test_an_empty_log(self):
        self.append()
        cells, legend = self.drawn()
        self.assertEqual((cells, legend), ("+" * 40, "+ active"))

    def test_utf8_where_the_locale_has_it(self):
        self.make()
        self.assertRegex(self.drawn(LC_ALL="C.UTF-8")[0], r"\A█+ █+ ▓+\Z")
        self.assertRegex(self.drawn(LC_ALL="nosuch")[0], r"\A#+ #+ \++\Z")

    def show(self, *args, **env):
        env = support.environment(LC_ALL="C", **env)
        out, _ = support.Terminal(self.folder, *args, env=env, columns=50).end()
        return out.decode()

    def test_on_a_terminal(self):
        self.make()
        for command in ("ls", "verify"):
            lines = self.show(command, "a.wal").splitlines()
            self.assertIn("\x1b[32m#", lines[-3])
            self.assertEqual(len(COLOR.sub("", lines[-3])), 50)
            plain = self.show(command, "a.wal", NO_COLOR="1")
            self.assertNotRegex(plain, r"\x1b\[\d*m")
            self.assertRegex(plain.splitlines()[-3], r"\A#+ #+ \++\Z")
            self.assertNotIn("###", self.show(command, "--no-map", "--color=never", "a.wal"))
            self.assertNotIn("###", self.walctl(command, "a.wal")[0].decode())

    def test_not_in_json(self):
        self.make()
        self.assertEqual(len(self.json("ls", "--map", "a.wal")), 3)
        self.assertEqual(len(self.json("verify", "--map", "a.wal")), 1)


support.run()
