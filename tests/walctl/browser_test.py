# SPDX-License-Identifier: Apache-2.0
"""The page that report makes, in a real browser: it is drawn, and nothing is complained of.

77 where there is no Chromium that a test can start: Ubuntu has it as a snap only, which wants a
running snapd and doesn't read outside of the user's own folders."""

import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

import support

LIGHT = {"page": (0xf6, 0xf7, 0xf9), "sealed": (0x3b, 0x76, 0xc4), "active": (0x2a, 0x9d, 0x6f)}
DARK = {"page": (0x12, 0x16, 0x1c), "sealed": (0x5b, 0x95, 0xe0), "active": (0x41, 0xba, 0x8b)}


def find_browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with open(path or "/dev/null", "rb") as file:
        return None if not path or b"snap" in file.read(4096) else path


def paeth(left, up, corner):
    guess = left + up - corner
    return min((left, up, corner), key=lambda value: abs(guess - value))


def pixels(png):
    """The colours of a PNG file of 8 bits per channel, and how often each occurs."""
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack_from(">IIBB", png, at + 8)
        if kind == b"IDAT":
            data += png[at + 8:at + 8 + size]
        at += 12 + size
    assert depth == 8 and colour in (2, 6)
    step = 3 if colour == 2 else 4
    rows, found, above = zlib.decompress(data), {}, bytearray(width * step)
    for y in range(height):
        start = y * (1 + width * step)
        how, row = rows[start], bytearray(rows[start + 1:start + 1 + width * step])
        for x in range(len(row)) if how else ():
            left = row[x - step] if x >= step else 0
            corner = above[x - step] if x >= step else 0
            row[x] = row[x] + (0, left, above[x], (left + above[x]) // 2,
                               paeth(left, above[x], corner))[how] & 0xff
        for x in range(0, len(row), step):
            pixel = tuple(row[x:x + 3])
            found[pixel] = found.get(pixel, 0) + 1
        above = row
    return found


class Browser(support.Case):
    def setUp(self):
        super().setUp()
        self.append(*[b"x" * (k * 7) for k in range(200)],
                    args=["-O", "segment_records=40", "--label", "<i>label"])
        self.append(b"y" * 5000)
        self.walctl("report", "--html", "page.html", "a.wal")

    def browse(self, *args):
        with tempfile.TemporaryDirectory() as profile:
            done = subprocess.run(
                [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking", "--disable-sync",
                 "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars",
                 "--enable-logging=stderr", f"--user-data-dir={profile}", *args,
                 f"file://{self.folder}/page.html"],
                cwd=self.folder, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"CONSOLE", done.stderr)
        return done.stdout.decode()

    def test_it_is_read_as_it_is_meant(self):
        dom = self.browse("--dump-dom")
        self.assertIn("<h1>&lt;i&gt;label <span", dom)
        written = (self.folder / "page.html").read_text()
        for tag in ("section", "svg", "rect", "tr", "td", "h2"):
            self.assertEqual(dom.count(f"<{tag}"), written.count(f"<{tag}"), tag)
        self.assertNotIn("<script", dom)

    def drawn(self, *args):
        self.browse("--screenshot=shot.png", *args)
        return pixels((self.folder / "shot.png").read_bytes())

    def test_it_is_drawn(self):
        for colours, other, scheme in ((LIGHT, DARK, "1"), (DARK, LIGHT, "0")):
            seen = self.drawn("--window-size=500,400",
                              f"--blink-settings=preferredColorScheme={scheme}")
            for name, colour in colours.items():
                self.assertGreater(seen.get(colour, 0), 100, (name, scheme))
                self.assertEqual(seen.get(other[name], 0), 0, (name, scheme))

    def test_the_console_would_be_seen(self):
        (self.folder / "page.html").write_text("<script>console.error('seen')</script>")
        with self.assertRaisesRegex(AssertionError, "CONSOLE"):
            self.browse("--dump-dom")


BROWSER = find_browser()
if not BROWSER:
    print("note: walctl_browser was left out: no Chromium here that isn't a snap")
    sys.exit(77)
support.run()
