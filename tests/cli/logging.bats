#!/usr/bin/env bats
# What goes to standard error, at each level and in both formats.

load support

# lead NAME OPTION...: leads, renews twice, and resigns.
lead() {
    start "$1" --ttl 4 "${@:2}" "$1"
    leads "$1"
    [[ $* != *debug* ]] || await_errors "$1" 2 confirm
    enter "$1"
    expect "$1" End
    expect_exit "$1" 0
}

# every_line REGEX: of A's standard error matches, and there are some.
every_line() {
    [ -s "$BATS_TEST_TMPDIR/A.err" ]
    run ! grep -vE "^$1\$" "$BATS_TEST_TMPDIR/A.err"
}

@test "debug explains each decision in one line" {
    local call
    lead A --log-level debug
    every_line 'candidate: (warning: .*|debug: http://127\.0\.0\.1:[0-9]+: [a-z]+(, revision [0-9]+)?, [0-9]+ ms: .*; now [A-Z]+)'
    for call in grant attempt watch renew confirm resign revoke; do
        expect_error A ": $call, revision "
    done
}

@test "info, the default, does not" {
    lead A
    run ! grep -F debug "$BATS_TEST_TMPDIR/A.err"
}

@test "error leaves warnings out" {
    start A --log-level error --insecure-skip-tls-verify A
    leads A
    [ ! -s "$BATS_TEST_TMPDIR/A.err" ]
    start B --insecure-skip-tls-verify B
    waits_for B A
    expect_error B 'candidate: warning: '
}

@test "json has the same, an object a line" {
    local time='"time":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z"'
    local text='"([^"\\]|\\["\\])*"'
    lead A --log-level debug --log-format json
    every_line "\{$time,\"level\":\"(debug|warning)\",(\"endpoint\":$text,\"call\":\"[a-z]+\",(\"revision\":[0-9]+,)?\"duration_ms\":[0-9]+,)?\"message\":$text\}"
    expect_error A '"call":"renew","revision":'
}

@test "json has errors without advice; a wrong option is told as text" {
    run -64 --separate-stderr "$CANDIDATE" --log-format json --election x/ A
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == '{"time":'*'"level":"error","message":"--election: \"x/\" ends with a slash"}' ]]
    run -64 --separate-stderr "$CANDIDATE" --log-format json --nonsense A
    [ "${stderr_lines[0]}" = 'candidate: unknown option "--nonsense"' ]
}
