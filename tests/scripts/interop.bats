#!/usr/bin/env bats
# What `make interop` refuses. Its turns take too long for a test.

load support

@test "wrong usage is 64" {
    run -64 scripts/interop.sh many
    run -64 scripts/interop.sh 0
    run -64 scripts/interop.sh --only
    run -64 scripts/interop.sh --fast 3
    [[ $output == 'usage: interop.sh [--election NAME] [--only WORD]'* ]]
    run -64 scripts/peers.sh
    run -64 scripts/peers.sh perl
    run -64 scripts/peers.sh go node
}
