#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a release of the checkout's HEAD, whose version CMakeLists.txt says:
#
#   release.sh check      whether all is ready: what is missing is named, one line each
#   release.sh dist       the same, then what is published, in dist/: the source archive, the Python
#                         package's in a folder of its own (they have one name), the ABI as XML,
#                         a bill of materials, checksums
#   release.sh tag        the same, then the tags: of the C library and of each Go module. Nothing
#                         is pushed.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

version=$(sed -n 's/^project(libwal VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)
abi=tests/abi/${version%.*}
tags=("v$version" "bindings/go/v$version" "bindings/go/raftwal/v$version"
    "bindings/go/prometheus/v$version")
dist=$PWD/dist

# Prints what is in the way.
obstacles() {
    local tag
    [ -z "$(git status --porcelain)" ] || echo "the checkout has changes that are not committed"
    python3 tests/tidy/version.py . || true
    grep -q "^## $version, [0-9]\{4\}-[0-9][0-9]-[0-9][0-9]$" CHANGELOG.md ||
        echo "CHANGELOG.md has no heading '## $version, YYYY-MM-DD'"
    [ -e "$abi/released" ] ||
        echo "$abi isn't final: python3 tests/abi/freeze.py ${version%.*} --release"
    for tag in "${tags[@]}"; do
        ! git rev-parse -q --verify "refs/tags/$tag" >/dev/null || echo "the tag $tag is there"
    done
}

check() {
    local found
    found=$(obstacles)
    [ -z "$found" ] || {
        echo "$found" >&2
        return 1
    }
    echo "libwal $version can be released"
}

# The same bytes whenever it is made: the commit's time, no name of a machine.
archive() {
    git archive --format=tar --prefix="libwal-$version/" HEAD | gzip -n -9 \
        >"$dist/libwal-$version.tar.gz"
}

# The library as the archive builds it.
build() { # FOLDER
    tar -C "$1" -xzf "$dist/libwal-$version.tar.gz"
    cd "$1/libwal-$version"
    quietly 1 cmake --preset release -DBUILD_TESTING=OFF
    quietly 1 cmake --build --preset release
    cc tests/examples/hello.c -o hello -Iinclude build-release/libwal.a -lz -lpthread
    [ "$(./hello "$1/hello.wal")" = "1: Hello" ]
}

# Types and symbols, for those who compare releases.
describe_abi() { # FOLDER
    local library
    for library in wal wal-crypto; do
        abidw --no-corpus-path --no-comp-dir-path --no-show-locs \
            "$1/libwal-$version/build-release/lib$library.so" >"$dist/lib$library-$version.abi"
    done
}

make_dist() {
    local work
    deps_install build test
    rm -rf "$dist"
    mkdir -p "$dist"
    work=$(mktemp -d)
    say "release: source archive"
    archive
    say "release: a build of it"
    (build "$work")
    describe_abi "$work"
    say "release: the Python package's archive"
    python3 -m venv "$work/venv"
    quietly 1 "$work/venv/bin/pip" install build
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) quietly 1 \
        "$work/venv/bin/python" -m build --sdist -o "$dist/python" bindings/python
    rm -rf "$work"
    python3 packaging/sbom.py "$dist/libwal-$version.cdx.json" generic "$version" \
        zlib==dynamic openssl==dynamic
    (cd "$dist" && sha256sum -- *.* */* >SHA256SUMS && cat SHA256SUMS)
}

make_tags() {
    local tag
    for tag in "${tags[@]}"; do
        git tag -a -m "libwal $version" "$tag"
        echo "tagged: $tag"
    done
}

case ${1:-} in
check) check ;;
dist) check && make_dist ;;
tag) check && make_tags ;;
*)
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
