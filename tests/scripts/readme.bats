#!/usr/bin/env bats
# README.md says what the program says.

load support

setup() {
    "$CANDIDATE" --help >"$BATS_TEST_TMPDIR/help"
}

@test "each option that it shows is in --help" {
    local shown
    shown=$(grep -E '^\| `--|^ {4}candidate ' README.md | sed 's/ -- .*//' |
        grep -oE -- '--[a-z][a-z-]+')
    [ -n "$shown" ]
    run -1 grep -vxFe "$(grep -oE '^  --[a-z-]+' "$BATS_TEST_TMPDIR/help" |
        tr -d ' ')" <<<"$shown"
}

@test "the exit codes are those of --help" {
    same "$(sed -n '/^Exit codes/,$p' "$BATS_TEST_TMPDIR/help" |
        grep -oE '^  [0-9]+' | tr -d ' ')" \
        "$(grep -oE '^\| [0-9]+ \|' README.md | tr -d '| ')"
}

# anchors MARKS: those of the headings of this level, as GitHub makes them.
anchors() {
    sed -nE "s/^$1 //p" README.md | tr '[:upper:] ' '[:lower:]-' |
        sed 's/[^a-z0-9_-]//g'
}

# What README.md links to, one a line.
links() {
    tr '\n' ' ' <README.md | grep -oE '\]\([^ )]+\)' | sed 's/^](//; s/)$//'
}

@test "each link within README.md leads somewhere" {
    local used
    used=$(links | sed -n 's/^#//p' | sort -u)
    [ -n "$used" ]
    diff <(anchors "##+" | sort | uniq -d) /dev/null
    diff <(grep -vxF "$(anchors "##+")" <<<"$used") /dev/null
}

@test "each file that README.md links to is there" {
    local file files
    files=$(links | grep -v '^#\|^https://')
    grep -x scripts/demo.svg <<<"$files"
    for file in $files; do
        git ls-files --error-unmatch "$file" >/dev/null
    done
}

@test "each section is in the table of contents" {
    diff <(anchors '##') <(sed '/^## /q' README.md | grep -oE '\(#[a-z0-9-]+' |
        sed 's/^(#//' | grep -xF "$(anchors '##')")
}
