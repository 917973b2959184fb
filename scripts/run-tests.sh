#!/usr/bin/env bash
# run-tests.sh PROGRAM...: runs cmocka programs and bats files, JOBS of them at
# a time (thrice as many as there are processors: most of the time they wait),
# shows the output of each when it has ended, and sums up: the last line is
# "N passed, N failed". A program that crashes, hangs, or does not report as many
# tests as it has, counts as one failure more; so does a skipped test.
set -uo pipefail

limit_s=900

# run_one FOLDER PROGRAM: appends its counts to FOLDER/counts.
run_one() {
    local program=$2 begun=$SECONDS output status planned ok bad
    local -a command=("$program")
    [[ $program != *.bats ]] || command=(bats --tap "$program")
    # Whoever began us in the background or with nohup may ignore signals.
    output=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout -k 5 "$limit_s" \
        env --default-signal "${command[@]}" 2>&1 </dev/null)
    status=$?
    # A program with several groups of tests has as many plans.
    planned=$(awk -F'[.]' '/^1\.\.[0-9]+$/ { n += $3; plans++ }
        END { if (plans) print n }' <<<"$output")
    ok=$(grep -E '^ok ' <<<"$output" | grep -cvi '# skip')
    bad=$(grep -ciE '^not ok |^ok .*# skip' <<<"$output")
    if [ $((ok + bad)) -eq 0 ] || [ $((ok + bad)) -ne "${planned:-0}" ] ||
        { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
        output+=$'\n'"run-tests: ended with status $status after"
        output+=" $((ok + bad)) of ${planned:-no} planned tests"
        bad=$((bad + 1))
    fi
    {
        flock 9 # one at a time
        printf '== %s\n%s\n== %s: %d passed, %d failed, %d s\n' "$program" \
            "$output" "$program" "$ok" "$bad" $((SECONDS - begun))
        echo "$ok $bad" >>"$1/counts"
    } 9>>"$1/lock"
}

if [ "${1-}" = --one ]; then
    run_one "$2" "$3"
    exit
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
printf '%s\0' "$@" |
    xargs -0 -r -n 1 -P "${JOBS:-$((3 * $(nproc)))}" "$0" --one "$folder"
read -r passed failed programs < <(awk '
    { passed += $1; failed += $2 }
    END { print passed + 0, failed + 0, NR }' "$folder/counts")
[ "$programs" -eq $# ] && [ $((passed + failed)) -gt 0 ] ||
    failed=$((failed + 1))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
