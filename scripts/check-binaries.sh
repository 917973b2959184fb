#!/usr/bin/env bash
# check-binaries.sh [FILE...]: checks what was built: that both libraries show
# what the headers declare and nothing else, and that the hardening is in the
# files. With FILE only the latter, in these.
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

# What the compiler writes where a function may be jumped to, as far as we know.
case $(uname -m) in
x86_64) landing='endbr64' ;;
aarch64) landing='(bti +c|paciasp)' ;;
*) landing= ;;
esac

# Are the pages of a large frame touched one by one? Only x86-64's code for
# that cannot be mistaken for other code.
probes() {
    [ "$(uname -m)" = x86_64 ] || return 0
    grep -A 1 -E 'sub +[$]0x1000,%rsp' <<<"$1" |
        grep -E '(or|mov)q? +[$]0x0,\(%rsp\)' >/dev/null
}

# hardened FILE: has it what its compiler and linker were asked for?
hardened() {
    local file=$1 dynamic segments symbols code
    dynamic=$(readelf -dW "$file")
    segments=$(readelf -lW "$file")
    symbols=$(nm -D "$file")
    code=$(objdump -d --no-show-raw-insn "$file")
    # has TEXT REGEX COMPLAINT
    has() {
        grep -qE "$2" <<<"$1" || complain "$file $3"
    }
    has "$(readelf -hW "$file")" 'Type: *DYN' 'is not position-independent'
    has "$dynamic" 'BIND_NOW|Flags:.* NOW' 'binds late'
    has "$segments" 'GNU_RELRO' 'has no RELRO'
    has "$(grep GNU_STACK <<<"$segments")" ' RW ' 'has an executable stack'
    has "$symbols" '__stack_chk_fail' 'has no stack protector'
    has "$symbols" '_chk@' 'is not fortified'
    has "$(grep -A 1 -E '^[0-9a-f]+ <(main|candidate_new)>:$' <<<"$code")" \
        "$landing" 'does not guard indirect jumps'
    probes "$code" || complain "$file does not probe its stack"
    ! grep -qE 'TEXTREL|RPATH|RUNPATH' <<<"$dynamic" ||
        complain "$file has relocations in its code, or a path for libraries"
    ! grep -E ' LOAD .* RWE ' <<<"$segments" >/dev/null ||
        complain "$file has memory both to write and to execute"
}

if [ $# -eq 0 ]; then
    shows "$shared" -D
    shows "$build/libcandidate.a" -g
    readelf -dW "$shared" | grep -qF '[libcandidate.so.0]' ||
        complain "$shared has no SONAME"
    set -- "$shared" "$program"
fi
for file; do
    hardened "$file"
done
exit "$bad"
