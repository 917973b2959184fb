#!/usr/bin/env bash
# Runs cmocka programs and sums up: the last line is "N passed, N failed".
# A program that crashes, or that runs no test, counts as one failure; so does
# a skipped test.
set -uo pipefail

passed=0
failed=0
for program in "$@"; do
    echo "== ${program##*/}"
    output=$(CMOCKA_MESSAGE_OUTPUT=TAP "$program" 2>&1)
    status=$?
    printf '%s\n' "$output"
    ok=$(grep -E '^ok ' <<<"$output" | grep -cvi '# skip')
    bad=$(grep -ciE '^not ok |^ok .*# skip' <<<"$output")
    if [ $((ok + bad)) -eq 0 ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }
    then
        echo "run-tests: ${program##*/} ended with status $status" >&2
        bad=$((bad + 1))
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
done
[ $((passed + failed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
