#!/usr/bin/env bash
# curl.sh: etcd's own lock and election services by curl, driven like peer.go:
#   curl.sh elect PREFIX VALUE   /v3/election/campaign
#   curl.sh lock PREFIX          /v3/lock/lock
#   curl.sh leader PREFIX        /v3/election/observe
set -euo pipefail

lease_s=300 # it is not renewed here
limit_s=300

# ask CALL BODY
ask() {
    curl -sSf --max-time "$limit_s" -d "$2" "$ETCDCTL_ENDPOINTS/v3/$1"
}

base64_of() {
    printf %s "$1" | base64 -w 0
}

# Lead until SIGTERM. What waits ends with whoever has started this.
hold() {
    cat <&3 >/dev/null 3<&- &
    trap 'kill $! 2>/dev/null' TERM
    echo leading
    wait $! || true
}

exec 3<&0
name=$(base64_of "$2")
if [ "$1" = leader ]; then
    curl -sSfN -d "{\"name\":\"$name\"}" \
        "$ETCDCTL_ENDPOINTS/v3/election/observe" |
        jq --unbuffered -r '.result.kv.value | @base64d'
    exit
fi
lease=$(ask lease/grant "{\"TTL\":$lease_s}" | jq -r .ID)
body="{\"name\":\"$name\",\"lease\":\"$lease\",\"value\":\"$(base64_of "${3-}")\"}"
if [ "$1" = elect ]; then
    leader=$(ask election/campaign "$body" | jq -c .leader)
    hold
    ask election/resign "{\"leader\":$leader}" >/dev/null
else
    key=$(ask lock/lock "${body%,*}}" | jq -r .key)
    hold
    ask lock/unlock "{\"key\":\"$key\"}" >/dev/null
fi
ask lease/revoke "{\"ID\":\"$lease\"}" >/dev/null
