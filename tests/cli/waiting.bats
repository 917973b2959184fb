#!/usr/bin/env bats
# --wait and --nowait: how long to wait for leadership.

load support

lock_keys_n() {
    etcdctl get --prefix "election_$(election)/" --keys-only | wc -w
}

@test "who may not wait gives up at once while another leads" {
    local option
    start A A
    leads A
    for option in --nowait --wait=0; do
        start "B$option" "$option" B
        expect "B$option" 'Candidate B' 'Attempting leadership...' \
            'A is the leader...' End
        expect_exit "B$option" 75
        expect_error "B$option" 'candidate: --nowait: "A" leads'
    done
    [ "$(lock_keys_n)" -eq 1 ] # none stays in the queue
    has_leader
}

@test "who may not wait leads if nobody else does, and then without a limit" {
    start A --nowait A
    leads A
    etcdctl del "$(election)"
    expect_like A 'Lost leadership: *deleted'
    expect A 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    enter A
    expect A End
    expect_exit A 0
}

@test "a waiter gives up when its time is over, and leaves the queue" {
    start A A
    leads A
    start B --wait 5s B
    waits_for B A
    expect B End
    expect_exit B 75
    expect_error B 'candidate: --wait: not leading after 5 s; "A" leads'
    [ "$(lock_keys_n)" -eq 1 ]
    has_leader
}

@test "a waiter that gets its turn in time leads on" {
    start A A
    leads A
    start B --wait 60 B
    waits_for B A
    enter A
    expect B 'Attempting leadership...' 'I am the LEADER!' \
        'Press ENTER to finish...'
    enter B
    expect B End
    expect_exit B 0
}

# Nobody listens there; and there somebody does, who never answers.
@test "an etcd that is away or silent does not make it wait for longer" {
    local name
    start_etcd "$BATS_TEST_TMPDIR"
    kill -STOP "$etcd_pid"
    start refused --endpoints http://127.0.0.1:1 --wait 300ms A
    start once --endpoints http://127.0.0.1:1 --nowait \
        --command-timeout 300ms A
    start silent --endpoints "$ETCDCTL_ENDPOINTS" --wait 300ms A
    for name in refused once silent; do
        expect "$name" 'Candidate A' 'Attempting leadership...' End
        expect_exit "$name" 75
        expect_error "$name" 'not leading after 0.3 s; it is not known who leads'
    done
    kill -KILL "$etcd_pid"
    stop_etcd
}
