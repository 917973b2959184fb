#!/usr/bin/env bash
# bench.sh [quick] [--waiters N] [--plots DIR] [--readme]: candidate beside what
# else elects a leader on etcd, in one run, on one etcd whose data lie on a RAM
# disk where there is one: start, hand-over, crash, memory, and what waiting
# costs. All leases last 60 s, those of crashes 5. Prints tables in Markdown, and
# draws plots.
#
#   quick        everything once or twice, beside etcdctl alone: shows that it
#                works, no more
#   --waiters N  hand-overs with up to 10, 100 or 1000; default: 1000, quick: 10
#   --plots DIR  where the plots go; default: build/bench/plots
#   --readme     puts tables and plots into README.md, between its two marks
#
# All take their turns, round by round, so that whatever else the machine does
# hits all alike. Each line is stamped by the reader as it arrives.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2
    exit 64
}

build=${BUILD:-build}
arguments=("$@")
plan=full
waiters=
plots=$build/bench/plots
readme=false
while [ $# -gt 0 ]; do
    case $1 in
    quick) plan=quick ;;
    --readme) readme=true plots=tests/bench/plots ;;
    --plots | --waiters)
        [ $# -gt 1 ] || usage
        [ "$1" = --plots ] && plots=$2 || waiters=$2
        shift
        ;;
    *) usage ;;
    esac
    shift
done
[ -n "$waiters" ] || { [ "$plan" = quick ] && waiters=10 || waiters=1000; }
[[ $waiters =~ ^10{1,3}$ ]] || usage

if [ -z "${WITH_ETCD_DIR-}" ]; then
    scripts/install-deps.sh build test
    env -u MAKEFLAGS make --no-print-directory -s BUILD="$build" all \
        "$build/bench/speed" >&2
    if [ "$plan" = full ]; then
        PEER_GO=$(scripts/peers.sh go || true)
        PEER_NODE=$(scripts/peers.sh node || true)
        export PEER_GO PEER_NODE
        if env -u MAKEFLAGS make --no-print-directory -s BUILD="$build" static >&2
        then
            CANDIDATE_STATIC=$(realpath "$build/candidate-static")
            export CANDIDATE_STATIC
        fi
    fi
    exec scripts/with-etcd.sh scripts/bench.sh "${arguments[@]}"
fi

# The machine, the versions, and how busy it was.
conditions() {
    local processor system load
    processor=$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)
    system=$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)
    read -r load _ </proc/loadavg
    etcd --version | sed -n 's/^etcd Version: /etcd /p' | tr '\n' ','
    echo " $system, Linux $(uname -r | cut -d. -f1,2), $(nproc) cores" \
        "(${processor:-unknown}), load $load at the start."
}

# put FILE: into README.md, between the marks.
put() {
    awk -v file="$1" '
        /^<!-- bench -->$/ {
            print
            while ((getline line <file) > 0) print line
            skip = 1
        }
        /^<!-- end of bench -->$/ { skip = 0 }
        !skip' README.md >"$WITH_ETCD_DIR/README.md"
    cat "$WITH_ETCD_DIR/README.md" >README.md
}

mkdir -p "$plots"
export CANDIDATE=${CANDIDATE:-$(realpath "$build/candidate")}
tables=$WITH_ETCD_DIR/tables.md
{
    conditions
    echo
    "$build/bench/speed" "$plan" "$waiters" "$ETCDCTL_ENDPOINTS" "$plots"
} >"$tables"
if "$readme"; then
    for plot in start handover waiters crash memory; do
        printf '\n![](%s/%s.svg)' "$plots" "$plot"
    done >>"$tables"
    echo >>"$tables"
    put "$tables"
fi
cat "$tables"
