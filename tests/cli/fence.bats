#!/usr/bin/env bats
# What is done for a leadership only while it is the newest: writes to etcd, and
# commands under a file.

load support

setup() {
    unset CANDIDATE_TOKEN CANDIDATE_LOCK_KEY
    key=key-$(election)
    file=$BATS_TEST_TMPDIR/fence
}

# for_leader COMMAND...: runs while a candidate leads.
for_leader() {
    timeout 60 "$CANDIDATE" --election "$(election)" A -- "$@"
}

value() {
    etcdctl get "$1" --print-value-only
}

# refuses CODE MESSAGE ARGUMENT...: nothing on stdout.
refuses() {
    expect_refusal "$1" "$2" "$CANDIDATE" "${@:3}"
}

# under TOKEN COMMAND...
under() {
    timeout 60 "$CANDIDATE" --fence-file "$file" --token "$1" -- "${@:2}"
}

@test "the command of a leader writes to etcd by its variables" {
    for_leader "$CANDIDATE" --fenced-put "$key" 'a value'
    [ "$(value "$key")" = 'a value' ]
    printf 'from\nstdin\n\n' | for_leader "$CANDIDATE" --fenced-put "$key" -
    [ "$(value "$key"; echo x)" = $'from\nstdin\n\n\nx' ]
    for_leader "$CANDIDATE" --fenced-delete "$key"
    [ -z "$(value "$key")" ]
    for_leader "$CANDIDATE" --fenced-delete "$key"
}

@test "nothing is written for a leadership that is over" {
    local variables token lock_key
    variables=$(for_leader env)
    token=$(sed -n 's/^CANDIDATE_TOKEN=//p' <<<"$variables")
    lock_key=$(sed -n 's/^CANDIDATE_LOCK_KEY=//p' <<<"$variables")
    refuses 75 "--fenced-put: the leadership with token $token is over" \
        --token "$token" --lock-key "$lock_key" --fenced-put "$key" late
    [ -z "$(value "$key")" ]
    for_leader "$CANDIDATE" --fenced-put "$key" new
    export CANDIDATE_TOKEN=$token CANDIDATE_LOCK_KEY=$lock_key
    refuses 75 "--fenced-delete: the leadership with token $token is over" \
        --fenced-delete "$key"
    [ "$(value "$key")" = new ]
}

@test "what is wrong or missing is named, and nothing is sent" {
    export ETCDCTL_ENDPOINTS=http://127.0.0.1:1
    refuses 64 'no token is given, by --token or CANDIDATE_TOKEN' \
        --fenced-put k v
    refuses 64 'no lock key is given, by --lock-key or CANDIDATE_LOCK_KEY' \
        --fenced-put k v --token 5
    refuses 64 '--token: "5 " is not a fencing token' --fenced-delete k \
        --token '5 '
    export CANDIDATE_TOKEN=05 CANDIDATE_LOCK_KEY=x
    refuses 64 '--token: "05" is not a fencing token' --fenced-put k v
    export CANDIDATE_TOKEN=5
    refuses 64 '--fenced-put: lock key: "x" is not a candidate'\''s' \
        --fenced-put k v
    export CANDIDATE_LOCK_KEY=election_x/1f
    refuses 64 '--fenced-put: key: is empty' --fenced-put '' v
    refuses 64 '--fenced-put: key: "election_x/a" belongs to the election itself' \
        --fenced-put election_x/a v
    refuses 64 '--fenced-delete: key: "x" belongs to the election itself' \
        --fenced-delete x
}

@test "a value that is too long is refused" {
    head -c 40960 /dev/zero | for_leader "$CANDIDATE" --fenced-put "$key" -
    [ "$(etcdctl get "$key" --print-value-only | wc -c)" -eq 40961 ]
    run -64 --separate-stderr for_leader "$CANDIDATE" --fenced-put "$key" - \
        < <(head -c 40961 /dev/zero)
    [[ $stderr == *'--fenced-put: value: is longer than 40960 bytes'* ]]
}

@test "etcd that does not answer is exit code 69" {
    refuses 69 '--fenced-put: http://127.0.0.1:1: connection refused' \
        --endpoints http://127.0.0.1:1 --command-timeout 2s \
        --token 5 --lock-key election_x/1f --fenced-put k v
}

@test "a command under a file runs unless a larger token was there" {
    run -0 under 42 echo ran
    [ "$output" = ran ]
    run -7 under 42 sh -c 'exit 7'
    run -0 under 43 true
    run -75 --separate-stderr under 42 touch "$BATS_TEST_TMPDIR/ran"
    [ "$stderr" = "candidate: $file: token 42 is smaller than 43, which it has seen" ]
    [ ! -e "$BATS_TEST_TMPDIR/ran" ]
    run -143 under 43 sh -c 'kill $$'
}

@test "the token of a leader's command goes into the file by itself" {
    local token
    # shellcheck disable=SC2016
    token=$(for_leader "$CANDIDATE" --fence-file "$file" -- \
        sh -c 'echo "$CANDIDATE_TOKEN"')
    [ "$token" -gt 0 ]
    run -75 under $((token - 1)) true
    run -0 under "$token" true
}

@test "the file is locked while the command runs, and what it left behind" {
    local daemon
    # shellcheck disable=SC2016
    daemon=$(under 1 sh -c 'flock -n "$1" true && exit 1
        sleep 30 >/dev/null 2>&1 3>&- & echo $!' sh "$file")
    run ! flock -n "$file" true
    kill "$daemon"
    flock -w 30 "$file" true
}

@test "the command has its signals, and no descriptor but the file's" {
    diff <(grep -E '^Sig(Blk|Ign)' /proc/self/status) \
        <(under 1 grep -E '^Sig(Blk|Ign)' /proc/self/status)
    run -0 under 1 find /proc/self/fd -printf '%l\n'
    [ "$(grep -cxF "$file" <<<"$output")" -eq 1 ]
    [ "$(grep -c '^anon_inode' <<<"$output")" -eq 0 ]
}

@test "a command that cannot be started is 126 or 127" {
    run -127 --separate-stderr under 1 /no/such/program
    [ "$stderr" = 'candidate: /no/such/program: cannot be started: No such file or directory' ]
    run -126 --separate-stderr under 1 /etc/passwd
    [ "$stderr" = 'candidate: /etc/passwd: cannot be started: Permission denied' ]
    run -0 under 1 true
}

@test "a file of another kind is refused and left alone" {
    echo precious >"$file"
    run -64 --separate-stderr under 1 true
    [[ $stderr == "candidate: $file: is not a fence file;"* ]]
    [ "$(cat "$file")" = precious ]
    file=/nowhere/fence
    run -70 --separate-stderr under 1 true
    [ "$stderr" = 'candidate: /nowhere/fence: open: No such file or directory' ]
}
