#!/usr/bin/env bash
# run.sh PROGRAM [ARG...]: what `make run` runs. When nobody answers at the
# endpoint (ETCDCTL_ENDPOINTS, else 127.0.0.1:2379) and that is this machine,
# starts an etcd there, which goes on when PROGRAM has ended, so that the next
# candidate finds it; then becomes PROGRAM.
set -euo pipefail

endpoint=${ETCDCTL_ENDPOINTS:-127.0.0.1:2379}
ready_s=30

fail() {
    echo "make run: $*" >&2
    exit 69
}

# Whether a healthy etcd answers. Asked without curl or etcdctl, which running
# does not need otherwise.
healthy() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$port"
        printf 'GET /health HTTP/1.0\r\n\r\n' >&3
        timeout 3 cat <&3 | grep -q '"health": *"\?true'
    ) 2>/dev/null
}

# Whoever listens there, and is silent or ill, is not replaced: its data may be
# all there is.
listens() {
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

# One of several that begin at the same time starts it.
start_once() {
    local lock
    mkdir -m 700 "$dir" 2>/dev/null || true
    { [ -O "$dir" ] && [ ! -L "$dir" ]; } || fail "$dir is somebody else's"
    exec {lock}>"$dir/lock"
    flock "$lock"
    listens || start_etcd
    exec {lock}>&-
}

# In its own session, where Ctrl-C does not reach it, and holding nothing that
# the caller waits for.
start_etcd() {
    unset "${!ETCD_@}"
    rm -rf "$dir/data"
    (
        cd "$dir"
        for fd in /proc/self/fd/*; do
            [ "${fd##*/}" -le 2 ] || eval "exec ${fd##*/}>&-"
        done
        exec setsid etcd --name local --data-dir "$dir/data" \
            --listen-client-urls "$url" --advertise-client-urls "$url" \
            --listen-peer-urls http://127.0.0.1:0 \
            --initial-advertise-peer-urls http://127.0.0.1:1 \
            --initial-cluster local=http://127.0.0.1:1
    ) </dev/null >"$dir/log" 2>&1 &
    local pid=$!
    echo "Nobody answers at $url: starting etcd there." >&2
    for ((i = 0; i < ready_s * 20; i++)); do
        if healthy; then
            echo "etcd's log is $dir/log; to stop it: kill $pid" >&2
            return
        fi
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    tail -n 5 "$dir/log" >&2
    kill "$pid" 2>/dev/null || true
    fail "etcd does not start; its log is $dir/log"
}

# Only a port of this machine can be served from here.
if [[ $endpoint =~ ^(http://)?(127\.0\.0\.1|localhost):([0-9]+)/?$ ]] &&
    [[ " $*" != *' --endpoints'* ]]; then
    port=${BASH_REMATCH[3]}
    url=http://127.0.0.1:$port
    dir=${TMPDIR:-/tmp}/candidate-etcd-$(id -u)-$port
    healthy || start_once
fi
exec "$@"
