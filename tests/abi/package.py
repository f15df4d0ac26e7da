# SPDX-License-Identifier: Apache-2.0
"""find_package: versions and components that are taken and refused, C++ programs, with and without
zlib, OpenSSL and the archives; the project in package/ asks and builds.

package.py CMAKE BUILD_DIR CXX"""

from pathlib import Path

from install import has_crypto, moved_tree, output, run


def ask(work, cmake, package, cxx, *options):
    build = work / "-".join(("build", *options))
    source = Path(__file__).parent / "package"
    output([cmake, "-S", source, "-B", build, f"-Dlibwal_DIR={package}",
            f"-DCMAKE_CXX_COMPILER={cxx}", *(f"-D{option}=ON" for option in options)])
    output([cmake, "--build", build])
    for program in sorted(build.glob("libwal__*")):
        output([program])
        yield program.name


def problems(work, cmake, build, cxx):
    prefix = moved_tree(cmake, build, work)
    package = next(prefix.rglob("libwal-config.cmake")).parent
    crypto = ["libwal__crypto"] if has_crypto(build) else []
    shared, archives = [*crypto, "libwal__wal"], ["libwal__wal_static"]
    sealed = [f"{name}_static" for name in crypto]
    for option, wanted in (((), shared + archives + sealed),
                           (("WITHOUT_OPENSSL",), shared + archives),
                           (("WITHOUT_ZLIB",), shared),
                           (("WITHOUT_ARCHIVE",), shared),
                           (("WITHOUT_ARCHIVE", "WITHOUT_CRYPTO"), ["libwal__wal"])):
        if "WITHOUT_ARCHIVE" in option:
            for path in (*prefix.rglob("lib*.a"), *package.glob("libwal-*static*")):
                path.unlink()
        if "WITHOUT_CRYPTO" in option:
            for path in (*prefix.rglob("libwal-crypto.so*"), *package.glob("libwal-crypto*")):
                path.unlink()
        if (built := sorted(ask(work, cmake, package, cxx, *option))) != sorted(wanted):
            yield f"{option}: {built} built"


if __name__ == "__main__":
    run(problems)
