# SPDX-License-Identifier: Apache-2.0
"""The RPM packages that packaging/rpm.sh made: what is in each, what it provides and asks for; and
installed into an empty root they verify, the tool runs, a program is built and runs, and erased
they leave nothing.

rpm.py FOLDER ROOT CONSUMER_C"""

import fnmatch
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Package: (patterns of all its files, what it provides, what it asks for), beside licence and
# documents. LIB stands for the folder of libraries.
PACKAGES = {
    "libwal": (["LIB/libwal.so.1", "LIB/libwal.so.1.*"],
               ["libwal.so.1(LIBWAL_1.0)(64bit)"], ["libz.so.1()(64bit)"]),
    "libwal-devel": (["LIB/libwal.so", "LIB/libwal.a", "LIB/pkgconfig/libwal.pc",
                      "LIB/cmake/libwal", "LIB/cmake/libwal/libwal-config*.cmake",
                      "LIB/cmake/libwal/libwal-shared*.cmake",
                      "LIB/cmake/libwal/libwal-static*.cmake", "/usr/include/libwal",
                      "/usr/include/libwal/*.h", "/usr/share/man/man[357]/*"],
                     ["pkgconfig(libwal)"], ["libwal", "zlib-devel"]),
    "libwal-crypto": (["LIB/libwal-crypto.so.1", "LIB/libwal-crypto.so.1.*"],
                      ["libwal-crypto.so.1(LIBWAL_CRYPTO_1.0)(64bit)"],
                      ["libwal.so.1(LIBWAL_1.0)(64bit)", "libcrypto.so.3()(64bit)"]),
    "libwal-crypto-devel": (["LIB/libwal-crypto.so", "LIB/libwal-crypto.a",
                             "LIB/pkgconfig/libwal-crypto.pc",
                             "LIB/cmake/libwal/libwal-crypto*.cmake",
                             "/usr/include/libwal/crypto.h", "/usr/share/man/man3/libwal-crypto*"],
                            ["pkgconfig(libwal-crypto)"],
                            ["libwal-crypto", "libwal-devel", "openssl-devel"]),
    "libwal-tools": (["/usr/bin/walctl", "/usr/share/bash-completion/completions/walctl",
                      "/usr/share/zsh/site-functions/_walctl",
                      "/usr/share/fish/vendor_completions.d/walctl.fish",
                      "/usr/share/libwal/libwal.magic", "/usr/share/man/man1/walctl*"],
                     [], ["libwal.so.1(LIBWAL_1.0)(64bit)",
                          "libwal-crypto.so.1(LIBWAL_CRYPTO_1.0)(64bit)"]),
    "python3-libwal": (["*/site-packages/libwal", "*/site-packages/libwal/*",
                        "*/site-packages/libwal-*.dist-info",
                        "*/site-packages/libwal-*.dist-info/METADATA",
                        "*/site-packages/libwal-*.dist-info/INSTALLER"],
                       [], ["libwal.so.1(LIBWAL_1.0)(64bit)", "python3"]),
    "golang-github-libwal-libwal-devel": (
        ["/usr/share/gocode/src/github.com/libwal/libwal/bindings/go",
         *(f"/usr/share/gocode/src/github.com/libwal/libwal/bindings/go/{name}"
           for name in ("*.go", "go.mod", "shim.[ch]"))],
        [], ["libwal-crypto-devel"]),
}
ANYWHERE = ("/usr/share/licenses/*", "/usr/share/doc/*")
MUST = {"libwal-tools": ["/usr/share/man/man1/walctl.1*"],
        "libwal-devel": ["/usr/include/libwal/wal.h", "/usr/share/man/man3/wal_open.3*"],
        "python3-libwal": ["*/libwal/_libwal.abi3.so"],
        "golang-github-libwal-libwal-devel": ["*/bindings/go/shim.c"]}


def output(*command, **environment):
    return subprocess.run(command, env={**os.environ, **environment}, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def query(file, what):
    return output("rpm", "-qp", "--nosignature", what, file).splitlines()


def contents(file, name, libdir):
    patterns, provides, requires = PACKAGES[name]
    patterns = [pattern.replace("LIB", libdir, 1) for pattern in patterns]
    files = query(file, "--list")
    for path in files:
        if not any(fnmatch.fnmatchcase(path, pattern) for pattern in (*patterns, *ANYWHERE)):
            yield f"{name} has {path}"
    for pattern in (*MUST.get(name, ()), patterns[0]):
        if not fnmatch.filter(files, pattern):
            yield f"{name} hasn't {pattern}"
    for option, wanted in (("--provides", provides), ("--requires", requires)):
        said = query(file, option)
        for each in wanted:
            if not any(re.split(r" |\(x86-64\)", line)[0] == each for line in said):
                yield f"{name} {option}: no {each}"


def files_below(root):
    """All but rpm's own database."""
    return [path for path in Path(root).rglob("*") if not path.is_dir()
            and not any("rpm" in part for part in path.relative_to(root).parts)]


def used(root, libdir, consumer, scratch):
    """The tool and a program that is built with the packages run in their tree."""
    libraries = f"{root}{libdir}"
    output(f"{root}/usr/bin/walctl", "--version", LD_LIBRARY_PATH=libraries)
    flags = output("pkg-config", "--cflags", "--libs", "libwal",
                   PKG_CONFIG_PATH=f"{libraries}/pkgconfig").split()
    output("cc", consumer, "-o", f"{scratch}/consumer", *flags)
    output(f"{scratch}/consumer", f"{scratch}/log", LD_LIBRARY_PATH=libraries)


def installed(root, files, libdir, consumer):
    rpm = ["rpm", "--root", root, "--nosignature"]
    output(*rpm, "--initdb")
    output(*rpm, "--install", "--nodeps", "--noscripts", *map(str, files))
    if wrong := subprocess.run([*rpm, "--verify", "--all", "--nodeps"], check=False, text=True,
                               stdout=subprocess.PIPE).stdout:
        yield f"installed, they don't verify: {wrong}"
    with tempfile.TemporaryDirectory() as scratch:
        used(root, libdir, consumer, scratch)
    output(*rpm, "--erase", "--nodeps", *output(*rpm, "--query", "--all").split())
    if left := files_below(root):
        yield f"erased, they leave {left}"


def problems(folder, root, consumer):
    libdir = output("rpm", "--eval", "%{_libdir}").strip()
    files = {query(file, "--queryformat=%{name}")[0]: file
             for file in sorted(folder.rglob("*.rpm")) if not file.name.endswith(".src.rpm")}
    files = {name: file for name, file in files.items() if "debug" not in name}
    if files.keys() != PACKAGES.keys():
        yield f"the packages are {sorted(files)}"
        return
    for name, file in files.items():
        yield from contents(file, name, libdir)
    yield from installed(root, files.values(), libdir, consumer)


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)
