#!/usr/bin/env bats
# Standard output: readers that are slow, stuck or gone; and what is lost.

load support

# Nobody reads NAME's output any more.
close_reader() {
    local reader=${out[$1]}
    unset "out[$1]"
    exec {reader}<&-
}

# ends NAME CODE: as expect_exit, when there is no reader.
ends() {
    timeout "$patience_s" tail --pid="${pid[$1]}" -f /dev/null
    expect_code "$1" "$2"
}

@test "a leader whose reader goes resigns and ends with 74" {
    start A A
    leads A
    start B B
    waits_for B A
    close_reader A
    ends A 74
    expect_error A 'candidate: standard output: Broken pipe'
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "a waiter whose reader goes ends with 74" {
    start A A
    leads A
    start B B
    waits_for B A
    close_reader B
    ends B 74
    expect_error B 'candidate: standard output: Broken pipe'
    has_leader
}

# A file that may not grow any more stands for a disk; messages are on $out.
@test "a disk that gets full ends a leader with 74" {
    local file=$BATS_TEST_TMPDIR/lines
    REDIRECT="2>&1 >'$file'" start A A
    until_so grep -q ENTER "$file"
    prlimit --fsize="$(stat -c %s "$file")" --pid "${pid[A]}"
    etcdctl del "$(election)"
    grep -q 'candidate: standard output: File too large' <&"${out[A]}"
    ends A 74
    run ! has_leader
}

# Open the pipe "stuck", full: $reader reads it, read_filler makes room.
open_stuck() {
    mkfifo "$BATS_TEST_TMPDIR/stuck"
    exec {reader}<>"$BATS_TEST_TMPDIR/stuck"
    dd if=/dev/zero of="$BATS_TEST_TMPDIR/stuck" bs=4096 count=1000 \
        oflag=nonblock 2>"$BATS_TEST_TMPDIR/dd" || true
    filler=$(awk '/bytes/ {print $1}' "$BATS_TEST_TMPDIR/dd")
    [ "$filler" -ge 4096 ]
}

read_filler() {
    head -c "$filler" <&"$reader" >/dev/null
    out[$1]=$reader
}

@test "a reader that is stuck delays no renewal, and gets all lines later" {
    local reader filler revision
    open_stuck
    REDIRECT=">'$BATS_TEST_TMPDIR/stuck' 2>&1" start A --ttl 5 A
    await_key "$(election)" PUT
    revision=$(leader_revision)
    let_pass 8
    [ "$(leader_revision)" = "$revision" ]
    read_filler A
    leads A
    enter A
    expect A End
    ends A 0
}

leader_revision() {
    etcdctl get "$(election)" -w fields | awk '/CreateRevision/ {print $3}'
}

@test "a line that waits while leadership ends claims nothing" {
    local reader filler
    open_stuck
    REDIRECT="2>&1 >'$BATS_TEST_TMPDIR/stuck'" start A --once A
    await_key "$(election)" PUT
    etcdctl del "$(election)"
    grep -q 'leadership is lost' <&"${out[A]}"
    read_filler A
    expect A 'Candidate A' 'Attempting leadership...'
    expect_like A 'Lost leadership: *'
    expect A End
    ends A 75
}

@test "a leader that is deposed says so and tries again" {
    start A A
    leads A
    etcdctl del "$(election)"
    expect_like A "Lost leadership: *$(election)*deleted"
    expect A 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    enter A
    expect A End
    expect_exit A 0
}

@test "with --once a leader that is deposed ends with 75" {
    start A --once A
    leads A
    etcdctl del "$(election)"
    expect_like A "Lost leadership: *$(election)*deleted"
    expect A End
    expect_exit A 75
    expect_error A '--once: leadership is lost'
    [ -z "$(etcdctl get --prefix "election_$(election)/")" ]
}

@test "an ID may hold whatever is not a control character" {
    local id='%s%n ä 日本 "x"'
    start A "$id"
    leads A "$id"
    start B -- --ttl
    expect B 'Candidate --ttl' 'Attempting leadership...' \
        "$id is the leader..."
}
