#!/usr/bin/env bats
# --history: who has led, as far as etcd remembers.

load support

history() {
    run --separate-stderr "$CANDIDATE" --history -w json "$(election)"
    [ "$status" -eq 0 ] || complain "$output$stderr"
}

field() {
    jq -er "$1" <<<"$output"
}

# One leads and resigns.
reign() {
    start "$1" "$1"
    leads "$1"
    enter "$1"
    expect "$1" End
    expect_exit "$1" 0
}

@test "an election that nobody has ever led" {
    history
    [ "$(field '.type')" = history ]
    [ "$(field '.leaders == []')" = true ]
}

@test "every leadership, with its token and revisions" {
    reign A
    reign B
    start C C
    leads C
    history
    [ "$(field '[.leaders[].leader] | join(",")')" = A,B,C ]
    [ "$(field '.leaders[2].to_revision == 0 and .leaders[1].to_revision > 0')" = true ]
    [ "$(field '[.leaders[].token | tonumber] | . == sort and (unique | length) == 3')" = true ]
    [ "$(field '.leaders | .[0].to_revision < .[1].from_revision')" = true ]
    json_names <<<"$output" | documented
    [ "$(field '.leaders[2].token')" = \
        "$("$CANDIDATE" --status -w json "$(election)" | jq -r .token)" ]
    run --separate-stderr "$CANDIDATE" --history "$(election)"
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "Election $(election): 3 leaderships since revision "* ]]
    [[ ${lines[3]} == '  C  token '*' from revision '*' to now' ]]
}

@test "what was compacted is gone, who led then is not" {
    local revision
    reign A
    start B B
    leads B
    revision=$(etcdctl get "$(election)" -w json | jq -r .header.revision)
    enter B
    expect B End
    expect_exit B 0
    reign C
    etcdctl compact "$revision"
    history
    [ "$(field .oldest_revision)" = "$revision" ]
    [ "$(field '[.leaders[].leader] | join(",")')" = B,C ]
    [ "$(field '.leaders[0].to_revision > .oldest_revision')" = true ]
    [ "$(field '.leaders[1].token != null')" = true ]
}

@test "etcd does not answer: exit code 69" {
    run --separate-stderr "$CANDIDATE" --history --command-timeout 500ms \
        --endpoints http://127.0.0.1:1
    [ "$status" -eq 69 ]
    [ -z "$output" ]
    [ -n "$stderr" ]
}
