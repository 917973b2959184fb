#!/usr/bin/env bash
# curl.sh: etcd's own lock and election services by curl, driven like peer.go:
#   curl.sh elect PREFIX VALUE   /v3/election/campaign, proclaim, resign
#   curl.sh lock PREFIX          /v3/lock/lock, unlock
#   curl.sh leader PREFIX        /v3/election/observe, leader
# leader prints whom both of its calls name. elect proclaims VALUE once more when
# it leads.
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
        jq --unbuffered -r .result.kv.value |
        while read -r value; do
            [ "$(ask election/leader "{\"name\":\"$name\"}" |
                jq -r .kv.value)" != "$value" ] ||
                jq -rn --arg value "$value" '$value | @base64d'
        done
    exit
fi
lease=$(ask lease/grant "{\"TTL\":$lease_s}" | jq -r .ID)
body="{\"name\":\"$name\",\"lease\":\"$lease\""
if [ "$1" = elect ]; then
    value="\"value\":\"$(base64_of "$3")\""
    leader=$(ask election/campaign "$body,$value}" | jq -c .leader)
    ask election/proclaim "{\"leader\":$leader,$value}" >/dev/null
    hold
    ask election/resign "{\"leader\":$leader}" >/dev/null
else
    key=$(ask lock/lock "$body}" | jq -r .key)
    hold
    ask lock/unlock "{\"key\":\"$key\"}" >/dev/null
fi
ask lease/revoke "{\"ID\":\"$lease\"}" >/dev/null
