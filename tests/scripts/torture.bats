#!/usr/bin/env bats
# What scripts/torture.sh refuses; .ci/run has campaigns.

load support

@test "wrong usage is 64" {
    run -64 scripts/torture.sh soon
    run -64 scripts/torture.sh --seed
    run -64 scripts/torture.sh --seed -1 3m
    run -64 scripts/torture.sh --sabotage nothing 3m
    [ "${lines[0]}" = 'torture: no such sabotage: nothing' ]
    [[ ${lines[1]} == 'usage: torture.sh '* ]]
}

@test "each rule that can be broken has a name that is told" {
    same "$(grep -oE 'broken\("[a-z-]+"' tests/torture/sabotage.c |
        cut -d '"' -f 2)" "$(sed -n '/^#   --sabotage/,/^#$/p' \
        scripts/torture.sh | grep -oE '\b[a-z]+(-[a-z]+)+\b')"
}
