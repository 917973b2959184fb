#!/usr/bin/env bats
# Signals, and how they end a candidate; etcd that is gone.

load support

send() {
    kill "-$2" "${pid[$1]}"
}

@test "SIGTERM and SIGHUP end a leader in order, and the next one leads" {
    start A A
    leads A
    start B B
    waits_for B A
    send A TERM
    expect A End
    expect_exit A 0
    expect B 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    send B HUP
    expect B End
    expect_exit B 0
    [ -z "$(etcdctl get --prefix "election_$(election)/")" ]
}

@test "SIGTERM ends a waiter in order, and costs the leader nothing" {
    start A A
    leads A
    start B B
    waits_for B A
    send B TERM
    expect B End
    expect_exit B 0
    has_leader
    [ "$(etcdctl get --prefix "election_$(election)/" --keys-only | wc -w)" \
        -eq 1 ]
}

@test "SIGINT is a crash: by the signal, at once, and etcd hears nothing" {
    start A A
    leads A
    send A INT
    expect_exit A 130
    has_leader
    [ "$(etcdctl get "$(election)" --print-value-only)" = A ]
}

@test "a crashed leader is followed when its lease has run out" {
    start A --ttl 5 A
    leads A
    start B B
    waits_for B A
    send A INT
    expect_exit A 130
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "what was ignored at the start stays ignored" {
    REDIRECT='</dev/null; trap "" HUP' start A A
    leads A
    send A HUP
    start B B # its line comes behind the signal
    waits_for B A
    has_leader
    send A TERM
    expect A End
    expect_exit A 0
}

@test "SIGQUIT is a crash as well" {
    REDIRECT='</dev/null; ulimit -c 0' start A A
    leads A
    send A QUIT
    expect_exit A 131
    has_leader
}

@test "SIGPIPE and the like do nothing" {
    local name
    start A A
    leads A
    for name in PIPE TTIN TTOU XFSZ CHLD WINCH URG CONT; do
        send A "$name"
    done
    start B B
    waits_for B A
    enter A
    expect A End
    expect_exit A 0
}

@test "a storm of signals costs no renewal, and reaches the command" {
    local counted command='exec 2>/dev/null; trap "n=\$((n + 1))" USR1
        trap "echo \$n; exit 0" TERM; echo ready; while :; do sleep 1; done'
    start A --ttl 3 --log-level debug A -- sh -c "$command"
    expect A ready
    while [ "$(grep -c ': confirm,' "$BATS_TEST_TMPDIR/A.err")" -lt 5 ]; do
        run -1 grep '^Lost leadership' "$BATS_TEST_TMPDIR/A.err"
        for _ in {1..100}; do
            send A URG
            send A USR1
        done
    done
    send A TERM
    read -r -t "$patience_s" -u "${out[A]}" counted
    [ "$counted" -gt 100 ]
    expect_exit A 0
}

# The kernel's timers go by the same clock as the deadline.
@test "with clocks of its own it leads, and stopped its command is killed" {
    local real=$CANDIDATE CANDIDATE=$BATS_TEST_TMPDIR/later user=''
    local candidate heir
    [ "$(id -u)" -eq 0 ] || user=--map-root-user
    cat >"$CANDIDATE" <<END
#!/bin/sh
exec unshare $user --time --boottime 1000000 --fork --kill-child '$real' "\$@"
END
    chmod 755 "$CANDIDATE"
    start A --ttl 3 --log-level debug A -- sh -c 'echo ready; exec sleep 1000'
    expect A ready
    candidate=$(pgrep -P "${pid[A]}")
    while [ "$(grep -c ': confirm,' "$BATS_TEST_TMPDIR/A.err")" -lt 4 ]; do
        run -1 grep '^Lost leadership' "$BATS_TEST_TMPDIR/A.err"
        sleep 0.02
    done
    heir=$(pgrep -P "$candidate")
    kill -STOP "$candidate" "$(pgrep -P "$heir")"
    # The command has the other end.
    run -1 read -r -t "$patience_s" -u "${out[A]}"
}

@test "stopped and continued in time, it leads on" {
    start A --ttl 300 A
    leads A
    send A STOP
    send A CONT
    enter A
    expect A End
    expect_exit A 0
}

# Beside an etcd of its own, which stops answering.
leave_stuck_etcd() {
    start_etcd "$BATS_TEST_TMPDIR"
    start A A
    leads A
    kill -STOP "$etcd_pid"
    send A TERM
    send A TERM
    send A HUP
}

@test "who cannot tell etcd that it resigns ends with 69, in bounded time" {
    leave_stuck_etcd
    expect_exit A 69
    expect_error A 'candidate: etcd could not be told of the resignation'
    stop_etcd
}

@test "SIGINT ends at once who is about to resign" {
    leave_stuck_etcd
    send A INT
    expect_exit A 130
    stop_etcd
}
