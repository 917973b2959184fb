#!/usr/bin/env bats
# README.md says what the program says.
bats_require_minimum_version 1.5.0

setup() {
    "${CANDIDATE:-./candidate}" --help >"$BATS_TEST_TMPDIR/help"
}

# same A B: two lists, one entry a line.
same() {
    [ -n "$1" ]
    diff <(sort -u <<<"$1") <(sort -u <<<"$2")
}

@test "the options are those of --help" {
    same "$(grep -oE '^  --[a-z-]+' "$BATS_TEST_TMPDIR/help" | tr -d ' ')" \
        "$(grep -E '^\| `--' README.md | grep -oE '`--[a-z-]+' | tr -d '`')"
}

@test "the exit codes are those of --help" {
    same "$(sed -n '/^Exit codes/,$p' "$BATS_TEST_TMPDIR/help" |
        grep -oE '^  [0-9]+' | tr -d ' ')" \
        "$(grep -oE '^\| [0-9]+ \|' README.md | tr -d '| ')"
}
