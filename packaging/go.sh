#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the Go binding:
#
#   go.sh             vet and format; the tests with the race detector and the shared library of
#                     preset dev; then linked with the archives, with encryption
#   go.sh modules     the nested modules: the Raft log store with the key-value store walkv, the
#                     collector for Prometheus; what they need is fetched once
#   go.sh cluster N   three nodes of walkv under load, killed at any time, for N minutes
#   go.sh asan        with the address sanitizer in both the C library and Go's calls of it
#   go.sh cgocheck    with Go's check of every pointer that goes to C
#   go.sh lint        staticcheck, which Go's module proxy has
#   go.sh long N      the property test with N walks, another one each time
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

root=$PWD
least=1.23
staticcheck=honnef.co/go/tools/cmd/staticcheck@latest
tags=libwal_static,libwal_crypto

find_go() {
    go=$(deps_go "$least") && return
    echo "No Go from $least on here (found: $(go version 2>/dev/null || echo none)). Debian and" \
        "Ubuntu have it as golang-1.23-go (Debian 12 in bookworm-backports), Fedora as golang," \
        "and https://go.dev/dl has it for everybody." >&2
    return 1
}

# Everything below is in the binding's folder; -count=1: what C brings along Go doesn't notice.
in_go() { (cd bindings/go && CGO_ENABLED=1 GOFLAGS=-buildvcs=false "$@"); }

run_tests() { # OPTION...
    quietly 20 in_go "$go" test -count=1 "$@" ./...
}

build() { # PRESET [MORE-TARGET...]
    say "go: build of preset $1"
    quietly 1 cmake --preset "$1"
    quietly 1 cmake --build --preset "$1" \
        --target wal wal_static wal_crypto wal_crypto_static "${@:2}"
}

use_shared() { # PRESET
    export PKG_CONFIG_PATH=$root/build-$1 LD_LIBRARY_PATH=$root/build-$1
}

use_archive() { # PRESET
    unset PKG_CONFIG_PATH LD_LIBRARY_PATH
    export CGO_CFLAGS="-O2 -g -I$root/include" CGO_LDFLAGS="-O2 -g -L$root/build-$1"
}

check_source() {
    local unformatted
    say "go: vet and format"
    in_go "$go" vet ./...
    unformatted=$(in_go "$("$go" env GOROOT)/bin/gofmt" -l . || in_go gofmt -l .)
    if [ -n "$unformatted" ]; then
        echo "gofmt would change: $unformatted" >&2
        return 1
    fi
}

test_all() {
    build dev
    use_shared dev
    check_source
    say "go: tests with the race detector"
    run_tests -race
    use_archive dev
    say "go: tests of a static build, with encryption"
    in_go "$go" vet -tags "$tags" ./...
    run_tests -tags "$tags"
}

# In the folder of a nested module; its tests find walctl.
# raftwal needs a newer Go than some systems have: that fetches it itself.
in_module() { # MODULE COMMAND...
    (cd "bindings/go/$1" && PATH=$root/build-dev:$PATH GOTOOLCHAIN=auto CGO_ENABLED=1 \
        GOFLAGS=-buildvcs=false "${@:2}")
}

test_modules() {
    local module
    build dev walctl
    use_shared dev
    for module in raftwal prometheus; do
        say "go: module $module, with the race detector"
        in_module "$module" "$go" vet ./...
        quietly 20 in_module "$module" "$go" test -race -count=1 -parallel 8 ./...
    done
}

test_cluster() { # MINUTES
    build dev
    use_shared dev
    say "go: three nodes of walkv, for $1 minutes"
    quietly 10 in_module raftwal "$go" test -count=1 -timeout 0 -v -run TestKills ./cmd/walkv \
        -args -minutes "$1" -seed "$RANDOM"
}

test_asan() {
    build asan
    use_archive asan
    CGO_LDFLAGS="$CGO_LDFLAGS -fsanitize=address,undefined"
    say "go: tests with the address sanitizer"
    run_tests -asan -tags "$tags"
}

test_cgocheck() {
    build dev
    use_shared dev
    say "go: tests with a check of pointers"
    GOEXPERIMENT=cgocheck2 run_tests
}

lint() {
    local module
    use_shared dev
    say "go: staticcheck"
    in_go "$go" run "$staticcheck" ./...
    for module in raftwal prometheus; do
        in_module "$module" "$go" run "$staticcheck" ./...
    done
}

test_long() { # WALKS
    build dev
    use_shared dev
    say "go: $1 walks of the property test"
    quietly 20 in_go "$go" test -count=1 -timeout 0 -run TestAgainstAModel . \
        -args -walks "$1" -seed "$RANDOM"
}

find_go
case ${1:-} in
'') test_all ;;
modules) test_modules ;;
cluster) test_cluster "${2:?N is missing}" ;;
asan) test_asan ;;
cgocheck) test_cgocheck ;;
lint) lint ;;
long) test_long "${2:?N is missing}" ;;
*)
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
