# SPDX-License-Identifier: Apache-2.0
"""Headers, version script, shared library, archive and the Debian package's symbols file name the
same functions, and every constant of the headers is pinned in numbers_test.c. For libwal, and for
libwal-crypto, where it was built.

symbols.py ROOT NM LIBWAL_SO LIBWAL_A [LIBWAL_CRYPTO_SO LIBWAL_CRYPTO_A]"""

import re
import subprocess
import sys
from pathlib import Path

NODE = re.compile(r"(LIBWAL_\S+)\s*\{([^}]*)\}")


def bare(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def header_functions(header):
    """Function names: what stands before a parenthesis outside of parentheses and braces."""
    return set(re.findall(r"\b(wal_\w+)\s*\(", bare(header)))


def map_symbols(version_script):
    symbols = set()
    for node, body in NODE.findall(bare(version_script)):
        exported = body.partition("local:")[0]
        symbols |= {f"{name}@@{node}" for name in re.findall(r"\b(wal_\w+)\s*;", exported)}
    return symbols


def constants(header):
    names = re.findall(r"^#\s*define\s+(WAL_\w+)", bare(header), re.MULTILINE)
    return {name for name in names if not name.startswith("WAL_VERSION_")}


def global_symbols(nm, *arguments):
    command = [nm, "-g", "--defined-only", "--format=posix", *arguments]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in output.splitlines()]
    return {row[0] for row in rows if len(row) > 1 and row[1] != "A"}


def differences(what, left, right):
    for name in sorted(left - right):
        yield f"{what}: {name} only in the first"
    for name in sorted(right - left):
        yield f"{what}: {name} only in the second"


def headers(root, of_crypto):
    """The text of the headers of libwal-crypto, or of all others."""
    return "".join(path.read_text() for path in sorted((root / "include/libwal").glob("*.h"))
                   if (path.name == "crypto.h") == of_crypto)


def debian_lines(mapped):
    """As dpkg-gensymbols wants them: what is in the node LIBWAL_1.0 came with version 1.0.0."""
    nodes = {f"{node}@@{node}" for node in (symbol.partition("@@")[2] for symbol in mapped)}
    return {f"{symbol.replace('@@', '@')} {symbol.rpartition('_')[2]}.0"
            for symbol in mapped | nodes}


def library(nm, header, script, debian, shared, archive):
    mapped = map_symbols(script.read_text())
    names = {symbol.partition("@@")[0] for symbol in mapped}
    yield from differences("header, map", header_functions(header), names)
    yield from differences("map, shared library", mapped, global_symbols(nm, "-D", shared))
    yield from differences("map, archive", names, global_symbols(nm, archive))
    yield from differences("map, Debian's symbols", debian_lines(mapped),
                           set(re.findall(r"^ (.+)$", debian.read_text(), re.MULTILINE)))
    print(f"{script.name}: {len(names)} functions")


def problems(root, nm, shared, archive, *crypto):
    debian = root / "packaging/debian"
    yield from library(nm, headers(root, False), root / "src/api/libwal.map",
                       debian / "libwal1.symbols", shared, archive)
    if crypto:
        yield from library(nm, headers(root, True), root / "src/crypto/libwal-crypto.map",
                           debian / "libwal-crypto1.symbols", *crypto)
    pins = re.findall(r"PIN\((WAL_\w+),", (root / "tests/abi/numbers_test.c").read_text())
    defined = constants(headers(root, False)) | constants(headers(root, True))
    yield from differences("headers' constants, pins", defined, set(pins))
    print(f"{len(pins)} constants")


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), *sys.argv[2:]))
    print("\n".join(found))
    sys.exit(1 if found else 0)
