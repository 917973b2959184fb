#!/usr/bin/env bash
# shellcheck disable=SC2317 # functions are reached through check and xargs
# lint.sh FLAG...: style, layers, static analysis; the flags are those that
# every file is compiled with. Needs a built tree. Goes on after a finding, and
# fails at the end.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

flags=("$@")
bad=0

# check WHAT COMMAND...
check() {
    echo "lint: $1"
    "${@:2}" || bad=1
}

# each EXTENDED-REGEX COMMAND...: the command on each of these files by itself,
# two at a time.
each() {
    git ls-files | grep -E "$1" | xargs -P 2 -n 1 "${@:2}"
}

# On one file at a time: clang-tidy 14 confuses what it learnt from another.
# How many warnings it hides of the system's headers nobody wants to know. What
# its analyzer would follow in tests, the sanitizers see happen: it takes longer
# than all the rest.
tidy() {
    local options=(--quiet)
    [[ ${!#} != tests/* ]] || options+=("--checks=-clang-analyzer-*")
    clang-tidy "${options[@]}" "${!#}" -- "${@:1:$#-1}" -Itests 2>&1 |
        grep -vE '^[0-9]+ warnings? generated\.$'
    [ "${PIPESTATUS[0]}" -eq 0 ]
}
export -f tidy

check 'scripts' each '^(scripts/.*\.(sh|bash)|\.ci/run)$' shellcheck
check 'format' each '\.[ch]$' clang-format --dry-run -Werror
check 'layers' scripts/check-layers.sh
check 'binaries' scripts/check-binaries.sh
check 'musl' scripts/check-musl.sh "${flags[@]}"
# What gcc 13 and later think of descriptors: a number that is meant, as in
# dup2(fd, 0), is no leak, nor is one in a struct whose owner closes it.
check 'gcc -fanalyzer' each '^src/.*\.c$' \
    gcc "${flags[@]}" -O2 -fanalyzer -Wno-analyzer-fd-leak \
    -Wno-analyzer-fd-use-without-check -Werror -c -o /dev/null
# shellcheck disable=SC2016 # the inner shell expands it
check 'clang-tidy' each '^(src|tests)/.*\.c$' \
    bash -c 'tidy "$@"' tidy "${flags[@]}"
exit "$bad"
