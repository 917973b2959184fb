#!/usr/bin/env bash
# Checks what was built: that both libraries show what the headers declare and
# nothing else, and that the hardening is in the files.
set -euo pipefail

build=${BUILD:-build}
shared=$build/libcandidate.so.0
program=$build/candidate
bad=0

complain() {
    echo "check-binaries: $*" >&2
    bad=1
}

declared() {
    cat include/candidate.h include/candidate/*.h | tr '\n' ' ' |
        grep -oE 'CANDIDATE_API [^(;]*\(' |
        grep -oE 'candidate_[a-z0-9_]+\(' | tr -d '(' | sort
}

# shows FILE NM-OPTION...
shows() {
    local difference
    difference=$(diff <(declared) <(nm "${@:2}" --defined-only "$1" |
        awk 'NF == 3 {print $3}' | sort)) ||
        complain "$1: declared (<) and shown (>) differ: $difference"
}

shows "$shared" -D
shows "$build/libcandidate.a" -g

readelf -dW "$shared" | grep -qF '[libcandidate.so.0]' ||
    complain "$shared has no SONAME"
readelf -hW "$program" | grep -q 'Type: *DYN' || complain "$program is no PIE"
for file in "$shared" "$program"; do
    readelf -dW "$file" | grep -qE 'BIND_NOW|Flags:.* NOW' ||
        complain "$file binds late"
    readelf -lW "$file" | grep -q GNU_RELRO || complain "$file has no RELRO"
    readelf -lW "$file" | grep GNU_STACK | grep -q 'RW ' ||
        complain "$file has an executable stack"
    nm -D "$file" | grep __stack_chk_fail >/dev/null ||
        complain "$file has no stack protector"
    nm -D "$file" | grep '_chk@' >/dev/null ||
        complain "$file is not fortified"
done
exit "$bad"
