#!/usr/bin/env bats
# The installed library, as a program of somebody else meets it.

setup_file() {
    export ROOT=$BATS_FILE_TMPDIR/root
    export PKG_CONFIG_SYSROOT_DIR=$ROOT
    export PKG_CONFIG_PATH=$ROOT/opt/candidate/lib/pkgconfig
    export LD_LIBRARY_PATH=$ROOT/opt/candidate/lib
    make -s install DESTDIR="$ROOT" PREFIX=/opt/candidate 3>&-
}

# build COMPILER OPTION...: $source, else embed, of the folder $example, from the
# installed files alone, with the libraries $libs, or those that pkg-config gives.
build() {
    local sanitizers=()
    [ "${SANITIZE-0}" = 0 ] || sanitizers=(-fsanitize=address,undefined)
    [ "${COVERAGE-0}" = 0 ] || sanitizers+=(--coverage)
    # shellcheck disable=SC2046,SC2086 # the flags are words
    "$@" -Wall -Wextra -Wpedantic -Werror "${sanitizers[@]}" \
        "${example-tests/example}/${source-embed}.c" \
        -o "$BATS_TEST_TMPDIR/${source-embed}" \
        $(pkg-config --cflags candidate) \
        ${libs-$(pkg-config --libs candidate)}
}

elect() {
    run -0 --separate-stderr scripts/with-etcd.sh \
        bash -c '"$1" "$ETCDCTL_ENDPOINTS" "$2"
            etcdctl --command-timeout=60s get --prefix ""' \
        elect "$BATS_TEST_TMPDIR/embed" "$1" 3>&-
}

bats_require_minimum_version 1.5.0

@test "pkg-config gives the version that the header gives" {
    run -0 pkg-config --modversion candidate
    grep -qF "CANDIDATE_VERSION \"$output\"" include/candidate.h
}

@test "a C program is elected, gets a token, resigns and leaves no key" {
    build "${CC:-cc}" -std=c17
    elect in-c
    [ "${lines[0]}" = attempting ]
    [[ ${lines[1]} =~ ^leading,\ fencing\ token\ [1-9][0-9]*$ ]]
    [ "${lines[2]}" = resigned ]
    [ ${#lines[@]} -eq 3 ]
}

@test "the same file is a C++ program" {
    local cxx=c++
    [[ ${CC-} != *clang* ]] || cxx=clang++
    build "$cxx" -x c++ -std=c++11
    elect in-c++
    [[ ${lines[1]} =~ ^leading,\ fencing\ token\ [1-9][0-9]*$ ]]
}

@test "a program linked with the static library is elected too" {
    local libs="$ROOT/opt/candidate/lib/libcandidate.a -lcurl -lcjson"
    build "${CC:-cc}" -std=c17
    elect static
    [[ ${lines[1]} =~ ^leading,\ fencing\ token\ [1-9][0-9]*$ ]]
}

@test "a command asks its leader's page, which is nobody's when it is dead" {
    local source=act cxx=c++
    [[ ${CC-} != *clang* ]] || cxx=clang++
    build "$cxx" -x c++ -std=c++11
    build "${CC:-cc}" -std=c17
    # shellcheck disable=SC2016
    run -0 --separate-stderr scripts/with-etcd.sh "${CANDIDATE:-./candidate}" \
        A -- sh -c '"$1" && env | grep ^CANDIDATE_' sh \
        "$BATS_TEST_TMPDIR/act" 3>&-
    [[ ${lines[0]} =~ ^acting\ with\ token\ [1-9][0-9]*$ ]]
    local variables=("${lines[@]:1}")
    run -64 env "${variables[@]}" "$BATS_TEST_TMPDIR/act"
    [[ $output == "act: lease page /proc/"*": No such file or directory" ]]
    run -64 env "${variables[@]}" CANDIDATE_TOKEN=0 "$BATS_TEST_TMPDIR/act"
    [ "$output" = 'act: CANDIDATE_TOKEN: is not a fencing token' ]
}

# c_blocks FOLDER: what README.md has in C, each in a file.
c_blocks() {
    awk -v folder="$1" '/^```c$/ { file = folder "/" ++n ".c"; next }
        /^```$/ { file = "" }
        file { print >file }' README.md
}

@test "the program of the README, built as it says, is elected" {
    c_blocks "$BATS_TEST_TMPDIR"
    local example=$BATS_TEST_TMPDIR source cxx=c++
    [[ ${CC-} != *clang* ]] || cxx=clang++
    source=$(grep -l '^int main' "$BATS_TEST_TMPDIR"/*.c)
    source=$(basename "$source" .c)
    build "$cxx" -x c++ -std=c++11
    build "${CC:-cc}" -std=c17
    # shellcheck disable=SC2016
    run -0 --separate-stderr scripts/with-etcd.sh sh -c \
        '"$0" "$ETCDCTL_ENDPOINTS"
        etcdctl --command-timeout=60s get --prefix ""' \
        "$BATS_TEST_TMPDIR/$source" 3>&-
    [ "$output" = leading ]
}

@test "what else the README has in C is good C" {
    local example=$BATS_TEST_TMPDIR source=snippets libs='' block n=0
    mkdir "$example/blocks"
    c_blocks "$example/blocks"
    {
        printf '%s;\n' '#include <candidate.h>
            extern struct candidate *c' 'extern struct pollfd *your_fds' \
            'extern unsigned your_fds_n' 'extern int your_timeout_ms' \
            'extern int64_t token' 'void fail(const char *)' \
            'void act_one_step(int64_t)' 'void begin_to_lead(int64_t)' \
            'void lead_one_step(void)'
        for block in "$example"/blocks/*.c; do
            ! grep -q '^int main' "$block" || continue
            n=$((n + 1))
            printf 'void snippet_%d(void)\n{\n%s\n}\n' "$n" "$(cat "$block")"
        done
    } >"$example/snippets.c"
    [ "$n" -ge 2 ]
    build "${CC:-cc}" -std=c17 -c
}

@test "the program uses the shared library by its SONAME" {
    build "${CC:-cc}" -std=c17
    readelf -d "$BATS_TEST_TMPDIR/embed" | grep -F '[libcandidate.so.0]'
}

@test "everybody can read what was installed, and uninstall leaves nothing" {
    local root=$BATS_TEST_TMPDIR/root
    (umask 077 && make -s install DESTDIR="$root" PREFIX=/opt/candidate 3>&-)
    run -0 find "$root" -type f ! -perm -444
    [ -z "$output" ]
    make -s uninstall DESTDIR="$root" PREFIX=/opt/candidate 3>&-
    run -0 find "$root" -not -type d
    [ -z "$output" ]
}
