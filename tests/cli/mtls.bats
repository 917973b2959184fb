#!/usr/bin/env bats
# TLS with client certificates: an etcd that wants one.

load support

setup_file() {
    export CERTS=$BATS_FILE_TMPDIR/certs
    scripts/test-certs.sh "$CERTS"
    start_etcd "$BATS_FILE_TMPDIR" --mtls "$CERTS"
}

setup() {
    export ETCDCTL_CACERT=$CERTS/ca.crt
}

@test "a client certificate opens the door, with its key beside or within" {
    start A --cert "$CERTS/client.crt" --key "$CERTS/client.key" A
    leads A
    cat "$CERTS/client.crt" "$CERTS/client.key" >"$BATS_TEST_TMPDIR/both"
    export ETCDCTL_CERT=$BATS_TEST_TMPDIR/both
    start B B
    waits_for B A
    enter A
    expect B 'Attempting leadership...' 'I am the LEADER!'
}

# In these two the server's alert or its cut may come first.
alert="the server refuses the client's certificate, or wants one \\(--cert, --key\\)"

@test "a client certificate that is missing is named as the cause" {
    start A A
    await_error A ' (--cert, --key)'
    grep -qE "$ETCDCTL_ENDPOINTS: ($alert|connection cut; does the server want \
a client certificate \(--cert, --key\)\?)$" "$BATS_TEST_TMPDIR/A.err"
}

@test "a client certificate of another CA is named as the cause" {
    start A --cert "$CERTS/stranger.crt" --key "$CERTS/stranger.key" A
    await_error A " the client's certificate"
    grep -qE "$ETCDCTL_ENDPOINTS: ($alert|connection cut; does the server trust \
the client's certificate \(--cert\)\?)$" "$BATS_TEST_TMPDIR/A.err"
}

@test "a key that does not match is named as the cause" {
    expect_warning "$ETCDCTL_ENDPOINTS: cannot read the client's key, or it does \
not match the certificate (--key)" --cert "$CERTS/mismatched.crt" --key "$CERTS/mismatched.key"
}

# One candidate, whose files are wrong or away at first, one after the other.
@test "files that are replaced count from the next connection on" {
    local folder=$BATS_TEST_TMPDIR
    put() {
        cp "$CERTS/$1" "$folder/new"
        mv "$folder/new" "$folder/$2"
    }
    put otherca.crt ca
    put stranger.crt crt
    put stranger.key key
    start A --log-level debug --cacert "$folder/ca" --cert "$folder/crt" \
        --key "$folder/key" A
    await_error A ' is signed by nobody who is trusted here (--cacert)'
    rm "$folder/ca"
    await_error A " cannot read the CA's file (--cacert)"
    put ca.crt ca
    await_error A " the client's certificate"
    rm "$folder/crt"
    await_error A " cannot read the client's certificate (--cert)"
    put stranger.crt crt
    put client.key key
    await_error A " cannot read the client's key, or it does not match "
    put client.crt crt
    leads A
}

@test "with authentication on, a certificate with a CN is refused with advice" {
    local ctl=(etcdctl --cert "$CERTS/client.crt" --key "$CERTS/client.key")
    "${ctl[@]}" user add root:s3cret
    "${ctl[@]}" user grant-role root root
    "${ctl[@]}" auth enable
    start A --cert "$CERTS/named.crt" --key "$CERTS/named.key" \
        --user root:s3cret A
    expect A 'Candidate A' 'Attempting leadership...'
    expect_exit A 69
    expect_error A 'CommonName of client sending a request against gateway'
    expect_error A '; use a client certificate without a CN, and --user'
    start B --cert "$CERTS/client.crt" --key "$CERTS/client.key" \
        --user root:s3cret B
    leads B
    "${ctl[@]}" --user root:s3cret auth disable
}
