#!/usr/bin/env bash
# Checks that includes point one way, that only the edges use the outside, and
# that the core calls nothing. Needs a built tree for the last part.
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

system='<[a-z_/0-9]+\.h>'
core='<(stdint|stdbool|stddef|string|assert)\.h>|"core/[a-z_]+\.h"'
allow "$core" src/core/*.[ch]
allow "$system|\"(candidate\.h|sys/)" src/sys/*.[ch]
allow "$system|\"(candidate\.h|sys/|etcd/)" src/etcd/*.[ch]

for outside in curl/:src/sys/http.c cjson/:'src/etcd/(json|codec[a-z_]*)\.[ch]'
do
    while IFS= read -r file; do
        complain "$file includes <${outside%%:*}...>"
    done < <(grep -rlE "^#include <${outside%%:*}" src include |
        grep -vxE "${outside#*:}" || true)
done

calls='memcpy|memset|memcmp|memmove|strlen|__assert_fail|__stack_chk_fail'
calls+='|(backoff|election)_[a-z_]+|_GLOBAL_OFFSET_TABLE_'
for object in "$build"/src/core/*.o; do
    [ -e "$object" ] || { complain "build first: no $object"; break; }
    while IFS= read -r symbol; do
        complain "$object calls $symbol"
    done < <(nm -u "$object" | awk '{print $2}' |
        grep -vE "^($calls)$" || true)
done

extra=$(git ls-files | cut -d/ -f1 | sort -u | grep -v '^\.' |
    grep -vxE 'Makefile|README\.md|LICENSE|src|include|tests|scripts' || true)
[ -z "$extra" ] || complain "outside the agreed top level: $extra"
exit "$bad"
