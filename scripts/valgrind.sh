#!/usr/bin/env bash
# valgrind.sh TEST...: runs end-to-end tests with each candidate below valgrind.
# Each process is a test here: it fails when valgrind finds a wrong access, an
# undefined value or a leak in it, or in its guardian; a COMMAND is not looked
# at. The last line is "N passed, N failed".
#
# All is many times slower then, and a lease of 2 s too short: which tests of
# the suite fail for that is shown, and does not count.
#
# valgrind.sh --candidate ARG... is what the tests start instead of candidate.
set -uo pipefail

if [ "${1-}" = --candidate ]; then
    shift
    exec valgrind -q --leak-check=full --errors-for-leak-kinds=definite \
        --show-leak-kinds=definite --num-callers=30 \
        --log-file="$VALGRIND_LOGS/%p" "$VALGRIND_PROGRAM" "$@"
fi
cd "$(dirname "$0")/.." || exit 1

export VALGRIND_PROGRAM VALGRIND_LOGS
VALGRIND_PROGRAM=$(realpath "${BUILD:-build}/candidate")
VALGRIND_LOGS=$(dirname "$VALGRIND_PROGRAM")/valgrind
rm -rf "$VALGRIND_LOGS"
mkdir -p "$VALGRIND_LOGS"
wrapper=$VALGRIND_LOGS/candidate.sh
printf '#!/bin/sh\nexec "%s" --candidate "$@"\n' "$PWD/scripts/valgrind.sh" \
    >"$wrapper"
chmod 755 "$wrapper"

CANDIDATE=$wrapper scripts/run-tests.sh "$@" | sed '$s/^/tests of the suite: /'
cd "$VALGRIND_LOGS" || exit 1
runs=$(find . -name '[0-9]*' | wc -l)
# What it says of itself, such as a system call that it does not know, begins
# with "--".
failed=$(grep -l '^==' [0-9]* | wc -l)
grep -h '^==' [0-9]*
[ "$runs" -gt 0 ] || failed=1
echo "valgrind: $runs processes"
echo "$((runs > failed ? runs - failed : 0)) passed, $failed failed"
[ "$failed" -eq 0 ]
