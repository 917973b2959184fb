#!/usr/bin/env bash
# fuzz.sh [SECONDS]: runs each fuzzer for that long (default 30) with libFuzzer
# under the sanitizers, JOBS of them at a time (as many as there are processors),
# starting from its corpus in the repository and from what earlier runs found.
# SEED chooses what is tried, more or less: how far it gets is the machine's.
# An input that fails stays in build/libfuzzer/failed (or under BUILD); try it
# again with build/fuzz/fuzz_X FILE. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."

export build=${BUILD:-build/libfuzzer}

# run_one SECONDS FUZZER: appends its outcome to $build/outcomes.
run_one() {
    local seconds=$1 fuzzer=$2 name=${2#fuzz_} outcome=failed
    local found=$build/found/$name
    local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024
        -seed="${SEED:-0}" -entropic_scale_per_exec_time=1 -print_final_stats=1
        -artifact_prefix="$build/failed/$name-")
    mkdir -p "$found" "$build/failed"
    [ ! -e "tests/fuzz/$name.dict" ] || options+=("-dict=tests/fuzz/$name.dict")
    ! "$build/fuzz/$fuzzer" "${options[@]}" "$found" "tests/fuzz/corpus/$name" \
        >"$build/$fuzzer.log" 2>&1 || outcome=passed
    {
        flock 9 # one at a time
        echo "== $fuzzer"
        if [ "$outcome" = passed ]; then
            grep -aE '^(stat::number_of_executed|stat::peak|Done)' \
                "$build/$fuzzer.log"
        else
            tail -n 60 "$build/$fuzzer.log"
        fi
        echo "$outcome" >>"$build/outcomes"
    } 9>>"$build/lock"
}

if [ "${1-}" = --one ]; then
    run_one "$2" "$3"
    exit
fi
seconds=${1:-30}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || {
    echo "fuzz: \"$seconds\" is not a number of seconds" >&2
    exit 64
}
make --no-print-directory -s -j2 fuzzers CC=clang SANITIZE=1 BUILD="$build" \
    CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link' \
    FUZZ_MAIN=-fsanitize=fuzzer WERROR=1

sources=(tests/fuzz/fuzz_*.c)
fuzzers=("${sources[@]##*/}")
: >"$build/outcomes"
printf '%s\0' "${fuzzers[@]%.c}" |
    xargs -0 -n 1 -P "${JOBS:-$(nproc)}" scripts/fuzz.sh --one "$seconds" ||
    true # who did not write its outcome has failed
passed=$(grep -c passed "$build/outcomes" || true)
failed=$((${#fuzzers[@]} - passed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
