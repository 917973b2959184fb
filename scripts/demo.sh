#!/usr/bin/env bash
# demo.sh [--auto | --svg FILE]: three candidates side by side in tmux, on an etcd
# of their own. With --auto it plays the README's transcript by itself, shows it,
# and ends with 0 when each pane showed exactly that; with --svg it also draws
# FILE, a picture of what they showed and when. A tmux that is already there is
# not touched.
set -euo pipefail
cd "$(dirname "$0")/.."

auto=0
picture=
case ${1-} in
--auto) auto=1 ;;
--svg)
    auto=1
    picture=${2:?--svg FILE}
    ;;
esac
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
    printf '%s\t%s\t%s\t%s\n' "$EPOCHREALTIME" "$@" >>"$dir/rows"
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

# Draw the rows as they came. Each appears when it did, after a pause to read
# before each key, faint until then; where nothing moves, all are there. Colours
# are those of the viewer's theme.
draw() {
    LC_ALL=C awk -F '\t' -v names="${names[*]}" -v ttl_s="$ttl_s" '
        function text(x, y, class, words) {
            gsub(/&/, "\\&amp;", words)
            gsub(/</, "\\&lt;", words)
            gsub(/>/, "\\&gt;", words)
            return sprintf("<text x=\"%d\" y=\"%d\"%s>%s</text>", x, y,
                class ? " class=\"" class "\"" : "", words)
        }
        function class_of(words) {
            return words ~ /^</ ? "key" : words ~ /LEADER!$/ ? "leads" : ""
        }
        BEGIN {
            width = 244
            line = 19
            pause_s = 1.5
            top = 30
        }
        NR == 1 { begun = $1 }
        $2 $3 $4 ~ /^</ { paused += pause_s }
        {
            rows = rows sprintf("<g style=\"animation-delay:%.2fs\">",
                $1 - begun + paused)
            for (i = 0; i < 3; i++)
                if ($(i + 2) != "")
                    rows = rows text(i * width + 14, top + NR * line,
                        class_of($(i + 2)), $(i + 2))
            rows = rows "</g>\n"
        }
        END {
            height = top + NR * line + 14
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" " \
                "viewBox=\"0 0 %d %d\" role=\"img\">\n", 3 * width, height
            print "<title>Three candidates: A leads and resigns, B leads and " \
                "crashes, C leads</title>"
            print "<style>"
            print "text{font:13px ui-monospace,Menlo,Consolas,monospace;" \
                "fill:#1f2328;white-space:pre}"
            print ".back{fill:#f6f8fa;stroke:#8c959f}.shell{fill:#59636e}"
            print ".leads{fill:#116329;font-weight:bold}.key{fill:#953800}"
            print "g{animation:show .2s both}" \
                "@keyframes show{from{opacity:.2}}"
            print "@media(prefers-reduced-motion:reduce){g{animation:none}}"
            print "@media(prefers-color-scheme:dark){text{fill:#e6edf3}" \
                ".back{fill:#161b22;stroke:#6e7681}.shell{fill:#9198a1}" \
                ".leads{fill:#56d364}.key{fill:#ffa657}}"
            print "</style>"
            split(names, name, " ")
            for (i = 0; i < 3; i++) {
                printf "<rect class=\"back\" x=\"%.1f\" y=\".5\" rx=\"6\" " \
                    "width=\"%d\" height=\"%d\"/>\n", i * width + 2.5,
                    width - 5, height - 1
                print text(i * width + 14, 24, "shell",
                    "$ candidate --ttl " ttl_s " " name[i + 1])
            }
            printf "%s</svg>\n", rows
        }' "$dir/rows" >"$picture"
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
    [ -z "$picture" ] || draw
else
    by_hand
fi
