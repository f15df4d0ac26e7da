#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the Python binding:
#
#   python.sh                 as a wheel in a clean virtual environment of every CPython from 3.11
#                             on that is found, with all tests in the oldest and the newest minor
#                             version, and as a source distribution; looks into both
#   python.sh build           with the build of preset dev
#   python.sh with PYTHON...  as a wheel in these Pythons alone, with all tests
#   python.sh coverage        the lines of the binding that its tests run
#   python.sh asan            with the address and undefined-behaviour sanitizers
#
# All it makes is in build-python. What pip fetched there serves, without network, until the
# requirements or the Pythons change.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/steps.sh

root=$PWD
dir=$root/build-python
known_versions='3.11 3.12 3.13 3.14 3.15'
tests=$root/tests/python
everywhere=("$tests" --ignore "$tests/package")
short=$tests/test_package.py
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_REQUIRE_VIRTUALENV=1

# Prints "VERSION HEADERS PROGRAM" of a Python that can be used: HEADERS is 1 or 0.
probe='
import platform, sys, sysconfig, os
import ensurepip, venv
if platform.python_implementation() != "CPython" or sys.version_info < (3, 11):
    sys.exit(1)
if sysconfig.get_config_var("Py_GIL_DISABLED"):
    sys.exit(1)  # has no stable ABI for the extension
headers = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
print(platform.python_version(), int(headers), sys.executable)
'
probe() { "$1" -I -c "$probe" 2>/dev/null; }

