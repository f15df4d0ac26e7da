#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzz targets and lets each look for bad inputs: fuzz.sh [SECONDS]. What it finds stays
# in build-fuzz, for the next time too. It needs clang 14.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh

deps_install build fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz
for corpus in tests/fuzz/corpus/*; do
    name=$(basename "$corpus")
    found="build-fuzz/found/$name"
    mkdir -p "$found"
    "build-fuzz/tests/fuzz/fuzz_$name" "$found" "$corpus" \
        -max_total_time="${1:-60}" -artifact_prefix=build-fuzz/found/
done
