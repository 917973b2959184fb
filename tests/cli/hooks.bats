#!/usr/bin/env bats
# Hooks: the user's commands for the moments at which something changes.

load support

setup() {
    export S=$BATS_TEST_TMPDIR # where hooks write
}

# await_said FILE LINE: until a hook has written this line to it.
await_said() {
    until_so grep -qsxF -- "$2" "$S/$1" || complain "$(cat "$S/$1")"
}

# What the shell of a hook does to write its variables to a file.
# shellcheck disable=SC2016
variables='for name in ID ELECTION TOKEN LEASE LOCK_KEY LEADER_KEY LEADER; do
    eval "echo $name=\${CANDIDATE_$name-none}"; done >$S/$FILE.new;
    mv $S/$FILE.new $S/$FILE'

value() {
    sed -n "s/^$2=//p" "$S/$1"
}

is_childless() {
    ! pgrep -P "${pid[$1]}"
}

create_revision() {
    etcdctl get "$1" -w fields | awk '/CreateRevision/ {print $3}'
}

@test "each hook runs, with the leadership in its variables" {
    local key lease token
    start A --on-elected "FILE=elected; $variables" \
        --on-lost "FILE=lost; $variables" \
        --on-leader-change "FILE=change; $variables" A
    leads A
    await_said elected LEADER=A
    await_said change LEADER=A
    key=$(value elected LOCK_KEY)
    lease=$(value elected LEASE)
    token=$(value elected TOKEN)
    [ "$key" = "election_$(election)/$lease" ]
    [ "$(create_revision "$key")" = "$token" ]
    etcdctl lease timetolive "$lease" | grep -q 'remaining'
    [ "$(value elected ID)" = A ]
    [ "$(value elected ELECTION)" = "$(election)" ]
    [ "$(value elected LEADER_KEY)" = "$(election)" ]
    diff "$S/elected" "$S/change"

    enter A
    expect A End
    expect_exit A 0 # and on-lost has ended by then
    diff <(sed 's/^LEADER=.*/LEADER=none/' "$S/elected") "$S/lost"
}

@test "a standby's hook names each leader" {
    start A A
    leads A
    start B --on-leader-change "FILE=change; $variables" B
    waits_for B A
    await_said change LEADER=A
    [ "$(value change TOKEN)" = none ]
    [ "$(value change LOCK_KEY)" = none ]
    enter A
    await_said change LEADER=B
    [ "$(value change TOKEN)" -gt 0 ]
}

@test "a leader that is deposed runs its hook, and takes part again" {
    start A --on-lost 'echo lost >>$S/said' --on-elected 'echo on >>$S/said' A
    leads A
    await_said said on
    etcdctl del "$(election)"
    await_said said lost
    expect_like A 'Lost leadership: *'
    expect A 'Attempting leadership...' 'I am the LEADER!'
}

@test "a hook that hangs costs no renewal, and is killed" {
    local revision
    # shellcheck disable=SC2016
    start A --ttl 4 --hook-timeout 6s --on-leader-change 'sleep 1000' \
        --on-elected 'trap "" TERM; echo $$ >$S/pid; sleep 1000' A
    leads A
    revision=$(create_revision "$(election)")
    await_error A '--on-elected: killed after 6 s, its time limit'
    await_error A '--on-leader-change: killed after 6 s, its time limit'
    [ "$(create_revision "$(election)")" = "$revision" ]
    until_so is_childless A # nor is a zombie left
    run ! kill -0 "$(cat "$S/pid")"
    enter A
    expect A End
    expect_exit A 0
}

@test "a hook that hangs does not hinder the end" {
    # shellcheck disable=SC2016
    start A --on-elected 'echo on >$S/said; sleep 1000' \
        --on-lost 'echo off >$S/said; sleep 1000' \
        --on-leader-change 'sleep 1000' --hook-timeout 1h A
    leads A
    await_said said on
    start B B
    waits_for B A
    enter A
    expect B 'Attempting leadership...' 'I am the LEADER!'
    expect A End
    expect_exit A 0
    [ "$(cat "$S/said")" = off ]
    expect_error A '--on-elected: killed: leadership is over'
    expect_error A '--on-lost: killed: candidate ends'
    expect_error A '--on-leader-change: killed: candidate ends'
}

# Another program's leader key, overwritten again and again.
@test "a flood of leaders runs one hook at a time, and the last is told" {
    local lease i
    lease=$(etcdctl lease grant 300 | awk '{print $2}')
    etcdctl put --lease="$lease" "$(election)" x0
    # shellcheck disable=SC2016
    start A --hook-timeout 10m \
        --on-leader-change 'mkdir $S/running || echo two >>$S/said
        echo $CANDIDATE_LEADER >>$S/said
        until [ -e $S/go ]; do sleep 0.05; done; rmdir $S/running' A
    waits_for A x0
    await_said said x0
    for i in $(seq 40); do
        etcdctl put --lease="$lease" "$(election)" "x$i"
        expect A "x$i is the leader..."
    done
    touch "$S/go"
    await_said said x40
    await_error A 'what changed 39 times meanwhile is not told'
    [ "$(cat "$S/said")" = $'x0\nx40' ]
    etcdctl lease revoke "$lease"
}

@test "a hook's input is empty, its output is on standard error, no secret" {
    echo secret >"$S/password"
    chmod 600 "$S/password"
    # shellcheck disable=SC2016
    ETCDCTL_USER='' NOTIFY_SOCKET=@nobody-$$ WATCHDOG_USEC=1000000 \
        ETCDCTL_PASSWORD=secret start A --on-elected \
        'cat; echo out; env | grep -E "^(ETCDCTL_PASS|NOTIFY|WATCHDOG)"; exit 3' A
    leads A
    await_error A '--on-elected: ended with 3'
    [ "$(grep -v candidate: "$S/A.err")" = out ]
}

# has_no_zombie NAME: each of its children that has ended is reaped.
has_no_zombie() {
    ! grep -q Z <(ps -o stat= --ppid "${pid[$1]}")
}

runs_more_than() {
    [ "$(grep -c run "$S/said")" -gt "$1" ]
}

# When the guardian dies, all that it leaves is killed, but the hooks are not.
@test "beside a command, hooks are let alone, and what they leave is reaped" {
    mkfifo "$S/left"
    # shellcheck disable=SC2016
    start A --ttl 60 --hook-timeout 10m \
        --on-elected 'exec 9>$S/left; sleep 1000 & echo on >&9' \
        --on-leader-change 'echo $$ >$S/pid; echo change >>$S/said
            exec sleep 1000' A -- sh -c 'echo run >>$S/said; exec sleep 1000'
    [ "$(cat "$S/left")" = on ] # and until what is left is killed
    until_so has_no_zombie A
    await_said said change
    await_said said run
    local runs_n heir
    runs_n=$(grep -c run "$S/said")
    # shellcheck disable=SC2154
    heir=$(pgrep -P "${pid[A]}" -x heir)
    kill -KILL "$(pgrep -P "$heir" -x guardian)"
    await_error A 'the guardian has died'
    until_so runs_more_than "$runs_n"
    kill -0 "$(cat "$S/pid")"
    until_so has_no_zombie A
}

@test "a candidate that crashes takes its hooks along" {
    local alive line
    mkfifo "$S/alive"
    # shellcheck disable=SC2016
    start A --on-elected 'exec 9>$S/alive; echo on >&9; exec sleep 1000' A
    leads A
    exec {alive}<"$S/alive"
    read -r -t "$patience_s" -u "$alive" line
    kill -KILL "${pid[A]}"
    [ "$line" = on ]
    cat <&"$alive" # to its end, which is the hook's
}
