#!/usr/bin/env bash
# Installs what building and testing need, if it is missing.
# Says beforehand what it installs. Needs no password when root.
set -euo pipefail

packages=(gcc make libc6-dev pkg-config libcurl4-openssl-dev libcjson-dev
    libcmocka-dev)

if ! command -v dpkg-query >/dev/null; then
    echo "install-deps: no dpkg here; make sure that you have: a C17 compiler," \
        "make, pkg-config, libcurl, cJSON, cmocka (with their headers)" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null |
        grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "install-deps: installing ${missing[*]}" >&2
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
