#!/usr/bin/env bats
# Authentication: passwords and where they may be seen, roles, tokens. Root's
# password is in the environment, as etcdctl wants it.

load support

setup_file() {
    start_etcd "$BATS_FILE_TMPDIR" --etcd --auth-token-ttl=5 \
        --etcd --bcrypt-cost=4
    etcdctl user add root:r00tpw
    etcdctl user grant-role root root
    etcdctl auth enable
    export ETCDCTL_USER=root:r00tpw
}

setup() {
    scripts/etcd-role.sh --election "$(election)" u <<<s3cret
    password_file=$BATS_TEST_TMPDIR/password
    (umask 077 && echo s3cret >"$password_file")
}

# Nobody can see a password of this process.
keeps_secret() {
    local file
    for file in "/proc/${pid[$1]}"/{cmdline,environ} "$BATS_TEST_TMPDIR/$1.err"; do
        run ! grep -aE 's3cret|r00tpw' "$file"
    done
    tr '\0' '\n' <"/proc/${pid[$1]}/cmdline" | grep -qx -- '--election'
}

# ends NAME MESSAGE: refused for good, exit code 69.
ends() {
    expect "$1" "Candidate $1" 'Attempting leadership...'
    expect_exit "$1" 69
    expect_error "$1" "$2"
}

@test "the password may come in every way, and is seen nowhere" {
    start A --user u:s3cret A
    leads A
    keeps_secret A
    start B --user=u:s3cret B
    waits_for B A
    keeps_secret B
    start C --password s3cret --user u C
    waits_for C A
    keeps_secret C
    start D --user u --password=s3cret D
    waits_for D A
    keeps_secret D
    start E --user u --password-file "$password_file" E
    waits_for E A
    keeps_secret E
    ETCDCTL_PASSWORD=s3cret start F --user u F
    waits_for F A
    keeps_secret F
    ETCDCTL_USER=u:s3cret start G G
    waits_for G A
    keeps_secret G
}

@test "a wrong password, or no user, ends it with 69" {
    start A --user u:wr0ng A
    ends A 'authentication of "u": etcdserver: authentication failed, invalid user '
    run ! grep -F wr0ng "$BATS_TEST_TMPDIR/A.err"
    ETCDCTL_USER='' start B B
    ends B 'user name is empty; etcd wants to know who asks, see --user'
}

@test "a missing permission ends it with 69, and says which one" {
    etcdctl role revoke-permission "election:$(election)" \
        "election_$(election)/" "election_$(election)0"
    start A --user u:s3cret A
    ends A "etcdserver: permission denied; the user needs READWRITE on the key \
$(election) and on the range from election_$(election)/ to election_$(election)0"
}

@test "who may not read the request key takes part, and says so" {
    etcdctl role revoke-permission "election:$(election)" \
        "election-request_$(election)"
    start A --user u:s3cret A
    leads A
    await_error A "nobody can ask us to step down: the user needs READ on the \
key election-request_$(election)"
    etcdctl del "$(election)"
    expect A 'Lost leadership: the leader key '"$(election)"' was deleted' \
        'Attempting leadership...' 'I am the LEADER!' 'Press ENTER to finish...'
}

@test "the role lets a user be asked to step down, and ask with --steer" {
    start A --user u:s3cret A
    leads A
    token=$(etcdctl get --prefix "election_$(election)/" -w fields |
        sed -n 's/"CreateRevision" : //p')
    request="{\"v\":1,\"type\":\"depose\",\"token\":\"$token\"}"
    ETCDCTL_USER=u:s3cret run ! etcdctl put "election-request_$(election)" \
        "$request"
    scripts/etcd-role.sh --election "$(election)" --steer v <<<s3cret
    ETCDCTL_USER=v:s3cret etcdctl put "election-request_$(election)" "$request"
    expect A 'Lost leadership: stepped down as asked' \
        'Attempting leadership...' 'I am the LEADER!' 'Press ENTER to finish...'
}

