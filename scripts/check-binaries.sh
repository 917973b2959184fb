#!/usr/bin/env bash
# Checks what was built: that the shared library shows what candidate.h
# declares and nothing else, and that the hardening is in the files.
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
    tr '\n' ' ' <include/candidate.h | grep -oE 'CANDIDATE_API [^(;]*\(' |
        grep -oE 'candidate_[a-z0-9_]+' | sort
}

shown() {
    nm -D --defined-only "$shared" | awk '{print $3}' | sort
}

difference=$(diff <(declared) <(shown)) ||
    complain "declared (<) and shown (>) differ: $difference"

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
