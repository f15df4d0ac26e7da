# shellcheck shell=bash disable=SC2034 # groups and columns are named by arguments
# What libwal needs of a machine, for other scripts to source:
#
#   deps_install build [test] [fuzz]    installs what is missing, and says so before it does
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
    python-header:*)
        [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/$what" ]
        ;;
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
        "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes \
                apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    else
        "${as_root[@]}" dnf install -y -q "${packages[@]}"
    fi
}
