#!/usr/bin/env bats
# The benchmark, to be sure that it still measures.

load support

# number TITLE COLUMN: the first number of a cell, 1 being candidate's.
number() {
    awk -F ' *[|] *' -v title="$1" -v column="$(($2 + 2))" \
        'index($2, title) == 1 {split($column, word, " "); print word[1]}' \
        <<<"$output"
}

@test "the benchmark measures candidate and both of etcdctl's" {
    run -0 --separate-stderr scripts/bench.sh quick \
        --plots "$BATS_TEST_TMPDIR/plots" 3>&-
    for title in 'start to leader' 'resignation' '10 waiters' \
        'memory of a waiter' 'resident' 'processor time'; do
        for column in 1 2 3; do
            [[ $(number "$title" "$column") =~ ^[0-9]+(\.[0-9]+)?$ ]]
        done
    done
    [[ $(number 'crash to the next leader' 1) =~ ^[0-9.]+$ ]]
    # Two keys deleted and one put, in two transactions; Go's makes one.
    [ "$(number 'a hand-over: changes of keys' 1)" -eq 2 ]
    [ "$(number 'a hand-over: changes of keys' 2)" -eq 1 ]
    for plot in start handover waiters crash memory; do
        [[ $(tail -n 1 "$BATS_TEST_TMPDIR/plots/$plot.svg") == '</svg>' ]]
        grep -q '>candidate<' "$BATS_TEST_TMPDIR/plots/$plot.svg"
    done
}

@test "the benchmark refuses what it does not know" {
    run -64 scripts/bench.sh slow
    run -64 scripts/bench.sh --plots
    run -64 scripts/bench.sh --waiters 50
}
