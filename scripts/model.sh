#!/usr/bin/env bash
# model.sh [quick]: has Spin explore tests/model/election.pml: the rule as it
# is, where it must find nothing, and with one rule broken at a time, where it
# must find a counterexample; JOBS runs at a time (as many as there are
# processors). quick leaves out the runs that take minutes.
# model.sh show SWITCH...: the counterexample of a broken rule, step by step.
# Prints a table; the last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

model=$PWD/tests/model/election.pml
limit_s=${MODEL_LIMIT_S:-1800} # of a run that must come to its end
jobs=${JOBS:-$(nproc)}
memory_kb=6000000
all=${1:-all}
bounded_s=60 # of a run that cannot: more states than memory
[ "$all" != quick ] || bounded_s=15
temp=$(mktemp -d) || exit 1
trap 'rm -rf "$temp"' EXIT
cd "$temp" || exit 1
ulimit -v "$memory_kb"

# The shortest counterexample; only DFS finds those that never end.
breadth=(-DSAFETY -DBFS -DCOLLAPSE)
depth=(-DSAFETY -DCOLLAPSE)
bits=(-DSAFETY -DBITSTATE)
cycles=(-DNOREDUCE -DBITSTATE)
all_cycles=(-DNOREDUCE -DCOLLAPSE)

# explore SECONDS 'OPTIONS OF PAN' SWITCH...: what was found, to the file
# output; how to compile it is in compile.
explore() {
    local limit=$1 options=$2
    shift 2
    rm -f ./*.trail
    # shellcheck disable=SC2086 # options are words
    spin -a "${@/#/-D}" "$model" >output &&
        gcc -w -O2 "${compile[@]}" -o pan pan.c >>output 2>&1 &&
        timeout -s INT -k 5 "$limit" ./pan $options >output 2>&1
}

found() {
    if grep -q 'assertion violated (ahead' output; then
        echo 'out of turn'
    elif grep -q 'assertion violated ((command' output; then
        echo 'two at work'
    elif grep -q 'acceptance cycle (' output; then
        echo 'nobody leads'
    elif ! grep -q 'errors: 0$' output; then
        echo 'failure'
    elif grep -qE 'Search not completed|search depth too small' output; then
        echo 'nothing yet'
    else
        echo 'nothing'
    fi
}

trail() {
    spin -t -k ./*.trail "${@/#/-D}" "$model" |
        grep -E '^ +([0-9]|time|etcd|the|no|a)[: ]|CYCLE'
}

# one 'EXPECTED' NAME SECONDS 'OPTIONS OF PAN' SWITCH...: in a folder of its own.
one() {
    local expected=$1 name=$2 begun=$SECONDS result states
    shift 2
    explore "$@"
    result=$(found)
    states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' output)
    printf '%-42s %-12s %11s %5d s\n' "$name" "$result" "${states:--}" \
        $((SECONDS - begun))
    if [[ $result =~ ^($expected)$ ]]; then
        echo passed >>"$temp/outcomes"
        return
    fi
    echo "expected: $expected"
    tail -n 30 output
    [ ! -e election.pml.trail ] || trail "${@:3}"
}

# run ...: as one, beside others; what it prints comes when it is done.
runs=0
run() {
    local folder=$((++runs))
    while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
        wait -n
    done
    {
        mkdir "$folder" && cd "$folder" && one "$@" >report
        cat report
    } &
}

# broken NAME SWITCH [TICKS OF A LEASE]: with two, a leader never renews.
broken() {
    run 'two at work' "$1" "$limit_s" '' TTL="${3:-2}" "$2"
}

show() {
    local options=
    compile=("${breadth[@]}")
    case " $* " in
    *' LIVE '*) compile=("${cycles[@]}") options='-a -m200000 -w28' ;;
    esac
    explore "$limit_s" "$options" TTL=3 "$@"
    found
    [ ! -e election.pml.trail ] || trail TTL=3 "$@"
}

if [ "$all" = show ]; then
    show "${@:2}"
    exit
fi

# three NAME SWITCH...: three candidates, to the end: without some faults.
three() {
    compile=("${depth[@]}")
    run nothing "3 candidates, $1, all states" "$limit_s" '-m6000000 -w26' \
        TTL=2 N=3 ORDER "${@:2}"
}

# What takes longest begins first.
printf '%-42s %-12s %11s %7s\n' run found states time
if [ "$all" = all ]; then
    compile=("${all_cycles[@]}")
    run nothing '2 candidates, somebody leads again' "$limit_s" \
        '-a -m6000000 -w25' TTL=3 LIVE
    three 'etcd has others' NONE_LATE EXACT_CLOCKS
    three 'requests late' ETCD_STAYS EXACT_CLOCKS
    three 'clocks slip' ETCD_STAYS NONE_LATE
    compile=("${cycles[@]}")
    run 'nothing|nothing yet' '3 candidates, somebody leads again' \
        "$bounded_s" '-a -m2000000 -w32' TTL=2 N=3 LIVE
fi
compile=("${depth[@]}")
run nothing '2 candidates, all states' "$limit_s" '-m2000000 -w26' TTL=3 ORDER
compile=("${all_cycles[@]}")
run nothing '2 candidates, coarse time, somebody leads' "$limit_s" \
    '-a -m4000000 -w24' TTL=2 LIVE
compile=("${bits[@]}")
run 'nothing|nothing yet' '3 candidates, as far as one comes' "$bounded_s" \
    '-m200000 -w32' TTL=3 N=3 ORDER
three 'few faults' ETCD_STAYS NONE_LATE EXACT_CLOCKS
compile=("${breadth[@]}")
broken 'renewals without a commit after them' NO_BRACKET 3
broken 'no margin for clocks' NO_MARGIN
broken 'deadline from receipt' FROM_RECEIPT
broken 'no timer at the deadline' NO_DEADLINE
broken 'lease revoked before the command is dead' REVOKE_FIRST
broken 'nobody kills the command of the dead' NO_GUARDIAN
broken 'key and lease reused' KEY_REUSED
broken 'claim out of turn' CLAIM_UNGUARDED
run 'out of turn' 'claim out of turn, order of arrival' "$limit_s" '' TTL=2 \
    CLAIM_UNGUARDED ORDER
compile=("${cycles[@]}")
run 'nobody leads' 'lost watch, nothing read again' "$limit_s" \
    '-a -m200000 -w28' TTL=3 LIVE NO_REREAD
wait

touch outcomes
passed=$(grep -c passed outcomes)
failed=$((runs - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
