#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Uses libwal as strangers do, from a folder outside of this tree: installed below a prefix, the Go
# modules by `go get` of tagged versions. In place of the public repository Go reads a clone of this
# one, made and tagged for the purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/steps.sh

module=github.com/libwal/libwal/bindings/go
version=v$(sed -n 's/^project(libwal VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)

deps_install build go
go=$(deps_go 1.23)
export GOTOOLCHAIN=auto # raftwal needs a newer one than some systems have: Go fetches it

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "outside: installed below a prefix"
quietly 1 cmake --preset release -DBUILD_TESTING=OFF -B "$work/build"
quietly 1 cmake --build "$work/build"
quietly 1 cmake --install "$work/build" --prefix "$work/prefix"
libdir=$(dirname "$(find "$work/prefix" -name pkgconfig)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir

say "outside: a program in C"
cc tests/examples/hello.c -o "$work/hello" $(pkgconf --cflags --libs libwal)
"$work/hello" "$work/c.wal"

git clone -q --bare . "$work/libwal.git"
for name in "$version" bindings/go/"$version" bindings/go/{raftwal,prometheus}/"$version"; do
    git -C "$work/libwal.git" -c user.name=test -c user.email=test@invalid \
        tag -f -m "$name" "$name" >/dev/null
done
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.$work/libwal.git.insteadOf \
    GIT_CONFIG_VALUE_0=https://github.com/libwal/libwal
# What others made comes from where it always does, or from what was fetched before; ours from the
# clone, into a cache that goes with it.
GOPROXY=file://$("$go" env GOMODCACHE)/cache/download,$("$go" env GOPROXY)
export GOPROXY GOMODCACHE=$work/modules GONOPROXY=$module GONOSUMDB=$module GOFLAGS=-modcacherw

say "outside: a program in Go that has got the modules"
mkdir "$work/program"
cp packaging/outside/main.go "$work/program"
cd "$work/program"
quietly 0 "$go" mod init example.org/program
quietly 0 "$go" get "$module@$version" "$module/raftwal@$version" "$module/prometheus@$version"
quietly 0 "$go" mod tidy
"$go" list -m all | grep "^$module"
"$go" run . "$work/go.wal"
