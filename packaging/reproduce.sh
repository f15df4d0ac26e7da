#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shows that builds can be reproduced: builds the same sources twice, in folders whose names and
# lengths differ, at different times, and compares byte by byte.
#
#   reproduce.sh          what is installed, of preset release, and the Python wheel
#   reproduce.sh debs     the Debian packages
#
# All it makes is in build-reproduce.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/sources.sh
. packaging/steps.sh

dir=$PWD/build-reproduce
places=("$dir/first" "$dir/the-second/somewhere-else")
version=$(sed -n 's/^project(libwal VERSION \([^ ]*\).*/\1/p' CMakeLists.txt)

unpack() {
    sources_archive "$dir" "$version"
    local place
    for place in "${places[@]}"; do
        rm -rf "$place"
        mkdir -p "$place"
        tar -C "$place" -xf "$dir/libwal-$version.tar.xz"
    done
}

make_venv() {
    [ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
    "$dir/venv/bin/python" -c 'import scikit_build_core' 2>/dev/null ||
        "$dir/venv/bin/pip" install -q 'scikit-build-core>=1.0,<2'
}

build_installed() { # FOLDER
    cd "$1/libwal-$version"
    cmake --preset release -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr
    cmake --build --preset release
    DESTDIR=$1/result cmake --install build-release --strip
}

build_wheel() { # FOLDER
    cd "$1/libwal-$version"
    TMPDIR=$1 "$dir/venv/bin/pip" wheel -q --no-index --no-deps --no-build-isolation \
        -w "$1/result" ./bindings/python
}

build_debs() { # FOLDER
    cd "$1"
    cp "$dir/libwal-$version.tar.xz" "libwal_$version.orig.tar.xz"
    cp -r "libwal-$version/packaging/debian" "libwal-$version/debian"
    cd "libwal-$version"
    DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b
    mkdir "$1/result"
    mv "$1"/*.deb "$1/result"
}

compare() {
    local sums=()
    sums=("$(in_result 0)" "$(in_result 1)")
    if [ "${sums[0]}" != "${sums[1]}" ]; then
        diff <(echo "${sums[0]}") <(echo "${sums[1]}") || true
        echo "Two builds differ" >&2
        return 1
    fi
    echo "$(wc -l <<<"${sums[0]}") files, the same in both builds:"
    grep -E '\.so\.[0-9.]+$|\.a$|/walctl$|\.whl$|\.deb$' <<<"${sums[0]}" |
        sed 's/^\(.\{16\}\)\S*/\1/'
}

in_result() { # NUMBER
    (cd "${places[$1]}/result" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

sources_date
case ${1:-} in
'')
    deps_install build python
    steps=(build_installed build_wheel)
    make_venv
    ;;
debs)
    deps_install build deb
    steps=(build_debs)
    ;;
*)
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
unpack
for place in "${places[@]}"; do
    for step in "${steps[@]}"; do
        say "reproduce: $step in ${place#"$PWD/"}"
        (export CCACHE_DISABLE=1 && quietly 0 "$step" "$place")
    done
done
say "reproduce: comparison"
compare
