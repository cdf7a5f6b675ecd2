#!/bin/bash
# Dogtag's own CMC client (CMCRequest, HttpClient, CMCResponse, CRMFPopClient) as a registration
# authority, and as the holder of a certificate, before the gateway's CMC side and its embedded CA.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
peer=$root/tests/peers/dogtag/dogtag
if [ -z "${DRAGOMAN_IN_CHROOT:-}" ]; then
    was_up=
    "$peer" running && was_up=1
    "$peer" up 2>"$work/up.log" || give_up "dogtag up: $(tail -n 3 "$work/up.log")"
    [ -n "$was_up" ] || [ -n "${DRAGOMAN_KEEP_PEERS:-}" ] || at_exit+=("$peer down")
fi
. "$("$peer" folder)/env"
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' --key rsa:2048 >"$work/ca.out" 2>&1 ||
    give_up "ca init: $(tail -n 2 "$work/ca.out")"
new_cert ca ra '/O=Example/CN=RA' RSA-2048 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'

cmc_port=$(free_port)
gateway_config "$work/base.json" "$(jq -n --arg f "$pki" '
    { protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')"
jq --arg pki "$pki" --arg address "127.0.0.1:$cmc_port" '
    .listeners = [ { name: "ras", address: $address, protocols: ["cmc"], paths: ["/cmc"] } ]
    | .routes = [ { name: "by-ra", listener: "ras", authority: "factory", devices: [ { issuer: "\($pki)/ca.pem" } ],
                    signer: { certificate: "\($pki)/ca.pem", key: "\($pki)/ca.key" },
                    may: { subject: "CN=*,O=Example", operations: ["enroll", "revoke"] } } ]' \
    "$work/base.json" >"$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

# The client's key store, in the chroot
run=$(openssl rand -hex 4)
box=$DOGTAG_WORK/$run
mkdir -p "$box"
at_exit+=("rm -rf $box")
tool() { timeout 120 "$peer" run sh -c "cd $run && $*"; }
openssl pkcs12 -export -in "$pki/ra.pem" -inkey "$pki/ra.key" -name ra -passout pass:x -out "$box/ra.p12"
cp "$pki/ca.pem" "$box/"
printf 'client-Test-1' >"$box/pin"
tool 'mkdir db && certutil -N -d db -f pin && certutil -A -d db -f pin -n ca -t CT,C,C -i ca.pem &&
    pk12util -i ra.p12 -d db -k pin -W x' >"$work/nss.log" 2>&1 || give_up "key store: $(tail -n 2 "$work/nss.log")"

# exchange NAME NICKNAME LINE...: CMCRequest with these settings, HttpClient to the gateway, CMCResponse
# on the answer; what that says is in $work/NAME.read
exchange() {
    local name=$1 nickname=$2
    shift 2
    printf '%s\n' "$@" "nickname=$nickname" "output=$name.request" numRequests=1 tokenname=internal dbdir=db \
        password=client-Test-1 transactionMgt.enable=true "transactionMgt.id=$RANDOM" \
        senderNonce.enable=true "senderNonce.id=$RANDOM" >"$box/$name.cfg"
    printf '%s\n' host=127.0.0.1 "port=$cmc_port" secure=false "input=$name.request" "output=$name.response" \
        servlet=/cmc >"$box/$name.http"
    if ! tool "CMCRequest $name.cfg && HttpClient $name.http" >"$work/$name.log" 2>&1; then
        not_ok "$name: sent" "$(tail -n 3 "$work/$name.log")"
        return 1
    fi
    check "$name: signed by the CA" openssl cms -verify -inform DER -in "$box/$name.response" \
        -CAfile "$pki/ca.pem" -purpose any -binary -certsout "$work/$name.bag" -out /dev/null
    tool "CMCResponse -d db -i $name.response -o $name.p7" >"$work/$name.read" 2>&1
    return 0
}

# enrol NAME FORMAT: a request around NAME.in, signed by the RA
enrol() {
    local name=$1 format=$2
    exchange "$name" ra "format=$format" "input=$name.in" || return 1
    check "$name: CMCResponse reads success" grep -Eiq 'SUCCESS' "$work/$name.read"
    openssl crl2pkcs7 -nocrl -certfile "$work/$name.bag" | openssl pkcs7 -print_certs |
        awk -v want="CN *= *$name" '/^subject/ { mine = $0 ~ want } mine && /BEGIN/,/END/' >"$work/$name.pem"
    check "$name: the certificate" verified "$pki/ca.pem" "$work/$name.pem"
}

new_key "$box/p10.key" RSA-2048
openssl req -new -config "$pki/req.cnf" -key "$box/p10.key" -subj /O=Example/CN=by-pkcs10 -out "$box/by-pkcs10.in"
enrol by-pkcs10 pkcs10
tool "CRMFPopClient -d db -p client-Test-1 -n CN=by-crmf,O=Example -q POP_SUCCESS -b ca.pem -a rsa -l 2048 \
    -o by-crmf.in" >"$work/crmf.log" 2>&1 || tail -n 2 "$work/crmf.log"
enrol by-crmf crmf

# ---- revocation: not by another device; by the RA; by the holder -------------------------------
# revoke NAME NICKNAME CERTIFICATE REASON: a revokeRequest signed by NICKNAME
revoke() {
    local serial
    serial=$("$python" -c 'import sys; print(int(sys.argv[1], 16))' "$(serial_of "$3")")
    exchange "$1" "$2" format=pkcs10 revRequest.enable=true "revRequest.serial=$serial" "revRequest.reason=$4"
}
serial_of() { openssl x509 -in "$1" -noout -serial | cut -d= -f2; }
not() { ! "$@"; }
revoked() { grep -qi "$(serial_of "$1")" <(openssl crl -in "$work/crl" -noout -text); }
new_crl() { "$dragoman" ca crl -c "$work/gateway.json" --authority factory 2>"$work/crl.err" >"$work/crl.any" &&
    { openssl crl -in "$work/crl.any" -out "$work/crl" 2>/dev/null ||
        openssl crl -in "$work/crl.any" -inform DER -out "$work/crl"; }; }

cp "$work/by-crmf.pem" "$box/"
tool 'certutil -A -d db -f pin -n device -t u,u,u -i by-crmf.pem' >"$work/nss.log" 2>&1 || tail -n 2 "$work/nss.log"
revoke by-another device "$work/by-pkcs10.pem" keyCompromise &&
    check "by-another: CMCResponse reads why not" grep -q 'a certificate is revoked by its holder' \
        "$work/by-another.read"
check "by-another: a CRL" new_crl
check "by-another: stays valid" not revoked "$work/by-pkcs10.pem"
revoke by-the-ra ra "$work/by-pkcs10.pem" keyCompromise &&
    check "by-the-ra: CMCResponse reads success" grep -Eiq 'SUCCESS' "$work/by-the-ra.read"
revoke by-the-holder device "$work/by-crmf.pem" superseded &&
    check "by-the-holder: CMCResponse reads success" grep -Eiq 'SUCCESS' "$work/by-the-holder.read"
check "a CRL" new_crl
check "by-the-ra: in the CRL" revoked "$work/by-pkcs10.pem"
check "by-the-holder: in the CRL" revoked "$work/by-crmf.pem"
check "by-the-ra: the reason in the CRL" grep -q 'Key Compromise' <(openssl crl -in "$work/crl" -noout -text)
check "by-the-holder: the reason in the CRL" grep -q 'Superseded' <(openssl crl -in "$work/crl" -noout -text)

gateway_ends_well
