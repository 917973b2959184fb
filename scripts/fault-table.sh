#!/usr/bin/env bash
# fault-table.sh [--etcd DIR] [--only WORD] [REPETITIONS]: what faults do to
# leadership: three candidates on a cluster of three members of etcd, on which
# one fault follows the other, each so many times (default 20). Prints a table
# in Markdown on stdout, the progress on stderr.
#
#   --etcd DIR    the folder of etcd and etcdctl; default: those installed.
#                 DIR may be "$(scripts/fetch-etcd.sh)"
#   --only WORD   the faults that have this in their names
#
# A gap is the time in which nobody believed to lead: from the last moment of
# the old leader (it says so, it dies, its deadline passes, it resigns) to when
# the next one says that it leads. An overlap is a time in which two believed to;
# there must be none: exit code 1 if there was.
#
# All happens in a network namespace of this run's own, in which packets can be
# dropped. It takes root or unprivileged user namespaces, and nft; without them
# the faults of the network are left out, and the table says so.
set -euo pipefail

usage() {
    sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2
    exit 64
}

repetitions=20
etcd=
only=
while [ $# -gt 0 ]; do
    case $1 in
    --etcd | --only)
        [ $# -gt 1 ] || usage
        [ "$1" = --only ] && only=$2 || etcd=$(cd "$2" && pwd)
        shift
        ;;
    *)
        [[ $1 =~ ^[1-9][0-9]{0,2}$ ]] || usage
        repetitions=$1
        ;;
    esac
    shift
done
cd "$(dirname "$0")/.."

scripts/install-deps.sh build test
make --no-print-directory -s all build/faults/fault_table >&2
[ -z "$etcd" ] || PATH=$etcd:$PATH
echo "Etcd $(etcd --version | sed -n 's/^etcd Version: //p')," \
    "$(uname -s) $(uname -r), $(nproc) processors."
echo
export CANDIDATE=${CANDIDATE:-$PWD/candidate}
exec build/faults/fault_table "$repetitions" ${only:+"$only"}
