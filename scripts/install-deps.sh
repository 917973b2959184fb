#!/usr/bin/env bash
# install-deps.sh [GROUP...]: installs what is missing for these groups, which
# the table below has; build when none is named. Says beforehand what it
# installs. With apt-get only; elsewhere it names what is missing and fails.
set -euo pipefail

declare -A needs=(
    [build]='compiler make libc-headers pkg-config libcurl libcjson
        libmicrohttpd'
    [run]='etcd'
    [demo]='etcd etcdctl tmux'
    [test]='cmocka etcd etcdctl bats tmux c++ pkill openssl
        script systemd-analyze curl jq nft mandoc zsh fish xmllint
        ip arping postgres python3-yaml'
    [torture]='strace'
    [coverage]='gcovr jq'
    [lint]='shellcheck clang clang-format clang-tidy git musl-gcc'
    [valgrind]='valgrind'
    [fuzz]='clang clang-runtimes cmocka'
    [page]='etcd chromium node'
    [model]='gcc libc-headers spin'
    [peer-go]='go go-etcd'
    [peer-node]='node npm'
    [service]='etcd debootstrap pkill'
    [deb]='dh dpkg-buildpackage lintian'
    [chroot]='debootstrap ip'
    [static]='libbrotlidec.a libldap.a libnghttp2.a libpsl.a librtmp.a
        libssh2.a libunistring.a libzstd.a'
)
cc=${CC:-cc}
fuzzer='int LLVMFuzzerTestOneInput(char *d, long n) { return d && n > 9; }'

# Is this need met? By what is there, not by who installed it.
have() {
    case $1 in
    compiler) command -v "$cc" ;;
    libc-headers) echo '#include <stdlib.h>' | "$cc" -E - ;;
    clang-runtimes) echo "$fuzzer" | clang -fsanitize=fuzzer,address \
        -x c -o /dev/null - ;;
    go-etcd) compgen -G '/usr/share/gocode/src/go.etcd.io/etcd/client*/' ;;
    chromium) command -v chromium-headless-shell || command -v chromium ;;
    lib*.a) test -e "$("$cc" -print-file-name="$1")" ;;
    postgres) compgen -G '/usr/lib/postgresql/*/bin/initdb' ;;
    python3-yaml) python3 -c 'import yaml' ;;
    libcurl | libcjson | libmicrohttpd | cmocka) pkg-config --exists "$1" ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# The Debian and Ubuntu package that meets it.
package() {
    case $1 in
    compiler) [[ $cc == *clang* ]] && echo clang || echo gcc ;;
    libc-headers) echo libc6-dev ;;
    libbrotlidec.a) echo libbrotli-dev ;;
    libssh2.a) echo libssh2-1-dev ;;
    lib*.a) echo "${1%.a}-dev" ;;
    libcurl) echo libcurl4-openssl-dev ;;
    libcjson) echo libcjson-dev ;;
    libmicrohttpd) echo libmicrohttpd-dev ;;
    cmocka) echo libcmocka-dev ;;
    etcd) echo etcd-server ;;
    etcdctl) echo etcd-client ;;
    c++) echo g++ ;;
    dh) echo debhelper ;;
    dpkg-buildpackage) echo dpkg-dev ;;
    ip) echo iproute2 ;;
    pkill) echo procps ;;
    script) echo bsdutils ;;
    node) echo nodejs ;;
    go) echo golang-go ;;
    go-etcd) echo golang-etcd-server-dev ;;
    chromium) # Debian's smaller one, where there is one
        apt-cache show chromium-headless-shell >/dev/null 2>&1 &&
            echo chromium-headless-shell || echo chromium ;;
    musl-gcc) echo musl-tools ;;
    nft) echo nftables ;;
    arping) echo iputils-arping ;;
    postgres) echo postgresql ;;
    xmllint) echo libxml2-utils ;;
    systemd-analyze) echo systemd ;;
    clang-runtimes) # named after clang's version, which must be there first
        ! have clang || echo "libclang-rt-$(clang -dumpversion |
            cut -d. -f1)-dev" ;;
    *) echo "$1" ;;
    esac
}

missing=()
packages=()
look() {
    local group need
    missing=() packages=()
    for group in "$@"; do
        for need in ${needs[$group]:?no such group: $group}; do
            have "$need" && continue
            missing+=("$need")
            mapfile -t -O ${#packages[@]} packages < <(package "$need")
        done
    done
}

# A service that a package would start is not wanted: `make run` and the tests
# start their own etcd. Debian asks this file first.
policy=/usr/sbin/policy-rc.d
say_no_to_services() {
    [ ! -e "$policy" ] || return 0
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
}

[ $# -gt 0 ] || set -- build
look "$@"
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
lacks=
if ! command -v apt-get >/dev/null; then
    lacks='no apt-get'
elif [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null; then
    lacks='neither root nor sudo'
fi
if [ -n "$lacks" ]; then
    echo "install-deps: $lacks here; please install: ${missing[*]}" \
        "(in Debian: ${packages[*]})" >&2
    exit 69
fi

as_root+=(env DEBIAN_FRONTEND=noninteractive)
apt=("${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300
    -o Acquire::Retries=3)

install() {
    echo "install-deps: installing ${packages[*]}" >&2
    case " ${packages[*]} " in
    *' etcd-server '* | *' postgresql '*) say_no_to_services ;;
    esac
    # The lists that are there may do when no fresh ones can be had.
    "${apt[@]}" update || { sleep 2 && "${apt[@]}" update; } || true
    "${apt[@]}" install -y --no-install-recommends "${packages[@]}" \
        >/dev/null
}

install
look "$@"
[ ${#packages[@]} -eq 0 ] || install # what had to wait for another package
look "$@"
if [ ${#missing[@]} -gt 0 ]; then
    echo "install-deps: still missing: ${missing[*]}" >&2
    exit 69
fi
