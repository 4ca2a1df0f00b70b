#!/bin/sh
# SPDX-License-Identifier: MIT
# Make data-0.1.0.tar.xz again, from the commit of before; as root. usage: make.sh [FOLDER]
# FOLDER takes a checkout of that commit and its build, some 5 GB; it stays.
set -eu
commit=298664f
here=$(dirname "$(readlink -f "$0")")
folder=${1:-$here/../../../build/old}
[ -d "$folder" ] || git clone --quiet "$here/../../.." "$folder"
git -C "$folder" checkout --quiet "$commit"
"$folder/build.sh" setup test
cd "$folder"
PYTHONPATH=. .venv/bin/python "$here/write_data.py" "$here/data-0.1.0.tar.xz"
