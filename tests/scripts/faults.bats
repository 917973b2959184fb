#!/usr/bin/env bats
# shellcheck disable=SC2154 # bats sets it
# `make faults` in short: that the table is made, and that it can fail.

load support

# row FAULT REGEX: the fault's line has these cells.
row() {
    grep -F "| $1 | " <<<"$output" | grep -qE "^\| [^|]* \| $2 \|$"
}

@test "each fault has a row, with what became of the leadership" {
    local gap='[0-9]+\.[0-9]{2} s'
    run --separate-stderr scripts/fault-table.sh --only killed 1 3>&-
    echo "$output" "$stderr"
    [ "$status" -eq 0 ]
    [[ ${lines[0]} =~ ^Etcd\ [0-9.]+,\ Linux\  ]]
    row 'leader killed (`kill -9`)' "5 s \| 1 \| 0/1 \| $gap \| $gap \| 0"
    row 'follower of etcd killed' '10 s \| 1 \| [01]/1 \| .* \| 0'
    row 'leader of etcd killed' '10 s \| 1 \| [01]/1 \| .* \| 0'
}

# It ends a second late, and nobody sees it resign.
@test "two that believe to lead at one time are found" {
    write_program "$BATS_TEST_TMPDIR/late" <<END
'$CANDIDATE' "\$@" 2> >(grep --line-buffered -vF ': resign, ' >&2)
sleep 1
END
    CANDIDATE=$BATS_TEST_TMPDIR/late run --separate-stderr \
        scripts/fault-table.sh --only resigns 1 3>&-
    echo "$output" "$stderr"
    [ "$status" -eq 1 ]
    grep -qE '\| 1, up to [0-9]+ ms \|$' <<<"$output"
}

@test "wrong usage is 64" {
    run -64 scripts/fault-table.sh many
    run -64 scripts/fault-table.sh 0
    run -64 scripts/fault-table.sh --only
    [[ $output == 'usage: fault-table.sh [--etcd DIR] [--only WORD] '* ]]
}
