#!/usr/bin/env bats
# TLS: whom candidate trusts, what it says when it does not, and how it goes on
# when certificates change. No test here may leave another server.crt behind.

load support

setup_file() {
    export CERTS=$BATS_FILE_TMPDIR/certs
    scripts/test-certs.sh "$CERTS"
    cp "$CERTS/server.crt" "$CERTS/good.crt"
    cp "$CERTS/server.key" "$CERTS/good.key"
    start_etcd "$BATS_FILE_TMPDIR" --tls "$CERTS"
}

teardown() {
    stop_all
    serve good
}

# etcd reads them at each handshake.
serve() {
    cp "$CERTS/$1.key" "$CERTS/server.key"
    cp "$CERTS/$1.crt" "$CERTS/server.crt"
}

# refuses MESSAGE OPTION...: exit code 64 before anything is sent.
refuses() {
    expect_refusal 64 "$1" "$CANDIDATE" "${@:2}" A
}

@test "a server that the given CA vouches for is trusted" {
    start A --cacert "$CERTS/ca.crt" A
    leads A
    export ETCDCTL_CACERT=$CERTS/ca.crt
    start B B
    waits_for B A
    enter A
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

@test "without scheme, a CA or --insecure-transport=false means https://" {
    start A --endpoints "${ETCDCTL_ENDPOINTS#https://}" \
        --cacert "$CERTS/ca.crt" A
    leads A
    export ETCDCTL_INSECURE_TRANSPORT=false ETCDCTL_INSECURE_SKIP_TLS_VERIFY=1
    start B --endpoints "${ETCDCTL_ENDPOINTS#https://}" B
    waits_for B A
}

@test "a wrong CA, or none, is named as the cause" {
    local words="$ETCDCTL_ENDPOINTS: the server's certificate is signed by \
nobody who is trusted here (--cacert)"
    expect_warning "$words"
    expect_warning "$words" --cacert "$CERTS/otherca.crt"
}

@test "a certificate that has expired, or is another's, is named as the cause" {
    serve expired
    expect_warning "$ETCDCTL_ENDPOINTS: the server's certificate has expired" \
        --cacert "$CERTS/ca.crt"
    serve elsewhere
    expect_warning "$ETCDCTL_ENDPOINTS: the server's certificate is for another name" \
        --cacert "$CERTS/ca.crt"
}

@test "--insecure-skip-tls-verify warns, and trusts anybody" {
    serve expired
    start A --insecure-skip-tls-verify A
    leads A
    expect_error A "candidate: warning: the servers' certificates are not \
verified: anybody can pose as etcd (insecure-skip-tls-verify)"
}

@test "http:// to a TLS port, and the reverse, are named as the cause" {
    local plain=http://${ETCDCTL_ENDPOINTS#https://}
    expect_warning "$plain: connection cut; is it https:// instead of http://?" \
        --endpoints "$plain"
    # shellcheck disable=SC2016
    run -0 scripts/with-etcd.sh sh -c '
        timeout --preserve-status 10 "$1" --endpoints "https${ETCDCTL_ENDPOINTS#http}" A \
            </dev/null' sh "$CANDIDATE"
    # Whether its answer is read before its cut is a matter of luck.
    [[ $output == *'the server cuts the TLS handshake; is it http:// instead of '* ||
        $output == *'the server does not speak TLS; is it http:// instead of '* ]]
}

@test "a server that speaks nothing newer than TLS 1.1 is named as the cause" {
    local server line
    exec {server}< <(exec openssl s_server -www -tls1_1 -cipher ALL:@SECLEVEL=0 \
        -cert "$CERTS/good.crt" -key "$CERTS/good.key" -accept 127.0.0.1:0 \
        </dev/null 2>&1 3>&-)
    pid[server]=$!
    until [[ ${line-} == ACCEPT\ * ]]; do
        read -r -t "$patience_s" -u "$server" line
    done
    expect_warning "https://${line#ACCEPT }: the server speaks no TLS of version \
1.2 or newer" --endpoints "https://${line#ACCEPT }" --cacert "$CERTS/ca.crt"
}

@test "files that cannot be what they are given for are refused" {
    local fifo=$BATS_TEST_TMPDIR/fifo
    mkfifo "$fifo"
    refuses '--cacert: /nowhere/ca: No such file or directory' --cacert /nowhere/ca
    refuses '--cacert: /: is not a file' --cacert /
    refuses "--cacert: $fifo: is not a file" --cacert "$fifo"
    refuses '--cacert: README.md: has no certificate in PEM format' \
        --cacert README.md
    refuses '--cert: README.md: has no certificate in PEM format' \
        --cert README.md --key "$CERTS/client.key"
    refuses '--key: README.md: has no private key in PEM format' \
        --cert "$CERTS/client.crt" --key README.md
    refuses "--key: $CERTS/client.crt: has no private key in PEM format" \
        --cert "$CERTS/client.crt"
    refuses '--key: is given without the certificate that it belongs to (--cert)' \
        --key "$CERTS/client.key"
    openssl ec -in "$CERTS/client.key" -aes128 -passout pass:x \
        -out "$BATS_TEST_TMPDIR/locked.key"
    refuses "--key: $BATS_TEST_TMPDIR/locked.key: the key is encrypted, and there \
is no way to give its passphrase" \
        --cert "$CERTS/client.crt" --key "$BATS_TEST_TMPDIR/locked.key"
}

@test "a key that only root may read is refused to others" {
    local folder=$BATS_TEST_TMPDIR/open
    mkdir -m 755 "$folder"
    cp "$CANDIDATE" "$folder/candidate"
    install -m 644 "$CERTS/client.crt" "$folder/client.crt"
    install -m 600 "$CERTS/client.key" "$folder/client.key"
    local as=()
    if [ "$(id -u)" -eq 0 ]; then
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/* "$BATS_TEST_TMPDIR"
    else
        chmod 000 "$folder/client.key"
    fi
    run -64 "${as[@]}" "$folder/candidate" --cert "$folder/client.crt" \
        --key "$folder/client.key" A
    [ "${lines[0]}" = \
        "candidate: --key: $folder/client.key: Permission denied" ]
}

# HTTP/2; handles of libcurl are used again and again.
@test "one connection carries stream and calls, and none of them fails" {
    start A --ttl 5 --log-level debug --cacert "$CERTS/ca.crt" A
    leads A
    await_error A ': watch, '
    await_errors A 4 ': confirm, '
    [ "$(connections_n A)" -eq 1 ]
    run ! grep -F 'libcurl' "$BATS_TEST_TMPDIR/A.err"
    run ! grep -F 'given up' "$BATS_TEST_TMPDIR/A.err"
}

@test "a new server certificate and a restart cost no leadership" {
    start A --ttl 30 --cacert "$CERTS/ca.crt" --log-level debug A
    leads A
    serve expired # nobody may come to believe this one
    restart_etcd
    await_error A "the server's certificate has expired"
    (
        cd "$CERTS"
        openssl x509 -x509toreq -in good.crt -signkey good.key -out new.csr
        openssl x509 -req -in new.csr -CA ca.crt -CAkey ca.key -set_serial 7 \
            -days 1 -extfile <(echo subjectAltName=IP:127.0.0.1) -out new.crt
        cp good.key new.key
    ) 2>/dev/null
    serve new
    await_errors A $(($(grep -c ': confirm, ' "$BATS_TEST_TMPDIR/A.err") + 1)) \
        ': confirm, '
    enter A
    expect A End
    expect_exit A 0
}
