#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles docs/libwal.ksy by Kaitai Struct, and holds what it reads in the golden logs against the
# reader in tests/oracle. It fetches Kaitai's compiler (npm) and runtime (PyPI) once; needs node.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=kaitai-struct-compiler@0.11.0
runtime=(kaitaistruct==0.11 PyYAML==6.0.3)
work=build-kaitai

for program in node npm python3; do
    command -v "$program" >/dev/null || { echo "It needs $program" >&2 && exit 1; }
done
mkdir -p "$work/compiled"
if [ ! -e "$work/package" ]; then
    (cd "$work" && npm pack --silent "$compiler" && tar -xf kaitai-struct-compiler-*.tgz)
fi
if [ ! -e "$work/venv/ready" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check "${runtime[@]}"
    touch "$work/venv/ready"
fi

python=$work/venv/bin/python
"$python" -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' \
    <docs/libwal.ksy |
    node tests/docs/kaitai.js "$work/package/kaitai-struct-compiler.js" "$work/compiled"
"$python" -B tests/docs/kaitai.py . "$work/compiled"
