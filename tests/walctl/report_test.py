# SPDX-License-Identifier: Apache-2.0
"""report: one page, well-formed, that needs nothing else and lets nothing in."""

import html.parser
import os
import re
import resource
import signal

import support

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "<script>alert('1')</script>&amp;\"\x1b[2J\u202e</title>"


class Page(html.parser.HTMLParser):
    """Reads a page; each element must be closed where it should be."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text, self.attributes = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append((self.open[-1] if self.open else "", data))

    def words(self):
        return " ".join(data for tag, data in self.text if tag != "style").split()


class Report(support.Case):
    def make(self, log="a.wal", *args):
        self.append(*[b"x" * k for k in range(40)], log=log,
                    args=["--batch", "5", "-O", "segment_records=10", *args])
        self.append(b"a", b"b" * 70000, log=log, args=["--type", "7"])

    def page(self, *args, log="a.wal", code=support.FINE, err=b""):
        out, _ = self.walctl("report", "--html", "-", *args, log, code=code, err=err)
        return Page(out.decode()), out.decode()

    def test_page(self):
        self.make()
        page, text = self.page()
        words = page.words()
        joined = " ".join(words)
        uuid = self.json("info", "a.wal")[0]["uuid"]
        for part in ("clean", "42 records", "none", uuid, "LSN 42", "16 B to below 32 B",
                     "Not measured", "type 7", "68.4 KiB", "opening took"):
            self.assertIn(part, joined)
        self.assertEqual(page.tags.count("title") - 1, len(self.json("ls", "a.wal")))
        self.assertEqual(re.findall(r"<h2>(.*)</h2>", text), [
            "Map", "Segments", "Records", "Syncs", "Recovery", "Identity"])
        self.assertEqual(page.tags.count("script"), 0)

    def test_it_needs_nothing_else(self):
        self.make()
        page, text = self.page()
        self.assertNotRegex(text, r"https?:|//\w|url\(|@import|src=|href=|javascript:")
        names = {name for name, _ in page.attributes}
        self.assertFalse(names & {"src", "href", "style", "onload", "onclick", "xlink:href"})
        self.assertIn(("http-equiv", "Content-Security-Policy"), page.attributes)

    def test_histograms_add_up(self):
        self.make()
        _, text = self.page()
        sizes, batches, types = re.findall(r'<table class="histogram">(.*?)</table>', text, re.S)
        for table, total in ((sizes, 42), (batches, 10), (types, 42)):
            counts = re.findall(r'</td><td class="n">(\d+)</td>', table)
            self.assertEqual(sum(map(int, counts)), total)
        for table, name, count in ((sizes, "16 B to below 32 B", 16), (batches, "4 to 7", 8),
                                   (types, "type 7", 2)):
            self.assertRegex(table, name + r'</th>.*<td class="n">%d</td>' % count)

    def test_what_comes_from_outside_is_escaped(self):
        name = "<b onload=x>&'\".wal"
        self.make(name, "--label", HOSTILE[:63])
        page, text = self.page(log=name)
        self.assertEqual(page.tags.count("script"), 0)
        self.assertEqual(page.tags.count("b"), 5)  # the tiles'
        self.assertNotIn("\x1b", text)
        self.assertNotIn("\u202e", text)
        title = next(data for tag, data in page.text if tag == "title")
        self.assertTrue(title.startswith("<script>alert('1')</script>&amp;\"\\x1b[2J"), title)
        self.assertIn(name, " ".join(page.words()))
        self.assertIn("&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62;&#38;amp;&#34;", text)

    def test_a_label_of_any_bytes(self):
        self.make("a.wal", "--label", "é\\n")
        _, text = self.page()
        self.assertIn("<title>é\\\\n</title>", text)

    def test_into_a_file(self):
        self.make()
        self.walctl("report", "--html", "page.html", "a.wal", out=b"")
        Page((self.folder / "page.html").read_text())
        before = (self.folder / "page.html").read_bytes()
        self.walctl("report", "--html", "page.html", "nosuch.wal", code=support.FAILED, err=None)
        self.assertEqual((self.folder / "page.html").read_bytes(), before)
        self.walctl("report", "--html", "no/page.html", "a.wal", code=support.FAILED, out=b"",
                    err=b"walctl: no/page.html can't be written: No such file or directory\n")

    def test_usage(self):
        for args, said in (([], b"--html FILE is needed"),
                           (["--html", "-", "--measure-sync", "100001"],
                            b"--measure-sync: at most 100000")):
            self.walctl("report", *args, "a.wal", code=support.USAGE, out=b"", err=b"walctl: "
                        + said + b"\nTry 'walctl report --help'.\n")

    def test_a_file_that_cannot_hold_it(self):
        self.make()

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        process = self.start("report", "--html", "page.html", "a.wal", preexec_fn=limit)
        self.assertEqual(process.communicate(), (b"", b"walctl: write error: File too large\n"))
        self.assertEqual(process.returncode, support.FAILED)

    def test_the_directory_stays_as_it_is(self):
        self.make()

        def look():
            return sorted((e.name, e.stat().st_mtime_ns) for e in os.scandir(self.folder / "a.wal"))

        before, changed = look(), os.stat(self.folder / "a.wal").st_mtime_ns
        self.page()
        self.assertEqual((look(), os.stat(self.folder / "a.wal").st_mtime_ns), (before, changed))
        self.page("--measure-sync", "3")
        self.assertEqual(look(), before)

    def test_measured_syncs(self):
        self.make()
        page, text = self.page("--measure-sync", "7")
        self.assertIn("7 times 4 KiB", " ".join(page.words()))
        table = re.findall(r'<table class="histogram">(.*?)</table>', text, re.S)[3]
        counts = re.findall(r'</td><td class="n">(\d+)</td>', table)
        self.assertEqual(sum(map(int, counts)), 7)

    def test_an_empty_log(self):
        self.append()
        page, _ = self.page()
        self.assertIn("There are none.", " ".join(page.words()))

    def test_torn(self):
        writer = self.writer()
        writer.add(b"x")
        writer.kill()
        active = self.tear()
        page, _ = self.page()
        self.assertIn(f"from offset {active['bytes']} of segment 1", " ".join(page.words()))
        self.assertIn(("class", "badge bad"), page.attributes)

    def test_damage(self):
        self.append(b"1-unmistakable", b"2-unmistakable", b"3", args=["-O", "segment_records=1"])
        self.damage(2, b"2-unmistakable")
        page, text = self.page(code=support.CORRUPT, err=None)
        joined = " ".join(page.words())
        self.assertIn("LSN 2: the group's body is damaged", joined)
        self.assertIn("damaged", joined)
        self.assertRegex(text, r'class="damaged"><title>segment 2:')

    def test_many_segments(self):
        self.append(*[b"x"] * 260, args=["-O", "segment_records=1", "--sync", "none"])
        page, text = self.page()
        count = len(self.json("ls", "a.wal"))
        self.assertIn(f"{count - 200} more", " ".join(page.words()))
        self.assertEqual(text.count("</title></rect>"), -(-count // 2))

    def test_progress(self):
        self.make()
        said, code = support.Terminal(self.folder, "report", "--html", "page.html", "a.wal",
                                      "--measure-sync", "2").end()
        self.assertRegex(said, rb"\A\rreport \[.*%.*\r\x1b\[K\rsync \[.*\r\x1b\[K\Z")
        self.assertEqual(code, support.FINE)


support.run()
