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

@test "make static links what archives there are, and names what is shared" {
    local build=${BUILD:-build}
    rm -f "$build/candidate-static"
    run -0 make -s BUILD="$build" "$build/candidate-static" 3>&-
    [[ $output == *'no archive, so shared: '*', and the C library'* ]]
    # shellcheck disable=SC2016
    run -0 --separate-stderr scripts/with-etcd.sh "$build/candidate-static" \
        A -- echo led 3>&-
    [ "$output" = led ]
}

@test "of a system that has all archives those are linked that can be" {
    write_program "$BATS_TEST_TMPDIR/cc" <<'END'
echo "/archives/${1#*=}"
END
    # Who is not root may have no ldconfig on his PATH.
    CC=$BATS_TEST_TMPDIR/cc PATH=/usr/bin:/bin run -0 scripts/static-libs.sh
    [[ $output == *' /archives/libcurl.a '* ]]
    run ! grep -F /archives/libsasl2.a <<<"$output"
}
