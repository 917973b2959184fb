#!/usr/bin/env bash
# reproducible.sh FOLDER [VARIABLE=VALUE...]: builds the Debian packages that
# deb.sh has put into FOLDER once more, elsewhere and as a user of other habits
# would, and compares them, and the program and the libraries before anything was
# stripped from them, byte by byte. The variables are given to make.
#
# Exit code 0: nothing differs.
set -euo pipefail

folder=$(realpath "${1:?which folder?}")
shift
cd "$(dirname "$0")/.."
results=(build/candidate build/libcandidate.a build/libcandidate.so.0)

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
other=$temp/somewhere/else
mkdir -p "$other"
scripts/deb-source.sh "$other/source"
(
    umask 077
    cd "$other/source"
    env -i HOME=/ LC_ALL=POSIX PATH="$PATH" TZ=Etc/GMT-9 MAKEFLAGS="$*" \
        dpkg-buildpackage -b -nc -uc -us >"$temp/log" 2>&1 ||
        { cat "$temp/log" >&2; exit 70; }
)

bad=0
cd "$folder"
for file in *.deb "${results[@]/#/source/}"; do
    if cmp "$file" "$other/$file"; then
        sha256sum "$file"
    else
        bad=1
    fi
done
exit "$bad"
