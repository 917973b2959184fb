#!/usr/bin/env bash
# fuzz.sh [SECONDS]: runs each fuzzer for that long (default 30) with libFuzzer
# under the sanitizers, starting from its corpus in the repository and from
# what earlier runs found. An input that fails stays in build/libfuzzer/failed
# (or under BUILD); try it again with build/fuzz/fuzz_X FILE. The last line is
# "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-30}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || {
    echo "fuzz: not a number of seconds: $seconds" >&2
    exit 64
}
build=${BUILD:-build/libfuzzer}
limits=(-timeout=10 -rss_limit_mb=1024 -entropic_scale_per_exec_time=1)

make --no-print-directory -s -j2 fuzzers CC=clang SANITIZE=1 BUILD="$build" \
    CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link' \
    FUZZ_MAIN=-fsanitize=fuzzer WERROR=1

passed=0
failed=0
for source in tests/fuzz/fuzz_*.c; do
    fuzzer=$(basename "$source" .c)
    name=${fuzzer#fuzz_}
    found=$build/found/$name
    mkdir -p "$found" "$build/failed"
    options=()
    [ ! -e "tests/fuzz/$name.dict" ] || options+=("-dict=tests/fuzz/$name.dict")
    echo "== $fuzzer"
    if "$build/fuzz/$fuzzer" -max_total_time="$seconds" "${limits[@]}" \
        -artifact_prefix="$build/failed/$name-" -print_final_stats=1 \
        "${options[@]}" "$found" "tests/fuzz/corpus/$name" \
        >"$build/$fuzzer.log" 2>&1; then
        passed=$((passed + 1))
        grep -E '^(stat::number_of_executed|stat::peak|Done)' \
            "$build/$fuzzer.log"
    else
        failed=$((failed + 1))
        tail -n 60 "$build/$fuzzer.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
