#!/usr/bin/env bash
# with-etcd.sh [OPTION...] COMMAND [ARG...]: runs COMMAND beside a throw-away
# etcd on a free loopback port, and ends with COMMAND's exit code. Any number may
# run side by side. Whatever happens, SIGKILL of this script included, the etcd
# and its folder go away.
#
#   --tls DIR    https://, with server.crt, server.key and ca.crt of DIR, as
#                test-certs.sh makes them
#   --mtls DIR   the same, and clients need a certificate: client.crt, .key
#   --etcd FLAG  is given to etcd; may be repeated
#
# COMMAND finds in its environment ETCDCTL_ENDPOINTS, ETCDCTL_API, with TLS
# ETCDCTL_CACERT, ETCDCTL_CERT and ETCDCTL_KEY as far as they are needed, and
#   WITH_ETCD_PID  the server's process id, as long as COMMAND starts no other
#   WITH_ETCD_DIR  its folder: data, log, pid (of the present server), and
#                  start, which runs a server on the same data and port:
#                  kill "$WITH_ETCD_PID"; "$WITH_ETCD_DIR/start" &
#   WITH_ETCD_LOG  its log
set -euo pipefail

ready_ms=60000
data_kib=400000 # what an idle etcd reserves, with room
attempts=50

fail() {
    echo "with-etcd: $*" >&2
    exit 69
}

# Is the process that wrote this pid file still there, and not a dead child
# that nobody has asked for?
alive() {
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) && grep -qaF "$1" "/proc/$pid/cmdline" \
        2>/dev/null
}

# Waits for the end of its input, which comes when the script has ended, then
# clears up. Out of reach of signals to the script's process group.
watchdog() {
    local dir=$1 pid
    trap '' INT TERM HUP
    cat >/dev/null
    for ((i = 0; i < 500; i++)); do
        alive "$dir" || break
        pid=$(cat "$dir/pid")
        kill -KILL "$pid" 2>/dev/null || break
        sleep 0.01
    done
    rm -rf "$dir"
}

if [ "${1-}" = --watchdog ]; then
    watchdog "$2"
    exit
fi
scheme=http
flags=()
certs=
while [[ ${1-} == --* ]] && [ $# -gt 1 ]; do
    case $1 in
    --tls | --mtls)
        scheme=https
        certs=$(realpath "$2")
        flags+=("--cert-file=$certs/server.crt" "--key-file=$certs/server.key")
        [ "$1" = --tls ] || flags+=(--client-cert-auth
            "--trusted-ca-file=$certs/ca.crt")
        ;;
    --etcd) flags+=("$2") ;;
    *) break ;;
    esac
    shift 2
done
[[ $# -gt 0 && $1 != --* ]] ||
    { echo 'usage: with-etcd.sh [OPTION...] COMMAND [ARG...]' >&2; exit 64; }
for tool in etcd etcdctl; do
    command -v "$tool" >/dev/null ||
        fail "no $tool here; run scripts/install-deps.sh test"
done

# A RAM disk when there is one with room.
base=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 {print $4}')" -gt \
    "$data_kib" ]; then
    base=/dev/shm
fi
dir=$(mktemp -d "$base/with-etcd.XXXXXX")
exec 9> >(exec setsid "$0" --watchdog "$dir" >/dev/null 2>&1)
watchdog=$!
trap 'exec 9>&-; wait "$watchdog" || true' EXIT
trap 'exit 143' TERM
trap 'exit 129' HUP

unset "${!ETCD_@}" "${!ETCDCTL_@}"
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS WITH_ETCD_PID
export WITH_ETCD_DIR=$dir WITH_ETCD_LOG=$dir/log
[ -z "$certs" ] || export ETCDCTL_CACERT=$certs/ca.crt
[[ " ${flags[*]} " != *' --client-cert-auth '* ]] ||
    export ETCDCTL_CERT=$certs/client.crt ETCDCTL_KEY=$certs/client.key
name=${dir##*/}

# Ports below those that the kernel gives to clients, and that tests/support has:
# none of them can take ours while the server is being restarted. The peers'
# port nobody needs.
write_start() {
    ETCDCTL_ENDPOINTS=$scheme://127.0.0.1:$((10000 + SRANDOM % 8000))
    cat >"$dir/start" <<END
#!/usr/bin/env bash
echo \$\$ >'$dir/pid'
exec etcd --name '$name' --data-dir '$dir/data' \\
    --listen-client-urls $ETCDCTL_ENDPOINTS \\
    --advertise-client-urls $ETCDCTL_ENDPOINTS \\
    --listen-peer-urls http://127.0.0.1:0 \\
    --initial-advertise-peer-urls http://127.0.0.1:1 \\
    --initial-cluster '$name=http://127.0.0.1:1' ${flags[*]@Q} \\
    </dev/null >>'$dir/log' 2>&1
END
    chmod +x "$dir/start"
}

# It answers, it has a leader, and it is ours.
ready() {
    etcdctl --command-timeout=1s get ready && etcdctl member list |
        grep -qF ", $name, "
} >/dev/null 2>&1

now_ms() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

start() {
    local deadline_ms
    for ((i = 0; i < attempts; i++)); do
        rm -rf "$dir/data" "$dir/log"
        write_start
        setsid "$dir/start" 9>&- &
        WITH_ETCD_PID=$!
        disown
        deadline_ms=$(($(now_ms) + ready_ms))
        while kill -0 "$WITH_ETCD_PID" 2>/dev/null; do
            ! ready || return 0
            [ "$(now_ms)" -lt "$deadline_ms" ] || fail "etcd does not answer"
            sleep 0.02
        done
        grep -q 'address already in use' "$dir/log" || break
    done
    tail -n 20 "$dir/log" >&2
    fail "etcd does not start"
}

start

# A signal may come before COMMAND is there, whose process is then not known.
command=
caught=
# shellcheck disable=SC2317 # traps reach it
pass_on() {
    caught=$1
    [ -z "$command" ] || kill "-$1" "$command"
}
trap ':' INT QUIT
trap 'pass_on TERM' TERM
trap 'pass_on HUP' HUP

# In the background, so that signals to this script alone can be passed on; on
# the same terminal and input, and with the terminal's keys at their defaults.
# Ctrl-C reaches COMMAND by itself.
(
    trap - INT QUIT
    exec "$@"
) <&0 9>&- &
command=$!
[ -z "$caught" ] || kill "-$caught" "$command"
status=0
while :; do
    wait "$command" && status=0 || status=$?
    kill -0 "$command" 2>/dev/null || break
done
exit "$status"
