#!/bin/bash
# The embedded CA, reached by CMP, and by CMC as a registration authority and as Simple Request;
# its profile refuses what the configuration does not grant; list, revoke and CRL.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 ||
    give_up "ca init: $(tail -n 2 "$work/ca.out")"
new_cert ca ra '/O=Example/CN=RA' P-256 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'
cmc_port=$(free_port)
gateway_config "$work/base.json" "$(jq -n --arg f "$pki" '
    { protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')"
jq --arg pki "$pki" --arg address "127.0.0.1:$cmc_port" '
    .listeners += [ { name: "ras", address: $address, protocols: ["cmc"], paths: ["/cmc", "/simple"] } ]
    | .routes[0].devices += [ { issuer: "\($pki)/ca.pem" } ]
    | .routes += [ { name: "by-ra", listener: "ras", authority: "factory",
                     devices: [ { issuer: "\($pki)/ca.pem" }, { unproven: true } ],
                     signer: { certificate: "\($pki)/ca.pem", key: "\($pki)/ca.key" },
                     may: { subject: "CN=*,O=Example" } } ]' "$work/base.json" >"$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
secret=(-ref mast-1 -secret 'pass:a secret of mast 1')

# ---- CMP --------------------------------------------------------------------------------------
for kind in P-256 P-384 P-521 RSA-2048 RSA-3072 Ed25519 Ed448; do
    new_key "$work/$kind.key" $kind
    if device "ir-$kind" -cmd ir -newkey "$work/$kind.key" -subject "/O=Example/CN=mast-$kind" \
        -out_trusted "$pki/ca.pem" "${secret[@]}"; then
        check "ir $kind" verified "$pki/ca.pem" "$device_cert" "$work/$kind.key"
    else
        not_ok "ir $kind" "$(said)"
    fi
done
new_key "$work/kur.key" P-256
if device kur -cmd kur -cert "$work/ir-P-256.crt" -key "$work/P-256.key" -newkey "$work/kur.key"; then
    check "kur" verified "$pki/ca.pem" "$device_cert" "$work/kur.key"
else
    not_ok "kur" "$(said)"
fi

# ---- the profile ------------------------------------------------------------------------------
# refused NAME EXTENSION-LINE: a request with that extension; nothing is issued
refused() {
    local before after
    printf '[ext]\n%s\n' "$2" >"$work/ext.cnf"
    new_key "$work/ext.key" P-256
    before=$(listed)
    if device "ext" -config "$work/ext.cnf" -section '' -reqexts ext -cmd ir -newkey "$work/ext.key" \
        -subject /O=Example/CN=mast-ext "${secret[@]}"; then
        not_ok "$1" "a certificate came"
        return
    fi
    after=$(listed)
    equal "$1: nothing was issued" "$before" "$after"
    equal "$1: rejected" rejection "$(said_status)"
}
listed() { "$dragoman" ca list -c "$work/gateway.json" | wc -l; }
refused "CA:TRUE" 'basicConstraints=critical,CA:TRUE'
refused "the usage of an RA" 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'
refused "the usage of a CMC CA" 'extendedKeyUsage=1.3.6.1.5.5.7.3.27'
refused "an alternative name that the route does not allow" 'subjectAltName=DNS:bank.test'
refused "a critical extension that nobody knows" '1.2.3.4.5=critical,DER:0500'

# ---- CMC --------------------------------------------------------------------------------------
new_key "$work/cmc.key" P-256
openssl req -new -config "$pki/req.cnf" -key "$work/cmc.key" -subj /O=Example/CN=mast-cmc -outform DER -out "$work/cmc.p10"
post() { # PATH TYPE BODY OUT: the HTTP status
    curl -sS -m 20 -o "$4" -w '%{http_code}' -H "Content-Type: $2" --data-binary "@$3" "http://127.0.0.1:$cmc_port$1"
}
signed_by() { # NAME: $work/cmc.req, a Full PKI Request signed by that credential
    "$python" "$here/cmc.py" pkidata "$work/cmc.p10" >"$work/pkidata"
    openssl cms -sign -binary -nodetach -econtent_type 1.3.6.1.5.5.7.12.2 -outform DER -md sha256 \
        -signer "$pki/$1.pem" -inkey "$pki/$1.key" -in "$work/pkidata" -out "$work/cmc.req"
}
full='application/pkcs7-mime; smime-type=CMC-request'
signed_by ra
equal "Full Request by an RA: HTTP" 200 "$(post /cmc "$full" "$work/cmc.req" "$work/cmc.rsp")"
check "Full Response: signed by the CA" openssl cms -verify -inform DER -in "$work/cmc.rsp" \
    -CAfile "$pki/ca.pem" -purpose any -binary -certsout "$work/bag.pem" -out "$work/pkiresponse"
"$python" "$here/cmc_show.py" "$work/cmc.rsp" >"$work/shown"
equal "Full Response: a PKIResponse" 1.3.6.1.5.5.7.12.3 \
    "$(sed -n 's/^content //p' "$work/shown")"
check "Full Response: success" grep -q '^control [0-9]* 1\.3\.6\.1\.5\.5\.7\.7\.25 30.*020100' "$work/shown"
check "Full Response: transactionId" grep -q '1\.3\.6\.1\.5\.5\.7\.7\.5 ' "$work/shown"
check "Full Response: recipientNonce" grep -q '1\.3\.6\.1\.5\.5\.7\.7\.7 ' "$work/shown"
check "Full Response: the certificate" grep -q 'CN *= *mast-cmc' \
    <(openssl storeutl -noout -text -certs "$work/bag.pem" 2>/dev/null)

signed_by stranger
equal "Full Request by a stranger: HTTP" 200 "$(post /cmc "$full" "$work/cmc.req" "$work/cmc.rsp")"
"$python" "$here/cmc_show.py" "$work/cmc.rsp" >"$work/shown"
check "Full Request by a stranger: badIdentity" grep -Eq '7\.7\.25 30.*020102.*020107$' "$work/shown"

new_key "$work/simple.key" P-256
openssl req -new -config "$pki/req.cnf" -key "$work/simple.key" -subj /O=Example/CN=mast-simple -outform DER \
    -out "$work/simple.p10"
equal "Simple Request: HTTP" 200 "$(post /simple application/pkcs10 "$work/simple.p10" "$work/simple.rsp")"
check "Simple Response: the certificate" grep -q 'CN *= *mast-simple' \
    <(openssl pkcs7 -inform DER -in "$work/simple.rsp" -print_certs 2>/dev/null)

# ---- list, revoke, CRL ------------------------------------------------------------------------
serial=$(openssl x509 -in "$work/ir-P-256.crt" -noout -serial | cut -d= -f2)
check "list names a certificate" grep -qi "$serial" <("$dragoman" ca list -c "$work/gateway.json")
check "revoke" "$dragoman" ca revoke -c "$work/gateway.json" "$serial"
if "$dragoman" ca crl -c "$work/gateway.json" --authority factory >"$work/crl" 2>"$work/crl.err"; then
    openssl crl -in "$work/crl" -inform PEM -out "$work/crl.pem" 2>/dev/null ||
        openssl crl -in "$work/crl" -inform DER -out "$work/crl.pem"
    check "CRL: signed by the CA" openssl crl -in "$work/crl.pem" -CAfile "$pki/ca.pem" -noout
    check "CRL: names it" grep -qi "$serial" <(openssl crl -in "$work/crl.pem" -noout -text)
    check "CRL: openssl verify refuses it" bash -c \
        "! openssl verify -crl_check -CAfile '$pki/ca.pem' -CRLfile '$work/crl.pem' '$work/ir-P-256.crt'"
else
    not_ok "CRL" "$(cat "$work/crl.err")"
fi
gateway_ends_well
