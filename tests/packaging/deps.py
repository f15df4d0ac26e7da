# SPDX-License-Identifier: Apache-2.0
"""packaging/deps.sh on machines of all kinds, played by programs in a folder that is all of PATH:
what it installs by which manager and as whom, what it says when it can't, and that it asks nobody
when nothing is missing.

deps.py ROOT"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

USED = ("bash", "chmod", "echo", "env", "grep", "head", "sed", "sort", "xargs")
SCRIPT = """set -euo pipefail
. packaging/deps.sh
deps_trial=$TRIAL
deps_install "$@"
echo went on
"""
RECORD = '#!/bin/bash\necho "${0##*/} $*" >>"$CALLS"\n'
CC = "#!/bin/bash\nexit 0\n"
# What a machine's manager does: it brings the programs that are probed for.
BRINGS = """for name in $BRING; do
    printf '#!/bin/bash\\n' >"$HERE/$name"
    chmod +x "$HERE/$name"
done
"""
# Says more than a pipe holds: who stops reading it early would kill it.
APT_CACHE = """#!/bin/bash
if [[ " $KNOWN " == *" $2 "* ]]; then echo "  Candidate: 1.0"; else echo "  Candidate: (none)"; fi
printf '%099999d\\n' 0
"""
BUILD = "cc cmake ninja"


class Machine:
    """A folder with programs; run gives exit code, output, and the calls of managers."""

    def __init__(self, root, folder, *managers, uid=0, sudo=False, has="", brings=BUILD, known="",
                 groups=""):
        self.root, self.bin = root, Path(folder) / "bin"
        self.bin.mkdir()
        for name in USED:
            (self.bin / name).symlink_to(shutil.which(name))
        self.program("id", f"#!/bin/bash\necho {uid}\n")
        for name in managers:
            self.program(name, RECORD + ("" if "update" in name else BRINGS))
        if "apt-get" in managers:
            self.program("apt-cache", APT_CACHE)
        if sudo:
            self.program("sudo", RECORD + '"$@"\n')
        for name in has.split():
            self.program(name, CC)
        self.calls = Path(folder) / "calls"
        self.environment = {"PATH": str(self.bin), "CALLS": str(self.calls), "KNOWN": known,
                            "HERE": str(self.bin), "BRING": brings, "TRIAL": groups}

    def program(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *groups):
        self.calls.write_text("")
        done = subprocess.run([self.bin / "bash", "-c", SCRIPT, "bash", *groups], cwd=self.root,
                              env=self.environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr, self.calls_made()

    def calls_made(self):
        return self.calls.read_text().splitlines()


FEDORA = "cmake gcc ninja-build zlib-devel"
DEBIAN = "cmake gcc libc6-dev ninja-build zlib1g-dev"
INSTALL = "apt-get install -y -qq --no-install-recommends "


def fedora_as_root(machine):
    code, out, _, calls = machine("dnf").run("build")
    assert code == 0 and calls == [f"dnf install -y -q {FEDORA}"], (code, calls)
    assert out == f"Installing: {FEDORA}\nwent on\n", out


def fedora_by_sudo(machine):
    code, _, _, calls = machine("dnf", uid=1000, sudo=True).run("build")
    command = f"dnf install -y -q {FEDORA}"
    assert code == 0 and calls == [f"sudo {command}", command], (code, calls)


def fedora_goes_without(machine):
    """What it has no package for isn't asked of dnf."""
    code, _, _, calls = machine("dnf", has="cc", brings="clang-14").run("fuzz")
    assert (code, calls) == (0, []), (code, calls)


def debian_as_root(machine):
    code, out, _, calls = machine("apt-get", known=DEBIAN).run("build")
    assert code == 0 and calls == ["apt-get update -qq", INSTALL + DEBIAN], (code, calls)
    assert out == f"Installing: {DEBIAN}\nwent on\n", out


def debian_by_sudo(machine):
    code, _, _, calls = machine("apt-get", uid=1000, sudo=True, known=DEBIAN).run("build")
    assert code == 0 and len(calls) == 4, (code, calls)
    assert calls[0] == "sudo apt-get update -qq" and calls[2].startswith("sudo env "), calls


def nothing_is_missing(machine):
    """Then it needs neither network nor rights; what apt doesn't know is no reason to ask."""
    for there in (machine("apt-get", uid=1000, has=BUILD), machine("dnf", uid=1000, has=BUILD),
                  machine(has=BUILD)):
        assert there.run("build") == (0, "went on\n", "", []), there.run("build")


def first_of_two(machine):
    for known, wanted in (("second first", "first"), ("second", "second")):
        there = machine("apt-get", known=known, brings="two", groups="command:two | first/second |")
        assert there.run("trial")[0] == 0
        assert there.calls_made()[-1] == INSTALL + wanted, there.calls_made()


def unknown_to_apt(machine):
    """Optional packages are left out, others are an error that names them."""
    there = machine("apt-get", groups="command:two | first/second |")
    code, _, err, calls = there.run("trial")
    assert code == 1 and "no package first or second" in err, err
    assert calls == ["apt-get update -qq"], calls
    both = "command:some | ?some | -\ncommand:more | more | -"
    there = machine("apt-get", known="more", brings="more", groups=both)
    code, *_, calls = there.run("trial")
    assert (code, calls[-1]) == (0, INSTALL + "more"), (code, calls)
    assert there.run("trial")[3] == [], "only what can't be had is missing, and it asked"
    there = machine("apt-get", known="more some", brings="more some", groups=both)
    code, *_, calls = there.run("trial")
    assert (code, calls[-1]) == (0, INSTALL + "some more"), (code, calls)


def no_rights(machine):
    for manager in ("apt-get", "dnf"):
        code, out, err, calls = machine(manager, uid=1000).run("build")
        assert code == 1 and calls == [] and "went on" not in out, (code, calls)
        assert "cmake" in err and "Only root can install that, and there is no sudo." in err, err


def no_manager(machine):
    code, _, err, _ = machine().run("build")
    assert code == 1 and "gcc" in err and "neither apt-get nor dnf" in err, err


def manager_fails(machine):
    for manager in ("apt-get", "dnf"):
        there = machine(manager, known=DEBIAN)
        there.program(manager, RECORD + "exit 100\n")
        code, out, err, _ = there.run("build")
        assert code == 1 and "went on" not in out and "could not be installed" in err, err


def brings_nothing(machine):
    code, _, err, _ = machine("dnf", brings="cc").run("build")
    assert code == 1 and "isn't found: cmake ninja-build" in err, err


CASES = (fedora_as_root, fedora_by_sudo, fedora_goes_without, debian_as_root, debian_by_sudo,
         nothing_is_missing, first_of_two, unknown_to_apt, no_rights, no_manager,
         manager_fails, brings_nothing)


def main(root):
    for case in CASES:
        with tempfile.TemporaryDirectory() as scratch:
            def machine(*managers, scratch=scratch, **what):
                return Machine(root, tempfile.mkdtemp(dir=scratch), *managers, **what)
            case(machine)
        print(f"{case.__name__}: right")


if __name__ == "__main__":
    main(sys.argv[1])