@test "a user writes for a leader what the role lets it write" {
    local as_u=("$CANDIDATE" --user u --password-file "$password_file")
    local needs="the user needs READ on the key election_$(election)/[0-9a-f]+"
    needs+=" and WRITE on the key data-$(election)"
    run -69 --separate-stderr "${as_u[@]}" --election "$(election)" A -- \
        "${as_u[@]}" --fenced-put "data-$(election)" 1
    [[ $stderr =~ etcdserver:\ permission\ denied\;\ $needs ]]
    etcdctl role grant-permission "election:$(election)" readwrite \
        "data-$(election)"
    "${as_u[@]}" --election "$(election)" A -- \
        "${as_u[@]}" --fenced-put "data-$(election)" 1
    [ "$(etcdctl get --print-value-only "data-$(election)")" = 1 ]
}

@test "who may not put a request cannot move the leadership, and is told why" {
    start A --user u:s3cret A
    leads A
    ETCDCTL_USER=u:s3cret run -69 --separate-stderr timeout 90 "$CANDIDATE" \
        --election "$(election)" --depose
    [[ $output == '' && $stderr == *'permission denied; the user needs READ '* ]]
    [[ $stderr == *"READWRITE on the key election-request_$(election)" ]]
    ETCDCTL_USER=u:s3cret run -0 --separate-stderr timeout 90 "$CANDIDATE" \
        --election "$(election)" --transfer-to A
    [[ $stderr == '' && $output == 'A is the leader...' ]]
}

@test "who may not show its priority takes part without" {
    start A --user u:s3cret --priority 5 A
    leads A
    await_error A "permission denied; the user needs READWRITE on the range from \
election-priority_$(election)/"
    scripts/etcd-role.sh --election "$(election)" --steer v <<<s3cret
    etcdctl user grant-role v "election:$(election)"
    start B --user v:s3cret --priority 5 B
    waits_for B A
    until_so shows_priority 5
}

shows_priority() {
    etcdctl get --prefix "election-priority_$(election)/" | grep -qx "$1"
}

# refuses MESSAGE OPTION...: exit code 64, without a terminal to ask on.
refuses() {
    expect_refusal 64 "$1" setsid -w "$CANDIDATE" "${@:2}" A
}

@test "a password file that others can open is refused, and so is no password" {
    chmod 640 "$password_file"
    refuses "--password-file: $password_file: is open to others, mode 0640; say \
chmod 600" --user u --password-file "$password_file"
    refuses '--password-file: /nowhere: No such file or directory' \
        --user u --password-file /nowhere
    refuses '--user: is empty' --user ''
    refuses "--user: give the password with --password-file, ETCDCTL_PASSWORD or \
--password; there is no terminal to ask on" --user u
}

# on_terminal [ARGUMENT...]: candidate, with the ID A or these, asks for u's
# password; what it shows is in the file "shown", and what is written to
# descriptor ${keys} is typed.
on_terminal() {
    mkfifo "$BATS_TEST_TMPDIR/keys"
    : >"$BATS_TEST_TMPDIR/shown" # nobody may read what the last one showed
    env --default-signal=INT,QUIT \
        script -qefc "exec '$CANDIDATE' --election '$(election)' --user u ${*:-A}" \
        /dev/null <"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/shown" 3>&- &
    pid[A]=$!
    exec {keys}>"$BATS_TEST_TMPDIR/keys"
    await_shown 'Password: '
}

await_shown() {
    until_so grep -qF "$1" "$BATS_TEST_TMPDIR/shown" ||
        { cat "$BATS_TEST_TMPDIR/shown"; return 1; }
}

@test "on a terminal the password is asked for, and is not shown" {
    on_terminal
    echo s3cret >&"$keys"
    await_shown 'I am the LEADER!'
    run ! grep -F s3cret "$BATS_TEST_TMPDIR/shown"
    echo >&"$keys"
    wait "${pid[A]}"
}

@test "Ctrl-C while it asks ends it by that signal, and SIGTERM with 0" {
    on_terminal
    printf '\003' >&"$keys"
    local status=0
    wait "${pid[A]}" || status=$?
    [ "$status" -eq 130 ]
    rm "$BATS_TEST_TMPDIR/keys"
    exec {keys}>&-
    on_terminal
    pkill -TERM -P "${pid[A]}" -x candidate
    wait "${pid[A]}"
    run ! grep -F Candidate "$BATS_TEST_TMPDIR/shown"
}

