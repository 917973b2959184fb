#!/usr/bin/env bats
# What candidate refuses before it sends anything, and what it tells. Nothing
# listens at the endpoint: who tries it nevertheless says so.

load support

setup_file() {
    export ETCDCTL_ENDPOINTS=http://127.0.0.1:1
}

# refuses MESSAGE ARGUMENT...: exit code 64, nothing on stdout.
refuses() {
    expect_refusal 64 "$1" "$CANDIDATE" "${@:2}"
    [ "${stderr#*$'\n'}" = "Try 'candidate --help'." ]
}

@test "an option that is wrong is named, with what it should be" {
    refuses '--ttl: "abc" is not a whole number of seconds from 2 to 300' \
        --ttl abc A
    refuses '--ttl: "301" is not a whole number of seconds from 2 to 300' \
        --ttl=301 A
    refuses '--ttl: needs an argument, SECONDS' A --ttl
    refuses '--once: "yes" is neither true nor false' --once=yes A
    refuses '--once: given twice' --once --once A
    refuses 'unknown option "--tll"' --tll 5 A
    refuses 'unknown option "-h"' -h
}

@test "there must be exactly one ID" {
    refuses 'no ID is given'
    refuses 'no ID is given' --ttl 5 --
    refuses '"B": there is one ID already' A B
}

@test "a command behind two dashes must have a name, and time to end" {
    refuses '--: no command follows' A --
    refuses '--: the command is empty' A -- ''
    refuses '--grace: no COMMAND is given, behind "--"' --grace 1s A
    refuses '--grace: 3751 ms do not fit into --ttl 10: each renewal lets us '`
        `'lead for 8750 ms, the next is due after 3333 ms and may have to be '`
        `'tried again until 5000 ms; so --grace is at most 3750ms' \
        --grace 3751ms A -- true
    refuses 'ID: is empty' --grace 3750ms '' -- true
    refuses 'ID: is empty' --ttl 2 '' -- true
}

@test "an ID is 1 to 255 bytes of clean UTF-8" {
    local long
    refuses 'ID: is empty' ''
    printf -v long '%256s' ''
    refuses 'ID: has 256 bytes, at most 255 are allowed' "$long"
    refuses 'ID: "a\x0ab" is not UTF-8 without control characters' $'a\nb'
    refuses 'ID: "\xff" is not UTF-8 without control characters' $'\xff'
    refuses 'ID: "\x1b[2J" is not UTF-8 without control characters' $'\e[2J'
}

@test "an election's name is a key that others can share" {
    local long
    refuses '--election: is empty' --election '' A
    refuses '--election: "x/" ends with a slash' --election x/ A
    printf -v long '%256s' ''
    refuses '--election: has 256 bytes, at most 255 are allowed' \
        --election "$long" A
}

@test "endpoints that are wrong are named, from the option or the environment" {
    refuses '--endpoints: "http://a:99999": the port is not in 1..65535' \
        --endpoints http://a:99999 A
    refuses '--endpoints: none is given' --endpoints= A
    export ETCDCTL_ENDPOINTS=ftp://a
    refuses '--endpoints: "ftp://a": starts with neither http:// nor https://' A
}

@test "endpoints come from DNS or from a list, not from both" {
    refuses '--discovery-srv: cannot be given beside --endpoints' \
        --endpoints http://a:1 --discovery-srv example.com A
    refuses '--discovery-srv: "a b" is not the name of a DNS domain' \
        --discovery-srv 'a b' A
}

@test "--help is for stdout, and --version is one line" {
    run -0 --separate-stderr "$CANDIDATE" --help
    [[ $output == 'Usage: candidate '* ]]
    [ -z "$stderr" ]
    run -0 --separate-stderr "$CANDIDATE" --version
    [ "$output" = "candidate $(sed -n 's/.*VERSION "\(.*\)"/\1/p' \
        include/candidate.h)" ]
    [ -z "$stderr" ]
}

@test "what cannot be told is exit code 74" {
    run -74 bash -c '"$1" --help >/dev/full' bash "$CANDIDATE"
    [ "$output" = 'candidate: standard output: No space left on device' ]
    run -74 bash -c '"$1" --version >&-' bash "$CANDIDATE"
    [ "$output" = 'candidate: standard output: is closed' ]
}

@test "stdout that is closed or full is refused before anything is sent" {
    run -74 timeout 60 bash -c '"$1" A </dev/null >&-' bash "$CANDIDATE"
    [ "$output" = 'candidate: standard output: is closed' ]
    run -74 timeout 60 bash -c '"$1" A </dev/null >/dev/full' bash "$CANDIDATE"
    [ "$output" = 'candidate: standard output: No space left on device' ]
}

@test "closed stderr costs nothing but the messages" {
    run -64 bash -c '"$1" --nonsense 2>&-' bash "$CANDIDATE"
    [ -z "$output" ]
    run -0 bash -c '"$1" --version 2>&- <&-' bash "$CANDIDATE"
    [[ $output == 'candidate '* ]]
}
