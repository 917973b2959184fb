#!/usr/bin/env bats
# --status and --observe: how an election stands, and goes on; and -w json, also
# of whoever takes part.

load support

# field FILTER: of the JSON that `run` has seen.
field() {
    jq -er "$1" <<<"$output"
}

@test "nobody leads: exit code 1" {
    run --separate-stderr "$CANDIDATE" --status "$(election)"
    [ "$status" -eq 1 ]
    [ "${lines[0]}" = "Election $(election): nobody leads" ]
    [[ $output == *"  empty"* ]]
    [[ $output == *" healthy"* ]]
    [ -z "$stderr" ]
}

@test "who leads, who waits, and for how long a lease lives" {
    start A --ttl 60 A
    leads A
    start B --ttl 50 B
    waits_for B A
    run --separate-stderr "$CANDIDATE" --status --election "$(election)"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Election $(election): A leads" ]
    [[ ${lines[1]} == *"since revision "*", fencing token "* ]]
    [[ $output =~ "1. A  token "[0-9]+"  lease "[0-9a-f]+"  "[0-9]+" s of 1 min 0 s left  leads" ]] ||
        [[ $output =~ "1. A  token "[0-9]+"  lease "[0-9a-f]+"  1 min 0 s of 1 min 0 s left  leads" ]]
    [[ $output =~ "2. B  token "[0-9]+"  lease "[0-9a-f]+"  "[0-9]+" s of 50 s left" ]]
    [[ $output == *"etcd's leader"* ]]
    [ -z "$stderr" ]
}

@test "-w json says the same, on one line" {
    local key token
    start A --ttl 60 A
    leads A
    start B --ttl 50 B
    waits_for B A
    key=$(etcdctl get "election_$(election)/" --prefix --keys-only | head -1)
    run --separate-stderr "$CANDIDATE" --status -w json "$(election)"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1 ]
    [ "$(field '[.schema, .type, .leader, .known, .stale] | join(" ")')" = \
        '1 status A true false' ]
    [ "$(field .election)" = "$(election)" ]
    [ "$(field '[.queue[].id] | join(",")')" = A,B ]
    [ "$(field '.queue[0].foreign | not')" = true ]
    [ "$(field '.token == .queue[0].token and .lease == .queue[0].lease')" = true ]
    [ "$(field '.queue[0].lease_ttl_ms')" = 60000 ]
    [ "$(field '.members[0].healthy')" = true ]
    json_names <<<"$output" | documented
    token=$(etcdctl get "$key" -w json | jq -r '.kvs[0].create_revision')
    [ "$(field '.queue | map(.token) | index("'"$token"'") != null')" = true ]
}

@test "what another program has left there is told apart" {
    etcdctl put "election_$(election)/odd" X
    etcdctl put "$(election)" Y
    run --separate-stderr "$CANDIDATE" --status "$(election)"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "Election $(election): Y leads" ]
    [[ ${lines[1]} == *"without a lock key: another program's leader key" ]]
    [[ $output == *"1. X  token "*"  no lease  foreign key election_$(election)/odd"* ]]
    run --separate-stderr "$CANDIDATE" --status "$(election)" --write-out=json
    [ "$(field '.token == null and .lease == null and .queue[0].foreign')" = true ]
}

@test "etcd is unreachable: exit code 69, and no name" {
    run --separate-stderr "$CANDIDATE" --status --command-timeout 1s \
        --endpoints http://127.0.0.1:1
    [ "$status" -eq 69 ]
    [ "${lines[0]}" = 'Election leader: not known, etcd does not answer' ]
    [[ $stderr == *'http://127.0.0.1:1: '* ]]
    run --separate-stderr "$CANDIDATE" --status -w json --command-timeout 1s \
        --endpoints http://127.0.0.1:1
    [ "$status" -eq 69 ]
    [ "$(field '(.known | not) and .leader == null')" = true ]
    [ "$(field '.members[0].healthy | not')" = true ]
}

@test "status: wrong ways to ask" {
    run --separate-stderr "$CANDIDATE" --status a b
    [ "$status" -eq 64 ]
    [[ $stderr == *'"b": there is one NAME already'* ]]
    run --separate-stderr "$CANDIDATE" --status --election a b
    [ "$status" -eq 64 ]
    [[ $stderr == *'"b": --election says already which one'* ]]
    run --separate-stderr "$CANDIDATE" --status -w table
    [ "$status" -eq 64 ]
    [[ $stderr == *'--write-out: "table" is neither simple nor json'* ]]
    run --separate-stderr "$CANDIDATE" --status a -- true
    [ "$status" -eq 64 ]
}

# observed NAME PATTERN: one of its next lines has this behind the time. What one
# revision changes may come in any order.
observed() {
    local got
    while read -r -t "$patience_s" -u "${out[$1]}" got; do
        # shellcheck disable=SC2053
        [[ $got != 20??-??-??T??:??:??.???Z\ $2 ]] || return 0
        seen+=$got$'\n'
    done
    complain "$1: $seen"$'\n'"without: $2"
}

