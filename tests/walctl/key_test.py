# SPDX-License-Identifier: Apache-2.0
"""Encrypted logs: --key, --key-id, --aead."""

import os

import support

READ = (["cat"], ["tail"], ["ls"], ["info"], ["stats", "--records"], ["verify"], ["export"],
        ["salvage"], ["report", "--html", "-"])


class Keys(support.Case):
    def setUp(self):
        super().setUp()
        for name, size in (("old.key", 32), ("new.key", 64), ("short.key", 15),
                           ("long.key", 1025)):
            (self.folder / name).write_bytes(os.urandom(size))
        self.key = ["--key", "old.key"]

    def test_reading_needs_the_key(self):
        self.append(b"secret-unmistakable", args=self.key)
        self.assertNotIn(b"unmistakable", self.segment(1).read_bytes())
        for command in READ:
            self.walctl(*command, *self.key, "a.wal")
            for wrong in ([], ["--key", "new.key"], [*self.key, "--key-id", "1"],
                          [*self.key, "--aead", "chacha20-poly1305"]):
                out, err = self.walctl(*command, *wrong, "a.wal", code=support.FAILED, err=None)
                self.assertNotIn(b"unmistakable", out)
                self.assertTrue(err.startswith(b"walctl: "), err)
        self.walctl("get", *self.key, "a.wal", "1", out=b"1\t0\tsecret-unmistakable\n")

    def test_which_one_it_is(self):
        self.append(b"x", args=self.key)
        info, = self.json("info", *self.key, "a.wal")
        self.assertEqual((info["cipher"], info["key_id"]), (1, 0))
        more = ["--key-id", "7", "--aead", "chacha20-poly1305"]
        for order, log in ((self.key + more, "b.wal"), (more + self.key, "c.wal")):
            self.append(b"x", log=log, args=order)
            out, _ = self.walctl("info", *order, log)
            self.assertIn(b"encryption   chacha20-poly1305, key 7\n", out)

    def test_a_new_key(self):
        self.append(b"one", args=self.key)
        both = [*self.key, "--key", "new.key", "--key-id", "2"]
        self.append(b"two", args=both)
        self.walctl("cat", *both, "a.wal", out=b"1\t0\tone\n2\t0\ttwo\n")
        self.assertEqual(self.json("info", *both, "a.wal")[0]["key_id"], 2)
        self.walctl("cat", *self.key, "a.wal", code=support.FAILED, out=None, err=None)

    def test_from_one_key_to_another(self):
        self.append(b"one", b"two", args=[*self.key, "--batch", "2"])
        out, _ = self.walctl("export", *self.key, "a.wal")
        self.walctl("import", "--key", "new.key", "b.wal", stdin=out)
        self.walctl("cat", "--key", "new.key", "b.wal", out=b"1\t0\tone\n2\t0\ttwo\n")

    def test_copy_and_repair(self):
        self.append(b"one", b"two", args=[*self.key, "-O", "segment_records=1"])
        self.walctl("copy", *self.key, "a.wal", "b.wal")
        self.walctl("verify", *self.key, "b.wal")
        path = self.segment(2, "b.wal")
        data = bytearray(path.read_bytes())
        data[4096 + 80] ^= 1
        path.write_bytes(data)
        self.walctl("verify", *self.key, "b.wal", code=support.CORRUPT, err=None)
        self.walctl("repair", *self.key, "--cut-at-damage", "--yes", "b.wal", err=None)
        self.walctl("cat", *self.key, "b.wal", out=b"1\t0\tone\n")

    def test_usage(self):
        for args, code, said in (
                (["--key", "nosuch"], support.FAILED, b"nosuch can't be read: No such file"),
                (["--key", "short.key"], support.FAILED, b"15"),
                (["--key", "long.key"], support.FAILED, b"102"),
                (self.key * 2, support.FAILED, b"0"),
                (self.key * 17, support.USAGE, b"--key: more than 16 of them"),
                (["--key-id", "1"], support.USAGE, b"--key-id and --aead go with --key"),
                ([*self.key, "--key-id", "4294967296"], support.USAGE, b"at most 4294967295"),
                ([*self.key, "--aead", "des"], support.USAGE,
                 b"--aead: 'des' is not aes-256-gcm|chacha20-poly1305")):
            _, err = self.walctl("append", *args, "b.wal", code=code, out=b"", err=None)
            self.assertIn(said, err)
        self.assertFalse((self.folder / "b.wal").exists())


support.run()
