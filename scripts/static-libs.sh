#!/usr/bin/env bash
# static-libs.sh: the linker's arguments for the libraries that candidate needs
# and for those that they need: the archive where this system has one, else the
# shared library, which standard error then names. The C library is always
# shared: its resolver loads libraries of its own. So is sasl2, whose archive
# wants databases.
set -euo pipefail

cc=${CC:-cc}
PATH=$PATH:/usr/sbin:/sbin # ldconfig
archives=()
shared=()
wanted=$(pkg-config --static --libs-only-l libcurl libcjson libmicrohttpd)
# libcurl's own list leaves these out.
case $wanted in *-lbrotlidec*) wanted+=' -lbrotlicommon' ;; esac
case $wanted in *-lldap*) wanted+=' -lsasl2' ;; esac

for name in $(tr ' ' '\n' <<<"${wanted//-l/}" | sort -u); do
    case $name in m | pthread | atomic) continue ;; esac
    file=$("$cc" -print-file-name="lib$name.a")
    if [ "$file" != "lib$name.a" ] && [ "$name" != sasl2 ]; then
        archives+=("$file")
        continue
    fi
    # Without its -dev package a library has no other name than its SONAME. What
    # is not here at all, nothing here has been linked with.
    file=$(ldconfig -p | awk -v name="^lib$name(-[0-9.]+)?[.]so[.]" \
        '$1 ~ name && !file { file = $1 } END { print file }')
    [ -z "$file" ] || shared+=("$file")
done
echo "no archive, so shared: ${shared[*]-none}, and the C library" >&2
echo "-Wl,--start-group ${archives[*]-} -Wl,--end-group" \
    "${shared[*]/#/-l:} -lresolv -lm"
