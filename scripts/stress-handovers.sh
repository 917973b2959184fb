#!/usr/bin/env bash
# stress-handovers.sh [N [BUSY]]: N (200) leaders end in every way, one after
# the other, while BUSY (0) processes do nothing but use a processor. Says how
# long nobody led, and fails when two commands ever ran at one time.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
make -s "$build/e2e/test_handovers" "$build/candidate" >/dev/null
busy=()
for ((i = 0; i < ${2:-0}; i++)); do
    sh -c 'while :; do :; done' &
    busy+=($!)
done
[ ${#busy[@]} -eq 0 ] || trap 'kill "${busy[@]}"' EXIT
HANDOVERS=${1:-200} CANDIDATE=${CANDIDATE:-$PWD/$build/candidate} \
    "$build/e2e/test_handovers"
