#!/usr/bin/env bash
# interop.sh [--election NAME] [--only WORD] [HANDOVERS|quick]: candidates take
# turns with what else leads on etcd, on one election: so many hand-overs (default
# 50) with each kind, on the etcd that is installed and on a newer one. Prints a
# table in Markdown for each on stdout, the progress on stderr; what cannot be
# installed here is named there as not tried. Exit code 1: two led at one time,
# somebody overtook, or somebody's leader was not named.
#
#   --election NAME  the candidates'. With election/other nobody takes turns,
#                    which must be found; default: election/leader
#   --only WORD      those that have this in their names
#   quick            some hand-overs with etcdctl and curl, on the installed etcd
#
# The newer one is in the folder CANDIDATE_ETCD, if this is set; empty: none.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
    sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2
    exit 64
}

election=election/leader
only=
while [[ ${1-} == --* ]]; do
    case $1 in
    --election) election=${2-} ;;
    --only) only=${2-} ;;
    *) usage ;;
    esac
    [ $# -gt 1 ] || usage
    shift 2
done
handovers=${1:-50}
build=${BUILD:-build}
[[ $# -le 1 && $handovers =~ ^([1-9][0-9]{0,3}|quick)$ ]] || usage

scripts/install-deps.sh build test
env -u MAKEFLAGS make --no-print-directory -s BUILD="$build" all \
    "$build/interop/turns" >&2
export CANDIDATE=${CANDIDATE:-$PWD/candidate} INTEROP_ELECTION=$election
servers=("$(dirname "$(command -v etcd)")")
if [ "$handovers" = quick ]; then
    handovers=2 # each of the two hands over to the other once
else
    newer=${CANDIDATE_ETCD-$(scripts/fetch-etcd.sh || :)}
    [ -z "$newer" ] || servers+=("$newer")
    if PEER_GO=$(scripts/peers.sh go); then
        INTEROP_GO=$("$PEER_GO" version)
        export PEER_GO INTEROP_GO
    fi
    if PEER_NODE=$(scripts/peers.sh node); then
        INTEROP_NODE=$("$PEER_NODE" version)
        export PEER_NODE INTEROP_NODE
    fi
fi

# turns FOLDER: on the etcd and with the etcdctl that are there.
turns() {
    local PATH=$1:$PATH load
    INTEROP_ETCD=etcd\ $(etcd --version | sed -n 's/^etcd Version: //p')
    INTEROP_ETCDCTL=$(ETCDCTL_API=3 etcdctl version |
        sed -n 's/^.*l version: //p')
    export INTEROP_ETCD INTEROP_ETCDCTL
    read -r load _ </proc/loadavg
    printf '%s\n\n' "$INTEROP_ETCD, $(uname -s) $(uname -r | cut -d. -f1,2),\
 $(nproc) cores, load $load at the start."
    "$build/interop/turns" "$handovers" "$only"
}

status=0
for server in "${servers[@]}"; do
    turns "$server" || status=1
    [ "$server" = "${servers[-1]}" ] || echo
done
exit "$status"