@test "SIGTERM while it asks is no success of a fenced write" {
    local status=0
    on_terminal --token 5 --lock-key election_x/1f --fenced-put k v
    pkill -TERM -P "${pid[A]}" -x candidate
    wait "${pid[A]}" || status=$?
    [ "$status" -eq 143 ]
}

# With tokens that live 5 s and a renewal every 7 s.
@test "tokens that run out between renewals cost no leadership" {
    start A --ttl 20 --user u:s3cret --log-level debug A
    leads A
    await_errors A 2 ': renew, revision '
    enter A
    expect A End
    expect_exit A 0
    keeps_no_trace A
}

keeps_no_trace() {
    run ! grep -E 's3cret|r00tpw' "$BATS_TEST_TMPDIR/$1.err"
}

@test "a restart of etcd, which forgets all tokens, costs no leadership" {
    start A --ttl 20 --user u:s3cret --log-level debug A
    leads A
    start B --ttl 20 --user u:s3cret B
    waits_for B A
    local before
    before=$(grep -c ': confirm, revision ' "$BATS_TEST_TMPDIR/A.err") || true
    restart_etcd
    await_errors A "$((before + 2))" ': confirm, revision '
    enter A
    expect A End
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "authentication that is switched on under a leader costs nothing" {
    etcdctl auth disable
    start A --user u:s3cret --log-level debug A
    leads A
    env -u ETCDCTL_USER etcdctl auth enable
    local before
    before=$(grep -c ': confirm, revision ' "$BATS_TEST_TMPDIR/A.err") || true
    await_errors A "$((before + 2))" ': confirm, revision '
    start B --user u:s3cret B
    waits_for B A
    enter A
    expect A End
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "the role of etcd-role.sh is enough for hand-overs, and for no more" {
    local round
    start A0 --user u --password-file "$password_file" A0
    leads A0
    for round in 1 2 3; do
        start "A$round" --user u --password-file "$password_file" "A$round"
        waits_for "A$round" "A$((round - 1))"
        enter "A$((round - 1))"
        expect "A$((round - 1))" End
        expect "A$round" 'Attempting leadership...' 'I am the LEADER!' \
            'Press ENTER to finish...'
    done
    export ETCDCTL_USER=u:s3cret
    etcdctl get "$(election)"
    run ! etcdctl get "$(election)x"
    [[ $output == *'permission denied'* ]]
    run ! etcdctl put "election_$(election)" x
    run ! etcdctl put "election_$(election)0" x
}

@test "etcd-role.sh may be repeated, with a new password, and says what to do" {
    run -0 scripts/etcd-role.sh --election "/svc/$(election)" u <<<chang3d
    [[ $output == *"role election:/svc/$(election): may read and write the key \
/svc/$(election) and all below /svc/election_$(election)/"* ]]
    [[ $output == *"candidate --user u --password-file FILE --election \
/svc/$(election) ID"* ]]
    run ! grep -F chang3d <<<"$output"
    ETCDCTL_USER=u:chang3d etcdctl put "/svc/election_$(election)/x" y
    run -64 scripts/etcd-role.sh a:b <<<x
    run -64 scripts/etcd-role.sh u <<<''
    run -64 scripts/etcd-role.sh u <<<'two words'
    run -64 scripts/etcd-role.sh </dev/null
    ETCDCTL_USER=u:chang3d run -69 scripts/etcd-role.sh u <<<s3cret
    [[ $output == *'permission denied'* ]]
}

@test "the page of --listen reads the election with the same password" {
    start A --user u:s3cret --listen 0 A
    leads A
    keeps_secret A
    local at
    await_error A 'status at '
    at=$(sed -n 's/.*status at //p' "$BATS_TEST_TMPDIR/A.err")
    curl -sSN -m "$patience_s" --noproxy '*' "http://$at/events" |
        grep -m 1 '"trouble":"",.*"queue":\[{"id":"A",.*"members":\[{'
}
