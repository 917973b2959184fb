#!/usr/bin/env bats
# --listen: what is answered to probes, and what becomes of bad addresses.

load support

# Where it listens, as it says.
address() {
    await_error "$1" 'status at '
    sed -n 's/.*status at //p' "$BATS_TEST_TMPDIR/$1.err"
}

# get NAME PATH [OPTION...]: prints the status and the body.
get() {
    local at
    at=$(address "$1")
    case $at in
    unix:*) set -- --unix-socket "${at#unix:}" "http://x$2" "${@:3}" ;;
    *) set -- "http://$at$2" "${@:3}" ;;
    esac
    curl -sS -m 10 --noproxy '*' -w '%{http_code}\n' "$@"
}

# answers NAME PATH STATUS: so it is, or soon will be.
answers() {
    local got
    until_so gets "$@" || complain "$got instead of $3"
}

gets() {
    got=$(get "$1" "$2" -o /dev/null) && [ "$got" = "$3" ]
}

# all NAME LEADER STANDBY READYZ: the status of each.
all() {
    answers "$1" /readyz "$4"
    answers "$1" /leader "$2"
    answers "$1" /standby "$3"
    answers "$1" /livez 200
}

@test "probes find the leader, also after a hand-over, on TCP and on a path" {
    start A --listen 0 A
    leads A
    start B --listen "unix:$BATS_TEST_TMPDIR/socket" B
    waits_for B A
    all A 200 503 200
    all B 503 200 200
    [ "$(get B /leader)" = $'it is the next one; A leads\n503' ]
    start C --listen 0 C
    waits_for C A
    get B /status | grep -q '"place":2}'
    get C /status | grep -q '"place":3}'
    enter A
    expect A End
    expect_exit A 0
    expect B 'Attempting leadership...' 'I am the LEADER!'
    all B 200 503 200
    kill "${pid[C]}"
    enter B
    expect B 'Press ENTER to finish...' End
    expect_exit B 0
    [ ! -e "$BATS_TEST_TMPDIR/socket" ]
}

@test "every method, and what there is not" {
    start A --listen 0 A
    leads A
    local method
    for method in GET OPTIONS; do
        [ "$(get A /leader -o /dev/null -X "$method")" = 200 ]
        [ "$(get A /standby -o /dev/null -X "$method")" = 503 ]
    done
    [ "$(get A /leader -o /dev/null -I)" = 200 ]
    [ "$(get A /leader -o "$BATS_TEST_TMPDIR/body" -X OPTIONS)" = 200 ]
    [ ! -s "$BATS_TEST_TMPDIR/body" ]
    [ "$(get A /nothing -o /dev/null)" = 404 ]
    [ "$(get A /leader -o /dev/null -d x)" = 405 ]
    get A /leader -i -d x | grep -q '^Allow: GET, HEAD, OPTIONS'
    get A /status | grep -q '"id":"A","role":"leader",.*"token":"[0-9]*"'
    get A /status | json_names | documented
}

@test "a bad address is 64, one in use is 69, and nothing is sent to etcd" {
    start A --listen 0 A
    leads A
    local in_use
    in_use=$(address A)
    run -69 --separate-stderr "$CANDIDATE" --election other \
        --listen "$in_use" B </dev/null
    [ "$stderr" = "candidate: --listen: $in_use: Address already in use" ]
    [ -z "$output" ]
    run -64 --separate-stderr "$CANDIDATE" --election other \
        --listen host:80 B </dev/null
    [[ ${stderr_lines[0]} == 'candidate: --listen: "host:80" is not an IP '* ]]
    [ -z "$(etcdctl get --prefix election_other/)" ]
}

# metric NAME METRIC PATTERN: it has such a value, or soon will.
metric() {
    local got
    until_so counts "$@" || complain "$got instead of $3"
}

counts() {
    # shellcheck disable=SC2053
    got=$(get "$1" /metrics | awk -v m="$2{name=\"$(election)\"}" \
        '$1 == m {print $2}') && [[ $got == $3 ]]
}

