#!/usr/bin/env bats
# scripts/fetch-etcd.sh: an etcd of a newer suite, in the cache. Against an apt
# of the test's own, so without a network.

load support

setup() {
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    export CALLS=$BATS_TEST_TMPDIR/calls OFFERED=$BATS_TEST_TMPDIR/offered
    export RUNS=yes # whether the binaries do
    export PATH=$BATS_TEST_TMPDIR/bin:$PATH
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '%s\n' 'trixie 3.5.16-4' 'forky 3.5.30-2' 'sid 3.6.1+ds-1' \
        >"$OFFERED"
    write_apt_get
    write_apt_cache
}

# The suite that the configuration names; without one, it is the machine's.
suite_of='suite=$(awk "{print \$(NF - 1)}" \
    "$(sed -n "s/^Dir::Etc::sourcelist \"\(.*\)\";/\1/p" "$APT_CONFIG")")'

write_apt_cache() {
    write_program "$BATS_TEST_TMPDIR/bin/apt-cache" <<END
$suite_of
echo "\$3 | \$(awk -v s="\$suite" '\$1 == s {print \$2}' "\$OFFERED") | there"
END
}

write_apt_get() {
    write_program "$BATS_TEST_TMPDIR/bin/apt-get" <<END
[[ " \$* " != *' indextargets '* ]] || {
    echo 'copy:/main bookworm'
    echo 'copy:/main bookworm-updates'
    echo 'copy:/security bookworm-security'
    exit
}
$suite_of
echo "\$suite \${*:2}" >>"\$CALLS"
[ "\$2" != update ] || { grep -q "^\$suite " "\$OFFERED" && exit
    echo "E: no \$suite" >&2; exit 100; }
for item in "\${@:3}"; do
    version=\${item#*=}
    root=\$(mktemp -d)
    mkdir -p "\$root"/{DEBIAN,usr/bin}
    printf '%s\n' "Package: \${item%=*}" "Version: \$version" \
        'Architecture: all' 'Maintainer: nobody' 'Description: a test' \
        >"\$root/DEBIAN/control"
    [ "\${item%=*}" = etcd-server ] && name=etcd || name=etcdctl
    printf '#!/bin/sh\n%s\n' "echo Version: \${version%%[-+]*}" \
        >"\$root/usr/bin/\$name"
    [ "\$RUNS" = yes ] || printf '#!/bin/sh\n%s\n' \
        "echo no such libc >&2; exit 1" >"\$root/usr/bin/\$name"
    chmod +x "\$root/usr/bin/\$name"
    dpkg-deb -b "\$root" "\${item%=*}.deb" >/dev/null
    rm -rf "\$root"
done
END
}

# The cache holds these names and nothing else.
cache_holds() {
    diff <(printf '%s\n' "$@" | sort) <(ls -A "$XDG_CACHE_HOME/candidate")
}

@test "what is no version is a usage error" {
    run -64 scripts/fetch-etcd.sh 3.x
    run -64 scripts/fetch-etcd.sh ''
    run -64 scripts/fetch-etcd.sh 3.5 3.6
}

@test "the first suite that has it gives it, and stdout is the folder" {
    run -0 --separate-stderr scripts/fetch-etcd.sh
    [ "$output" = "$XDG_CACHE_HOME/candidate/etcd-3.5.16" ]
    [ "$("$output/etcd" --version)" = 'Version: 3.5.16' ]
    [ "$("$output/etcdctl" version)" = 'Version: 3.5.16' ]
    cache_holds etcd-3.5.16 lock
}

@test "a later suite is asked when the first ones have another" {
    run -0 --separate-stderr scripts/fetch-etcd.sh 3.6
    [ "$output" = "$XDG_CACHE_HOME/candidate/etcd-3.6.1" ]
    diff <(cut -d' ' -f1 "$CALLS") <(printf '%s\n' trixie forky sid sid)
}

@test "a prefix ends where a number ends" {
    run -69 scripts/fetch-etcd.sh 3.5.1
    [[ $output == *'not in Debian trixie forky sid' ]]
    [ ${#lines[@]} -eq 1 ]
    cache_holds lock
}

@test "what is in the cache is given without apt" {
    run -0 scripts/fetch-etcd.sh 3.5.30
    rm "$BATS_TEST_TMPDIR/bin"/* "$CALLS"
    write_program "$BATS_TEST_TMPDIR/bin/apt-get" <<<'exit 99'
    run -0 --separate-stderr scripts/fetch-etcd.sh 3.5
    [ "$output" = "$XDG_CACHE_HOME/candidate/etcd-3.5.30" ]
    [ -z "$stderr" ]
}

@test "two side by side fetch once and give the same" {
    scripts/fetch-etcd.sh >"$BATS_TEST_TMPDIR/one" 3>&- &
    run -0 --separate-stderr scripts/fetch-etcd.sh
    wait $!
    [ "$output" = "$(cat "$BATS_TEST_TMPDIR/one")" ]
    [ "$(grep -c ' download ' "$CALLS")" -eq 1 ]
    cache_holds etcd-3.5.16 lock
}

@test "what a killed run has left is cleared" {
    mkdir -p "$XDG_CACHE_HOME/candidate/fetching.killed"
    run -0 scripts/fetch-etcd.sh
    cache_holds etcd-3.5.16 lock
}

@test "no suite within reach is one line and exit code 69" {
    : >"$OFFERED"
    run -69 scripts/fetch-etcd.sh
    [[ $output == *'trixie: E: no trixie; '* ]]
    [ ${#lines[@]} -eq 1 ]
    cache_holds lock
}

@test "one suite out of reach does not hide the next" {
    sed -i /trixie/d "$OFFERED"
    run -0 --separate-stderr scripts/fetch-etcd.sh
    [ "$output" = "$XDG_CACHE_HOME/candidate/etcd-3.5.30" ]
}

@test "binaries that do not run here are refused and not kept" {
    export RUNS=no
    run -69 scripts/fetch-etcd.sh
    [[ $output == *'etcd 3.5.16 does not run here: no such libc' ]]
    cache_holds lock
}
