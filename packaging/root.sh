# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Fresh minimal Debians in folders, for other scripts to source, as root:
#
#   root_make SUITE FOLDER          makes one (from build-roots/SUITE.tar, once that is there)
#   root_run FOLDER COMMAND...      runs a command in it, with /proc and /dev, as on a new machine
#   root_remove FOLDER

root_mirror() {
    local mirror
    # shellcheck disable=SC2016 # apt-get's
    mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
        'Identifier: Packages' 'Component: main' 'Origin: Debian' | head -n 1)}
    if [ -z "$mirror" ]; then
        echo "None of this system's package sources is Debian's: DEBIAN_MIRROR names one" >&2
        return 1
    fi
    echo "${mirror%/}"
}

# The sources that such a system would have, from where this one has its own.
root_sources() { # SUITE MIRROR
    local suites=("$1" "$1-updates") suite
    for suite in "${suites[@]}"; do echo "deb $2 $suite main"; done
    echo "deb ${2%/debian*}/debian-security $1-security main"
}

root_make_archive() { # SUITE ARCHIVE
    local scratch mirror
    mirror=$(root_mirror) || return
    mkdir -p "$(dirname "$2")"
    scratch=$(mktemp -d)
    quietly 0 debootstrap --variant=minbase "$1" "$scratch/tree" "$mirror" || return
    root_sources "$1" "$mirror" >"$scratch/tree/etc/apt/sources.list"
    cp /etc/resolv.conf /etc/hosts "$scratch/tree/etc/"
    mkdir -p "$scratch/tree/usr/local/share"
    cp -a /usr/local/share/ca-certificates "$scratch/tree/usr/local/share/" 2>/dev/null || true
    tar -C "$scratch/tree" -cf "$2.new" . && mv "$2.new" "$2"
    rm -rf --one-file-system "$scratch"
}

root_make() { # SUITE FOLDER
    local archive=$PWD/build-roots/$1.tar
    if [ "$(id -u)" != 0 ]; then
        echo "A fresh Debian in a folder takes root's rights" >&2
        return 1
    fi
    [ -f "$archive" ] || root_make_archive "$1" "$archive" || return
    root_remove "$2"
    mkdir -p "$2"
    tar -C "$2" -xpf "$archive"
    echo force-unsafe-io >"$2/etc/dpkg/dpkg.cfg.d/unsafe-io" # nobody misses it after a power cut
    mount -t proc proc "$2/proc" && mount --rbind /dev "$2/dev" && mount --make-rslave "$2/dev"
}

root_run() { # FOLDER COMMAND...
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive chroot "$@" </dev/null
}

root_remove() { # FOLDER
    local place
    for place in proc dev; do
        if mountpoint -q "$1/$place"; then umount -R "$1/$place" || return; fi
    done
    rm -rf --one-file-system "$1"
}
