#!/usr/bin/env bash
# page-test.sh [FOLDER]: tries the page of --listen in a headless Chromium, on an
# etcd of its own. Screenshots go to FOLDER, if one is given.
set -euo pipefail
cd "$(dirname "$0")/.."

limit_s=180
[ -z "${1-}" ] || mkdir -p "$1"
chromium=$(command -v chromium-headless-shell || command -v chromium)
exec timeout -k 5 "$limit_s" scripts/with-etcd.sh node tests/page/page.mjs \
    "$chromium" "${CANDIDATE:-./candidate}" "${1-}"
