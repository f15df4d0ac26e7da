# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # groups and columns are named by arguments
# What libwal needs of a machine, for other scripts to source:
#
#   deps_install build [test] [fuzz] [go]    installs what is missing, and says so before it does
#   deps_go VERSION                          prints the path of a Go from that version on
#
# With nothing missing it does nothing, and needs neither network nor rights.

# probe | packages on Debian and Ubuntu | on Fedora ("-": has none, goes without; what has a "?" in
# front Ubuntu goes without)
deps_build='
command:cc                   | gcc libc6-dev   | gcc
command:cmake                | cmake           | cmake
command:ninja                | ninja-build     | ninja-build
header:zlib.h                | zlib1g-dev      | zlib-devel
'
deps_test='
command:c++                  | g++             | gcc-c++
command:pkgconf              | pkgconf         | pkgconf
command:make                 | make            | make
command:python3              | python3         | python3
command:clang-format-14      | clang-format-14 | -
command:zsh                  | zsh             | zsh
command:fish                 | fish            | fish
command:chromium             | ?chromium       | chromium
command:mkfs.ext4            | e2fsprogs       | e2fsprogs
command:mkfs.xfs             | xfsprogs        | xfsprogs
command:strace               | strace          | strace
command:abidiff              | abigail-tools   | libabigail
header:cmocka.h              | libcmocka-dev   | libcmocka-devel
header:openssl/evp.h         | libssl-dev      | openssl-devel
python:pytest,cryptography   | python3-pytest  | python3-pytest
python:pytest,cryptography   | python3-cryptography | python3-cryptography
python:venv,ensurepip        | python3-venv    | python3
python-header:Python.h       | python3-dev     | python3-devel
sanitizer:address,undefined  | gcc             | libasan libubsan
sanitizer:thread             | gcc             | libtsan
'
deps_fuzz='
command:clang-14             | clang-14           | -
fuzzer:clang-14              | libclang-rt-14-dev | -
'

deps_go='
go:1.23                      | golang-1.23-go     | golang
'

# Where systems put a Go that isn't in PATH: each version has a folder of its own.
deps_go() { # VERSION
    local go
    for go in go /usr/local/go/bin/go /usr/lib/go-1.*/bin/go; do
        if printf 'go%s\n' "$1" "$("$go" env GOVERSION 2>/dev/null | sed 's/^go//')" |
            sort -C -V; then
            command -v "$go"
            return
        fi
    done
    return 1
}

# Debian 12 has it in its backports only, which are where the rest of it comes from.
deps_add_backports() { # PACKAGE...
    local list=/etc/apt/sources.list.d/bookworm-backports.list mirror
    if [[ " $* " == *" golang-1.23-go "* ]] &&
        grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release &&
        ! grep -rqs bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d; then
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
            'Codename: bookworm' | head -n 1)
        echo "Adding the package source bookworm-backports: $list"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
            "$mirror bookworm-backports main" | "${as_root[@]}" tee "$list" >/dev/null
    fi
}

# Prints the first Python that has the modules: a machine may have more than the system's.
deps_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c "import $1" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

deps_present() { # PROBE
    local what=${1#*:}
    case $1 in
    command:*) command -v "$what" ;;
    header:*) echo "#include <$what>" | cc -E - ;;
    python:*) deps_python "$what" ;;
    file:*) [ -e "$what" ] ;;
    python-header:*)
        [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/$what" ]
        ;;
    go:*) deps_go "$what" ;;
    sanitizer:*) echo 'int main(void) {}' | cc -fsanitize="$what" -x c - -o /dev/null ;;
    fuzzer:*)
        echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n && 0; }' |
            "$what" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null
        ;;
    esac >/dev/null 2>&1
}

deps_missing() { # COLUMN GROUP...: one package per line
    local column=$1 group probe debian fedora packages
    shift
    for group; do
        group=deps_$group
        while IFS='|' read -r probe debian fedora; do
            [ -n "$probe" ] || continue
            deps_present "${probe// /}" && continue
            packages=${!column}
            if grep -qs '^ID=ubuntu' /etc/os-release; then
                packages=${packages/\?*/-} # it has a snap in place of it
            fi
            packages=${packages/\?/}
            [ "${packages// /}" = - ] || xargs -n 1 <<<"$packages"
        done <<<"${!group}"
    done | sort -u
}

deps_install() { # GROUP...
    local column packages as_root=()
    if command -v apt-get >/dev/null; then
        column=debian
    elif command -v dnf >/dev/null; then
        column=fedora
    else
        echo "Neither apt-get nor dnf here: install what packaging/deps.sh lists by hand" >&2
        return 1
    fi
    mapfile -t packages < <(deps_missing "$column" "$@")
    [ ${#packages[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    echo "Installing: ${packages[*]}"
    if [ "$column" = debian ]; then
        deps_add_backports "${packages[@]}" &&
            "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
                apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    else
        "${as_root[@]}" dnf install -y -q "${packages[@]}"
    fi
}
