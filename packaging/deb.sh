#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages:
#
#   deb.sh          builds them, with a source package, from the files that git knows; lintian must
#                   have nothing to say
#   deb.sh test     besides, as root: builds them where nothing but what they ask for is installed,
#                   a lower version of them too, and tries both in a fresh Debian 12: installs,
#                   runs their own tests, upgrades, removes, purges, looks for what is left
#
# DEB_BUILD_OPTIONS=nocheck leaves the tests out of the build. All it makes is in build-deb.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/root.sh
. packaging/sources.sh
. packaging/steps.sh

dir=$PWD/build-deb

# What stands in the changelog, unless another one is asked for.
source_version=$(sed -n '1s/^.*(\(.*\)).*/\1/p' packaging/debian/changelog)
upstream=${source_version%-*}

check_version() {
    local project
    project=$(sed -n 's/^project(libwal VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)
    if [ "$project" != "$upstream" ]; then
        echo "packaging/debian/changelog is of version $upstream, CMakeLists.txt of $project" >&2
        return 1
    fi
}

# Unpacked sources with debian in its place, and beside them the archive that they come from.
make_source() { # FOLDER VERSION
    rm -rf "$1"
    sources_archive "$1" "$upstream"
    mv "$1/libwal-$upstream.tar.xz" "$1/libwal_$upstream.orig.tar.xz"
    tar -C "$1" -xf "$1/libwal_$upstream.orig.tar.xz"
    cp -r packaging/debian "$1/libwal-$upstream/debian"
    sed -i "1s/($source_version)/($2)/" "$1/libwal-$upstream/debian/changelog"
}

build_here() { # FOLDER VERSION
    say "deb: build of $2"
    make_source "$1" "$2"
    (cd "$1/libwal-$upstream" && quietly 1 dpkg-buildpackage -us -uc)
    printf '%s\n' "$1"/*.deb | sed 's|.*/||'
}

lint() {
    say "deb: lintian"
    lintian --pedantic --display-info --fail-on error,warning,info,pedantic --allow-root \
        "$1"/*.changes
}

# Where nothing is installed but what a build needs in any case, and what debian/control asks for.
build_in_root() { # FOLDER VERSION BUILD-OPTIONS
    say "deb: build of $2 in a Debian $suite of its own"
    make_source "$dir/fresh/build/$1" "$2"
    quietly 0 root_run "$dir/fresh" sh -c "cd /build/$1/libwal-$upstream &&
        apt-get install -y --no-install-recommends build-essential fakeroot &&
        apt-get build-dep -y --no-install-recommends ./"
    quietly 1 root_run "$dir/fresh" env DEB_BUILD_OPTIONS="$3" \
        SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
        sh -c "cd /build/$1/libwal-$upstream && dpkg-buildpackage -us -uc"
    rm -rf "${dir:?}/$1"
    mv "$dir/fresh/build/$1" "$dir/$1"
}

# Of the binary packages that stand in debian/control, the files.
packages_of() { # FOLDER
    local name
    for name in "${names[@]}"; do printf '%s\n' "$1/${name}"_*.deb; done
}

install_packages() { # FOLDER
    mkdir -p "$dir/fresh/packages"
    rm -f "$dir"/fresh/packages/*
    packages_of "$dir/$1" | xargs cp -t "$dir/fresh/packages"
    quietly 0 root_run "$dir/fresh" sh -c \
        'apt-get install -y --no-install-recommends --allow-downgrades /packages/*.deb'
}

versions_are() { # VERSION
    local wrong
    # shellcheck disable=SC2016 # dpkg-query's
    wrong=$(root_run "$dir/fresh" dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' \
        "${names[@]}" | grep -vF " $1 ii ") || return 0
    printf 'Not %s:\n%s\n' "$1" "$wrong" >&2
    return 1
}

# What is in the root but what packages' administration leaves behind.
files_of_root() {
    (cd "$dir/fresh" && find . -xdev \( -path ./packages -o -path ./build -o -path ./var/cache \
        -o -path ./var/log -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./tmp \) -prune \
        -o -print | sort)
}

test_life() {
    local walctl=(root_run "$dir/fresh" walctl)
    say "deb: installed, upgraded, removed and purged in a fresh Debian $suite"
    root_make "$suite" "$dir/fresh"
    quietly 0 root_run "$dir/fresh" apt-get update
    files_of_root >"$dir/files-before"
    install_packages previous
    versions_are "$source_version~previous"
    echo one >"$dir/fresh/packages/one"
    "${walctl[@]}" append -q /var/tmp/log /packages/one
    install_packages now
    versions_are "$source_version"
    echo "upgraded; the log written before: $("${walctl[@]}" verify /var/tmp/log)"
    root_run "$dir/fresh" rm -r /var/tmp/log
    quietly 0 root_run "$dir/fresh" apt-get remove -y "${names[@]}"
    quietly 0 root_run "$dir/fresh" dpkg --purge "${names[@]}"
    quietly 0 root_run "$dir/fresh" apt-get autoremove --purge -y
    files_of_root >"$dir/files-after"
    diff -u "$dir/files-before" "$dir/files-after"
    echo "removed and purged: the files are those of before, $(wc -l <"$dir/files-after")"
}

run_own_tests() {
    say "deb: autopkgtests in a fresh Debian $suite"
    root_make "$suite" "$dir/fresh"
    root_sources "$suite-backports" "$(root_mirror)" | head -n 1 >>"$dir/fresh/etc/apt/sources.list"
    rm -rf "$dir/autopkgtest"
    local debs status=0
    mapfile -t debs < <(packages_of "$dir/now")
    quietly 0 autopkgtest --output-dir "$dir/autopkgtest" --apt-upgrade \
        "${debs[@]}" "$dir/now/libwal_$source_version.dsc" -- \
        chroot "$dir/fresh" || status=$?
    cat "$dir/autopkgtest/summary"
    return "$status"
}

test_all() {
    suite=bookworm
    deps_install build deb root
    trap 'root_remove "$dir/fresh"' EXIT
    trap 'exit 1' INT TERM
    root_make "$suite" "$dir/fresh"
    sed -i 's/^deb \(.*\)/&\ndeb-src \1/' "$dir/fresh/etc/apt/sources.list"
    quietly 0 root_run "$dir/fresh" apt-get update
    build_in_root now "$source_version" "${DEB_BUILD_OPTIONS:-}"
    build_in_root previous "$source_version~previous" nocheck
    lint "$dir/now"
    test_life
    run_own_tests
    say "deb: all is well"
}

sources_date
mapfile -t names < <(sed -n 's/^Package: //p' packaging/debian/control)
check_version
case ${1:-} in
'')
    deps_install build deb
    build_here "$dir/here" "$source_version"
    lint "$dir/here"
    ;;
test) test_all ;;
*)
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