@test "metrics count, and promtool finds no fault with them" {
    local promtool
    promtool=$(scripts/fetch-tool.sh promtool)
    start A --ttl 6 --listen 0 A
    leads A
    start B --ttl 6 --listen 0 B
    waits_for B A
    metric A leader_election_master_status 1
    metric B leader_election_master_status 0
    metric A candidate_fencing_token '[1-9]*'
    metric A candidate_renewal_duration_seconds_count '[1-9]*'
    metric B candidate_renewal_duration_seconds_count '[1-9]*'
    metric B candidate_transitions_total 0
    enter A
    expect B 'Attempting leadership...' 'I am the LEADER!'
    metric B leader_election_master_status 1
    metric B candidate_transitions_total 1
    metric B candidate_last_failover_gap_seconds '[0-9].[0-9]*'
    get B /metrics | sed '$d' >"$BATS_TEST_TMPDIR/metrics"
    sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$BATS_TEST_TMPDIR/metrics" | documented
    run "$promtool" check metrics <"$BATS_TEST_TMPDIR/metrics"
    [ "$status" -eq 0 ] && [ -z "$output" ] || { echo "$output"; return 1; }
}

# follow NAME PATTERN: until a message of its stream has this part.
follow() {
    local end=$((SECONDS + patience_s)) line stream follower at
    at=$(address "$1")
    exec {stream}< <(exec curl -sSN --noproxy '*' "http://$at/events" 3>&-)
    follower=$!
    while read -r -t "$patience_s" -u "$stream" line; do
        # shellcheck disable=SC2053
        [[ $line != $2 ]] || break
        [ "$SECONDS" -lt "$end" ] || break
    done
    kill "$follower"
    exec {stream}<&-
    # shellcheck disable=SC2053
    [[ $line == $2 ]] || complain "$1: no message like $2: $line"
}

@test "the page is there, and its stream tells of queue, members and changes" {
    start A --listen 0 A
    leads A
    start B --listen 0 B
    waits_for B A
    get B / -i >"$BATS_TEST_TMPDIR/page"
    grep -q "^Content-Security-Policy: default-src 'none'; " \
        "$BATS_TEST_TMPDIR/page"
    grep -q '^Content-Type: text/html; charset=utf-8' "$BATS_TEST_TMPDIR/page"
    run ! grep -E 'https?://| style=| on[a-z]+=' "$BATS_TEST_TMPDIR/page"
    [ "$(get B /page.css -o /dev/null)" = 200 ]
    [ "$(get B /page.js -o /dev/null)" = 200 ]
    follow B '*"led":true,"leader":"A",*"queue":\[{"id":"A",*{"id":"B",*'
    follow B '*"left_ms":[0-9]*"members":\[{"endpoint":"http://*'
    enter A
    follow B '*"leading":true,*"timeline":\[*"leader":"A",*"leader":"B",*'
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "while etcd is away nobody is the leader for long, and nobody is ready" {
    start A --ttl 5 --listen 0 A
    leads A
    start B --ttl 5 --listen 0 B
    waits_for B A
    all A 200 503 200
    all B 503 200 200
    kill -STOP "$(cat "$etcd_dir/pid")"
    all A 503 503 503
    all B 503 503 503
    kill -CONT "$(cat "$etcd_dir/pid")"
    local i
    for i in A B; do
        answers "$i" /readyz 200
    done
}

@test "a socket that a crash has left is replaced" {
    start A --ttl 60 --listen "unix:$BATS_TEST_TMPDIR/socket" A
    leads A
    kill -KILL "${pid[A]}"
    expect_exit A 137
    [ -S "$BATS_TEST_TMPDIR/socket" ]
    start B --listen "unix:$BATS_TEST_TMPDIR/socket" B
    waits_for B A
    answers B /standby 200
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/socket")" = 660 ]
}
