#!/usr/bin/env bats
# House-keeping: what stands in one place, and what must name all of something.

load support

workflow=.github/workflows/ci.yml

@test "the workflow runs each stage of .ci/run, and no other" {
    local stages
    run -64 .ci/run nonsense
    stages=$(sed 's/.*there are //' <<<"$output" | tr ' ' '\n')
    [ "$(wc -l <<<"$stages")" -ge 8 ]
    # shellcheck disable=SC2016
    grep -qF '.ci/run ${{ matrix.stages }}' "$workflow"
    diff <(sort <<<"$stages") \
        <(sed -n '/^        stages:/,/^    [a-z]/s/^ *- //p' "$workflow" |
            tr ' ' '\n' | sort -u)
}

@test "the workflow may read, and nothing else" {
    [ "$(grep -A 1 '^permissions:' "$workflow")" = \
        $'permissions:\n  contents: read' ]
    run ! grep -E ': *write' "$workflow"
}

@test "a stage that there is not is wrong usage" {
    run -64 .ci/run nonsense
    [[ $output == '.ci/run: no such stage: nonsense; there are test tools '* ]]
}

@test "make help names each target, but those that are parts of others" {
    local parts=' unit e2e sim torturers fuzzers FORCE ' target
    run -0 make help
    for target in $(sed -n '/^\.PHONY:/,/[^\\]$/p' Makefile | sed 's/^.PHONY://' |
        tr -d '\\'); do
        [[ $parts == *" $target "* ]] ||
            grep -qE "^  make $target +[a-zA-Z]" <<<"$output" ||
            { echo "$target is not in: $output"; return 1; }
    done
}

@test "each file that is named by its path is there" {
    local file files
    files=$(git grep -IohE \
        '\b(src|tests|scripts|include)/[a-z0-9_/-]+\.(c|h|sh|bats|pml|svg)\b' |
        sort -u)
    grep -x scripts/demo.svg <<<"$files"
    for file in $files; do
        [ -e "$file" ] || { git grep -nF "$file"; return 1; }
    done
}

@test "no file of code has more than 400 lines" {
    local file lines n=0
    while read -r lines file; do
        [ "$lines" -le 400 ] || { echo "$file has $lines"; return 1; }
        n=$((n + 1))
    done < <(git ls-files -z -- Makefile .ci/run '*.[ch]' '*.sh' '*.bash' \
        '*.bats' '*.pml' '*.go' '*.mjs' '*.js' '*.css' '*.html' |
        xargs -0 -n 1 wc -l)
    [ "$n" -ge 400 ]
}

@test "the version stands in the header, and nowhere else" {
    [[ $(version) =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]
    run -0 git grep -lwF "$(version)" -- . ':!tests' ':!*.symbols'
    [ "$output" = include/candidate.h ]
}

@test "a release is a tag of what is committed, and has a changelog" {
    git clone -q --no-tags . "$BATS_TEST_TMPDIR/clone"
    cp Makefile "$BATS_TEST_TMPDIR/clone"
    cd "$BATS_TEST_TMPDIR/clone"
    git config user.name tester
    git config user.email tester@example.com
    git diff --quiet || git commit -qam 'what is tried'
    export GIT_EDITOR='echo "What has changed" >'
    run -0 make release
    [ "$(git tag -n1 | tr -s ' ')" = "v$(version) What has changed" ]
    run ! make release
    echo >>README.md
    git tag -d "v$(version)"
    run ! make release
    [ -z "$(git tag)" ]
}

@test "too few lines that are run are a failure, and no counts wrong usage" {
    local build=$BATS_TEST_TMPDIR/build
    run -64 scripts/coverage.sh "$build"
    mkdir -p "$build/src/core"
    gcc --coverage -Isrc -c -o "$build/src/core/backoff.o" src/core/backoff.c
    echo 'int main(void) { return 0; }' | gcc -x c -c -o "$build/main.o" -
    gcc --coverage -o "$build/nothing" "$build/main.o" \
        "$build/src/core/backoff.o"
    "$build/nothing"
    run -1 scripts/coverage.sh "$build"
    [[ $output == *'coverage: src/core has less than 95 %'* ]]
    [[ $output == *'coverage: all has less than 85 %'* ]]
}
