# shellcheck shell=bash
# Sourced by scenario.sh: `openssl cmp` as a device, and what it said.

# device NAME ARGUMENT...: one run; its words are in $work/NAME.said, its certificate in NAME.crt.
# True if it got and accepted a certificate.
device() {
    local name=$1
    shift
    device_said=$work/$name.said
    device_cert=$work/$name.crt
    rm -f "$device_cert"
    timeout -k 5 "${device_limit:-90}" openssl cmp -config '' -server "${cmp_server:-127.0.0.1:$cmp_port}" \
        -path "${cmp_path:-/.well-known/cmp}" -recipient '/O=Example/CN=Gateway' \
        -trusted "$pki/gateway-ca.pem" -msg_timeout "${device_patience:-30}" \
        -certout "$device_cert" "$@" </dev/null >"$device_said" 2>&1
}

by_secret() { echo -ref "${1:-mast-1}" -secret "pass:${2:-a secret of mast 1}"; }
by_cert() { echo -cert "$pki/$1.pem" -key "$pki/$1.key"; }

# said_failure: the PKIFailureInfo names that the last run read, "none" if it read none
said_failure() {
    local names
    names=$(grep -o 'PKIFailureInfo: [A-Za-z, ]*' "$device_said" | tail -n 1 | sed 's/^PKIFailureInfo: //; s/ *$//')
    echo "${names:-none}"
}
said_status() { grep -o 'PKIStatus: [a-z A-Z]*' "$device_said" | tail -n 1 | sed 's/^PKIStatus: //'; }
# What it complained of last, for a reader
said() { grep -E 'error|warning' "$device_said" | tail -n 3 | sed 's/^[0-9A-F]*:error:[0-9A-F]*://'; }

# verified CA-FILE CERT [KEY]: the certificate leads to the CA, and belongs to the key
verified() {
    openssl verify -CAfile "$1" "$2" || return 1
    [ -z "${3:-}" ] || [ "$(openssl x509 -in "$2" -noout -pubkey)" = "$(openssl pkey -in "$3" -pubout)" ] || {
        echo "certificate and key differ"
        return 1
    }
}

# spki_sha256 KEY-FILE
spki_sha256() { openssl pkey -in "$1" -pubout -outform DER 2>/dev/null | sha256sum | cut -d' ' -f1; }
