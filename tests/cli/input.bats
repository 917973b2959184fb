#!/usr/bin/env bats
# Standard input: ENTER, and what is not ENTER.

load support

@test "ENTER ends a leader, and the next one in the queue leads" {
    start A A
    leads A
    start B B
    waits_for B A
    start C C
    waits_for C A
    enter A
    expect A End
    expect_exit A 0
    expect B 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    expect C 'Attempting leadership...' 'B is the leader...'
    enter B
    expect B End
    expect_exit B 0
    expect C 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    enter C
    expect C End
    expect_exit C 0
}

@test "ENTER that waits in the pipe counts when its reader leads" {
    start A A
    leads A
    start B B
    enter B
    waits_for B A
    enter A
    expect A End
    expect B 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...' End
    expect_exit B 0
}

@test "a file with a line is ENTER as well" {
    run -0 timeout 60 "$CANDIDATE" --election "$(election)" A <README.md
    [ "${lines[-1]}" = End ]
}

# A descriptor at its end, or with input that nobody reads, is ready for ever:
# who polls it all the same uses up a processor. The limit is a quarter of one.
@test "end of file is no ENTER, and neither it nor waiting input costs time" {
    local name used
    start A A
    close_input A
    leads A
    start B B
    enter B
    waits_for B A
    let_pass 4
    for name in A B; do
        used=$(awk '{print $14 + $15}' "/proc/${pid[$name]}/stat")
        [ "$used" -lt "$(getconf CLK_TCK)" ] ||
            { echo "$name: $used ticks"; return 1; }
    done
    has_leader
    kill -TERM "${pid[A]}"
    expect A End
    expect_exit A 0
}

@test "stdin that is closed or cannot be read is no ENTER" {
    local from
    for from in '<&-' '</' '0>/dev/null'; do
        REDIRECT=$from start A A
        leads A
        kill -TERM "${pid[A]}"
        expect A End
        expect_exit A 0
        rm "$BATS_TEST_TMPDIR"/A.*
    done
}

@test "a megabyte without a line end is swallowed" {
    start A A
    leads A
    head -c 1048576 /dev/zero | timeout 60 cat >&"${in[A]}"
    has_leader
    enter A
    expect A End
    expect_exit A 0
}
