#!/usr/bin/env bash
# check-musl.sh FLAG...: compiles src against the headers of musl, with these
# flags, so that what glibc alone has is called in these files of sys at most.
# The headers of the libraries and of the kernel are the system's.
set -euo pipefail
cd "$(dirname "$0")/.."

fd=src/sys/fd.c   # close_range; preadv2 and pwritev2, before musl 1.2.5
srv=src/sys/srv.c # res_ninit and the like: a resolver for each thread

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# One by one: in the system's whole folder glibc's headers would be found.
for header in linux asm asm-generic curl cjson microhttpd.h; do
    for folder in /usr/include "/usr/include/$(gcc -print-multiarch)"; do
        [ ! -e "$folder/$header" ] || ln -sfn "$folder/$header" "$temp/$header"
    done
done
find src -name '*.c' ! -path "$fd" ! -path "$srv" -print0 |
    xargs -0 -P 2 -n 1 musl-gcc "$@" -isystem "$temp" -Wall -Wextra -Werror \
        -fsyntax-only
