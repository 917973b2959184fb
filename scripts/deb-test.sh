#!/usr/bin/env bash
# deb-test.sh [SUITE...]: builds the Debian packages in a clean Debian of each
# suite (default: bookworm and trixie), without a warning of its compiler, has
# its lintian check them, installs them in another clean one, and tries there
# what is in them: a candidate beside an etcd, the manuals, the library's example,
# the unit, the completions. After a purge nothing of them is left. Needs root.
set -euo pipefail

[ $# -gt 0 ] || set -- bookworm trixie
for suite in "$@"; do
    [[ $suite =~ ^[a-z]+$ ]] ||
        { sed -n '2s/^# \([^:]*\):.*/usage: \1/p' "$0" >&2; exit 64; }
done
cd "$(dirname "$0")/.."
if [ "$(id -u)" -ne 0 ]; then
    echo 'deb-test: needs root; try sudo make deb-test' >&2
    exit 69
fi
scripts/install-deps.sh chroot

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' \
    'Component: main' | grep -v security | head -n 1)

# inside ROOT [UNSHARE-OPTION...]: runs the script of standard input there, in
# namespaces of its own: what it has mounted or started goes with it.
# shellcheck disable=SC2016
inside() {
    unshare --mount --pid --fork --kill-child "${@:2}" sh -ec '
        mount -t proc proc "$1/proc"
        mount --rbind /dev "$1/dev"
        ip link set lo up
        exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            chroot "$1" bash -euo pipefail -s' sh "$1"
}

debian() {
    debootstrap --variant=minbase "$1" "$2" "$mirror" >"$temp/log" ||
        { tail "$temp/log" >&2; exit 69; }
    cp /etc/resolv.conf "$2/etc"
    # How the mirror is reached, as it is here.
    apt-config dump | grep '^Acquire::' >"$2/etc/apt/apt.conf.d/99acquire"
    echo "127.0.0.1 localhost" >"$2/etc/hosts"
    # No service is started by its package.
    printf '#!/bin/sh\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
    chmod 755 "$2/usr/sbin/policy-rc.d"
}

build() {
    inside "$1" <<'END'
apt-get -qq update
apt-get -qq install -y --no-install-recommends lintian dpkg-dev >/dev/null
cd /packages/source
apt-get -qq build-dep -y --no-install-recommends . >/dev/null
gcc --version | head -n 1
MAKEFLAGS=WERROR=1 dpkg-buildpackage -b -nc -uc -us >../log 2>&1 ||
    { cat ../log; exit 1; }
lintian --allow-root --fail-on error,warning ../*.changes
END
}

# The library's own dependencies are all that it gets at first.
install() {
    inside "$1" <<'END'
find / -xdev -name '*candidate*' -not -path '/packages/*' >/packages/before
cd /packages
apt-get -qq update
apt-get -qq install -y --no-install-recommends ./candidate_*.deb >/dev/null
candidate --version
apt-get -qq install -y --no-install-recommends ./libcandidate*.deb \
    gcc libc6-dev pkgconf etcd-server mandoc systemd >/dev/null
END
}

try() {
    inside "$1" --net <<'END'
cd /packages
etcd --data-dir /packages/etcd >etcd.log 2>&1 &
candidate --wait 120 A -- echo a candidate has led </dev/null
mandoc -T lint -W error /usr/share/man/man1/candidate.1.gz
mandoc -T lint -W error /usr/share/man/man3/libcandidate.3.gz
role=$(zcat /usr/share/man/man1/candidate.1.gz |
    sed -n 's/^\.Pa \(.*role.*\)/\1/p')
[ "$(head -n 2 "$role" | cut -d ' ' -f 2)" = $'bash\netcd-role.sh' ]
zcat /usr/share/man/man3/libcandidate.3.gz |
    sed -n '/^\.Bd -literal/,/^\.Ed/p' | sed '/^\./d; s/\\e/\\/g' >example.c
# shellcheck disable=SC2046
gcc -o example example.c $(pkg-config --cflags --libs candidate)
./example B
systemd-analyze verify candidate@db.service
. /usr/share/bash-completion/completions/candidate
complete -p candidate
ls /usr/share/zsh/vendor-completions/_candidate \
    /usr/share/fish/vendor_completions.d/candidate.fish
END
}

purge() {
    inside "$1" --net <<'END'
dpkg --purge libcandidate-dev libcandidate0 candidate >/dev/null
find / -xdev -name '*candidate*' -not -path '/packages/*' |
    diff /packages/before -
END
}

for suite in "$@"; do
    echo "== $suite"
    debian "$suite" "$temp/clean"
    cp -a "$temp/clean" "$temp/build"
    scripts/deb-source.sh "$temp/build/packages/source"
    build "$temp/build"
    mkdir "$temp/clean/packages"
    cp "$temp/build/packages"/*.deb "$temp/clean/packages"
    install "$temp/clean"
    try "$temp/clean"
    purge "$temp/clean"
    rm -rf "$temp/clean" "$temp/build"
    echo "== $suite: installed, tried, and purged"
done