@test "--observe says each change on a line" {
    local seen=
    start O --observe
    observed O 'Nobody leads now'
    observed O 'Queue: empty'
    start A --ttl 60 A
    leads A
    observed O 'A leads, token *'
    start B --ttl 60 B
    waits_for B A
    observed O 'Queue: A, B'
    enter A
    expect A End
    expect_exit A 0
    expect B 'Attempting leadership...' 'I am the LEADER!'
    seen=
    observed O 'Nobody leads now'
    observed O 'B leads, token *'
    [[ $seen != *A\ leads* ]]
    end_observer O
}

@test "--observe and --status name who holds the lock without leading" {
    local seen='' lock key locker
    exec {lock}< <(exec etcdctl lock "election_$(election)" 3>&-)
    locker=$!
    read -r -t "$patience_s" -u "$lock" key
    start O --observe
    observed O 'Nobody leads now'
    observed O "Queue: $key"
    observed O "$key holds the lock, without a leader key"
    run -1 --separate-stderr "$CANDIDATE" --status "$(election)"
    [[ ${lines[1]} == *", $key holds the lock" ]]
    [[ $output == *"1. $key  token "* ]]
    start A A
    waits_for A "$key"
    kill "$locker"
    exec {lock}<&-
    expect A 'Attempting leadership...' 'I am the LEADER!'
    observed O 'A leads, token *'
    end_observer O
}

@test "--observe survives etcd's restart, and says what it does not know" {
    etcdctl put "$(election)" A # a candidate would be quick to lead again
    start O --observe
    observed O 'A leads*'
    restart_etcd
    until_so etcdctl del "$(election)"
    observed O 'Nobody leads now'
    end_observer O
}

end_observer() {
    local rest
    kill -TERM "${pid[$1]}"
    while read -r -t "$patience_s" -u "${out[$1]}" rest; do
        :
    done
    expect_exit "$1" 0
}

# change NAME FILTER EXPECTED: one of its next lines.
change() {
    local line
    while read -r -t "$patience_s" -u "${out[$1]}" line; do
        [ "$(jq -r "$2" <<<"$line")" != "$3" ] || return 0
    done
    complain "$1: $line"
}

@test "--observe -w json has the view with each change" {
    start O --observe -w json
    change O '[.schema, .type, .election, .leader, .stale] | join(" ")' \
        "1 fresh $(election)  false"
    change O '[.type, .leader] | join(" ")' 'nobody '
    change O '[.type, .queue[].id] | join(" ")' 'queue'
    start A --ttl 60 A
    leads A
    change O '[.type, .leader, .token == .queue[0].token, .queue[].id] | join(" ")' \
        'leader A true A'
    end_observer O
}

# event NAME FILTER EXPECTED: the next line of NAME that is no notice.
event() {
    local line
    while read -r -t "$patience_s" -u "${out[$1]}" line; do
        [ "$(jq -r .type <<<"$line")" = notice ] || break
        [ -n "$(jq -r '.severity + .message' <<<"$line")" ]
        json_names <<<"$line" | documented
    done
    [ "$(jq -r "$2" <<<"$line")" = "$3" ] || complain "$1: $line"
    json_names <<<"$line" | documented
}

@test "--observe: nobody's name is told when etcd does not answer" {
    start O --observe -w json --endpoints http://127.0.0.1:1
    event O '[.type, .leader, .stale] | map(tostring) | join(" ")' \
        'stale null true'
    kill -TERM "${pid[O]}"
    expect_exit O 0
}

@test "-w json tells each event of whoever takes part" {
    local common='[.schema, .type, .id, .election] | join(" ")'
    start A -w json A
    event A "$common" "1 begin A $(election)"
    event A "$common" "1 attempting A $(election)"
    event A '[.type, (.token | type), .leader_key] | join(" ")' \
        "elected string $(election)"
    start B -wjson B
    event B .type begin
    event B .type attempting
    event B '.type + " " + .leader' 'following A'
    etcdctl del "$(election)"
    event A '.type + " " + .reason' "lost the leader key $(election) was deleted"
    event A .type attempting
    event B .type attempting
    event B '.type + " " + (.lease | type)' 'elected string'
    event A '.type + " " + .leader' 'following B'
    "$CANDIDATE" --depose "$(election)"
    event B '.type + " " + .reason' 'asked asked to step down'
    event B '.type + " " + .reason' 'lost stepped down as asked'
    event B .type attempting
    event B '.type + " " + .leader' 'following A'
    kill -TERM "${pid[B]}"
    event B '[.type, .status, .reason] | join(" ")' 'ended 0 '
    expect_exit B 0
}
