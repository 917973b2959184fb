#!/usr/bin/env bash
# deb.sh FOLDER: builds the Debian packages candidate, libcandidate0 and
# libcandidate-dev into FOLDER, for the Debian that runs, and has lintian check
# them.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(realpath -m "${1:?which folder?}")
log=$folder/build.log

rm -rf "$folder"
mkdir -p "$folder"
scripts/deb-source.sh "$folder/source"
cd "$folder/source"
# What is set here, such as make's own variables, changes no package.
env -i HOME="$folder" LC_ALL=C.UTF-8 PATH="$PATH" \
    dpkg-buildpackage -b -nc -uc -us >"$log" 2>&1 ||
    { cat "$log" >&2; exit 70; }
cd "$folder"
lintian --fail-on error,warning --allow-root ./*.changes
printf '%s\n' ./*.deb
