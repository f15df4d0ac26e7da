"""find_package: versions and components that are taken and refused, C++ programs, with and without
zlib and the archive; the project in package/ asks and builds. package.py CMAKE BUILD_DIR CXX"""

from pathlib import Path

from install import moved_tree, output, run


def ask(work, cmake, package, cxx, *options):
    build = work / "-".join(("build", *options))
    source = Path(__file__).parent / "package"
    output([cmake, "-S", source, "-B", build, f"-Dlibwal_DIR={package}",
            f"-DCMAKE_CXX_COMPILER={cxx}", *(f"-D{option}=ON" for option in options)])
    output([cmake, "--build", build])
    for program in sorted(build.glob("libwal__wal*")):
        output([program])
        yield program.name


def problems(work, cmake, build, cxx):
    prefix = moved_tree(cmake, build, work)
    package = next(prefix.rglob("libwal-config.cmake")).parent
    both = list(ask(work, cmake, package, cxx))
    if both != ["libwal__wal", "libwal__wal_static"]:
        yield f"only {both} built"
    for option in ("WITHOUT_ZLIB", "WITHOUT_ARCHIVE"):
        if option == "WITHOUT_ARCHIVE":
            for path in (*prefix.rglob("libwal.a"), *package.glob("libwal-static*")):
                path.unlink()
        if (built := list(ask(work, cmake, package, cxx, option))) != both[:1]:
            yield f"{option}: {built} built"


if __name__ == "__main__":
    run(problems)
