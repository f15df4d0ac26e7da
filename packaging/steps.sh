# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# How scripts that run many steps say what they do, for them to source.

say() { printf '\n== %s\n' "$*"; }

# Runs a command with its output in a file: the file's end is shown, or all of it when it failed.
quietly() { # LINES COMMAND...
    local lines=$1 log status=0
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    if [ "$status" = 0 ]; then tail -n "$lines" "$log"; else cat "$log"; fi
    rm -f "$log"
    return "$status"
}