# The Pythons of PATH, of the system and of pyenv, oldest first, one of each version.
find_pythons() {
    local folders program
    IFS=: read -ra folders <<<"$PATH"
    for program in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3 \
        /usr/bin/python3* /usr/local/bin/python3* "${folders[@]/%//python3}"; do
        if [[ ${program##*/} =~ ^python3(\.[0-9]+)?$ ]]; then probe "$program" || true; fi
    done | sort -u -V -k 1,1
}

# A virtual environment with what a file requires, made anew when that or the Python has changed.
make_venv() { # NAME PYTHON REQUIREMENTS
    local venv=$dir/$1 key
    key=$("$2" -VV && cat bindings/python/requirements-*.txt)
    if [ "$(cat "$venv/key" 2>/dev/null)" != "$key" ]; then
        "$2" -m venv --clear "$venv" &&
            "$venv/bin/pip" install -q --no-compile -r "bindings/python/$3" &&
            echo "$key" >"$venv/key"
    fi
}

# Runs commands of this script for N words each, as many at a time as there are processors.
at_once() { # N COMMAND
    xargs -0 -n "$1" -P "$(nproc)" packaging/python.sh "$2"
}

# Runs tests in a folder of their own, where nothing of the source tree is found by accident, and
# shows which were skipped and how it ended. A libwal that isn't installed is named by PYTHONPATH.
run_pytest() { # VENV OPTION-OR-PATH...
    local venv=$dir/$1 status=0
    mkdir -p "$venv/cwd"
    (
        cd "$venv/cwd" &&
            quietly 20 ../bin/python -m pytest -q -rs -p no:cacheprovider --basetemp ../tmp \
                -o tmp_path_retention_policy=failed "${@:2}"
    ) >"$venv/log" || status=$?
    grep -vE '^[.s]+( *\[ *[0-9]+%\])?$|^$|^bringing up nodes' "$venv/log"
    return "$status"
}

pip_install() { # VENV OPTION-OR-PATH...
    "$dir/$1/bin/pip" install -q --no-index --no-deps "${@:2}"
}

build_dev() {
    say "python: build of preset dev"
    quietly 1 cmake --preset dev
    quietly 1 cmake --build --preset dev --target wal_python
}

test_build() {
    choose_pythons
    make_venvs
    build_dev
    say "python $tools: test of that build"
    PYTHONPATH=$root/build-dev/bindings/python run_pytest tools -n "$(nproc)" "${everywhere[@]}"
}

make_packages() {
    say "python $tools: wheel and source distribution"
    rm -rf "$dir/dist" "$dir/wheel"
    quietly 1 "$dir/tools/bin/python" -m build --no-isolation --sdist --wheel \
        --outdir "$dir/dist" bindings/python
    pip_install tools --target "$dir/wheel" "$dir"/dist/*.whl
}

test_packages() {
    say "python $tools: test of what the packages hold, and of types"
    PYTHONPATH=$dir/wheel WAL_DIST=$dir/dist WAL_BUILD=$root/build-dev run_pytest tools \
        -n "$(nproc)" "$tests/package"
}

# With all tests in the newest of each of the minor versions, with the short ones in others.
test_wheels() { # MINOR-VERSIONS VERSION...
    local version words=() minors=$1
    local -A newest_of
    shift
    say "python $*: test of the wheel"
    for version; do newest_of[${version%.*}]=$version; done
    for version; do
        if [[ " $minors " == *" ${version%.*} "* ]] &&
            [ "${newest_of[${version%.*}]}" = "$version" ]; then
            words+=("$version" all)
        else
            words+=("$version" short)
        fi
    done
    printf '%s\0' "${words[@]}" | at_once 2 wheel
}

test_wheel() { # VERSION all|short
    local said paths=("$short")
    [ "$2" = short ] || paths=("${everywhere[@]}")
    pip_install "$1" --force-reinstall "$dir"/dist/*.whl
    # leaks were looked for with the first build: in other Pythons a few calls do
    said=$(LIBWAL_LEAK_CALLS=2000 run_pytest "$1" "${paths[@]}") ||
        { echo "$1: $said" && return 1; }
    echo "$1: $said"
}

test_sdist() { # VERSION
    say "python $1: test of the source distribution, installed by pip"
    pip_install "$1" --force-reinstall --no-build-isolation \
        --config-settings=cmake.build-type=Debug "$dir"/dist/*.tar.gz # which takes less time
    run_pytest "$1" "$short"
}

# Lines run of the extension's sources, and of the package's Python files.
measure_coverage() {
    local objects=build-coverage/bindings/python/CMakeFiles/wal_python.dir/src
    choose_pythons
    make_venvs
    say "python: build of preset coverage"
    quietly 1 cmake --preset coverage
    quietly 1 cmake --build --preset coverage --target wal_python
    find "$objects" -name '*.gcda' -delete
    say "python $tools: test of that build"
    PYTHONPATH=$root/build-coverage/bindings/python COVERAGE_FILE=$dir/coverage \
        run_pytest tools "${everywhere[@]}" --cov=libwal --cov-report=
    say "coverage"
    gcov -n "$objects"/*.gcda | awk -F"[':% ]+" '
        /^File/ { name = sub(/^.*bindings\/python\/src\//, "", $2) ? $2 : "" }
        /^Lines/ && name {
            printf "%-20s %6.1f %% of %d\n", name, $3, $5
            run += $3 * $5 / 100; lines += $5; name = ""
        }
        END { printf "%-20s %6.1f %% of %d\n", "the extension", 100 * run / lines, lines }'
    COVERAGE_FILE=$dir/coverage "$dir/tools/bin/coverage" report
}

test_asan() {
    choose_pythons
    make_venvs
    say "python: build of preset asan"
    quietly 1 cmake --preset asan -DWAL_PYTHON=ON
    quietly 1 cmake --build --preset asan --target wal_python
    say "python $tools: test of that build"
    PYTHONPATH=$root/build-asan/bindings/python PYTHONMALLOC=malloc \
        ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$(cc -print-file-name=libasan.so) \
        run_pytest tools "${everywhere[@]}"
}

# The oldest Python that has headers builds, and runs the tools: newer headers would let newer
# functions through.
choose_pythons() {
    local version headers program
    while read -r version headers program; do
        versions+=("$version")
        programs+=("$program")
        if [ "$headers" = 1 ]; then
            : "${tools:=$version}" "${tools_program:=$program}"
            newest=$version
        fi
    done < <(find_pythons)
    if [ -z "${tools:-}" ]; then
        echo "No CPython from 3.11 on here that has headers, venv and ensurepip" >&2
        return 1
    fi
}

# The tools' environment, and one for each of these Pythons; sets tested.
make_venvs() { # PYTHON...
    local program version words=(tools "$tools_program" requirements-tools.txt)
    for program; do
        version=$(probe "$program") || { echo "$program is no usable CPython" >&2 && return 1; }
        version=${version%% *}
        words+=("$version" "$program" requirements-test.txt)
        tested+=("$version")
    done
    say "python ${tested[*]:-$tools}: virtual environments"
    printf '%s\0' "${words[@]}" | at_once 3 venv
}

say_missing() {
    local known missing=()
    for known in $known_versions; do
        [[ " ${versions[*]}" == *" $known."* ]] || missing+=("$known")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "Not found: Python ${missing[*]}. Where it is, \`packaging/python.sh with" \
            "/path/to/python${missing[-1]}\` tests it."
    fi
}

test_all() {
    choose_pythons
    make_venvs "${programs[@]}"
    build_dev # which test_packages takes for an installed C library
    make_packages
    test_packages
    # one and the same extension serves all: the oldest can do least, the newest differs most
    test_wheels "${tested[0]%.*} ${tested[-1]%.*}" "${tested[@]}"
    test_sdist "$newest"
    say_missing
}

test_with() { # PYTHON...
    choose_pythons
    make_venvs "$@"
    make_packages
    test_wheels "${tested[*]%.*}" "${tested[@]}"
}

versions=() programs=() tested=()
case ${1:-} in
'') test_all ;;
with) test_with "${@:2}" ;;
build) test_build ;;
coverage) measure_coverage ;;
asan) test_asan ;;
venv) make_venv "${@:2}" ;; # by at_once
wheel) test_wheel "${@:2}" ;; # by at_once
*)
    sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
