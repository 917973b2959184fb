#!/usr/bin/env bats
# fetch-tool.sh: the tools of tests, from the machine or from its cache. What
# the network would have to give is not tried here.

load support

setup() {
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    folder=$XDG_CACHE_HOME/candidate/promtool
    # Nothing that is installed, and an apt that has nothing.
    mkdir -p "$BATS_TEST_TMPDIR/bin" "$folder"
    write_program "$BATS_TEST_TMPDIR/bin/apt-get" <<<'exit 100'
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "wrong usage is 64" {
    run -64 --separate-stderr scripts/fetch-tool.sh
    run -64 --separate-stderr scripts/fetch-tool.sh vi
    run -64 --separate-stderr scripts/fetch-tool.sh promtool haproxy
    [ -z "$output" ]
}

@test "what is in the cache is taken from there" {
    command -v promtool && return # the machine's own comes first
    write_program "$folder/promtool" <<<'[ "$1" = --version ]'
    run -0 --separate-stderr scripts/fetch-tool.sh promtool
    [ "$output" = "$folder/promtool" ]
    [ -z "$stderr" ]
}

@test "what does not run, or cannot be had, is 69" {
    command -v promtool && return
    run -69 --separate-stderr scripts/fetch-tool.sh promtool
    [[ $stderr == *'fetch-tool: no promtool: apt-get does not get it'* ]]
    [ -z "$output" ]
    write_program "$folder/promtool" <<<'exit 1'
    run -69 --separate-stderr scripts/fetch-tool.sh promtool
    [[ $stderr == *'promtool does not run here' ]]
    run -0 find "$XDG_CACHE_HOME" -name 'fetching-*'
    [ -z "$output" ]
}

# has PACKAGE: apt has the tool in this one, and no other.
has() {
    local bin=$BATS_TEST_TMPDIR/bin
    write_program "$bin/apt-cache" <<<"[ \"\$*\" = 'show $1' ]"
    write_program "$bin/apt-get" <<END
[ "\${!#}" = $1 ] || exit 100
[[ " \$* " == *' download '* ]] || { echo 'Inst $1 (1)' && exit; }
mkdir -p root/DEBIAN root/usr/bin
printf '%s\n' 'Package: $1' 'Version: 1' 'Architecture: all' \
    'Maintainer: none' 'Description: none' >root/DEBIAN/control
echo '#!/bin/sh' >root/usr/bin/promtool
chmod 755 root/usr/bin/promtool
dpkg-deb -b root $1.deb >/dev/null
END
}

@test "it is fetched from the package that this suite has it in" {
    command -v promtool && return
    local package
    for package in prometheus promtool; do
        rm -rf "$folder"
        has "$package"
        run -0 --separate-stderr scripts/fetch-tool.sh promtool
        [ "$output" = "$folder/promtool" ]
    done
}
