#!/usr/bin/env bats
# The scripts that show candidate at work, to be sure that they still do.

load support

# The words of a picture, one text a line.
words() {
    xmllint --xpath '//*[local-name()="text"]/text()' "$1" |
        sed 's/&lt;/</g; s/&gt;/>/g'
}

@test "the demo shows the transcript, byte for byte, and draws it" {
    local picture=$BATS_TEST_TMPDIR/demo.svg column
    run -0 scripts/demo.sh --svg "$picture" 3>&-
    [[ ${lines[-1]} == *'exactly what was expected' ]]
    # All that was shown is in the picture, and in that of the README.
    for column in 1-31 32-62 63-; do
        cut -c "$column" <<<"${output%$'\n'*}" | sed 's/ *$//'
    done | grep . | sort >"$BATS_TEST_TMPDIR/shown"
    diff "$BATS_TEST_TMPDIR/shown" \
        <(words "$picture" | grep -v '^\$' | sort)
    diff <(sed 's/ style="[^"]*"//' "$picture") \
        <(sed 's/ style="[^"]*"//' scripts/demo.svg)
}

@test "the demo fails when a candidate says something else" {
    write_program "$BATS_TEST_TMPDIR/candidate" <<END
'$CANDIDATE' "\$@" | sed -u s/LEADER/BOSS/
END
    CANDIDATE=$BATS_TEST_TMPDIR/candidate run -1 scripts/demo.sh --auto 3>&-
}
