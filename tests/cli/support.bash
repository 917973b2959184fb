# shellcheck shell=bash disable=SC2034,SC2154
# For bats files that run candidate on pipes, beside an etcd that the file's
# tests share; each test has an election of its own. What a file needs otherwise
# it says below its `load support`.

bats_require_minimum_version 1.5.0
CANDIDATE=${CANDIDATE:-$PWD/candidate}
export BATS_TEST_TIMEOUT=300
patience_s=60 # longer than any wait that ends well
declare -gA pid in out # global: bats loads this within a function

setup_file() {
    start_etcd "$BATS_FILE_TMPDIR"
}

teardown_file() {
    stop_etcd
}

teardown() {
    stop_all
}

# Its own 5 s are not enough on a busy machine. An option, because etcdctl reads
# the variable of that name too late for most of what it does.
etcdctl() {
    command etcdctl --command-timeout="${patience_s}s" "$@"
}

# start_etcd FOLDER [OPTION...]: it ends with stop_etcd, or with the process that
# began it. The options are those of with-etcd.sh.
start_etcd() {
    local folder=$1
    shift
    mkfifo "$folder/up" "$folder/down"
    # shellcheck disable=SC2016
    scripts/with-etcd.sh "$@" sh -c '
        echo "$ETCDCTL_ENDPOINTS $WITH_ETCD_PID $WITH_ETCD_DIR" >"$1/up"
        exec cat <"$1/down"' sh "$folder" 3>&- &
    read -r ETCDCTL_ENDPOINTS etcd_pid etcd_dir <"$folder/up"
    exec {etcd_input}>"$folder/down"
    export ETCDCTL_ENDPOINTS ETCDCTL_API=3 etcd_input etcd_dir
}

# The same server again, on the same data and port; does not wait for it.
restart_etcd() {
    local pid
    pid=$(cat "$etcd_dir/pid")
    kill "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.02
    done
    # shellcheck disable=SC1083
    setsid "$etcd_dir/start" 3>&- {etcd_input}>&- &
    disown
}

# Harmless when none was started.
stop_etcd() {
    [ -z "${etcd_input-}" ] || exec {etcd_input}>&-
}

election() {
    echo "test-$BATS_SUITE_TEST_NUMBER"
}

# start NAME [OPTION...] ID: in the background, as if from a terminal's
# foreground as far as signals go. ${in[NAME]} and ${out[NAME]} are its pipes'
# other ends, ${pid[NAME]} is its process; standard error is in NAME.err.
# REDIRECT, when set, is applied last: '<&-'.
start() {
    local name=$1 base=$BATS_TEST_TMPDIR/$1 reader writer fd
    shift
    mkfifo "$base.in" "$base.out"
    : >"$base.err" # nobody may read what one of that name said before
    (
        for fd in "${in[@]}" "${out[@]}"; do
            exec {fd}>&-
        done
        exec <"$base.in" >"$base.out" 2>"$base.err" 3>&-
        eval "exec ${REDIRECT-}"
        exec env --default-signal=INT,QUIT "$CANDIDATE" \
            --election "$(election)" "$@"
    ) &
    pid[$name]=$!
    exec {writer}>"$base.in" {reader}<"$base.out"
    in[$name]=$writer
    out[$name]=$reader
}

# Whatever the test left behind.
stop_all() {
    local name
    for name in "${!pid[@]}"; do
        kill -KILL "${pid[$name]}" || true
        wait "${pid[$name]}" || true
    done 2>/dev/null
}

# documented: candidate(1) has each name that stands on a line of the input.
documented() {
    local names
    names=$(grep .)
    ! grep -vxFe "$(sed -nE 's/^\.(It |P[oq] )?Va //p' \
        scripts/manual/candidate.1 | tr -s ' ,' '\n')" <<<"$names"
}

# json_names: those of the members at any depth, one a line.
json_names() {
    jq -r '[paths[] | strings] | unique[]'
}

