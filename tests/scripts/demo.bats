#!/usr/bin/env bats
# The scripts that show candidate at work, to be sure that they still do.
bats_require_minimum_version 1.5.0

@test "the demo shows the transcript, byte for byte" {
    run -0 scripts/demo.sh --auto 3>&-
    [[ ${lines[-1]} == *'exactly what was expected' ]]
}

@test "the demo fails when a candidate says something else" {
    printf '#!/bin/sh\n"%s" "$@" | sed -u s/LEADER/BOSS/\n' \
        "${CANDIDATE:-$PWD/candidate}" >"$BATS_TEST_TMPDIR/candidate"
    chmod +x "$BATS_TEST_TMPDIR/candidate"
    CANDIDATE=$BATS_TEST_TMPDIR/candidate run -1 scripts/demo.sh --auto 3>&-
}
