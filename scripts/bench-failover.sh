#!/usr/bin/env bash
# bench-failover.sh [ROUNDS [TTL]]: a leader is killed with SIGKILL: how long
# until the next one's command runs, and whether the old one's still does then.
# candidate beside `etcdctl lock` and beside candidate without a guardian, whose
# lease runs out. Prints a Markdown table: medians and maxima of ROUNDS (50).
#
# All on one etcd and with the same TTL (5); the two for which it runs out play
# at the same time. Each line is stamped by the reader as it arrives.
set -Eeuo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-50}
ttl=${2:-5}
[ -n "${WITH_ETCD_DIR-}" ] || exec scripts/with-etcd.sh "scripts/${0##*/}" "$@"
candidate=${CANDIDATE:-$PWD/candidate}
patience_s=$((4 * ttl + 30))
settle_s=0.3 # for a waiter that is in the queue to open its watch
work='echo "up $$"; exec sleep 1000'

declare -A prefix=([candidate]=election_guarded/ [plain]=election_plain/
    [etcdctl]=bench/)

# Nobody is left behind, whose lead would go on.
fail() {
    echo "bench-failover: $*" >&2
    local left
    for left in "${pid-}" "${leader-}" "${waiter-}"; do
        [ -z "$left" ] || kill -KILL "$left" 2>/dev/null || true
    done
    exit 1
}
trap 'fail "line $LINENO"' ERR

# begin WHO ID: starts it; its output is $reader, its process id $pid.
begin() {
    local -a command
    case $1 in
    candidate) command=("$candidate" --election guarded --ttl "$ttl" "$2" --
        sh -c "$work") ;;
    plain) command=("$candidate" --election plain --ttl "$ttl" "$2") ;;
    etcdctl) command=(etcdctl lock --ttl "$ttl" bench -- sh -c "$work") ;;
    esac
    exec {reader}< <(exec "${command[@]}" </dev/null 2>/dev/null)
    pid=$!
}

# await_lead WHO READER: returns with the time at which it led in $at, and the
# process of its command, if any, in $work_pid.
await_lead() {
    local line
    while read -r -t "$patience_s" line <&"$2"; do
        at=$EPOCHREALTIME work_pid=${line#up }
        case $line in
        'up '* | 'I am the LEADER!') return 0 ;;
        esac
    done
    fail "$1 does not lead"
}

# await_queue WHO N: until that many stand in the queue.
await_queue() {
    local end=$((SECONDS + patience_s))
    until [ "$(etcdctl get --prefix --keys-only "${prefix[$1]}" |
        grep -c .)" -eq "$2" ]; do
        [ "$SECONDS" -lt "$end" ] || fail "$1: $2 do not queue"
        sleep 0.05
    done
}

# private_kib PID: memory that is nobody else's.
private_kib() {
    awk '/^Private/ {kib += $2} END {print kib}' "/proc/$1/smaps_rollup"
}

# The only child of a candidate.
guardian_of() {
    ps --no-headers --ppid "$1" -o pid | tr -d ' '
}

# round WHO: one of each measurement, appended to $results/WHO.WHAT.
round() {
    local who=$1 out=$results/$1 pid reader at from work_pid leader_work=''
    local leader leader_reader waiter waiter_reader
    begin "$who" first
    await_lead "$who" "$reader"
    leader=$pid leader_reader=$reader
    [ "$who" = plain ] || leader_work=$work_pid
    begin "$who" second
    waiter=$pid waiter_reader=$reader
    await_queue "$who" 2
    sleep "$settle_s"
    [ "$who" != candidate ] ||
        private_kib "$(guardian_of "$leader")" >>"$out.kib"

    from=$EPOCHREALTIME
    kill -KILL "$leader"
    await_lead "$who" "$waiter_reader"
    echo $((${at/[.,]/} - ${from/[.,]/})) >>"$out.us"
    if [ -n "$leader_work" ] && kill -0 "$leader_work" 2>/dev/null; then
        echo 1 >>"$out.overlap"
        kill -KILL "$leader_work"
    fi

    kill -TERM "$waiter"
    [ "$who" != etcdctl ] || kill -KILL "$work_pid" 2>/dev/null || true
    await_queue "$who" 0
    exec {leader_reader}<&- {waiter_reader}<&-
    wait "$leader" "$waiter" 2>/dev/null || true
}

# line TITLE WHO: a row of the table.
line() {
    local overlaps=0
    [ ! -e "$results/$2.overlap" ] ||
        overlaps=$(wc -l <"$results/$2.overlap")
    [ "$2" != plain ] || overlaps='no command'
    sort -n "$results/$2.us" | awk -v title="$1" -v overlaps="$overlaps" '
        { v[NR] = $1 / 1000 }
        END {
            printf "| %s | %.1f | %.1f | %s |\n", title,
                (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[NR], overlaps
        }'
}

results=$WITH_ETCD_DIR/bench
mkdir "$results"
for ((i = 0; i < rounds; i++)); do
    round candidate
    players=()
    for who in plain etcdctl; do
        round "$who" &
        players+=($!)
    done
    for player in "${players[@]}"; do
        wait "$player" || exit 1
    done
done

version=$(etcdctl version)
echo "$rounds leaders killed, TTL $ttl s, ${version%%$'\n'*}," \
    "$(nproc) cores; from SIGKILL to the next one's command:"
echo
echo '| | median, ms | most, ms | the old command still ran |'
echo '|---|---|---|---|'
line 'candidate with a command' candidate
line 'etcdctl lock with a command' etcdctl
line 'candidate without a guardian' plain
echo
sort -n "$results/candidate.kib" | awk '{v[NR] = $1} END {
    printf "Private memory of the guardian: median %d KiB, most %d KiB.\n",
        v[int((NR + 1) / 2)], v[NR] }'
