#!/usr/bin/env bats
# The unit for systemd, as it is installed.

load support

setup_file() {
    make install PREFIX="$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/log" 2>&1 || {
        cat "$BATS_FILE_TMPDIR/log"
        return 1
    }
    export unit="$BATS_FILE_TMPDIR/lib/systemd/system/candidate@.service"
}

@test "systemd finds nothing wrong with the unit" {
    run systemd-analyze verify --man=no "$unit"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "a mistake in it would be found" {
    local other=$BATS_TEST_TMPDIR/candidate@.service
    sed 's|/bin/candidate |/bin/nobody |; s|^KillMode=|KillMod=|' \
        "$unit" >"$other"
    run systemd-analyze verify --man=no "$other"
    [ "$status" -ne 0 ]
    [[ $output == *nobody* ]]
    [[ $output == *KillMod* ]]
}

@test "its sandbox leaves little" {
    systemd-analyze security --offline=yes --no-pager --threshold=20 "$unit"
}

# As systemd does: ${X} is one word, $X as many as it has. Nobody listens there.
@test "its command line says what the settings say" {
    local line
    line=$(sed -n 's/^ExecStart=//p' "$unit")
    [ "${line%% *}" = "$BATS_FILE_TMPDIR/bin/candidate" ]
    # shellcheck disable=SC2016
    line=$(sed -E 's/\$\{([A-Z]+)\}/"$\1"/g' <<<"$line")
    ELECTION='a b' ID='my host' COMMAND='-- /bin/true x' \
        OPTIONS='--nowait --command-timeout 10ms --endpoints http://127.0.0.1:1' \
        run sh -c "$line"
    [ "$status" -eq 75 ]
    [[ $output == 'Candidate my host'* ]]
}
