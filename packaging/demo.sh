#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows what libwal is for: real files of this machine go into a log, record by record, while the
# writer is killed again and again; what was acknowledged is compared with what is found.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh

build="build-demo"
least_bytes=5000000
enough_text_bytes=4000000
text_bytes=0

# What may be there: package databases, licence texts, a compiler, or else a large program.
find_files() {
    local file
    for file in /var/lib/dpkg/status /usr/share/common-licenses/* /usr/share/licenses/*/*; do
        if [ -f "$file" ] && [ ! -L "$file" ] && [ -s "$file" ] && [ -r "$file" ]; then
            files+=("$file")
            text_bytes=$((text_bytes + $(stat -c %s "$file")))
        fi
        if [ "$text_bytes" -gt "$enough_text_bytes" ]; then break; fi
    done
    for file in "$(cc -print-prog-name=cc1)" "$(command -v cmake)"; do
        if [ -f "$file" ] && [ -r "$file" ]; then
            files+=("$file")
            break
        fi
    done
}

build_demo() {
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF &&
        cmake --build "$build" --target wal &&
        cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread -Iinclude packaging/demo/*.c \
            -o "$build/demo" -L"$build" -lwal -Wl,-rpath,"$PWD/$build"
}

deps_install build

echo "Building the library and the demo in $build"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
build_demo >"$log" 2>&1 || { cat "$log"; exit 1; }

files=()
find_files
bytes=$(cat "${files[@]}" | wc -c)
if [ "$bytes" -lt "$least_bytes" ]; then
    echo "Only $bytes bytes of files found, $least_bytes are needed" >&2
    exit 1
fi
du -Lh --apparent-size "${files[@]}" | sort -rh | head -n 4

directory=$build/demo-log
rm -rf "$directory"
"$build/demo" "$directory" "${files[@]}"
echo "Every acknowledged record was there after every kill."
