#!/usr/bin/env bash
# test-certs.sh DIR: makes certificates for tests in DIR, each as NAME.crt with
# its NAME.key:
#
#   ca, otherca            two authorities; all below are the first one's
#   server                 for localhost and 127.0.0.1
#   elsewhere              a server's, for another name
#   expired                a server's, until some time ago
#   client, named          clients' without and with a common name
#   stranger               a client's, signed by otherca
#   mismatched             the client's certificate with another one's key
set -euo pipefail

days=30

[ $# -eq 1 ] || { echo 'usage: test-certs.sh DIR' >&2; exit 64; }
mkdir -p "$1"
cd "$1"

# Says what openssl said only when it fails.
quiet() {
    local said
    said=$("$@" 2>&1) || { echo "$said" >&2; return 1; }
}

key() {
    quiet openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 \
        -out "$1.key"
    chmod 600 "$1.key"
}

authority() {
    key "$1"
    quiet openssl req -x509 -new -key "$1.key" -subj "/O=$1" -days "$days" \
        -out "$1.crt"
}

# certificate NAME SUBJECT NAMES CA [OPTION...]
certificate() {
    local ca=$4 dates=("${@:5}")
    [ ${#dates[@]} -gt 0 ] || dates=(-days "$days")
    key "$1"
    quiet openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    quiet openssl x509 -req -in "$1.csr" -CA "$ca.crt" -CAkey "$ca.key" \
        -set_serial "0x$(openssl rand -hex 8)" "${dates[@]}" \
        -extfile <(echo "subjectAltName=$3") -out "$1.crt"
    rm "$1.csr"
}

# openssl 3.5 takes no end before the beginning, which is now; versions before 3.4
# know of no other beginning.
past=(-days -1)
! openssl x509 -help 2>&1 | grep -- -not_before >/dev/null ||
    past=(-not_before 20200101000000Z -not_after 20200102000000Z)

authority ca
authority otherca
certificate server /O=server DNS:localhost,IP:127.0.0.1 ca
certificate elsewhere /O=server DNS:elsewhere.example ca
certificate expired /O=server DNS:localhost,IP:127.0.0.1 ca "${past[@]}"
certificate client /O=client DNS:client.example ca
certificate named /CN=named DNS:client.example ca
certificate stranger /O=client DNS:client.example otherca
cp client.crt mismatched.crt
cp named.key mismatched.key
