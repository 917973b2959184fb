#!/usr/bin/env bats
# shellcheck disable=SC2154 # bats sets it
# `make interop` in short: candidate beside etcdctl and curl.

load support

# row NAME CELLS: it has these. The names stand in backquotes.
row() {
    grep -F "| $(tr "'" '`' <<<"$1") |" <<<"$output" | grep -F "| $2 |"
}

@test "candidates take turns with etcdctl and curl, and each names the other" {
    run --separate-stderr scripts/interop.sh quick 3>&-
    echo "$output" "$stderr"
    [ "$status" -eq 0 ]
    row "'etcdctl elect', 'elect -l'" '2 | 0 | kept | by ID | by ID'
    row "'etcdctl lock'" '2 | 0 | kept | cannot | by its key'
    row "curl, '/v3/election/*'" '2 | 0 | kept | by ID | by ID'
    row "curl, '/v3/lock/lock'" '2 | 0 | kept | cannot | by its key'
    [ "${lines[-1]}" = '4 passed, 0 failed' ]
}

@test "who leads beside another is found" {
    run --separate-stderr scripts/interop.sh --election election/other \
        --only 'etcdctl lock' quick 3>&-
    echo "$output" "$stderr"
    [ "$status" -eq 1 ]
    [[ $stderr == *' leads out of turn'* ]]
    [ "${lines[-1]}" = '0 passed, 1 failed' ]
}

@test "wrong usage is 64" {
    run -64 scripts/interop.sh many
    run -64 scripts/interop.sh 0
    run -64 scripts/interop.sh --only
    run -64 scripts/interop.sh quick 3
    run -64 scripts/interop.sh --fast 3
    [[ $output == 'usage: interop.sh [--election NAME] [--only WORD]'* ]]
    run -64 scripts/peers.sh
    run -64 scripts/peers.sh perl
    run -64 scripts/peers.sh go node
}
