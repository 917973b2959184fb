#!/usr/bin/env bats
# What a newcomer's machine lacks, and who installs it. The script sees no other
# programs than those that stand in a folder of the test's.

load support

setup() {
    export BIN=$BATS_TEST_TMPDIR
    ln -s "$(command -v bash)" "$(command -v env)" "$(command -v ln)" "$BIN"
    stub id 'echo 0'
    # shellcheck disable=SC2016
    stub apt-get 'echo "apt-get $*" >>"$BIN/log"
        [[ " $* " != *" install "* ]] || ln -s "$BIN/bash" "$BIN/${!#}"'
}

stub() {
    write_program "$BIN/$1" <<<"$2"
}

@test "what the README begins with installs before it builds" {
    local target
    for target in run test demo; do
        sed '/^## /q' README.md | grep -q "make $target"
        run -0 make -s -n "$target" ID=A
        [ "$(grep -m 1 scripts/ <<<"$output")" = \
            "scripts/install-deps.sh build $target" ]
    done
}

@test "it says what it installs, and then does" {
    PATH=$BIN run -0 scripts/install-deps.sh torture
    [ "$output" = 'install-deps: installing strace' ]
    grep -E '^apt-get .* update$' "$BIN/log"
    grep -E '^apt-get .* install -y --no-install-recommends strace$' "$BIN/log"
    rm "$BIN/log"
    PATH=$BIN run -0 scripts/install-deps.sh torture
    [ -z "$output" ]
    [ ! -e "$BIN/log" ]
}

@test "what apt-get did not bring is named" {
    stub apt-get :
    PATH=$BIN run -69 scripts/install-deps.sh torture
    [ "${lines[-1]}" = 'install-deps: still missing: strace' ]
}

@test "a user who may not install is told what to install" {
    stub id 'echo 1000'
    PATH=$BIN run -69 scripts/install-deps.sh demo
    [ "$output" = "install-deps: neither root nor sudo here; please install: \
etcd etcdctl tmux (in Debian: etcd-server etcd-client tmux)" ]
    [ ! -e "$BIN/log" ]
}

@test "with sudo a user installs" {
    stub id 'echo 1000'
    # shellcheck disable=SC2016
    stub sudo 'echo "sudo $*" >>"$BIN/log"; "$@"'
    PATH=$BIN run -0 scripts/install-deps.sh torture
    grep -E '^sudo env .* apt-get .* install .* strace$' "$BIN/log"
}

@test "where there is no apt-get it says so" {
    rm "$BIN/apt-get"
    PATH=$BIN run -69 scripts/install-deps.sh torture
    [ "$output" = "install-deps: no apt-get here; please install: strace \
(in Debian: strace)" ]
}
