#!/usr/bin/env bash
# reproducible.sh [VARIABLE=VALUE...]: makes the Debian packages twice, in two
# folders, as two users of different habits would, and compares them, and the
# program and the libraries before anything was stripped from them, byte by byte.
# The variables are given to make.
#
# Exit code 0: nothing differs.
set -euo pipefail
cd "$(dirname "$0")/.."

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
first=$temp/first
second=$temp/second/deeper
results=(build/candidate build/libcandidate.a build/libcandidate.so.0)

# build FOLDER SETTING...: there is a folder source in FOLDER.
build() {
    cd "$1/source"
    env -i HOME="$1" PATH="$PATH" "${@:2}" \
        dpkg-buildpackage -b -nc -uc -us >../build.log 2>&1 ||
        { cat ../build.log >&2; exit 70; }
}

for folder in "$first" "$second"; do
    mkdir -p "$folder"
    scripts/deb-source.sh "$folder/source"
done
build "$first" LC_ALL=C.UTF-8 TZ=UTC DEB_BUILD_OPTIONS=parallel=2 MAKEFLAGS="$*"
umask 077
build "$second" LC_ALL=POSIX TZ=Etc/GMT-9 MAKEFLAGS="$*"

bad=0
cd "$first"
for file in *.deb "${results[@]/#/source/}"; do
    cmp "$first/$file" "$second/$file" && sha256sum "$file" || bad=1
done
[ "$bad" -eq 0 ] && echo 'both builds are the same'
exit "$bad"
