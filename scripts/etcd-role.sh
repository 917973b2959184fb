#!/usr/bin/env bash
# etcd-role.sh [--election NAME] [--steer] USER: makes a user of etcd that may
# take part in one election and do nothing else, with a role of its own; with
# --steer it may also ask the leader to step down, and have a priority. May be
# repeated, also for further users. It asks etcd through etcdctl, so set
# ETCDCTL_ENDPOINTS, ETCDCTL_USER=root:... and so on first. The new user's
# password is the first line of standard input; on a terminal it is asked for.
set -euo pipefail

election=leader
if [ "${1-}" = --election ] && [ $# -gt 1 ]; then
    election=$2
    shift 2
fi
steers=
if [ "${1-}" = --steer ]; then
    steers=-steer
    shift
fi
[[ $# -eq 1 && -n $1 && $1 != -* && -n $election ]] ||
    { echo 'usage: etcd-role.sh [--election NAME] [--steer] USER' >&2; exit 64; }
user=$1
export ETCDCTL_API=3

# As candidate does it: "election_" before the last component, "/" behind.
folder=
[[ $election != */* ]] || folder=${election%/*}/
locks=${folder}election_${election##*/}
requests=${folder}election-request_${election##*/}
priorities=${folder}election-priority_${election##*/}
role=election$steers:$election

fail() {
    echo "etcd-role: $2" >&2
    exit "$1"
}

# ask WORDS COMMAND...: a failure that says WORDS is none. Fails with what
# etcdctl said otherwise.
ask() {
    local said
    said=$(etcdctl "${@:2}" 2>&1) && return
    [[ -n $1 && $said == *"$1"* ]] || fail 69 "$said"
}

[[ $user != *:* ]] || fail 64 "\"$user\": a colon would end the name"
[ ! -t 0 ] || printf 'Password of %s: ' "$user" >&2
IFS= read -rs password || [ -n "$password" ] || fail 64 'no password was given'
[ ! -t 0 ] || echo >&2
[ -n "$password" ] || fail 64 'the password is empty'
[[ $password != *[[:space:]]* ]] ||
    fail 64 'the password has a blank, at which etcdctl would end it'

echo "role $role: may read and write the key $election and all below $locks/"
ask 'role name already exists' role add "$role" </dev/null
ask '' role grant-permission "$role" readwrite "$election" </dev/null
ask '' role grant-permission "$role" readwrite --prefix=true "$locks/" \
    </dev/null
if [ -z "$steers" ]; then
    echo "role $role: may read the key $requests"
    ask '' role grant-permission "$role" read "$requests" </dev/null
else
    echo "role $role: may read and write $requests and all below $priorities/"
    ask '' role grant-permission "$role" readwrite "$requests" </dev/null
    ask '' role grant-permission "$role" readwrite --prefix=true \
        "$priorities/" </dev/null
fi
echo "user $user: has this role, and this password"
# Through standard input: ps(1) would show an argument.
ask 'user name already exists' user add "$user" --interactive=false \
    <<<"$password"
ask '' user passwd "$user" --interactive=false <<<"$password"
ask '' user grant-role "$user" "$role" </dev/null

printf '\nPut the password into a file of its own, mode 600, and start:\n'
printf '    candidate --user %q --password-file FILE' "$user"
[ "$election" = leader ] || printf ' --election %q' "$election"
printf ' ID\n'
echo 'It matters once authentication is on: etcdctl auth enable'
