#!/usr/bin/env bash
# bench-handover.sh [ROUNDS]: candidate beside `etcdctl elect`, on one etcd
# whose data lie on a RAM disk where there is one: how long from start to
# leading, how long from a resignation to the next leader's line, and the
# memory of a waiter. Prints a Markdown table of medians.
#
# Both are treated alike: rounds alternate, both resign at SIGTERM, each line is
# stamped by the reader as it arrives.
set -euo pipefail
cd "$(dirname "$0")/.."

rounds=${1:-30}
[ -n "${WITH_ETCD_DIR-}" ] || exec scripts/with-etcd.sh "scripts/${0##*/}" "$@"
candidate=${CANDIDATE:-$PWD/candidate}
patience_s=30
settle_s=0.3 # for a waiter that is in the queue to open its watch

declare -A prefix=([candidate]=election_leader/ [etcdctl]=bench/)

fail() {
    echo "bench-handover: $*" >&2
    exit 1
}

# begin WHO ID: starts it; its output is $reader, its process id $pid.
begin() {
    local -a command=(etcdctl elect bench "$2")
    [ "$1" = etcdctl ] || command=("$candidate" "$2")
    exec {reader}< <(exec "${command[@]}" </dev/null 2>/dev/null)
    pid=$!
}

# await_lead WHO READER: returns with the time at which its line came in $at.
await_lead() {
    local line
    while read -r -t "$patience_s" line <&"$2"; do
        at=$EPOCHREALTIME
        # etcdctl says nothing before it leads.
        [ "$1" = candidate ] && [ "$line" != 'I am the LEADER!' ] || return 0
    done
    fail "$1 does not lead"
}

# await_queue WHO N: until that many stand in the queue.
await_queue() {
    local end=$((SECONDS + patience_s))
    until [ "$(etcdctl get --prefix --keys-only "${prefix[$1]}" |
        grep -c .)" -eq "$2" ]; do
        [ "$SECONDS" -lt "$end" ] || fail "$1: $2 do not queue"
        sleep 0.02
    done
}

# elapsed FROM TO: in microseconds.
elapsed() {
    echo $((${2/[.,]/} - ${1/[.,]/}))
}

# memory PID FIELD: in KiB.
memory() {
    awk -v field="$2:" '$1 == field {print $2}' "/proc/$1/smaps_rollup"
}

# round WHO: one of each measurement, appended to $results/WHO.WHAT.
round() {
    local who=$1 out=$results/$1 from pid reader at
    local leader leader_reader waiter waiter_reader
    from=$EPOCHREALTIME
    begin "$who" first
    await_lead "$who" "$reader"
    elapsed "$from" "$at" >>"$out.start"
    leader=$pid leader_reader=$reader

    begin "$who" second
    waiter=$pid waiter_reader=$reader
    await_queue "$who" 2
    sleep "$settle_s"
    memory "$waiter" Private_Dirty >>"$out.dirty"
    memory "$waiter" Rss >>"$out.rss"

    from=$EPOCHREALTIME
    kill -TERM "$leader"
    await_lead "$who" "$waiter_reader"
    elapsed "$from" "$at" >>"$out.handover"

    kill -TERM "$waiter"
    await_queue "$who" 0
    exec {leader_reader}<&- {waiter_reader}<&-
    wait "$leader" "$waiter" 2>/dev/null || true
}

median() {
    sort -n "$results/$1" | awk '{v[NR] = $1}
        END {print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2}'
}

# line TITLE WHAT DIVISOR FORMAT
line() {
    awk -v title="$1" -v ours="$(median "candidate.$2")" \
        -v theirs="$(median "etcdctl.$2")" -v by="$3" -v f="$4" 'BEGIN {
            printf "| %s | " f " | " f " | %.2f |\n", title, ours / by,
                theirs / by, ours / theirs
        }'
}

results=$WITH_ETCD_DIR/bench
mkdir "$results"
for ((i = 0; i < rounds; i++)); do
    round candidate
    round etcdctl
done

echo "Medians of $rounds, $(etcdctl version | head -n 1), $(nproc) cores:"
echo
echo '| | candidate | etcdctl elect | ratio |'
echo '|---|---|---|---|'
line 'start to leading, ms' start 1000 %.1f
line "resignation to the next one's line, ms" handover 1000 %.1f
line 'memory of a waiter, private dirty, KiB' dirty 1 %d
line 'memory of a waiter, RSS, KiB' rss 1 %d
