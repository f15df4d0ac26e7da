#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with other compilers, warnings being errors, and runs the unit and API tests:
#
#   compilers.sh gcc-12 clang-14 ...    each of these, in a build folder of its own
#   compilers.sh arm64                  for arm64, run by emulation: the unit tests, without those
#                                       that write through the cache by pwritev2, which qemu's user
#                                       mode doesn't have
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

jobs=$(nproc)

try() { # BUILD LABELS LEFT-OUT CMAKE-OPTION...
    local build=build-$1 labels=$2 left_out=$3
    shift 3
    quietly 1 cmake --preset dev -B "$build" -DWAL_PYTHON=OFF -DWAL_FORMAT_CHECK=OFF "$@"
    quietly 1 cmake --build "$build"
    quietly 12 ctest --test-dir "$build" -j "$jobs" --no-tests=error --output-on-failure \
        -L "$labels" -E "$left_out"
}

try_compiler() { # CC
    local cxx=${1/gcc/g++}
    say "$1"
    # shellcheck disable=SC2034 # deps_install reads it by its name
    deps_compiler="command:$1 | $1 | ${1%-*}
command:${cxx/clang/clang++} | ${cxx/clang-/clang-} | ${1%-*}"
    deps_install compiler
    try "$1" '^(unit|api)$' '^$' -DCMAKE_C_COMPILER="$1" -DCMAKE_CXX_COMPILER="${cxx/clang/clang++}"
}

try_arm64() {
    local as_root=() triplet=aarch64-linux-gnu
    say "arm64, cross-compiled and emulated"
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    if ! dpkg --print-foreign-architectures | grep -qx arm64; then
        echo "Adding the architecture arm64, for its zlib and cmocka"
        "${as_root[@]}" dpkg --add-architecture arm64
    fi
    # shellcheck disable=SC2034
    deps_arm64="command:$triplet-gcc | gcc-$triplet | -
command:$triplet-g++ | g++-$triplet | -
command:qemu-aarch64-static | qemu-user-static | -
file:/usr/lib/$triplet/libz.so | zlib1g-dev:arm64 | -
file:/usr/lib/$triplet/libcmocka.so | libcmocka-dev:arm64 | -"
    deps_install arm64
    try arm64 '^unit$' '^unit_(log_commit|segment_file|segment_writer)$' \
        -DCMAKE_TOOLCHAIN_FILE=packaging/arm64.cmake -DWAL_CRYPTO=OFF
}

if [ $# = 0 ]; then
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
deps_install build test
for compiler; do
    case $compiler in
    arm64) try_arm64 ;;
    *) try_compiler "$compiler" ;;
    esac
done
