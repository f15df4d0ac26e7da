# SPDX-License-Identifier: Apache-2.0
"""completion: the scripts know what the help says, and the shells make of them what they should."""

import os
import re
import shutil
import subprocess
import unittest

import support


def needs(shell):
    return unittest.skipUnless(shutil.which(shell), f"there is no {shell} here")


class Completion(support.Case):
    def script(self, shell):
        out, _ = self.walctl("completion", shell)
        (self.folder / "script").write_bytes(out)
        return out.decode()

    def commands(self):
        out, _ = self.walctl("help")
        return re.findall(r"^  ([a-z]+) ", out.decode().split("\nTopics")[0], re.MULTILINE)

    def options(self, command):
        """(letter, name, value) of each option that its help tells."""
        out, _ = self.walctl("help", command)
        return re.findall(r"^  (?:-(.), |    )--([\w-]+)(?: (\S+))?", out.decode(), re.MULTILINE)

    def check_all(self, shell, part, option):
        """`part` cuts a command's part out of the script, `option` how an option stands in it."""
        text = self.script(shell)
        self.assertGreater(len(self.commands()), 11)
        for command in self.commands():
            told = re.search(part % command, text, re.DOTALL | re.MULTILINE)[0]
            self.assertEqual(told.count(option("", "help")), 1)
            for letter, name, value in self.options(command):
                self.assertRegex(told, option(letter, name))
                if "|" in value:
                    self.assertIn(value.replace("|", " "), told)

    def test_bash_knows_everything(self):
        self.check_all("bash", r"^    %s(\|\w+)?\)\n.*?^        ;;$",
                       lambda letter, name: (f"-{letter} " if letter else "") + f"--{name}")

    def test_zsh_knows_everything(self):
        self.check_all("zsh", r"^  %s(\|\w+)?\)\n.*? return ;;$",
                       lambda letter, name: f"--{name}")

    def test_fish_knows_everything(self):
        self.check_all("fish", r"(complete -c walctl -n '__walctl_at %s[^\n]*\n)+",
                       lambda letter, name: (f" -s {letter}" if letter else "") + f" -l {name} ")

    def test_other_shells(self):
        self.walctl("completion", "csh", code=support.USAGE, out=b"",
                    err=b"walctl: 'csh' is not bash, zsh or fish\n"
                        b"Try 'walctl completion --help'.\n")

    # What each shell is asked: the line, and what it offers ("": files are left to the shell).
    CASES = (
        ("walctl ver", ["verify"]), ("walctl cat --rev", ["--reverse"]),
        ("walctl dump --rev", ["--reverse"]), ("walctl cat -o j", ["json"]),
        ("walctl cat --output r", ["raw"]), ("walctl ls -o r", []),
        ("walctl append --sync d", ["data", "dsync"]), ("walctl cat --color al", ["always"]),
        ("walctl cat -O segment_r", ["segment_records="]), ("walctl completion z", ["zsh"]),
        ("walctl help forma", ["formats"]), ("walctl help trunc", ["truncate"]),
        ("walctl cat my-lo", ["my-log"]), ("walctl import x my-", ["my-export", "my-log"]),
    )

    def prepare(self):
        (self.folder / "my-log").mkdir()
        (self.folder / "my-export").touch()

    def ask_bash(self, line):
        """As readline does it, with its default: files, or where it was told so folders."""
        words = line.split(" ")
        text = f"""
            compopt() {{ case "$*" in *dirnames*) kind=d;; *+o*) kind=;; esac; }}
            kind=f; . ./script; COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}
            _walctl; printf '%s\\n' "${{COMPREPLY[@]}}"
            [ ${{#COMPREPLY[@]}} -gt 0 ] || [ -z "$kind" ] || compgen -$kind -- "{words[-1]}"
            true"""
        out = subprocess.run(["bash", "--norc", "-c", text], cwd=self.folder, text=True, check=True,
                             capture_output=True)
        self.assertEqual(out.stderr, "")
        return sorted(out.stdout.split())

    @needs("bash")
    def test_bash(self):
        self.prepare()
        self.script("bash")
        for line, offered in self.CASES:
            self.assertEqual(self.ask_bash(line), offered, line)
        self.assertEqual(self.ask_bash("walctl cat --output = j"), ["json"])
        self.assertEqual(self.ask_bash("walctl cat --output =")[1:], ["json", "raw", "text"])
        self.assertEqual(self.ask_bash("walctl cat --from my"), [])

    @needs("fish")
    def test_fish(self):
        self.prepare()
        self.script("fish")
        env = support.environment(HOME=str(self.folder), XDG_CONFIG_HOME=str(self.folder / "x"))
        asks = "".join(f"complete -C '{line}'; echo ==;" for line, _ in self.CASES)
        done = subprocess.run(["fish", "--no-config", "-c", f". ./script; {asks}"], text=True,
                              cwd=self.folder, check=True, capture_output=True, env=env)
        self.assertEqual(done.stderr, "")
        for (line, offered), said in zip(self.CASES, done.stdout.split("==\n")):
            found = sorted(row.split("\t")[0].rstrip("/") for row in said.splitlines())
            self.assertEqual(found, offered, line)

    @needs("zsh")
    def test_zsh(self):
        """What a line becomes when the tabulator key is pressed; echo then shows it."""
        self.prepare()
        self.script("zsh")
        env = support.environment(HOME=str(self.folder), TERM="dumb")
        zsh = support.Terminal(self.folder, "-f", "-i", env=env, tool="zsh", columns=200)
        zsh.type(b"PS1= PROMPT_EOL_MARK=; autoload -U compinit; compinit -u -D; . ./script; "
                 b"bindkey -e; echo rea''dy\n")
        zsh.read_until(b"ready")
        for line, offered in self.CASES:
            if len(offered) == 1 and offered != ["my-log"]:
                zsh.type(line.encode() + b"\t\x01echo '<\x05>'\n")
                shown = re.search(rb"\n<(.*)>", zsh.read_until(b">\n").replace(b"\r", b""))
                head = line.rpartition(" ")[0]
                self.assertEqual(shown and shown[1].decode().rstrip(), f"{head} {offered[0]}")
        zsh.type(b"exit\n")
        zsh.end()


support.run()
