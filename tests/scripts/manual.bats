#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031 # a test's PATH is its own
# The manuals and the completions say what the program and the header say.

load support

setup_file() {
    export ROOT=$BATS_FILE_TMPDIR/installed
    export SHARE=$ROOT/opt/share
    make -s install DESTDIR="$ROOT" PREFIX=/opt 3>&-
    OPTIONS=$("$CANDIDATE" --help | grep -oE '^  --[a-z-]+' |
        tr -d ' ' | sort -u)
    export OPTIONS
    # An etcdctl that answers as one with these keys would.
    mkdir "$BATS_FILE_TMPDIR/bin"
    write_program "$BATS_FILE_TMPDIR/bin/etcdctl" <<'END'
echo "$ETCDCTL_ENDPOINTS $ETCDCTL_CACERT $*" >>"$ASKED"
printf '%s\n' /svc/db /svc/election_db/32695410dcc0ca06 election_leader/1f \
    election_leader/2f leader other/3f election-request_leader
END
    # It may take its time, on a busy machine.
    write_program "$BATS_FILE_TMPDIR/bin/timeout" <<<'exec "${@:2}"'
}

setup() {
    export ASKED=$BATS_TEST_TMPDIR/asked
}

# in_bash WORD...: what bash offers for the last one.
in_bash() {
    # shellcheck disable=SC2016
    bash -c '. "$SHARE/bash-completion/completions/candidate"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=${LINE-$*}
        _candidate
        [ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' \
        bash candidate "$@"
}

in_fish() {
    XDG_CONFIG_HOME=$BATS_TEST_TMPDIR HOME=$BATS_TEST_TMPDIR fish --no-config \
        -c "source $SHARE/fish/vendor_completions.d/candidate.fish
            complete -C '$1'" | cut -f 1
}

# in_zsh FUNCTION: what it gives to zsh's own functions.
in_zsh() {
    # shellcheck disable=SC2016
    zsh -fc 'compadd() { print -l -- ${(P)2} }
        _arguments() { print -l -- "$@" }
        words=(candidate --endpoints "${ENDPOINTS-http://h:1}" --election "")
        CURRENT=5
        source "$SHARE/zsh/site-functions/_candidate" >/dev/null
        "$1"' zsh "$1"
}

@test "mandoc finds nothing to say about the manuals" {
    run mandoc -T lint scripts/manual/candidate.1 scripts/manual/libcandidate.3
    # They refer to each other, which are not installed yet.
    run -1 grep -vE ': Xr (lib)?candidate [13]( |$)' <<<"$output"
}

@test "the installed manuals have the version of the header" {
    local page
    for page in man1/candidate.1 man3/libcandidate.3; do
        mandoc -T ascii "$SHARE/man/$page" | tail -n 1 |
            grep -F "candidate $(version) "
    done
}

@test "candidate(1) says where etcd-role.sh was installed" {
    run -0 sed -n 's/^\.Pa \(.*role.*\)/\1/p' "$SHARE/man/man1/candidate.1"
    [ "$output" = /opt/share/candidate/etcd-role.sh ]
    run -64 "$ROOT$output"
    [[ $output == 'usage: etcd-role.sh '* ]]
}

@test "the options of candidate(1) are those of --help" {
    same "$OPTIONS" "$(sed -nE 's/^\.It Fl -([a-z-]+).*/--\1/p' \
        scripts/manual/candidate.1)"
}

@test "the exit codes and variables of candidate(1) are those of --help" {
    local help
    help=$("$CANDIDATE" --help)
    same "$(sed -n '/^Exit codes/,$s/^  \([0-9][0-9]*\) .*/\1/p' <<<"$help")" \
        "$(sed -nE 's/^\.It ([0-9]+)$/\1/p' scripts/manual/candidate.1)"
    same "$(sed -n '/^Environment/,/^Exit/p' <<<"$help" | grep -oE '[A-Z_]{9,}')" \
        "$(sed -n 's/^\.It Ev //p' scripts/manual/candidate.1 |
            grep -oE '[A-Z_]{9,}')"
}

