#!/usr/bin/env bash
# Runs cmocka programs and bats files and sums up: the last line is
# "N passed, N failed". A program that crashes, hangs, or does not report as
# many tests as it has, counts as one failure more; so does a skipped test.
set -uo pipefail

limit_s=900
passed=0
failed=0
for program in "$@"; do
    echo "== $program"
    command=("$program")
    [[ $program != *.bats ]] || command=(bats --tap "$program")
    output=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 "$limit_s" \
        "${command[@]}" 2>&1)
    status=$?
    printf '%s\n' "$output"
    planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\)$/\1/p' <<<"$output" |
        tail -n 1)
    ok=$(grep -E '^ok ' <<<"$output" | grep -cvi '# skip')
    bad=$(grep -ciE '^not ok |^ok .*# skip' <<<"$output")
    if [ $((ok + bad)) -eq 0 ] || [ $((ok + bad)) -ne "${planned:-0}" ] ||
        { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        echo "run-tests: $program ended with status $status after" \
            "$((ok + bad)) of ${planned:-no} planned tests" >&2
        bad=$((bad + 1))
    fi
    passed=$((passed + ok))
    failed=$((failed + bad))
done
[ $((passed + failed)) -gt 0 ] || failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
