#!/usr/bin/env bats
# scripts/check-binaries.sh sees what a build lacks: each protection is left out
# of a small program by itself.

load support

setup_file() {
    cat >"$BATS_FILE_TMPDIR/program.c" <<'END'
#include <stdio.h>
#include <string.h>
#ifdef BOTH
__asm__(".section .both,\"awx\"\n.byte 0\n.text");
#endif
int main(int argc, char **argv)
{
    char large[3 * 4096];
    memset(large, argc, sizeof large);
    snprintf(large, sizeof large - 1 + (size_t)argc, "%s", argv[0]);
    return puts(large);
}
END
}

# check FLAG...: build it well but for these, and look at it.
check() {
    local file=$BATS_TEST_TMPDIR/program
    "${CC:-gcc}" -O2 -fPIE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
        -fstack-protector-strong -fstack-clash-protection \
        "$(has_flag -fcf-protection=full -mbranch-protection=standard)" \
        -pie -Wl,-z,relro,-z,now,-z,noexecstack -w -o "$file" \
        "$BATS_FILE_TMPDIR/program.c" "$@"
    run -"${expected:-1}" scripts/check-binaries.sh "$file"
}

has_flag() {
    local flag
    for flag; do
        "${CC:-gcc}" -Werror "$flag" -E -x c /dev/null >/dev/null 2>&1 || continue
        echo "$flag"
        return
    done
    echo -w
}

# lacks WORDS FLAG...: that is found missing, and nothing else.
lacks() {
    check "${@:2}"
    [ "$output" = "check-binaries: $BATS_TEST_TMPDIR/program $1" ]
}

@test "a hardened program is let pass" {
    expected=0 check
    [ -z "$output" ]
}

@test "a program at a fixed place" {
    lacks 'is not position-independent' -fno-pie -no-pie
}

@test "a program that binds late" {
    lacks 'binds late' -Wl,-z,lazy
}

@test "a program without RELRO" {
    lacks 'has no RELRO' -Wl,-z,norelro
}

@test "a program with an executable stack" {
    lacks 'has an executable stack' -Wl,-z,execstack
}

@test "a program without a stack protector" {
    lacks 'has no stack protector' -fno-stack-protector
}

@test "a program that is not fortified" {
    lacks 'is not fortified' -U_FORTIFY_SOURCE
}

@test "a program that does not guard indirect jumps" {
    case $(uname -m) in
    x86_64) lacks 'does not guard indirect jumps' -fcf-protection=none ;;
    aarch64) lacks 'does not guard indirect jumps' -mbranch-protection=none ;;
    esac
}

@test "a program that does not probe its stack" {
    [ "$(uname -m)" != x86_64 ] ||
        lacks 'does not probe its stack' -fno-stack-clash-protection
}

@test "a program with a path for its libraries" {
    lacks 'has relocations in its code, or a path for libraries' \
        -Wl,-rpath,/nowhere
}

@test "a program with memory both to write and to execute" {
    lacks 'has memory both to write and to execute' -DBOTH
}
