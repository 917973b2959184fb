#!/usr/bin/env bash
# interop.sh [--election NAME] [--only WORD] [HANDOVERS]: candidates take turns
# with what else leads on etcd, on one election: so many hand-overs (default 50)
# with each kind. Prints a table in Markdown on stdout, the progress on stderr;
# what cannot be installed here is named there as not tried. Exit code 1: two led
# at one time, somebody overtook, or somebody's leader was not named.
#
#   --election NAME  the candidates'. With election/other nobody takes turns,
#                    which must be found; default: election/leader
#   --only WORD      those that have this in their names
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
[[ $# -le 1 && $handovers =~ ^[1-9][0-9]{0,3}$ ]] || usage

scripts/install-deps.sh build test
make --no-print-directory -s all build/interop/turns >&2
export CANDIDATE=${CANDIDATE:-$PWD/candidate} INTEROP_ELECTION=$election
INTEROP_ETCD=etcd\ $(etcd --version | sed -n 's/^etcd Version: //p')
INTEROP_ETCDCTL=$(ETCDCTL_API=3 etcdctl version | sed -n 's/^.*l version: //p')
export INTEROP_ETCD INTEROP_ETCDCTL
if PEER_GO=$(scripts/peers.sh go); then
    INTEROP_GO=$("$PEER_GO" version)
    export PEER_GO INTEROP_GO
fi
if PEER_NODE=$(scripts/peers.sh node); then
    INTEROP_NODE=$("$PEER_NODE" version)
    export PEER_NODE INTEROP_NODE
fi
read -r load _ </proc/loadavg
echo "$INTEROP_ETCD, $(uname -s) $(uname -r | cut -d. -f1,2), $(nproc) cores," \
    "load $load at the start."
echo
exec build/interop/turns "$handovers" "$only"
