#!/usr/bin/env bash
# Checks that includes point one way, that only the edges use the outside, that
# the core calls nothing, and that nothing of this machine is in the tree.
# Needs a built tree for the core's calls.
set -euo pipefail

build=${BUILD:-build}
bad=0

complain() {
    echo "check-layers: $*" >&2
    bad=1
}

# allow REGEX FILE...: every include of these files must match.
allow() {
    local line regex=$1
    shift
    while IFS= read -r line; do
        complain "$line"
    done < <(grep -HnE '^#include' "$@" | grep -vE "$regex" || true)
}

# may FOLDER REGEX: the files of src/FOLDER include their own headers, those of
# the system and these.
may() {
    allow "<[A-Za-z_/0-9]+\.h>|\"($1/|$2)" src/"$1"/*.[ch]
}

allow '<(stdint|stdbool|stddef|string|assert)\.h>|"core/' src/core/*.[ch]
may sys 'candidate\.h'
may etcd 'candidate\.h|sys/'
may lib 'candidate\.h|core/|etcd/|sys/'
may cli 'candidate\.h|sys/'
may serve 'candidate\.h|sys/|cli/'
may actions 'candidate\.h|sys/|cli/'
may run 'candidate\.h|sys/|cli/|serve/|core/supervise\.h'
allow '<[a-z]+\.h>|"(candidate\.h|sys/|cli/|actions/|run/)' src/main.c

# The library must not know what is the program's alone.
# shellcheck disable=SC2016 # make expands it
edges=$(make -s \
    --eval='print: ; @echo $(patsubst src/%.c,%,$(filter src/sys/%,$(PROGRAM_SRC)))' \
    print | tr ' ' '|')
while IFS= read -r line; do
    complain "$line"
done < <(grep -HnE "^#include \"($edges)\.h" src/{core,etcd,lib}/* || true)

# only LIBRARY REGEX: no other file includes its headers.
only() {
    local file
    while IFS= read -r file; do
        complain "$file includes <$1...>"
    done < <(grep -rlE "^#include <$1(/|\.h)" src include | grep -vxE "$2" || true)
}
only curl 'src/sys/http(\.c|_[a-z]+\.[ch])'
only cjson 'src/etcd/(json|codec)[a-z_]*\.[ch]'
only microhttpd 'src/sys/httpd\.c'

objects=("$build"/src/core/*.o)
[ ${#objects[@]} -gt 0 ] || complain "build first: no $build/src/core/*.o"
while read -r symbol; do
    complain "the core calls $symbol"
done < <(nm -u "${objects[@]}" | awk '$1 == "U" {print $2}' | sort -u |
    grep -vxFf <(nm --defined-only "${objects[@]}" | awk '{print $3}') |
    grep -vxE 'mem(cpy|set|cmp|move)|strlen|__mem[a-z]+_chk' |
    grep -vxE '__(assert|stack_chk)_fail|_GLOBAL_OFFSET_TABLE_' || true)

extra=$(git ls-files | cut -d/ -f1 | sort -u | grep -v '^\.' |
    grep -vxE 'Makefile|README\.md|LICENSE|src|include|tests|scripts' || true)
[ -z "$extra" ] || complain "outside the agreed top level: $extra"

while IFS= read -r line; do
    complain "a path or host of one machine: $line"
done < <(git grep -nIE \
    '/(home|root|work|Users)/|registry\.|(deb|security)\.debian\.|proxy\.golang' \
    -- . ':!scripts/check-layers.sh' || true)
exit "$bad"