# In the place of its jobs stand the examples that are for a time of leadership.
@test "the examples of candidate(1) do what they say" {
    local bin=$BATS_TEST_TMPDIR/bin examples
    mapfile -t examples < <(sed -n 's/^\.Dl //p' scripts/manual/candidate.1 |
        sed 's/\\-/-/g')
    [ ${#examples[@]} -eq 6 ]
    mkdir "$bin"
    ln -s "$(realpath "$CANDIDATE")" "$bin/candidate"
    write_program "$bin/nightly-job" <<<"set -e; ${examples[3]}"
    write_program "$bin/report" <<<"set -e; ${examples[5]}"
    printf '%s\n' 'set -e' "echo | ${examples[0]}" "${examples[1]}" \
        "${examples[2]}" 'etcdctl get --print-value-only /svc/state' \
        "${examples[4]} || echo \"exit code \$?\"" >"$BATS_TEST_TMPDIR/all"
    PATH=$bin:$PATH run -0 --separate-stderr scripts/with-etcd.sh \
        sh "$BATS_TEST_TMPDIR/all" 3>&-
    [ "${lines[2]}" = 'I am the LEADER!' ]
    [[ $output == *worker-1* ]]
    [ "${lines[-2]}" = 'done' ]
    [ "${lines[-1]}" = 'exit code 1' ] # for nobody leads
}

@test "the functions of libcandidate(3) are those of the headers" {
    same "$(cat include/candidate.h include/candidate/*.h | tr '\n' ' ' |
        grep -oE 'CANDIDATE_API [^(;]*\(' | grep -oE 'candidate_[a-z_]+\($' |
        tr -d '(')" "$(sed -n 's/^\.Fo //p' scripts/manual/libcandidate.3)"
    same "$(sed -n 's/^\.Fo //p' scripts/manual/libcandidate.3)" \
        "$(sed -nE 's/^\.Fn ([a-z_]+).*/\1/p' scripts/manual/libcandidate.3)"
}

@test "so are their arguments, as a compiler sees them" {
    { echo '#include <candidate.h>'
        awk '/^\.F[ta] / { sub(/^\.F[ta] /, ""); gsub(/"/, ""); type = $0
                if (!open) { printf "%s ", type; next }
                printf "%s%s", n++ ? ", " : "", type }
            /^\.Fo / { printf "%s(", $2; open = 1; n = 0 }
            /^\.Fc/ { print ");"; open = 0 }
            /^\.Sh DESC/ { exit }' scripts/manual/libcandidate.3
    } >"$BATS_TEST_TMPDIR/synopsis.c"
    grep -qF 'candidate_poll(' "$BATS_TEST_TMPDIR/synopsis.c"
    "${CC:-cc}" -std=c17 -Wall -Werror -I"$ROOT/opt/include" -fsyntax-only \
        "$BATS_TEST_TMPDIR/synopsis.c"
}

@test "the errors of libcandidate(3) are those of the headers" {
    same "$(sed -nE 's/^ +X\((E[A-Z]+), [0-9]+, "(.*)"\).*/\1 \2/p' \
        include/candidate.h)" \
        "$(sed -nE '/^\.It Dv CANDIDATE_E[A-Z]+$/{N;s/^.*CANDIDATE_(E[A-Z]+)\n/\1 /p}' \
            scripts/manual/libcandidate.3 | grep -v '^ENDED\|^ELECTED')"
}

