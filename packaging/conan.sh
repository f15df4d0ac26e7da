#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the Conan package in each form and runs a program with it:
#
#   conan.sh               zlib and OpenSSL are the system's, so that only Conan itself is fetched
#   conan.sh --remote      they are Conan Center's
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

forms=(
    "shared=False"
    "shared=True"
    "shared=False with_crypto=True"
    "shared=True with_crypto=True with_tools=True"
)

deps_install build test

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CONAN_HOME=$work/home

say "conan: its own environment"
python3 -m venv "$work/venv"
quietly 1 "$work/venv/bin/pip" install 'conan>=2.4,<3'
conan() { "$work/venv/bin/conan" "$@"; }
quietly 1 conan profile detect
if [ "${1:-}" != --remote ]; then
    say "conan: the system's zlib and OpenSSL"
    quietly 1 conan remote disable '*'
    quietly 1 conan create packaging/conan/system --name zlib --version 1.3.1
    quietly 1 conan create packaging/conan/system --name openssl --version 3.0.0
fi

for form in "${forms[@]}"; do
    options=()
    for option in $form; do
        options+=(-o "libwal/*:$option")
    done
    say "conan: $form"
    quietly 2 conan create packaging/conan --build=missing "${options[@]}" \
        -c tools.cmake.cmake_layout:test_folder="$work/test"
done
