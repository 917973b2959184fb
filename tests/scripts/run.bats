#!/usr/bin/env bats
# `make run`: what a newcomer does first, on a port of its own.

load support

export BATS_TEST_TIMEOUT=300

# Its own 5 s are not enough on a busy machine.
etcdctl() {
    command etcdctl --command-timeout=60s "$@"
}

# Its port is none of those that with-etcd.sh chooses from, and nobody has it.
setup() {
    local port
    port=$((18000 + SRANDOM % 2000))
    while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        port=$((18000 + SRANDOM % 2000))
    done
    export ETCDCTL_ENDPOINTS=http://127.0.0.1:$port
    export TMPDIR=$BATS_TEST_TMPDIR ETCDCTL_API=3
}

teardown() {
    local pid
    for pid in $(started); do
        kill "$pid" # and until it writes to TMPDIR no more
        timeout 30 tail --pid="$pid" -f /dev/null
    done
}

# The process ids of the etcds that were started.
started() {
    cat "$TMPDIR"/*.err /dev/null | sed -n 's/.*to stop it: kill //p'
}

# candidate ID: in the background, its output in files named after it.
candidate() {
    make -s run ID="$1" </dev/null >"$TMPDIR/$1.out" \
        2>"$TMPDIR/$1.err" 3>&- &
}

await() {
    local end=$((SECONDS + 60))
    until grep -qxF "$2" "$TMPDIR/$1.out"; do
        [ "$SECONDS" -lt "$end" ] || { cat "$TMPDIR"/*.{out,err}; return 1; }
        sleep 0.05
    done
}

@test "without an ID it says how to give one" {
    run ! make run ID=
    [[ $output == *'make run ID=A'* ]]
}

@test "it starts an etcd, and the next one finds it" {
    candidate A
    local a=$!
    await A 'I am the LEADER!'
    candidate B
    local b=$!
    await B 'A is the leader...'
    [ "$(started | wc -l)" -eq 1 ]
    pkill -TERM -P "$a"
    await B 'I am the LEADER!'
    pkill -TERM -P "$b"
    wait "$a" "$b"
}

@test "the etcd survives its candidates" {
    candidate A
    await A 'I am the LEADER!'
    pkill -TERM -P $!
    wait $!
    etcdctl endpoint health
}

@test "an etcd that is silent is not replaced" {
    candidate A
    await A 'I am the LEADER!'
    pkill -TERM -P $!
    wait $!
    etcdctl put kept here
    kill -STOP "$(started)"
    candidate B
    await B 'Attempting leadership...'
    kill -CONT "$(started)"
    [ "$(etcdctl get --print-value-only kept)" = here ]
    [ "$(started | wc -l)" -eq 1 ]
    await B 'I am the LEADER!'
    pkill -TERM -P $!
    wait $!
}

@test "two at the same time start one etcd" {
    candidate A
    local a=$!
    candidate B
    local b=$!
    while ! grep -qs 'LEADER' "$TMPDIR"/[AB].out ||
        ! grep -qs 'is the leader' "$TMPDIR"/[AB].out; do
        kill -0 "$a" && kill -0 "$b"
        sleep 0.05
    done
    [ "$(started | wc -l)" -eq 1 ]
    pkill -TERM -P "$a"
    pkill -TERM -P "$b"
    wait "$a" "$b"
}

@test "the candidate's failure is make's failure" {
    make -s run ID=A ARGS=--no-such-option >"$TMPDIR/A.out" \
        2>"$TMPDIR/A.err" 3>&- && return 1
    grep -F -- --no-such-option "$TMPDIR/A.err"
}
