#!/bin/bash
# genm: what devices ask besides certificates, by OpenSSL 3.5 where it is at hand (Debian 13), and
# by messages made with OpenSSL 3.0.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 ||
    give_up "ca init: $(tail -n 2 "$work/ca.out")"
gateway_config "$work/gateway.json" "$(jq -n --arg f "$pki" '
    { protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')" \
    "$(jq -n --arg f "$pki" '{ may: { operations: ["enroll", "cacerts", "rootupdate", "getcrl", "template", "support"] } }')"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

# ask OPENSSL ARGUMENT...
device_said=$work/asked.said
ask() {
    local openssl=$1
    shift

    # shellcheck disable=SC2086
    timeout 60 $openssl cmp -config '' -cmd genm -server "127.0.0.1:$cmp_port" -path /.well-known/cmp \
        -recipient '/O=Example/CN=Gateway' -trusted "$pki/gateway-ca.pem" "$@" </dev/null >"$device_said" 2>&1
}
secret=(-ref mast-1 -secret 'pass:a secret of mast 1')
signed=(-cert "$pki/vendor-device.pem" -key "$pki/vendor-device.key")

check "3.0: signKeyPairTypes" ask openssl "${secret[@]}" -infotype signKeyPairTypes
check "3.0: the answer names it" grep -q 'signKeyPairTypes' "$device_said"
check "3.0: signed" ask openssl "${signed[@]}" -infotype signKeyPairTypes
check "3.0: currentCRL" ask openssl "${signed[@]}" -infotype currentCRL
check "3.0: what nobody here can tell" ask openssl "${signed[@]}" -infotype preferredSymmAlg
check "3.0: is named as unsupported" grep -qi 'unsupportedOIDs' "$device_said"
check "3.0: an empty question" ask openssl "${signed[@]}"

newer=$cache/trixie
if [ -x "$newer/usr/bin/openssl" ]; then
    libraries=$newer/usr/lib/x86_64-linux-gnu
    openssl35="env OPENSSL_CONF=/dev/null OPENSSL_MODULES=$libraries/ossl-modules $newer/usr/lib64/ld-linux-x86-64.so.2 --library-path $libraries $newer/usr/bin/openssl"
    check "3.5: caCerts" ask "$openssl35" "${secret[@]}" -infotype caCerts -cacertsout "$work/cacerts.pem"
    equal "3.5: caCerts are the CA's" "$(openssl x509 -in "$pki/ca.pem" -noout -fingerprint)" \
        "$(openssl x509 -in "$work/cacerts.pem" -noout -fingerprint 2>&1)"
    check "3.5: rootCaCert" ask "$openssl35" "${signed[@]}" -infotype rootCaCert -oldwithold "$pki/ca.pem" \
        -newwithnew "$work/new.pem"
    check "3.5: no newer root" grep -qi 'no root CA certificate update\|no.*update' "$device_said"
    ask "$openssl35" "${signed[@]}" -infotype certReqTemplate -template "$work/template"
    check "3.5: certReqTemplate: none" grep -qi 'template' "$device_said"
    check "3.5: crlStatusList" ask "$openssl35" "${signed[@]}" -infotype crlStatusList -crlcert "$pki/ca.pem" -crlout "$work/crl.pem"
    check "3.5: the CRL is the CA's" openssl crl -in "$work/crl.pem" -CAfile "$pki/ca.pem" -noout
else
    skip "3.5" "no OpenSSL 3.5 in $newer"
fi
gateway_ends_well
