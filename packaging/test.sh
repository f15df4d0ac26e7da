#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, builds, and runs every test. The first step that fails ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

build() { # PRESET [TARGET]
    say "$1: build"
    quietly 1 cmake --preset "$1"
    quietly 1 cmake --build --preset "$1" --target "${2:-all}"
}

# What tests have to say even when they pass stands behind "note: ".
run_tests() { # PRESET [COMMAND-PREFIX...]
    say "$1: test"
    quietly 20 "${@:2}" ctest --preset "$1" -j "$jobs"
    grep -h '^note: ' "build-$1/Testing/Temporary/LastTest.log" || true
}

jobs=$((2 * $(nproc))) # many tests wait for the disk, or for each other's threads

deps_install build test go modules

# Tests of the tool open terminals. Where none can be made (a bare root without /dev/pts), root
# mounts that where nobody else sees it.
if [ "$(id -u)" = 0 ] && ! python3 -c 'import pty; pty.openpty()' 2>/dev/null &&
    [ -z "${WAL_OWN_TERMINALS:-}" ]; then
    echo "No terminals here: mounting /dev/pts, for these tests alone"
    export WAL_OWN_TERMINALS=1
    # shellcheck disable=SC2016 # the inner shell's
    exec unshare --mount --propagation unchanged sh -ec '
        mount --make-private /dev 2>/dev/null || mount --make-private /
        mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts /dev/pts
        exec packaging/test.sh'
fi

# Where the system has no clang-format 14, PyPI's is taken.
if ! command -v clang-format-14 >/dev/null; then
    tools=$PWD/build-tools
    if [ ! -x "$tools/bin/clang-format" ]; then
        echo "Installing: clang-format 14 from PyPI, in $tools"
        python3 -m venv "$tools"
        "$tools/bin/pip" install -q 'clang-format==14.*'
    fi
    PATH=$tools/format:$PATH # the rest of that environment stays out of sight
    mkdir -p "$tools/format"
    ln -sf ../bin/clang-format "$tools/format/clang-format-14"
fi

# The thread sanitizer of older compilers can't place its memory in a large random address space.
fixed_addresses=()
if [ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)" -gt 28 ]; then
    fixed_addresses=(setarch -R)
fi

build dev
run_tests dev
packaging/python.sh
packaging/go.sh
packaging/go.sh modules
build asan
run_tests asan
build tsan
run_tests tsan "${fixed_addresses[@]}"
build release abi_tests
# without what doesn't look at the build, and was tried above
say "release: test of what is installed"
quietly 12 ctest --preset release -j "$jobs" -L abi -E 'abi_(bare|freezing|grown|header)'

say "oracle: the independent reader"
quietly 5 "$(deps_python pytest,cryptography)" -m pytest -q -p no:cacheprovider tests/oracle

say "all tests passed"
