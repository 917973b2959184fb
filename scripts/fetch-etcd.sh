#!/usr/bin/env bash
# fetch-etcd.sh [VERSION-PREFIX]: puts etcd and etcdctl of a newer Debian suite
# into a cache folder, installs nothing, and prints the folder. The prefix is
# 3.5 when none is given. What is in the cache is taken from there, offline.
#
# The mirrors are those of this machine's own apt, only the suite is another;
# apt checks Debian's signatures, and keeps what it reads in a folder of ours.
# Exit codes: 64 wrong usage, 69 such an etcd cannot be had here.
set -euo pipefail
exec 3>&1 >&2 # the folder is all that stdout gets

suites=(trixie forky sid)
mirrors_max=4
total_s=900 # for all that waits for a network or for another run
stall_s=20
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    echo "fetch-etcd: no etcd $prefix: $*"
    exit 69
}

prefix=${1-3.5}
if [ $# -gt 1 ] || [[ ! $prefix =~ ^[0-9]+(\.[0-9]+)*$ ]]; then
    echo 'usage: fetch-etcd.sh [VERSION-PREFIX], as in fetch-etcd.sh 3.5'
    exit 64
fi

cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
[[ $cache == /* ]] || fail 'neither HOME nor XDG_CACHE_HOME names a folder'
cache=$cache/candidate

has_prefix() {
    [[ $1 == "$prefix" || $1 == "$prefix".* ]]
}

# The newest one in the cache. A folder is there only when it is whole.
cached() {
    local folder newest=
    while IFS= read -r folder; do
        ! has_prefix "${folder##*/etcd-}" || newest=$folder
    done < <(printf '%s\n' "$cache"/etcd-* | sort -V)
    [ -n "$newest" ] && echo "$newest"
}

# Do these binaries run here, and are they what they should be? Those of a
# newer suite may want a newer C library.
try() {
    local program words version=${1##*/etcd-}
    for program in 'etcd --version' 'etcdctl version'; do
        # shellcheck disable=SC2086 # a name and its argument
        words=$(ETCDCTL_API=3 timeout -k 1 30 "$2"/$program 2>&1) ||
            fail "${program% *} $version does not run here:" \
                "$(tail -n 1 <<<"$words")"
        [[ $words == *"ersion: $version"* ]] ||
            fail "${program% *} does not say that it is $version"
    done
}

give() {
    try "$1" "$1"
    echo "$1" >&3
    exit 0
}

! folder=$(cached) || give "$folder"

# ---- what is not in the cache ----
for tool in apt-get apt-cache apt-config dpkg dpkg-deb flock; do
    command -v "$tool" >/dev/null || fail "$tool is not here"
done
mkdir -p "$cache" 2>/dev/null || fail "cannot make $cache"
[ -w "$cache" ] || fail "cannot write in $cache"
exec 9>"$cache/lock"
flock -w "$total_s" 9 || fail 'another fetch-etcd.sh goes on and on'
! folder=$(cached) || give "$folder"

# Who holds the lock owns every such folder; a killed run may have left one.
rm -rf "$cache"/fetching.*
work=$(mktemp -d "$cache/fetching.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$work"/{lists,archives}/partial "$work"/{deb,tree}

# Of the machine's own settings those that say how to reach a mirror; not its
# hooks, which are about its own lists.
configure() {
    apt-config dump Acquire
    cat <<END
Acquire::AllowInsecureRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "$stall_s";
Acquire::https::Timeout "$stall_s";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
APT::Sandbox::User "root";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "$work";
Dir::State::status "/dev/null";
Dir::Cache "$work";
END
}

# One that serves something else than Debian is refused by the signature.
mirrors() {
    # shellcheck disable=SC2016 # apt fills it in
    apt-get --no-release-info indextargets 'Created-By: Packages' \
        'Component: main' --format '$(REPO_URI) $(RELEASE)' |
        awk '$2 !~ /-security$/ && !seen[$1]++ {print $1}' |
        head -n "$mirrors_max"
}

# apt NAME ARG...: runs apt-NAME within what is left of the time.
apt() {
    local left_s=$((total_s - SECONDS))
    [ "$left_s" -gt 0 ] || fail "not within $total_s s"
    APT_CONFIG=$work/apt.conf timeout -k 5 "$left_s" "apt-$1" -q "${@:2}" \
        </dev/null 2>"$work/errors" 9>&-
}

why() {
    grep -m 1 '^E: ' "$work/errors" || echo 'apt came to no end in time'
}

# The version in the suite that was read, if it has the prefix.
offered() {
    local version
    while IFS=' |' read -r _ version _; do
        if has_prefix "$(upstream "$version")"; then
            echo "$version"
            return
        fi
    done < <(apt cache madison etcd-server)
}

# 1:3.5.16+dfsg-4 is 3.5.16.
upstream() {
    local version=${1#*:}
    echo "${version%%[-+~]*}"
}

# fetch MIRROR SUITE: gets the packages, and sets $folder to where they go.
# Returns 1, with a word more in $searched or $failures, when it cannot.
fetch() {
    local signed='' version
    [ ! -r "$keyring" ] || signed=signed-by=$keyring
    rm -rf "$work"/lists/* "$work"/*.bin
    echo "deb [target=Packages arch=$(dpkg --print-architecture) $signed]" \
        "$1 $2 main" >"$work/sources.list"
    if ! apt get update >/dev/null; then
        failures+="; $2: $(why)"
        return 1
    fi
    version=$(offered)
    if [ -z "$version" ]; then
        searched+=" $2"
        return 1
    fi
    folder=$cache/etcd-$(upstream "$version")
    echo "fetch-etcd: fetching etcd $version of Debian $2 into $folder"
    (cd "$work/deb" && apt get download "etcd-server=$version" \
        "etcd-client=$version") >/dev/null || fail "$2: $(why)"
}

unpack() {
    local deb
    for deb in "$work"/deb/*.deb; do
        dpkg-deb -x "$deb" "$work/tree" 2>/dev/null ||
            fail "cannot unpack ${deb##*/} in $cache"
    done
    mkdir "$work/done"
    mv "$work"/tree/usr/bin/{etcd,etcdctl} "$work/done"
    try "$folder" "$work/done"
    rm -rf "$folder"
    mv -T "$work/done" "$folder"
}

configure >"$work/apt.conf"
mapfile -t found < <(mirrors)
[ ${#found[@]} -gt 0 ] || fail 'apt is told of no mirror of Debian here'
searched=
failures=
for mirror in "${found[@]}"; do
    for suite in "${suites[@]}"; do
        if fetch "$mirror" "$suite"; then
            unpack
            give "$folder"
        fi
    done
done
reason=${searched:+; not in Debian$searched}$failures
fail "${reason#; }"
