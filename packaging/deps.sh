# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2086 # groups and columns are named by arguments; words
# What libwal needs of a machine, for other scripts to source:
#
#   deps_install GROUP...    installs what is missing of build, test, python, go, fuzz, deb, rpm and
#                            root, and says so before it does
#   deps_go VERSION          prints the path of a Go from that version on
#
# With nothing missing it does nothing, and needs neither network nor rights.

# probe | packages on Debian and Ubuntu | on Fedora. "a/b": the first of them that there is; "?a":
# none where there isn't any; "-": none.
deps_build='
command:cc                   | gcc libc6-dev   | gcc
command:cmake                | cmake           | cmake
command:ninja                | ninja-build     | ninja-build
header:zlib.h                | zlib1g-dev      | zlib-devel
'
deps_test='
command:c++                  | g++             | gcc-c++
command:pkgconf              | pkgconf         | pkgconf
command:git                  | git             | git
command:make                 | make            | make
command:python3              | python3         | python3
command:clang-format-14      | ?clang-format-14 | -
command:zsh                  | zsh             | zsh
command:fish                 | fish            | fish
command:chromium             | ?chromium       | chromium
command:mkfs.ext4            | e2fsprogs       | e2fsprogs
command:mkfs.xfs             | xfsprogs        | xfsprogs
command:strace               | strace          | strace
command:scdoc                | scdoc           | scdoc
command:mandoc               | mandoc          | mandoc
command:file                 | file            | file
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
deps_python='
command:python3              | python3         | python3
python-header:Python.h       | python3-dev     | python3-devel
'
deps_fuzz='
command:clang-14             | clang-14           | -
fuzzer:clang-14              | libclang-rt-14-dev | -
'

deps_go='
command:pkgconf              | pkgconf            | pkgconf
go:1.23                      | golang-1.23-go/golang-go | golang
'

# What tests of the nested Go modules run.
deps_modules='
command:curl                 | curl               | curl
'

# What the build of the Debian packages takes, what looks at them, and what tries them.
deps_deb='
command:dpkg-buildpackage    | dpkg-dev         | -
command:dh                   | debhelper        | -
command:dh_python3           | dh-python        | -
command:fakeroot             | fakeroot         | -
command:xz                   | xz-utils         | -
command:lintian              | lintian          | -
command:scdoc                | scdoc            | -
command:abidiff              | abigail-tools    | -
command:file                 | file             | -
command:mandoc               | mandoc           | -
header:cmocka.h              | libcmocka-dev    | -
header:openssl/evp.h         | libssl-dev       | -
file:/usr/include/python3*/Python.h | libpython3-dev | -
command:pkgconf              | pkgconf          | -
command:g++                  | g++              | -
'
deps_root='
command:debootstrap          | debootstrap      | debootstrap
command:autopkgtest          | autopkgtest      | -
'

deps_rpm='
command:rpmbuild             | rpm              | rpm-build
command:rpmlint              | rpmlint          | rpmlint
command:scdoc                | scdoc            | scdoc
command:xz                   | xz-utils         | xz
command:pkgconf              | pkgconf          | pkgconf
header:openssl/evp.h         | libssl-dev       | openssl-devel
python-header:Python.h       | python3-dev      | python3-devel
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
    if [[ " $* " == *" golang-1.23-go"* ]] &&
        grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release &&
        ! grep -rqs bookworm-backports /etc/apt/sources.list /etc/apt/sources.list.d; then
        # shellcheck disable=SC2016 # apt-get's
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' \
            'Codename: bookworm' | head -n 1)
        echo "Adding the package source bookworm-backports: $list"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
            "$mirror bookworm-backports main" | deps_as_root tee "$list" >/dev/null
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
    file:*) compgen -G "$what" ;;
    header:*) cc -E - <<<"#include <$what>" ;;
    python:*) deps_python "$what" ;;
    python-header:*)
        [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/$what" ]
        ;;
    go:*) deps_go "$what" ;;
    sanitizer:*) cc -fsanitize="$what" -x c - -o /dev/null <<<'int main(void) {}' ;;
    fuzzer:*)
        "$what" -fsanitize=fuzzer,address,undefined -x c - -o /dev/null \
            <<<'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return d && n && 0; }'
        ;;
    esac >/dev/null 2>&1
}

deps_missing() { # COLUMN GROUP...: one word per line
    local column=$1 group probe debian fedora words
    shift
    for group; do
        group=deps_$group
        while IFS='|' read -r probe debian fedora; do
            [ -n "$probe" ] || continue
            deps_present "${probe// /}" && continue
            words=${!column}
            [ "${words// /}" = - ] || xargs -n 1 <<<"$words"
        done <<<"${!group}"
    done | sort -u
}

# Prints the packages that apt has for words of deps_missing; without an optional one it goes.
deps_packages() { # WORD...
    local word package found
    for word; do
        found=
        for package in ${word//[?\/]/ }; do
            if [[ $(apt-cache policy "$package" 2>/dev/null) == *"Candidate: "[!\(]* ]]; then
                found=$package
                break
            fi
        done
        if [ -n "$found" ]; then
            echo "$found"
        elif [ "${word#\?}" = "$word" ]; then
            echo "This system has no package ${word//\// or }" >&2
            return 1
        fi
    done
}

# Runs a command as root.
deps_as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

deps_by_apt() { # WORD...
    local packages
    deps_add_backports "$@" && deps_as_root apt-get update -qq &&
        packages=$(deps_packages "$@") || return
    echo "Installing:" $packages
    # shellcheck disable=SC2086 # words
    deps_as_root env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
        apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

deps_by_dnf() { # WORD...
    echo "Installing: $*"
    deps_as_root dnf install -y -q "$@"
}

deps_install() { # GROUP...
    local column=debian manager=none words required
    if command -v apt-get >/dev/null; then
        manager=apt
    elif command -v dnf >/dev/null; then
        manager=dnf column=fedora
    fi
    mapfile -t words < <(deps_missing "$column" "$@")
    required=$(printf '%s\n' "${words[@]}" | grep -v '^?' || true)
    if [ -z "$required" ] && { [ "$manager" != apt ] || [ -z "$(deps_packages "${words[@]}")" ]; }
    then
        return 0
    fi
    if [ "$manager" = none ]; then
        echo "Missing here, by Debian's names:" $required >&2
        echo "There is neither apt-get nor dnf to install that." >&2
        return 1
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        echo "Missing here:" $required >&2
        echo "Only root can install that, and there is no sudo." >&2
        return 1
    fi
    if ! "deps_by_$manager" "${words[@]}"; then
        echo "It could not be installed, see above. Missing here:" $required >&2
        return 1
    fi
    required=$(deps_missing "$column" "$@" | grep -v '^?' || true)
    if [ -n "$required" ]; then
        echo "Installed, and what it should have brought isn't found:" $required >&2
        return 1
    fi
}
