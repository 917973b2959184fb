#!/usr/bin/env bash
# torture.sh [--seed N] [--sabotage NAME] [DURATION]: a campaign of faults, at
# random and alone or together: five candidates with commands on three members
# of etcd. Prints one page in Markdown on stdout, the progress on stderr.
#
#   DURATION         seconds, or with m or h behind; default 60
#   --seed N         of the random numbers; default: another one each time.
#                    Odd: etcd asks everybody who he is, which hides what
#                    --sabotage shows, and so is not done there
#   --etcd DIR       the folder of etcd and etcdctl; default: what
#                    scripts/fetch-etcd.sh brings, else those installed
#   --only WORD      the faults that have this in their names, one at a time
#   --sabotage NAME  a candidate in which one rule of safety is broken, which
#                    the campaign must find: no-margin, from-receipt,
#                    unguarded-claim, revoke-before-kill, guardian-off. Each
#                    gets the faults and clocks that show them soonest
#
# Exit code 0: nothing was found that must not be; with --sabotage: it was.
set -euo pipefail

usage() {
    sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2
    exit 64
}

seed=$((RANDOM * 32768 + RANDOM))
duration=60
sabotage=
etcd=
only=
while [ $# -gt 0 ]; do
    case $1 in
    --seed | --sabotage | --etcd | --only)
        [ $# -gt 1 ] || usage
        printf -v "${1#--}" %s "$2"
        shift
        ;;
    *) duration=$1 ;;
    esac
    shift
done
[[ $duration =~ ^[1-9][0-9]{0,5}[smh]?$ && $seed =~ ^[0-9]{1,18}$ ]] || usage
# Slow clocks alone do no harm.
ttl=3 clock=0
case $sabotage in
'') ;;
no-margin | from-receipt) ttl=9 clock=910 only='replies late, then' ;;
revoke-before-kill) only='killed while' ;;
guardian-off) only='candidate killed' ;;
unguarded-claim) only='told to end' ;;
*) echo "torture: no such sabotage: $sabotage" >&2 && usage ;;
esac
seconds=${duration%[smh]}
case $duration in
*m) seconds=$((seconds * 60)) ;;
*h) seconds=$((seconds * 3600)) ;;
esac
[ -z "$etcd" ] || etcd=$(cd "$etcd" && pwd)
cd "$(dirname "$0")/.."

scripts/install-deps.sh build test
scripts/install-deps.sh torture || : # the page tells what was left out
make --no-print-directory -s torturers >&2
[ -n "$etcd" ] || etcd=$(scripts/fetch-etcd.sh || :)
[ -z "$etcd" ] || PATH=$etcd:$PATH
program=candidate
[ -z "$sabotage" ] || program=build/torture/sabotaged
export CANDIDATE=$PWD/$program TORTURE_WORKER=$PWD/build/torture/worker
export TORTURE_CLOCK_LIBRARY=$PWD/build/preload/clock.so
export CANDIDATE_SABOTAGE=$sabotage

version=$(etcd --version | sed -n 's/^etcd Version: //p')
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
echo "Commit $commit, etcd $version, $(uname -s) $(uname -r)," \
    "$(nproc) processors."
export TORTURE_EXPECTED=nothing
# Before 3.4.31 and 3.5.13 etcd breaks the promises of its leases when its leader
# stands still: what is found there may be its own fault.
if printf '%s\n' "$version" | grep -qE \
    '^3\.([0-3]|4\.([0-9]|[12][0-9]|30)$|5\.([0-9]|1[0-2])$)'; then
    echo "This etcd is known to break its leases' promises: no verdict."
    TORTURE_EXPECTED=anything
fi
if [ -n "$sabotage" ]; then
    echo "Sabotage: $sabotage, which must be found."
    TORTURE_EXPECTED=something
fi
exec build/torture/torture "$seconds" "$seed" "$ttl" "$clock" ${only:+"$only"}
