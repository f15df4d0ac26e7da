#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The RPM packages: rpm.sh builds them from the files that git knows, and looks into them; with
# "rpm.sh check" their build runs tests of the library as well. All it makes is in build-rpm.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/deps.sh
. packaging/sources.sh
. packaging/steps.sh

dir=$PWD/build-rpm
spec=packaging/libwal.spec
version=$(sed -n 's/^Version: *//p' "$spec")
options=(--define "_topdir $dir")
case ${1:-} in
'') ;;
check) options+=(--with check) ;;
*)
    sed -n '3,4s/^# //p' "$0" >&2
    exit 2
    ;;
esac

deps_install build rpm
sources_date
if ! grep -qs '^ID=fedora' /etc/os-release; then
    # What is named as in Fedora is not found among other systems' packages; deps.sh knows theirs.
    options+=(--nodeps --define '_docdir /usr/share/doc' --define '_licensedir /usr/share/licenses'
        --define 'debug_package %{nil}' --define '_build_id_links none')
fi

say "rpm: build"
rm -rf "$dir"
mkdir -p "$dir/SOURCES"
sources_archive "$dir/SOURCES" "$version"
quietly 1 rpmbuild -ba "${options[@]}" "$spec"
find "$dir" -name '*.rpm' -printf '%f\n' | sort

say "rpm: rpmlint"
quietly 3 rpmlint --strict --rpmlintrc packaging/libwal.rpmlintrc "$dir/RPMS" "$spec"

say "rpm: contents"
python3 -B tests/packaging/rpm.py "$dir" "$dir/root" tests/abi/consumer.c
echo "They hold what they should, install, verify, run, and are gone when erased"
