#!/usr/bin/env bats
# --why: what holds an election up or threatens it: each case on a real etcd,
# with the key, its revision and the command that mends it, which is then run.

load support

# why CODE [OPTION...]: its JSON in $output.
why() {
    local code=$1
    shift
    run --separate-stderr "$CANDIDATE" --why -w json --election "$(election)" "$@"
    [ "$status" -eq "$code" ] || complain "exit code $status: $output$stderr"
}

# finding KIND FILTER: of the first of that kind.
finding() {
    jq -er --arg kind "$1" \
        '[.findings[] | select(.kind == $kind)][0] | '"$2" <<<"$output"
}

# expect_finding KIND WEIGHT [KEY]: it is there; the revision is the key's.
expect_finding() {
    [ "$(finding "$1" .weight)" = "$2" ] || complain "$output"
    [ -n "${3-}" ] || return 0
    [ "$(finding "$1" .key)" = "$3" ]
    [ "$(finding "$1" .revision)" = \
        "$(etcdctl get "$3" -w json | jq -r '.kvs[0].mod_revision')" ]
}

# Run its command; then there is nothing of that kind any more.
mend() {
    local code=${2-0}
    eval "$(finding "$1" .command)"
    why "$code"
    [ "$(jq --arg kind "$1" '[.findings[] | select(.kind == $kind)] | length' \
        <<<"$output")" -eq 0 ]
}

@test "nothing is wrong: exit code 0" {
    start A A
    leads A
    run --separate-stderr "$CANDIDATE" --why --election "$(election)"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Election $(election): A leads" ]
    [ "${lines[1]}" = 'Nothing holds it up or threatens it' ]
    [ "${#lines[@]}" -eq 2 ]
}

@test "a leader key without a lease" {
    etcdctl put "$(election)" "it's X"
    why 1
    expect_finding leader-key-without-lease holds-up "$(election)"
    mend leader-key-without-lease
}

@test "a leader key on a lease of another program" {
    local lease
    lease=$(etcdctl lease grant 60 | awk '{print $2}')
    etcdctl put --lease="$lease" "$(election)" X
    why 1
    expect_finding leader-key-foreign holds-up "$(election)"
    json_names <<<"$output" | documented
    mend leader-key-foreign
}

@test "a key without a lease below the lock prefix, with a quote in its name" {
    etcdctl put "election_$(election)/it's" X
    why 1
    expect_finding foreign-key holds-up "election_$(election)/it's"
    mend foreign-key
}

@test "a key on a lease after which it is not named" {
    local lease
    start A A
    leads A
    lease=$(etcdctl lease grant 60 | awk '{print $2}')
    etcdctl put --lease="$lease" "election_$(election)/odd" X
    why 1
    expect_finding foreign-lease threatens "election_$(election)/odd"
    mend foreign-lease
}

lock_key() {
    key=$(etcdctl get --prefix "election_$(election)/" --keys-only | grep -m 1 .)
}

@test "a lock that is held without a leader key" {
    etcdctl lock "election_$(election)" >/dev/null 3>&- &
    local locker=$! key
    until_so lock_key
    why 1
    expect_finding foreign-holder holds-up "$key"
    jq -er '.findings[].text' <<<"$output" | grep -qF "\"$key\" holds the lock"
    mend foreign-holder
    kill "$locker" || true
}

@test "an election that is nested in this one" {
    etcdctl put "election_$(election)/inner/7" X
    why 1
    expect_finding nested-election holds-up "election_$(election)/inner/7"
    [[ $(finding nested-election .text) == *"election_$(election)/inner is nested"* ]]
    mend nested-election
}

@test "two candidates with one ID" {
    start A A
    leads A
    start B A
    expect B 'Candidate A' 'Attempting leadership...' 'A is the leader...'
    why 1
    expect_finding same-id threatens \
        "$(etcdctl get --prefix "election_$(election)/" --sort-by=CREATE \
            --keys-only | sed '/^$/d' | tail -1)"
}

