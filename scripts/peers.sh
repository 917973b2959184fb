#!/usr/bin/env bash
# peers.sh go|node: prints the path of a program that takes part in an election
# through another library: Go's concurrency of Debian's golang packages, or
# etcd3 that npm gets. Installs what is missing, and says so first: Debian's
# packages by apt-get, etcd3 into a cache folder. See tests/interop/peer.go.
# Exit codes: 64 wrong usage, 69 it cannot be had here.
set -euo pipefail
exec 3>&1 >&2 # the path is all that stdout gets
cd "$(dirname "$0")/.."

etcd3=1.1.2
limit_s=600
gocode=/usr/share/gocode
sources=$gocode/src/go.etcd.io/etcd
folder=${BUILD:-$PWD/build}/peers

fail() {
    echo "peers: no peer: $*"
    exit 69
}

# Debian's package of etcd's sources, and nothing from elsewhere. In Debian 12 it
# is 3.4's, whose folders have other names.
go_peer() {
    local names=
    [ "$folder/go" -nt tests/interop/peer.go ] && return
    echo "peers: building $folder/go"
    [ ! -d "$sources/clientv3" ] ||
        names='s|etcd/client/v3|etcd/clientv3|; s|etcd/api/version|etcd/version|'
    sed "$names" tests/interop/peer.go >"$folder/peer.go"
    GO111MODULE=off GOPATH=$gocode GOPROXY=off timeout -k 5 "$limit_s" \
        go build -o "$folder/go" "$folder/peer.go" ||
        fail 'the Go library of this machine is another one'
}

node_peer() {
    local cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}} modules
    [[ $cache == /* ]] || fail 'neither HOME nor XDG_CACHE_HOME names a folder'
    cache=$cache/candidate
    modules=$cache/etcd3-$etcd3
    mkdir -p "$cache"
    exec 9>"$cache/lock-etcd3"
    flock -w "$limit_s" 9 || fail 'another peers.sh goes on and on'
    if [ ! -d "$modules" ]; then
        echo "peers: installing etcd3 $etcd3 with npm into $modules"
        work=$(mktemp -d "$cache/fetching-etcd3.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        timeout -k 5 "$limit_s" npm install --prefix "$work" --ignore-scripts \
            --no-audit --no-fund --loglevel error "etcd3@$etcd3" 9>&- ||
            fail "npm does not get etcd3 $etcd3"
        mv -T "$work" "$modules"
    fi
    cat >"$folder/node" <<END
#!/bin/sh
PEER_MODULES='$modules/node_modules' exec node '$PWD/tests/interop/peer.mjs' "\$@"
END
    chmod 755 "$folder/node"
}

if [ $# -ne 1 ] || [[ ! $1 =~ ^(go|node)$ ]]; then
    echo 'usage: peers.sh go|node'
    exit 64
fi
scripts/install-deps.sh "peer-$1"
mkdir -p "$folder"
"$1_peer"
"$folder/$1" version >/dev/null || fail "$folder/$1 does not run here"
echo "$folder/$1" >&3
