#!/usr/bin/env bash
# fetch-tool.sh promtool|haproxy: prints the path of that program. One that is
# not installed is unpacked into a cache folder, from this machine's own apt:
# its package would also bring a service that starts with the machine.
# Exit codes: 64 wrong usage, 69 it cannot be had here.
set -euo pipefail
exec 3>&1 >&2 # the path is all that stdout gets

download_s=300

declare -A packages=([promtool]=prometheus [haproxy]=haproxy)
declare -A asks=([promtool]='--version' [haproxy]='-v')

tool=${1-}
if [ $# -ne 1 ] || [ -z "${packages[$tool]-}" ]; then
    echo "usage: fetch-tool.sh ${!packages[*]}" | sed 's/ /|/3g'
    exit 64
fi

fail() {
    echo "fetch-tool: no $tool: $*"
    exit 69
}

give() {
    "$1" "${asks[$tool]}" >/dev/null 2>&1 || fail "$1 does not run here"
    echo "$1" >&3
    exit 0
}

installed=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$tool") &&
    give "$installed"

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
[[ $cache == /* ]] || fail 'neither HOME nor XDG_CACHE_HOME names a folder'
cache=$cache/candidate
folder=$cache/$tool
[ ! -x "$folder/$tool" ] || give "$folder/$tool"

for program in apt-get apt-cache dpkg-deb flock; do
    command -v "$program" >/dev/null || fail "$program is not here"
done
mkdir -p "$cache"
exec 9>"$cache/lock-$tool"
flock -w "$download_s" 9 || fail 'another fetch-tool.sh goes on and on'
[ ! -x "$folder/$tool" ] || give "$folder/$tool"

work=$(mktemp -d "$cache/fetching-$tool.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The package, which later suites name after the tool (promtool since Debian 13),
# and the libraries that it needs and that are not here.
download() {
    local package=${packages[$tool]} needed
    ! apt-cache show "$tool" >/dev/null 2>&1 || package=$tool
    needed=$(timeout -k 5 "$download_s" apt-get install -s \
        --no-install-recommends "$package" 2>/dev/null 9>&- |
        awk -v p="$package" '$1 == "Inst" && ($2 == p || $2 ~ /^lib[^j]/) {
            print $2 }')
    # shellcheck disable=SC2086 # a list
    (cd "$work" && timeout -k 5 "$download_s" apt-get -qq \
        -o APT::Sandbox::User=root -o Acquire::Retries=3 download ${needed:-$package}) 9>&-
}

echo "fetch-tool: fetching $tool into $folder"
if ! download; then
    [ "$(id -u)" -ne 0 ] ||
        timeout -k 5 "$download_s" apt-get -qq update 9>&- || true
    download || fail 'apt-get does not get it; apt-get update may help'
fi
for deb in "$work"/*.deb; do
    dpkg-deb -x "$deb" "$work/tree"
done
mkdir "$work/done"
# Of the libraries those that are there are used by nobody else.
find "$work/tree" \( -name "$tool" -o -name 'lib*.so.*' \) \
    \( -type f -o -type l \) -not -path '*/share/*' -not -path '*/etc/*' \
    -exec cp -d -t "$work/done" {} +
mv "$work/done/$tool" "$work/done/$tool.real"
cat >"$work/done/$tool" <<'END'
#!/bin/sh
here=$(dirname "$0")
LD_LIBRARY_PATH=$here exec "$0.real" "$@"
END
chmod 755 "$work/done/$tool"
rm -rf "$folder"
mv -T "$work/done" "$folder"
give "$folder/$tool"
