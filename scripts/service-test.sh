#!/usr/bin/env bash
# service-test.sh [N]: the unit candidate@.service under a systemd that really
# runs: in a Debian of its own, in namespaces, beside an etcd on loopback. N times
# each (default 5) its leader is killed by SIGKILL, and stopped by systemctl.
# Tells how long it takes until the next candidate's command runs. Needs root, on
# Debian 12.
#
# Exit code 0: always within a second, though the lease lasts for twenty.
set -euo pipefail

suite=bookworm
packages=systemd,systemd-sysv,dbus,libcurl4,libcjson1,libmicrohttpd12
ttl_s=20
limit_ms=1000
patience_s=60
times=${1:-5}
[[ $times =~ ^[1-9][0-9]{0,2}$ ]] ||
    { sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2; exit 64; }
cd "$(dirname "$0")/.."

if [ -z "${WITH_ETCD_DIR-}" ]; then
    if [ "$(id -u)" -ne 0 ] || ! grep -q "=$suite$" /etc/os-release; then
        echo "service-test: needs root, on Debian $suite; try sudo make service-test" >&2
        exit 69
    fi
    scripts/install-deps.sh build run service
    make --no-print-directory -s all
    exec scripts/with-etcd.sh "$0" "$times"
fi

root=$WITH_ETCD_DIR/root
group=$(findmnt -nt cgroup2 -o TARGET | head -n 1)/candidate-test-$$
passed=0
failed=0
unshare_pid=
systemd=
ended=0

clean_up() {
    # With the first process of a namespace all others of it are killed.
    [ -z "$systemd" ] || kill -KILL "$systemd"
    [ -z "$unshare_pid" ] || wait "$unshare_pid" || :
    find "$group" -depth -type d -exec rmdir {} \; || :
}
trap clean_up EXIT

# await WORDS COMMAND...: until it succeeds.
await() {
    local words=$1 end=$((SECONDS + patience_s))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] ||
            { echo "service-test: $words: not within $patience_s s" >&2; exit 1; }
        sleep 0.05
    done
}

check() {
    local words=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "FAILED: $words" >&2
        failed=$((failed + 1))
    fi
}

not() {
    ! "$@" >/dev/null 2>&1
}

# ---- a Debian in which systemd runs ----

install_debian() {
    local mirror
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(SITE)' \
        'Created-By: Packages' 'Component: main' | grep -v security | head -n 1)
    echo "Installing Debian $suite in a temporary folder." >&2
    debootstrap --variant=minbase --include="$packages" "$suite" "$root" \
        "$mirror" >"$WITH_ETCD_DIR/debootstrap.log" ||
        { tail "$WITH_ETCD_DIR/debootstrap.log" >&2; exit 69; }
    make -s install DESTDIR="$root" >/dev/null
    mkdir "$root/etc/candidate"
    printf '%s\n' "ETCDCTL_ENDPOINTS=$ETCDCTL_ENDPOINTS" \
        "OPTIONS=--ttl $ttl_s" 'COMMAND=-- /bin/sleep infinity' \
        >"$root/etc/candidate/db.conf"
    : >"$root/etc/machine-id"
}

# shellcheck disable=SC2016
boot='
    mount --make-rprivate / && mount --bind "$1" "$1" && cd "$1"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    for folder in run tmp dev; do mount -t tmpfs tmpfs $folder; done
    mkdir dev/pts dev/shm
    for node in null:3 zero:5 full:7 random:8 urandom:9; do
        mknod -m 666 dev/${node%:*} c 1 ${node#*:}
    done
    mknod -m 666 dev/tty c 5 0
    mknod -m 666 dev/ptmx c 5 2
    ln -s /proc/self/fd dev/fd
    hostname candidate-test
    pivot_root . mnt && umount -l /mnt
    exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        /lib/systemd/systemd --log-target=null'

boot_debian() {
    mkdir "$group"
    (
        echo "$BASHPID" >"$group/cgroup.procs"
        exec unshare --fork --pid --mount --uts --ipc --cgroup --kill-child \
            sh -ec "$boot" sh "$root"
    ) </dev/null >"$WITH_ETCD_DIR/boot.log" 2>&1 &
    unshare_pid=$!
    await 'systemd' running_systemd
    await 'the system' inside systemctl is-system-running --wait
}

running_systemd() {
    systemd=$(pgrep -P "$unshare_pid" systemd)
}

inside() {
    nsenter -t "$systemd" -a -r "$@"
}

# ---- its leader ends ----

# Whether a process leads that has not been ended yet.
leading() {
    local pid
    pid=$(inside systemctl show -P MainPID candidate@db)
    [[ $pid != "$ended" && $pid != 0 &&
        $(inside systemctl show -P StatusText candidate@db) == leading* ]]
}

now_ms() {
    local seconds rest
    IFS=' .' read -r seconds rest _ </proc/uptime
    echo "$((seconds * 1000 + 10#$rest * 10))"
}

# ends WORDS COMMAND...: it ends the unit's leadership.
ends() {
    local words=$1 begun_ms led_ms
    shift
    rm -f "$WITH_ETCD_DIR/led"
    ./candidate --election db --ttl "$ttl_s" next -- \
        sh -c "cat /proc/uptime >'$WITH_ETCD_DIR/led.new' &&
            mv '$WITH_ETCD_DIR/led.new' '$WITH_ETCD_DIR/led'" \
        2>"$WITH_ETCD_DIR/next.err" &
    await 'the next candidate waits' \
        grep -q 'is the leader' "$WITH_ETCD_DIR/next.err"
    ended=$(inside systemctl show -P MainPID candidate@db)
    begun_ms=$(now_ms)
    "$@"
    await 'the next candidate leads' test -e "$WITH_ETCD_DIR/led"
    led_ms=$(now_ms <"$WITH_ETCD_DIR/led")
    wait $!
    echo "| $words | $((led_ms - begun_ms)) ms |"
    check "$words: $((led_ms - begun_ms)) ms" \
        [ "$((led_ms - begun_ms))" -lt "$limit_ms" ]
}

install_debian
boot_debian
inside systemctl start candidate@db
await 'the unit leads' leading
check 'the sandbox is as the unit says' \
    [ "$(inside systemctl show -P DynamicUser candidate@db)" = yes ]
echo "| how the leader ends | the next one's command runs after |"
echo "|---|---|"
for ((i = 0; i < times; i++)); do
    ends 'SIGKILL' inside systemctl kill -s KILL --kill-who=main candidate@db
    await 'the unit leads again' leading
    ends 'systemctl stop' inside systemctl stop candidate@db
    check 'a stop is no failure' inside systemctl start candidate@db
    await 'the unit leads again' leading
done

given_up() {
    [[ $(inside systemctl show -P ActiveState candidate@db) == failed ]]
}
sed -i 's/^OPTIONS=.*/OPTIONS=--no-such-option/' "$root/etc/candidate/db.conf"
check 'wrong options fail' not inside systemctl restart candidate@db
check 'wrong options are not tried again' given_up
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
