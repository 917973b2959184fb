#!/usr/bin/env bash
# demo.sh [--auto]: three candidates side by side in tmux, on an etcd of their
# own. With --auto it plays the README's transcript by itself, shows it, and
# ends with 0 when each pane showed exactly that. A tmux that is already there
# is not touched.
set -euo pipefail
cd "$(dirname "$0")/.."

[ "${1-}" = --auto ] && auto=1 || auto=0
[ -n "${WITH_ETCD_DIR-}" ] || exec scripts/with-etcd.sh "scripts/${0##*/}" "$@"

candidate=${CANDIDATE:-$PWD/candidate}
ttl_s=5
patience_s=60
names=(A B C)
dir=$WITH_ETCD_DIR/demo
mkdir "$dir"
unset TMUX
tmux=(tmux -S "$dir/socket" -f /dev/null)
trap '"${tmux[@]}" kill-server 2>/dev/null || true' EXIT

# pane N COMMAND: what the N-th pane runs.
pane() {
    "${tmux[@]}" respawn-pane -k -t "demo.$1" "$2"
}

open_panes() {
    "${tmux[@]}" new-session -d -s demo -x 120 -y 24 'cat'
    "${tmux[@]}" split-window -h -t demo 'cat'
    "${tmux[@]}" split-window -h -t demo 'cat'
    "${tmux[@]}" select-layout -t demo even-horizontal >/dev/null
}

# What the pane shows, without the empty lines below.
screen() {
    local text
    text=$("${tmux[@]}" capture-pane -p -J -t "demo.$1" | sed 's/ *$//')
    printf '%s\n' "$text"
}

# await N TEXT COUNT: until the pane has that many such lines.
await() {
    local end=$((SECONDS + patience_s))
    until [ "$(screen "$1" | grep -cxF "$2")" -ge "$3" ]; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "demo: ${names[$1]} did not say \"$2\"" >&2
            show_all >&2
            exit 1
        fi
        sleep 0.02
    done
}

show_all() {
    local i
    for i in 0 1 2; do
        echo "-- pane ${names[i]}"
        screen "$i"
        cat "$dir/${names[i]}.err" 2>/dev/null || true
    done
}

# ---- by itself ----

shown=(0 0 0) # lines of each pane that were printed already
row() {
    printf '%-31s%-31s%s\n' "$@" | sed 's/ *$//'
}

# Print what the panes have shown since the last time, side by side.
print_news() {
    local i line rows=0 k
    local -a a0=() a1=() a2=()
    for i in 0 1 2; do
        local -n news=a$i
        while IFS= read -r line; do
            news+=("$line")
        done < <(screen "$i" | tail -n "+$((shown[i] + 1))" |
            grep -vxE '|\^C') # what the terminal echoes of the keys
        shown[i]=$(screen "$i" | grep -n . | tail -n 1 | cut -d: -f1)
        shown[i]=${shown[i]:-0}
        [ ${#news[@]} -le "$rows" ] || rows=${#news[@]}
    done
    for ((k = 0; k < rows; k++)); do
        row "${a0[k]-}" "${a1[k]-}" "${a2[k]-}"
    done
}

# start N: the pane's own shell outlives the candidate, so that its last words
# stay to be read.
start() {
    local name=${names[$1]}
    pane "$1" "exec bash -c 'trap : INT; \"$candidate\" --ttl $ttl_s $name \
2>\"$dir/$name.err\"; exec tail -f /dev/null'"
}

press() {
    "${tmux[@]}" send-keys -t "demo.$1" "$2"
}

expected() {
    local attempt='Attempting leadership...'
    local lead=$'I am the LEADER!\nPress ENTER to finish...'
    case $1 in
    0) printf '%s\n' 'Candidate A' "$attempt" "$lead" '' 'End' ;;
    1) printf '%s\n' 'Candidate B' "$attempt" 'A is the leader...' \
        "$attempt" "$lead" '^C' ;;
    2) printf '%s\n' 'Candidate C' "$attempt" 'A is the leader...' \
        "$attempt" 'B is the leader...' "$attempt" "$lead" '' 'End' ;;
    esac
}

play() {
    local lead='Press ENTER to finish...'
    start 0 && await 0 "$lead" 1
    start 1 && await 1 'A is the leader...' 1
    start 2 && await 2 'A is the leader...' 1
    print_news
    press 0 Enter && row '<ENTER>' '' ''
    await 0 End 1
    await 1 "$lead" 1
    await 2 'B is the leader...' 1
    print_news
    press 1 C-c && row '' '<Ctrl-C>' ''
    await 2 "$lead" 1
    print_news
    press 2 Enter && row '' '' '<ENTER>'
    await 2 End 1
    print_news
}

check() {
    local i bad=0
    for i in 0 1 2; do
        if ! diff <(expected "$i") <(screen "$i") >"$dir/diff"; then
            echo "demo: ${names[i]} differs (< expected, > shown):" >&2
            cat "$dir/diff" "$dir/${names[i]}.err" >&2
            bad=1
        fi
    done
    [ "$bad" -eq 0 ] || exit 1
    echo "demo: each pane showed exactly what was expected"
}

# ---- by hand ----

# As start, and the candidate can be started again.
start_by_hand() {
    local name=${names[$1]}
    pane "$1" "exec bash -c 'trap : INT; while :; do
        \"$candidate\" --ttl $ttl_s $name
        echo \"(ended with \$?; ENTER starts it again)\"
        read -r _ || exit
    done'"
}

by_hand() {
    "${tmux[@]}" set-option -g mouse on \; \
        set-option -g status-left '' \; set-option -g status-right '' \; \
        set-option -g window-status-current-format "ENTER: the leader \
resigns  Ctrl-C: crash  Ctrl-b o or mouse: next pane  Ctrl-b d: quit"
    start_by_hand 0 && await 0 'Press ENTER to finish...' 1
    start_by_hand 1 && await 1 'A is the leader...' 1
    start_by_hand 2
    "${tmux[@]}" select-pane -t demo.0
    "${tmux[@]}" attach -t demo
}

open_panes
if [ "$auto" -eq 1 ]; then
    play
    check
else
    by_hand
fi
