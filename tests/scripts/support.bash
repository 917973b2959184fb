# shellcheck shell=bash disable=SC2034
# What bats files of scripts, manuals and the like share.

bats_require_minimum_version 1.5.0
CANDIDATE=${CANDIDATE:-$PWD/candidate}

# The version that the header has.
version() {
    sed -n 's/.*CANDIDATE_VERSION "\(.*\)"/\1/p' include/candidate.h
}

# same A B: two lists, one entry a line.
same() {
    [ -n "$1" ]
    diff <(sort -u <<<"$1") <(sort -u <<<"$2")
}

# write_program FILE: for bash, what comes on standard input.
write_program() {
    { echo '#!/usr/bin/env bash' && cat; } >"$1"
    chmod 755 "$1"
}
