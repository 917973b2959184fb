#!/usr/bin/env bats
# scripts/with-etcd.sh: a throw-away etcd beside any command.

load support

# Its own 5 s are not enough on a busy machine.
export patient='etcdctl --command-timeout=60s'

with_etcd() {
    scripts/with-etcd.sh "$@" 3>&-
}

# Wait until a process has ended and a folder is gone.
gone() {
    local end=$((SECONDS + 30))
    while [ -d "$2" ] || kill -0 "$1" 2>/dev/null; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.02
    done
}

@test "the command's exit code comes back" {
    run -7 with_etcd sh -c 'exit 7'
}

@test "no command is a usage error" {
    run -64 with_etcd
}

@test "the command reads the caller's input" {
    run -0 with_etcd cat <<<'some input'
    [ "$output" = 'some input' ]
}

@test "etcd answers as soon as the command runs, and is empty" {
    run -0 with_etcd sh -c '$patient endpoint health &&
        $patient get --prefix ""'
    [ ${#lines[@]} -eq 1 ]
}

@test "etcd and its folder are gone afterwards" {
    run -0 with_etcd sh -c 'echo "$WITH_ETCD_PID"; echo "$WITH_ETCD_DIR"'
    [ -n "${lines[1]}" ]
    run ! kill -0 "${lines[0]}"
    [ ! -e "${lines[1]}" ]
}

@test "they go away even when the script is killed" {
    local fifo=$BATS_TEST_TMPDIR/fifo pid dir script
    mkfifo "$fifo"
    scripts/with-etcd.sh sh -c \
        'echo "$WITH_ETCD_PID $WITH_ETCD_DIR"; exec cat <"$1"' sh "$fifo" \
        >"$BATS_TEST_TMPDIR/out" 3>&- &
    script=$!
    exec 4>"$fifo" # opens when the command reads
    read -r pid dir <"$BATS_TEST_TMPDIR/out"
    kill -0 "$pid"
    kill -KILL "$script"
    gone "$pid" "$dir"
    exec 4>&-
}

@test "SIGTERM is passed on to the command" {
    local fifo=$BATS_TEST_TMPDIR/fifo script status=0
    mkfifo "$fifo"
    scripts/with-etcd.sh bash -c \
        'trap "exit 9" TERM; echo >"$1"; while :; do sleep 0.1; done' \
        bash "$fifo" 3>&- &
    script=$!
    read -r <"$fifo"
    kill -TERM "$script"
    wait "$script" || status=$?
    [ "$status" -eq 9 ]
}

@test "a server that was killed starts again with its data" {
    run -0 with_etcd bash -c '$patient put key value &&
        kill -KILL "$WITH_ETCD_PID" && { "$WITH_ETCD_DIR/start" & } &&
        until etcdctl --command-timeout=1s get key 2>/dev/null; do :; done'
    [ "${lines[*]}" = 'OK key value' ]
}

@test "several side by side do not see each other" {
    local i
    for i in 1 2 3; do
        scripts/with-etcd.sh sh -c '$patient put key "$1" >/dev/null
            $patient get key --print-value-only
            $patient get key -w fields | grep "\"Version\""' \
            sh "$i" >"$BATS_TEST_TMPDIR/$i" 3>&- &
    done
    wait
    for i in 1 2 3; do
        [ "$(cat "$BATS_TEST_TMPDIR/$i")" = "$i
\"Version\" : 1" ]
    done
}
