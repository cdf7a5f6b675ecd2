#!/bin/bash
# Every example configuration is good, without a warning, once the files that it names are there.
# DRAGOMAN names the binary.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${DRAGOMAN:?names the dragoman binary}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

ca() { # NAME
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 \
        -subj "/O=Example/CN=$1" -keyout "$work/$1.key" -out "$work/$1.pem" 2>"$work/error" ||
        cat "$work/error"
}
end() { # NAME EXTENSION
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/O=Example/CN=$1" \
        -keyout "$work/$1.key" -out "$work/csr" 2>"$work/error" || cat "$work/error"
    openssl x509 -req -in "$work/csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 300 \
        -extfile <(echo "$2") -out "$work/$1.pem" 2>"$work/error" || cat "$work/error"
}
ca ca
ca vendor-ca
end ra extendedKeyUsage=1.3.6.1.5.5.7.3.28
end gateway keyUsage=digitalSignature
end tls subjectAltName=DNS:gateway.example
(umask 077 && echo '{"mast-1": "0123456789abcdef"}' >"$work/secrets.json")

for example in deploy/examples/*.json; do
    cp "$example" "$work/"
    if ! "$DRAGOMAN" check -c "$work/${example##*/}" >"$work/out" 2>"$work/problems" ||
        [ -s "$work/problems" ]; then
        cat "$work/problems"
        bad=1
    fi
    grep -q "^route " "$work/out" || { echo "$example: no route is shown"; bad=1; }
done
exit $bad
