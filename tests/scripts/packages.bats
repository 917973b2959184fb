#!/usr/bin/env bats
# What the Debian packages are made of; scripts/deb-test.sh tries them.

load support

@test "the packages have the version of the header and the date of a commit" {
    local folder=$BATS_TEST_TMPDIR/source
    SOURCE_DATE_EPOCH=86399 scripts/deb-source.sh "$folder"
    [ "$(head -n 1 "$folder/debian/changelog")" = \
        "candidate ($(version)) unstable; urgency=medium" ]
    grep -x ' -- .* <.*>  Thu, 01 Jan 1970 23:59:59 +0000' \
        "$folder/debian/changelog"
    grep -xF ' copies or substantial portions of the Software.' \
        "$folder/debian/copyright"
    diff <(git ls-files src include) \
        <(cd "$folder" && find src include ! -type d | LC_ALL=C sort)
}

@test "the symbols of the package are the functions of the headers" {
    diff <(sed -n 's/^ \(.*\)@Base .*/\1/p' \
        scripts/debian/libcandidate0.symbols | sort) \
        <(cat include/candidate.h include/candidate/*.h | tr '\n' ' ' |
            grep -oE 'CANDIDATE_API [^(;]*\(' |
            grep -oE 'candidate_[a-z_]+\($' | tr -d '(' | sort)
}
