#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows what libwal is for: lines of this machine's own files go into a log, from C, Python and Go,
# while the writer is killed again and again; what was acknowledged is compared with what is found.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

build=$PWD/build-demo
text=$build/lines.txt
lines=20000

# A database of packages, licences; the library's own sources if there is nothing else.
find_lines() {
    local file files=()
    for file in /var/lib/dpkg/status /usr/share/common-licenses/* /usr/share/licenses/*/* src/*/*.c
    do
        if [ -f "$file" ] && [ -r "$file" ]; then files+=("$file"); fi
    done
    cat "${files[@]}" | head -n "$lines" >"$text" || true # cat may be cut off
    echo "$(wc -l <"$text") lines, $(($(wc -c <"$text") / 1000)) kB, from ${files[0]} on;" \
        "the logs are on $(stat -f -c %T "$build")"
}

build_demo() {
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBUILD_TESTING=OFF \
        -DWAL_PYTHON=ON -DPython3_EXECUTABLE="$(command -v python3)" &&
        cmake --build "$build" --target wal wal_python &&
        cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread -Iinclude packaging/demo/writer.c \
            -o "$build/writer" -L"$build" -lwal -Wl,-rpath,"$build" &&
        PKG_CONFIG_PATH=$build CGO_ENABLED=1 CGO_LDFLAGS="-O2 -g -Wl,-rpath,$build" \
            "$go" build -C packaging/demo/go -buildvcs=false -o "$build/writer-go" .
}

deps_install build python go
go=$(deps_go 1.23)

echo "Building the library, and a writer in C, in Python and in Go, in $build"
quietly 0 build_demo
find_lines
rm -rf "$build/logs"
PYTHONPATH=$build/bindings/python python3 -B packaging/demo/demo.py "$build/logs" "$text" \
    C="$build/writer" Python="python3 -B packaging/demo/writer.py" Go="$build/writer-go"
echo "Every acknowledged line was there after every kill."