complain() {
    echo "$*" >&2
    head -n 20 "$BATS_TEST_TMPDIR"/*.err >&2
    return 1
}

# until_so COMMAND...: soon it succeeds.
until_so() {
    local end=$((SECONDS + patience_s))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || complain "never: $*" || return 1
        /bin/sleep 0.02 # a test may have a sleep of its own
    done
}

# expect NAME LINE...: these come next on its standard output.
expect() {
    local name=$1 line got
    shift
    for line in "$@"; do
        read -r -t "$patience_s" -u "${out[$name]}" got ||
            complain "$name: nothing comes instead of: $line" || return 1
        [ "$got" = "$line" ] ||
            complain "$name: $got"$'\n'"instead of: $line" || return 1
    done
}

# expect_like NAME PATTERN: as expect, for one line.
expect_like() {
    local got
    read -r -t "$patience_s" -u "${out[$1]}" got || complain "$1: nothing" ||
        return 1
    # shellcheck disable=SC2053
    [[ $got == $2 ]] || complain "$1: $got"$'\n'"instead of: $2"
}

# expect_exit NAME CODE: its output ends, and so does it; 128 + n: by signal.
expect_exit() {
    local got
    if read -r -t "$patience_s" -u "${out[$1]}" got; then
        complain "$1: $got instead of its end" || return 1
    elif [ $? -gt 128 ]; then
        complain "$1: does not end" || return 1
    fi
    expect_code "$1" "$2"
}

# expect_code NAME CODE: it ends so, whatever it says.
expect_code() {
    local status=0
    wait "${pid[$1]}" || status=$?
    unset "pid[$1]"
    [ "$status" -eq "$2" ] || complain "$1: exit code $status instead of $2"
}

# expect_error NAME PART: a line on its standard error has this part.
expect_error() {
    grep -qF -- "$2" "$BATS_TEST_TMPDIR/$1.err" ||
        complain "$1: no such message: $2"
}

# await_errors NAME N PART: until N lines on its standard error have this part.
await_errors() {
    until_so has_errors "$@"
}

has_errors() {
    [ "$(grep -cF -- "$3" "$BATS_TEST_TMPDIR/$1.err")" -ge "$2" ]
}

await_error() {
    await_errors "$1" 1 "$2"
}

# expect_warning WORDS OPTION...: candidate warns in these words, and neither
# leads nor ends.
expect_warning() {
    start A "${@:2}" A
    await_error A "candidate: warning: $1"
    kill -TERM "${pid[A]}"
    expect A 'Candidate A' 'Attempting leadership...' End
    expect_exit A 0
    rm "$BATS_TEST_TMPDIR"/A.{in,out}
}

# expect_refusal CODE MESSAGE COMMAND...: nothing on standard output, and this
# first on standard error.
expect_refusal() {
    run "-$1" --separate-stderr timeout "$patience_s" "${@:3}" </dev/null
    [ -z "$output" ]
    [ "${stderr_lines[0]}" = "candidate: $2" ] || { echo "$stderr"; return 1; }
}

# How many TCP connections stand.
connections_n() {
    local proc=/proc/${pid[$1]}
    awk 'NR == FNR { mine[$1]; next } $4 == "01" && $10 in mine' \
        <(find "$proc/fd" -printf '%l\n' | sed -n 's/^socket:\[\(.*\)\]$/\1/p') \
        "$proc/net/tcp" | wc -l
}

leads() {
    expect "$1" "Candidate ${2:-$1}" 'Attempting leadership...' \
        'I am the LEADER!' 'Press ENTER to finish...'
}

waits_for() {
    expect "$1" "Candidate $1" 'Attempting leadership...' "$2 is the leader..."
}

enter() {
    echo >&"${in[$1]}"
}

close_input() {
    local writer=${in[$1]}
    unset "in[$1]"
    exec {writer}>&-
}

# Is the leader key of this test's election there?
has_leader() {
    [ -n "$(etcdctl get "$(election)" --print-value-only)" ]
}

# await_key KEY EVENT [REVISION]: until etcd reports PUT or DELETE of a key.
await_key() {
    local line watch watcher
    exec {watch}< <(exec etcdctl watch "$1" --rev="${3-1}" 3>&-)
    watcher=$!
    while read -r -t "$patience_s" -u "$watch" line && [ "$line" != "$2" ]; do
        :
    done
    kill "$watcher"
    exec {watch}<&-
    [ "$line" = "$2" ]
}

# Let this many seconds pass, as etcd counts them.
let_pass() {
    local lease
    lease=$(etcdctl lease grant "$1" | awk '{print $2}')
    etcdctl put --lease="$lease" "clock-$lease" on
    await_key "clock-$lease" DELETE
}