@test "a leader that does not renew its lease" {
    start A --ttl 40 A
    leads A
    kill -STOP "${pid[A]}"
    let_pass 22
    why 1
    expect_finding renewal-overdue threatens \
        "$(etcdctl get --prefix "election_$(election)/" --keys-only | head -1)"
    mend renewal-overdue
}

@test "etcd does not answer: exit code 69" {
    why 69 --command-timeout 1s --endpoints http://127.0.0.1:1
    expect_finding etcd-silent holds-up
    [ "$(finding etcd-silent .command)" = \
        "etcdctl endpoint health --endpoints 'http://127.0.0.1:1'" ]
    why 1 --endpoints "$ETCDCTL_ENDPOINTS,http://127.0.0.1:1"
    expect_finding member-silent threatens
}

@test "the gateway is off" {
    # shellcheck disable=SC2016
    run --separate-stderr scripts/with-etcd.sh \
        --etcd --enable-grpc-gateway=false "$CANDIDATE" --why -w json
    [ "$status" -eq 69 ]
    expect_finding gateway-off holds-up
    [ "$(finding gateway-off .command)" = 'etcd --enable-grpc-gateway=true' ]
}

@test "etcd raises the TTL" {
    # shellcheck disable=SC2016
    run --separate-stderr scripts/with-etcd.sh --etcd --election-timeout=4000 \
        --etcd --heartbeat-interval=400 bash -c '
        coproc "$0" --ttl 4 A 2>/dev/null
        while read -r -u "${COPROC[0]}" line && [[ $line != *LEADER* ]]; do :; done
        "$0" --why -w json --ttl 4
        code=$?
        kill "$COPROC_PID"
        exit "$code"' "$CANDIDATE"
    [ "$status" -eq 1 ]
    expect_finding ttl-raised threatens
    [ "$(finding ttl-raised .command)" = 'etcd --election-timeout 2666' ]
    [[ $(finding ttl-raised .text) == *'lives for 6 s, not for 4'* ]]
}

@test "a permission is missing, to read or only to write" {
    # shellcheck disable=SC2016
    run --separate-stderr scripts/with-etcd.sh --etcd --bcrypt-cost=4 bash -c '
        etcdctl() {
            command etcdctl --dial-timeout=60s --command-timeout=60s "$@"
        }
        why() {
            "$0" --why -w json --command-timeout 60s --user "$1:pw"
        }
        for who in root nobody reader; do
            etcdctl user add "$who:pw"
        done
        etcdctl user grant-role root root
        etcdctl role add reads
        etcdctl role grant-permission reads read "" --prefix
        etcdctl user grant-role reader reads
        etcdctl auth enable
        for who in nobody reader; do
            why "$who"
            echo "code $?"
        done
        export ETCDCTL_USER=root:pw
        eval "$(why reader | jq -r ".findings[].command")" >&2
        why reader >&2
        echo "code $?"' "$CANDIDATE"
    local all=$output line n=0
    while read -r line; do
        [[ $line == '{'* ]] || continue
        output=$line
        expect_finding permission-missing holds-up
        n=$((n + 1))
    done <<<"$all"
    [ "$n" -eq 2 ]
    [ "$(grep -oE 'code [0-9]+' <<<"$all" | tr '\n' ' ')" = \
        'code 69 code 1 code 0 ' ] || complain "$all$stderr"
}

@test "an alarm is raised, and its command mends it" {
    # shellcheck disable=SC2016
    run --separate-stderr scripts/with-etcd.sh \
        --etcd --quota-backend-bytes=1048576 bash -c '
        blob=$(head -c 100000 /dev/zero | tr "\0" x)
        while etcdctl put big "$blob" 2>/dev/null >&2; do :; done
        "$0" --why -w json
        echo "code $?"
        eval "$("$0" --why -w json |
            jq -r ".findings[0].command" | tee /dev/fd/2)" >&2
        "$0" --why -w json | jq -c "[.findings[].kind]"' "$CANDIDATE"
    local all=$output
    output=$(grep '"schema"' <<<"$all" | head -1)
    expect_finding alarm-raised holds-up
    [[ $all == *'code 1'* ]]
    [[ $all == *'[]' ]] || complain "$all $stderr"
}
