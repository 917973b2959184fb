#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2154 # what a stub says is for its own shell
# The recipes of README.md, run as they stand there: each on hosts of its own,
# which are a name, a folder, and where it matters a network.

load support

BATS_TEST_TIMEOUT=400 # a database on a busy machine
patience_s=90

setup() {
    # Whoever runs a recipe may be another user.
    base=$(mktemp -d /tmp/recipe.XXXXXX)
    chmod 755 "$base"
    mkdir "$base/bin"
    export base PATH=$base/bin:$PATH GCOV_PREFIX=$base
    cp "$CANDIDATE" "$base/bin/candidate"
    stub hostname 'echo "$HOST"'
    others=()
}

teardown() {
    stop_all
    [ ${#others[@]} -eq 0 ] || kill -KILL "${others[@]}" || true
    [ ! -e "$base/b/data/postmaster.pid" ] ||
        pg b pg_ctl -s -m immediate stop || true
    until_so no_candidate # guardians end by themselves, and write coverage
    rm -rf "$base"
}

no_candidate() {
    [ -z "$(find /proc/[0-9]*/exe -lname "$base/bin/candidate" 2>/dev/null)" ]
}

# recipe TITLE: what README.md says under it.
recipe() {
    awk -v title="$1" '/^(\*\*[0-9]|##)/ { found = index($0, title) }
        found' README.md | grep .
}

# block LANGUAGE: what is fenced, of a recipe.
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" | grep -v '^```'
}

# command: the one within the text of a recipe.
command_of() {
    recipe "$1" | tr '\n' ' ' | grep -oE '`candidate [^`]*`' | tr -d '`'
}

# stub NAME TEXT: a program that the recipe takes for granted.
stub() {
    printf '#!/bin/sh\n%s\n' "$2" >"$base/bin/$1"
    chmod 755 "$base/bin/$1"
}

# run_on HOST COMMAND [PREFIX...]: in the background, as ${pid[HOST]}.
run_on() {
    local host=$1 command=$2
    shift 2
    HOST=$host "$@" sh -c "exec $command" </dev/null >"$base/$host.out" \
        2>"$BATS_TEST_TMPDIR/$host.err" 3>&- &
    pid["$host"]=$!
}

@test "a cron job: one of three hosts runs it, the others give up" {
    local line gate results host status
    line=$(recipe 'A cron job' | sed -n 's|^    \*/5 \* \* \* \* ||p')
    mkfifo "$base/gate" "$base/results"
    exec {gate}<>"$base/gate" {results}<>"$base/results"
    # It leads on for as long as the others need.
    stub report 'echo "$HOST" >>"$base/reports"'
    stub sleep 'echo "$*" >>"$base/naps"; read -r _ <"$base/gate"'
    for host in a b c; do
        mkdir "$base/$host"
        (
            cd "$base/$host"
            HOST=$host sh -c "$line" </dev/null 3>&- && status=0 || status=$?
            echo "$status $host" >&"$results"
        ) &
    done
    for _ in 1 2; do
        read -r -t "$patience_s" -u "$results" status host
        [ "$status" -eq 75 ]
        grep -F 'is the leader' "$base/$host/report.log"
    done
    echo >&"$gate"
    read -r -t "$patience_s" -u "$results" status host
    [ "$status" -eq 0 ]
    [ "$(cat "$base/reports")" = "$host" ]
    [ "$(cat "$base/naps")" = 30 ]
}

# in_net HOST COMMAND...: within its network.
in_net() {
    nsenter --target "${net[$1]}" "${user[@]}" --net "${@:2}"
}

# new_net HOST [PREFIX...]
new_net() {
    local host=$1
    shift
    mkfifo "$base/$host.up"
    "$@" --net sh -c 'echo up >"$0"; exec sleep 600' "$base/$host.up" 3>&- &
    net[$host]=$!
    others+=($!)
    # Opened for both, it does not wait for one that may not come.
    read -r -t "$patience_s" _ <>"$base/$host.up"
}

# Two hosts, whose eth0 are the ends of one cable.
lay_cable() {
    declare -gA net
    user=()
    if [ "$(id -u)" -eq 0 ]; then
        new_net a unshare
        new_net b unshare
    else
        new_net a unshare --user --map-root-user
        user=(--user --preserve-credentials)
        new_net b nsenter --target "${net[a]}" "${user[@]}" unshare
    fi
    in_net a ip link add eth0 type veth peer name eth0 netns "${net[b]}"
    in_net a ip address add 192.0.2.1/24 dev eth0
    in_net b ip address add 192.0.2.2/24 dev eth0
    in_net a ip link set eth0 up
    in_net b ip link set eth0 up
}

has_address() {
    [ -n "$(in_net "$1" ip -o address show to 192.0.2.10)" ]
}

hasnt_address() {
    ! has_address "$1"
}

# alone HOST OTHER: it has the address. That both have it must never be.
alone() {
    local here=0
    ! has_address "$1" || here=1
    if has_address "$2"; then
        [ "$here" -eq 0 ] || complain 'both have the address'
        return 1
    fi
    [ "$here" -eq 1 ]
}

@test "a virtual IP address: one host has it, and after a crash the other" {
    local command
    lay_cable
    recipe 'A virtual IP' | block sh >"$base/bin/vip-there"
    chmod 755 "$base/bin/vip-there"
    declare -p net user >"$base/nets"
    printf '#!/usr/bin/env bash\n. "$base/nets"\n%s\n' \
        'exec nsenter --target "${net[$HOST]}" "${user[@]}" --net vip-there' \
        >"$base/bin/vip"
    chmod 755 "$base/bin/vip"
    command=$(command_of 'A virtual IP')
    run_on a "$command"
    await_error a 'LEADER!'
    run_on b "$command"
    await_error b 'a is the leader'
    until_so alone a b
    kill -KILL "${pid[a]}"
    until_so alone b a
    until_so in_net a arping -q -c 1 -w 2 -I eth0 192.0.2.10
    kill "${pid[b]}"
    until_so hasnt_address b
}

# ---- PostgreSQL ----

# be HOST: $prefix is what makes of a command one of its user postgres.
be() {
    prefix=("${as_postgres[@]}" env -C "$base" HOST="$1" PGDATA="$base/$1/data"
        PGHOST="$base/$1" PGUSER=postgres PGDATABASE=postgres)
}

# pg HOST COMMAND...
pg() {
    local prefix
    be "$1"
    "${prefix[@]}" "${@:2}" 3>&-
}

# lead HOST: it takes part.
lead() {
    local prefix
    be "$1"
    run_on "$1" "$(command_of "PostgreSQL's primary")" "${prefix[@]}"
}

sql() {
    pg "$1" psql -qtAX -c "$2" 2>&1
}

answers() {
    [ "$(sql "$1" "$2")" = "$3" ]
}

configure() {
    printf "%s = '%s'\n" listen_addresses '' fsync off max_connections 20 \
        unix_socket_directories "$base/$1" shared_buffers 8MB \
        dynamic_shared_memory_type mmap \
        primary_conninfo "user=postgres host=$base/a,$base/b \
target_session_attrs=read-write" | pg "$1" tee -a \
        "$base/$1/data/postgresql.conf" >/dev/null
}

set_up_postgres() {
    as_postgres=()
    [ "$(id -u)" -ne 0 ] ||
        as_postgres=(setpriv --reuid postgres --regid postgres --clear-groups)
    PATH=$PATH:$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    recipe "PostgreSQL's primary" | block sh >"$base/bin/pg-lead"
    chmod 755 "$base/bin/pg-lead"
    mkdir "$base/a" "$base/b"
    [ ${#as_postgres[@]} -eq 0 ] || chown postgres "$base/a" "$base/b" "$base"
    pg a initdb --no-sync -A trust -U postgres >/dev/null
    configure a
    etcdctl put /pg/main-last a
}

@test "PostgreSQL: the standby is promoted, the former primary stays away" {
    set_up_postgres
    lead a
    until_so answers a 'CREATE TABLE IF NOT EXISTS t (n int)' ''
    pg b pg_basebackup -h "$base/a" -D "$base/b/data" -R -c fast --no-sync
    configure b
    pg b pg_ctl -s -l "$base/b/log" start
    lead b
    await_error b 'a is the leader'
    answers a 'INSERT INTO t VALUES (1)' ''
    until_so answers b 'SELECT n FROM t' 1
    kill -KILL "${pid[a]}"
    until_so answers b 'SELECT pg_is_in_recovery()' f
    until_so answers b 'INSERT INTO t VALUES (2)' ''
    run ! sql a 'SELECT 1'
    # The first one lacks what the second has written.
    lead a
    await_error a 'b is the leader'
    kill "${pid[b]}"
    expect_code a 1
    expect_error a 'somebody else was primary since: pg_rewind first'
}

@test "SQL: a smaller token changes nothing" {
    set_up_postgres
    pg a pg_ctl -s -l "$base/a/log" start
    others+=("$(head -n 1 "$base/a/data/postmaster.pid")")
    recipe '1. SQL' | block sql >"$base/fence.sql"
    sed '/^BEGIN/,$d' "$base/fence.sql" |
        pg a psql -q -v ON_ERROR_STOP=1
    sed -n '/^BEGIN/,$p' "$base/fence.sql" >"$base/write.sql"
    write() {
        pg a psql -X -v ON_ERROR_STOP=1 -v token="$1" <"$base/write.sql"
    }
    write 7
    write 7
    run write 6
    grep -x 'UPDATE 0' <<<"$output"
    answers a 'SELECT token, done FROM fence, job' '7|2'
    write 12
    answers a 'SELECT token, done FROM fence, job' '12|3'
}

# ---- Kubernetes ----

# manifest FILTER: of the README's, as jq has it.
manifest() {
    recipe 'Kubernetes' | block yaml | python3 -c '
import json, sys, yaml
json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)' |
        jq -er ".[0].spec.template.spec.containers | $1"
}

# As the kubelet does it: any status from 200 to 399.
probe() {
    curl -sSf -o /dev/null -m 10 --noproxy '*' "http://$1$2"
}

@test "Kubernetes: the probes answer, and the main container asks the leader" {
    local port host name at
    local -a words
    local -A loop
    port=$(manifest '.[0] | .readinessProbe, .livenessProbe | .httpGet.port' |
        uniq)
    [ "$(manifest '.[0].args | index("--listen") as $i | .[$i + 1]')" = \
        "0.0.0.0:$port" ]
    [ "$(manifest '.[0].env[1] | .name, .valueFrom.fieldRef.fieldPath')" = \
        $'POD_NAME\nmetadata.name' ]
    stub work-one-step 'echo "$HOST" >>"$base/steps"'
    for host in a b; do
        # What stands for the pod in its arguments; and any port that is free.
        mapfile -t words < <(manifest '.[0].args[]' |
            sed "s/\$(POD_NAME)/$host/; s/^0.0.0.0:$port\$/0/")
        run_on "$host" "candidate ${words[*]@Q}"
        await_error "$host" 'status at '
        at=$(sed -n 's/.*status at //p' "$BATS_TEST_TMPDIR/$host.err")
        for name in readinessProbe livenessProbe; do
            until_so probe "$at" "$(manifest ".[0].$name.httpGet.path")"
        done
        loop[$host]=$(manifest '.[1].command[2]' | sed "s/localhost:$port/$at/")
        [[ ${loop[$host]} == *"$at/leader"* ]]
    done
    stub sleep 'echo "$1" >>"$base/naps-$HOST"
        [ "$(wc -l <"$base/naps-$HOST")" -le 3 ]' # then the pod ends
    HOST=b sh -c "${loop[b]}" 3>&-
    [ ! -e "$base/steps" ]
    HOST=a sh -c "${loop[a]}" 3>&-
    [ "$(cat "$base/steps")" = $'a\na\na' ]
}