@test "the example of libcandidate(3) is elected" {
    sed -n '/^\.Bd -literal/,/^\.Ed/p' scripts/manual/libcandidate.3 |
        sed '/^\./d; s/\\e/\\/g' >"$BATS_TEST_TMPDIR/example.c"
    "${CC:-cc}" -std=c17 -Wall -Wextra -Wpedantic -Werror \
        -I"$ROOT/opt/include" -o "$BATS_TEST_TMPDIR/example" \
        "$BATS_TEST_TMPDIR/example.c" -L"$ROOT/opt/lib" -lcandidate
    # shellcheck disable=SC2016
    LD_LIBRARY_PATH=$ROOT/opt/lib run -0 --separate-stderr \
        scripts/with-etcd.sh sh -c '"$0" A "$ETCDCTL_ENDPOINTS"' \
        "$BATS_TEST_TMPDIR/example" 3>&-
    [[ $output =~ ^leading,\ token\ [1-9][0-9]*$ ]]
}

@test "bash, zsh and fish offer each option" {
    same "$OPTIONS" "$(in_bash --)"
    same "$OPTIONS" "$(in_fish 'candidate --')"
    same "$OPTIONS" "$(in_zsh _candidate | grep -oE '^--[a-z-]+')"
}

@test "bash, zsh and fish offer the elections that etcd has" {
    local PATH=$BATS_FILE_TMPDIR/bin:$PATH elections=$'/svc/db\nleader'
    same "$elections" "$(in_bash --election '')"
    same "$elections" "$(in_bash --status '')"
    same "$elections" "$(in_zsh _candidate_elections)"
    same "$elections" "$(in_fish 'candidate --election ')"
    same "$elections" "$(in_fish 'candidate --why ')"
    [ -z "$(in_bash '')" ]
}

# etcdctl ends when an option is given beside the variable that means the same.
@test "they ask etcd as the options before say, whatever the variables" {
    local PATH=$BATS_FILE_TMPDIR/bin:$PATH
    export ETCDCTL_ENDPOINTS=http://j:1 ETCDCTL_CACERT=none
    in_zsh _candidate_elections
    tail -n 1 "$ASKED" | grep -E '^http://h:1 none get .* $'
    [ "$(LINE='candidate --endpoints http://i:1 --cacert ca --election /svc/d' \
        in_bash --endpoints http : //i : 1 --cacert ca --election /svc/d)" \
        = /svc/db ]
    tail -n 1 "$ASKED" | grep -E '^http://i:1 ca get .* /svc/$'
    in_fish 'candidate --endpoints=http://k:1 --cacert ca --election '
    tail -n 1 "$ASKED" | grep -E '^http://k:1 ca get .* $'
}

@test "a real etcd answers them" {
    export -f in_bash in_fish in_zsh
    # shellcheck disable=SC2016 # the inner shell expands it
    run -0 --separate-stderr scripts/with-etcd.sh bash -c '
        etcdctl put /svc/election_db/1f x >/dev/null
        in_bash --election ""
        in_fish "candidate --endpoints $ETCDCTL_ENDPOINTS --election "
        ENDPOINTS=$ETCDCTL_ENDPOINTS in_zsh _candidate_elections' 3>&-
    [ "$output" = $'/svc/db\n/svc/db\n/svc/db' ]
}

@test "an etcd that is silent or absent costs two seconds and says nothing" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    write_program "$BATS_TEST_TMPDIR/bin/etcdctl" <<<'exec sleep 60'
    local PATH=$BATS_TEST_TMPDIR/bin:$PATH begun=$SECONDS
    output=$(in_bash --election '' & in_fish 'candidate --election ' &
        in_zsh _candidate_elections & wait)
    [ -z "$output" ]
    [ $((SECONDS - begun)) -lt 30 ]
    write_program "$BATS_TEST_TMPDIR/bin/etcdctl" <<<'echo no >&2; exit 1'
    for shell in 'in_bash --election ' 'in_fish candidate\ --election\ ' \
        'in_zsh _candidate_elections'; do
        run eval "$shell ''"
        [ -z "$output" ]
    done
}

@test "a value that is one of few is offered, and a command after --" {
    same $'debug\nerror\ninfo\nwarning' "$(in_bash --log-level '')"
    [ "$(in_bash --log-format = j)" = json ]
    in_bash A -- ba | grep -x bash
}
