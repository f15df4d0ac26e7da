# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The archive that packages are built from, for other scripts to source:
#
#   sources_date                       sets SOURCE_DATE_EPOCH, unless it is set: the changelog's
#   sources_archive FOLDER VERSION     writes FOLDER/libwal-VERSION.tar.xz: the files that git
#                                      knows, as they are, the same bytes from the same files

sources_date() {
    local said
    said=$(sed -n 's/^ -- .*>  //p' packaging/debian/changelog | head -n 1)
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s -d "$said")}
}

sources_archive() { # FOLDER VERSION
    local tree=$1/libwal-$2
    mkdir -p "$tree"
    git ls-files -z --cached --others --exclude-standard |
        xargs -0 cp --parents --no-dereference --target-directory "$tree"
    tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
        --mtime="@$SOURCE_DATE_EPOCH" -C "$1" -c "libwal-$2" | xz -T 1 >"$tree.tar.xz"
    rm -rf "$tree"
}
