#!/bin/bash
# OpenSSL's mock server as a CMP authority. It answers with one certificate, which is made for the
# key under test beforehand. Devices speak CMP and EST.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
new_ca mock-ca '/O=Mock/CN=Mock CA'
new_cert mock-ca ra '/O=Mock/CN=RA' P-256 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'
new_cert mock-ca cmp-server '/O=Mock/CN=CMP server' P-256 'extendedKeyUsage=1.3.6.1.5.5.7.3.27'
new_cert mock-ca nobody '/O=Mock/CN=nobody in particular' P-256
mock_port=$(free_port)
mock_pid=

# mock OPTION...: a new mock server at the same port
mock_stop() { [ -z "$mock_pid" ] || end_process "$mock_pid"; mock_pid=; }
at_exit+=(mock_stop)
mock() {
    mock_stop
    timeout 300 openssl cmp -config '' -port "$mock_port" -srv_cert "$pki/cmp-server.pem" -srv_key "$pki/cmp-server.key" \
        -srv_trusted "$pki/mock-ca.pem" -rsp_extracerts "$pki/mock-ca.pem" "$@" </dev/null >>"$work/mock.out" 2>&1 &
    mock_pid=$!
    wait_for 10 listens "$mock_port" || give_up "the mock server does not start"
}
# ready NAME: a key, and the certificate that the mock server will answer with
ready() {
    new_cert mock-ca "$1" "/O=Example/CN=$1" P-256
    cp "$pki/$1.key" "$work/$1.key"
}
# enrol NAME COMMAND ARGUMENT...
enrol() {
    local name=$1 command=$2
    shift 2
    device "$name" -cmd "$command" -newkey "$work/$name.key" -subject "/O=Example/CN=$name" \
        -ref mast-1 -secret 'pass:a secret of mast 1' "$@"
}
good() { verified "$pki/mock-ca.pem" "$work/$1.crt" "$work/$1.key"; }

