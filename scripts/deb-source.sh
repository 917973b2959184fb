#!/usr/bin/env bash
# deb-source.sh FOLDER: makes the source of the Debian packages there: the files
# that git knows, as they are now, with scripts/debian as debian, a changelog
# with the version of the header, and the licence. The changelog has the date of
# the last commit, or SOURCE_DATE_EPOCH.
set -euo pipefail

folder=$(realpath -m "${1:?which folder?}")
cd "$(dirname "$0")/.."

version=$(sed -n 's/.*CANDIDATE_VERSION "\(.*\)"/\1/p' include/candidate.h)
maintainer=$(sed -n 's/^Maintainer: //p' scripts/debian/control)
date=$(date -uR -d "@${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}")
umask 022

rm -rf "$folder"
mkdir -p "$folder"
git ls-files -z | xargs -0 cp -P --parents --target-directory="$folder"
mv "$folder/scripts/debian" "$folder/debian"
cat >"$folder/debian/changelog" <<END
candidate ($version) unstable; urgency=medium

  * Version $version. The tags of its repository have the changelog.

 -- $maintainer  $date
END
{
    cat <<'END'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: candidate

Files: *
END
    sed -n 's/^Copyright (c)/Copyright:/p' LICENSE
    echo 'License: Expat'
    sed '1,/^Copyright/d' LICENSE | sed '1{/^$/d}; s/^$/./; s/^/ /'
} >"$folder/debian/copyright"
# Some files get into the packages with their time.
find "$folder" -exec touch -h -d "$date" {} +
