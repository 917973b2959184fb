#!/usr/bin/env bats
# Who never executes anything cannot: as the kernel has it of a running
# candidate. And who may have to can, with all rights that there are.

load support

# confined PID: "NoNewPrivs Seccomp", as numbers; seccomp's 2 is a filter.
confined() {
    awk '/^(NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$1/status"
}

leads() {
    expect "$1" "Candidate $1" 'Attempting leadership...' 'I am the LEADER!'
}

@test "a candidate without a command can start no program" {
    start A A
    leads A
    [ "$(confined "${pid[A]}")" = '1 2 ' ]
}

@test "its guardian cannot either" {
    start A --guardian A
    leads A
    [ "$(confined "$(pgrep -P "${pid[A]}")")" = '1 2 ' ]
}

# Our own rights; a container may have taken some from us as well.
rights() {
    grep '^NoNewPrivs:' /proc/self/status
}

@test "a hook is run with what rights it had" {
    start A --on-elected "grep '^NoNewPrivs:' /proc/self/status \
        >$BATS_TEST_TMPDIR/hook; mv $BATS_TEST_TMPDIR/hook \
        $BATS_TEST_TMPDIR/rights" A
    leads A
    for ((i = 0; i < patience_s * 50; i++)); do
        [ ! -e "$BATS_TEST_TMPDIR/rights" ] || break
        sleep 0.02
    done
    [ "$(<"$BATS_TEST_TMPDIR/rights")" = "$(rights)" ]
}

@test "a command is run with what rights it had" {
    run -0 --separate-stderr "$CANDIDATE" --election "$(election)" A -- \
        grep '^NoNewPrivs:' /proc/self/status
    [ "$output" = "$(rights)" ]
}