est_port=$(free_port)
gateway_config "$work/base.json" "$(jq -n --arg url "http://127.0.0.1:$mock_port/pkix/" --arg f "$pki" '
    { protocol: "cmp", url: $url, trust: "\($f)/mock-ca.pem",
      ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')"
jq --arg pki "$pki" --arg address "127.0.0.1:$est_port" '
    .listeners += [ { name: "est", address: $address, protocols: ["est"],
                      tls: { certificate: "\($pki)/tls.pem", key: "\($pki)/tls.key", client: "required" } } ]
    | .routes[0].devices += [ { issuer: "\($pki)/mock-ca.pem" } ]
    | .routes[0].may.operations = [ "enroll", "certify", "update", "revoke" ]
    | .routes += [ { name: "by-est", listener: "est", authority: "factory",
                     devices: [ { issuer: ["\($pki)/vendor-ca.pem", "\($pki)/mock-ca.pem"] } ],
                     may: { subject: "CN=*,O=Example" } } ]' "$work/base.json" >"$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

n=0
for command in ir cr; do
    for confirm in "" -implicit_confirm; do
        for grant in "" -grant_implicitconf; do
            n=$((n + 1))
            ready "mast$n"
            # shellcheck disable=SC2086
            mock -rsp_cert "$pki/mast$n.pem" $grant
            # shellcheck disable=SC2086
            enrol "mast$n" $command $confirm
            check "$command ${confirm:-explicit} ${grant:-not granted}" good "mast$n"
        done
    done
done

ready csr
mock -rsp_cert "$pki/csr.pem"
openssl req -new -config "$pki/req.cnf" -key "$work/csr.key" -subj /O=Example/CN=csr -outform DER -out "$work/csr"
device csr -cmd p10cr -csr "$work/csr" -newkey "$work/csr.key" -ref mast-1 -secret 'pass:a secret of mast 1'
check "p10cr" good csr

ready late
mock -rsp_cert "$pki/late.pem" -poll_count 2 -check_after 1
enrol late ir
check "polled twice" good late

# ---- refusals --------------------------------------------------------------------------------
refused() { # NAME EXPECTED MOCK-OPTION...
    local name=$1 expected=$2
    shift 2
    ready "$name"
    mock -rsp_cert "$pki/$name.pem" "$@"
    enrol "$name" ir
    equal "$name" "$expected" "$(said_failure)"
}
refused refused-19 badCertTemplate -pkistatus 2 -failure 19
refused refused-23 notAuthorized -pkistatus 2 -failure 23
refused refused-1 systemFailure -pkistatus 2 -failure 1
refused error badRequest -send_error
refused unprotected systemFailure -send_unprotected
refused unprotected-error systemFailure -send_error -pkistatus 2 -failure 9 -send_unprot_err
refused signed-by-nobody systemFailure -srv_cert "$pki/nobody.pem" -srv_key "$pki/nobody.key"
refused signed-by-stranger systemFailure -srv_cert "$pki/stranger.pem" -srv_key "$pki/stranger.key"

ready mine
ready other
mock -rsp_cert "$pki/other.pem"
before=$(grep -c POST "$work/mock.out")
enrol mine ir
equal "a certificate for another key" systemFailure "$(said_failure)"
equal "is answered by a certConf that rejects it" 2 "$(($(grep -c POST "$work/mock.out") - before))"

# ---- rr --------------------------------------------------------------------------------------
mock -rsp_cert "$pki/mast1.pem"
check "rr as registration authority" timeout 60 openssl cmp -config '' -cmd rr -server "127.0.0.1:$cmp_port" \
    -path /.well-known/cmp -recipient '/O=Example/CN=Gateway' -trusted "$pki/gateway-ca.pem" \
    -cert "$pki/mast1.pem" -key "$pki/mast1.key" -oldcert "$pki/mast1.pem" -revreason 1

# ---- EST -------------------------------------------------------------------------------------
# est NAME OPERATION CLIENT
est() {
    openssl req -new -config "$pki/req.cnf" -key "$work/$1.key" -subj "/O=Example/CN=$1" -outform DER |
        base64 -w 64 >"$work/$1.b64"
    curl -sS -m 60 --cacert "$pki/gateway-ca.pem" --cert "$pki/$3.pem" --key "$pki/$3.key" \
        -H 'Content-Type: application/pkcs10' --data-binary "@$work/$1.b64" \
        "https://localhost:$est_port/.well-known/est/$2" -o "$work/$1.p7.b64" -w '%{http_code}' >"$work/$1.status"
    base64 -d "$work/$1.p7.b64" 2>/dev/null | openssl pkcs7 -inform DER -print_certs 2>/dev/null |
        openssl x509 -out "$work/$1.crt" 2>/dev/null
}
ready by-est
mock -rsp_cert "$pki/by-est.pem" -grant_implicitconf
est by-est simpleenroll vendor-device
check "EST simpleenroll" good by-est
ready by-est2
mock -rsp_cert "$pki/by-est2.pem"
est by-est2 simpleenroll vendor-device
check "EST simpleenroll, the gateway confirms" good by-est2
new_key "$work/renewed.key" P-256
cp "$work/renewed.key" "$pki/renewed.key"
openssl req -new -config "$pki/req.cnf" -key "$work/renewed.key" -subj /O=Example/CN=by-est -out "$work/renewed.csr"
openssl x509 -req -in "$work/renewed.csr" -CA "$pki/mock-ca.pem" -CAkey "$pki/mock-ca.key" -days 30 -out "$pki/renewed.pem" 2>/dev/null
mock -rsp_cert "$pki/renewed.pem"
openssl req -new -config "$pki/req.cnf" -key "$work/renewed.key" -subj "/O=Example/CN=by-est" -outform DER | base64 -w 64 >"$work/renewed.b64"
curl -sS -m 60 --cacert "$pki/gateway-ca.pem" --cert "$pki/by-est.pem" --key "$pki/by-est.key" \
    -H 'Content-Type: application/pkcs10' --data-binary "@$work/renewed.b64" \
    "https://localhost:$est_port/.well-known/est/simplereenroll" -o "$work/renewed.p7"
base64 -d "$work/renewed.p7" 2>/dev/null | openssl pkcs7 -inform DER -print_certs 2>/dev/null | openssl x509 -out "$work/renewed.crt" 2>/dev/null
check "EST simplereenroll" good renewed
mock -rsp_cert "$pki/by-est.pem" -pkistatus 2 -failure 23
ready est-no
est est-no simpleenroll vendor-device
equal "EST refused: notAuthorized is 403" 403 "$(cat "$work/est-no.status")"
gateway_ends_well
