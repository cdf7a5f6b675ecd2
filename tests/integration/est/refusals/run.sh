#!/bin/bash
# What EST refuses, with which status, and that nothing is issued; passwords that are kept as hashes.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
. ../../../lib/est.sh
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 || give_up "ca init"
printf 'a hashed password\n' | "$dragoman" password lathe-7 >"$pki/passwords" || give_up "dragoman password"
"$python" - >>"$pki/passwords" <<'END'
import base64, hashlib, os
salt = os.urandom(12)
key = hashlib.scrypt(b"made by python", salt=salt, n=1 << 12, r=8, p=2, dklen=32)
print("lathe-8:$scrypt$ln=12,r=8,p=2$%s$%s" % tuple(base64.b64encode(b).decode().rstrip("=") for b in (salt, key)))
END
chmod 600 "$pki/passwords"
est_config "$work/gateway.json" \
    "$(jq -n --arg f "$pki" '{ protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')" \
    "$(jq -n --arg pki "$pki" '{
        devices: [ { secrets: "\($pki)/secrets.json" }, { passwords: "\($pki)/passwords" },
                   { issuer: ["\($pki)/vendor-ca.pem", "\($pki)/ca.pem"] } ],
        may: { subject: "CN=*,O=Example", subject_alt_names: "DNS:*.example" } }')"
# Wrong passwords are counted by each thread.
jq '.threads = 1' "$work/gateway.json" >"$work/one.json" && mv "$work/one.json" "$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
basic=(-u 'mast-1:a secret of mast 1')
type=(-H 'Content-Type: application/pkcs10')
listed() { "$dragoman" ca list -c "$work/gateway.json" | wc -l; }

# expect NAME STATUS TEXT OPERATION [ARGUMENT...]: refused so, with that in the body; nothing issued
expect() {
    local name=$1 wanted=$2 text=$3 operation=$4 before status
    shift 4
    before=$(listed)
    status=$(est_curl "$operation" "$work/answer" "$@")
    if [ "$status" != "$wanted" ]; then
        not_ok "$name" "expected HTTP $wanted, found $status: $(head -c 200 "$work/answer" 2>/dev/null; cat "$work/curl.err")"
    elif [ -n "$text" ] && ! grep -qi "$text" "$work/answer"; then
        not_ok "$name" "no '$text' in: $(head -c 200 "$work/answer")"
    elif [ "$before" != "$(listed)" ]; then
        not_ok "$name" "a certificate was issued"
    else
        ok "$name: HTTP $wanted"
    fi
}
post() { # NAME STATUS TEXT FILE [ARGUMENT...]
    local name=$1 wanted=$2 text=$3 file=$4
    shift 4
    expect "$name" "$wanted" "$text" simpleenroll "${type[@]}" --data-binary "@$file" "$@"
}

# ---- passwords --------------------------------------------------------------------------------
check "a hash, not the password, is in the file" bash -c "! grep -q 'a hashed password' '$pki/passwords'"
request hashed /O=Example/CN=lathe-7
check "a hashed password" enrolled hashed -u 'lathe-7:a hashed password'
request hashed /O=Example/CN=lathe-8
check "a hash made by another program" enrolled hashed -u 'lathe-8:made by python'
request new /O=Example/CN=mast-1
post "no identity" 401 '' "$work/new.b64"
check "no identity: the challenge" grep -qi '^WWW-Authenticate: Basic realm=' "$work/header"
post "wrong password" 401 '' "$work/new.b64" -u 'mast-1:wrong'
post "wrong password, kept as a hash" 401 '' "$work/new.b64" -u 'lathe-8:wrong'
post "unknown user" 401 '' "$work/new.b64" -u 'mast-99:a secret of mast 1'
post "Digest" 401 '' "$work/new.b64" -H 'Authorization: Digest username="mast-1"'
for _ in $(seq 12); do est_curl simpleenroll "$work/answer" "${type[@]}" --data-binary "@$work/new.b64" -u 'lathe-7:guess' >/dev/null; done
post "the right password after many guesses" 401 '' "$work/new.b64" -u 'lathe-7:a hashed password'
equal "and the log says why" yes "$(log_last '.event == "exchange"' .detail | sed 's/^locked after.*/yes/')"
request other /O=Example/CN=lathe-8
check "another user is unaffected" enrolled other -u 'lathe-8:made by python'
check "no password in the log" bash -c "! grep -Eq 'guess|a hashed password|a secret of mast' '$work/gateway.log'"

# ---- who ---------------------------------------------------------------------------------------
as() { echo --cert "$pki/$1.pem" --key "$pki/$1.key"; }
# shellcheck disable=SC2046
post "certificate of a stranger" 401 '' "$work/new.b64" $(as stranger)
# shellcheck disable=SC2046
post "certificate that expired" 401 '' "$work/new.b64" $(as vendor-old)
request elsewhere /O=Elsewhere/CN=mast-1
post "subject not permitted" 403 subject "$work/elsewhere.b64" "${basic[@]}"
request named /O=Example/CN=mast-1 -addext subjectAltName=DNS:bank.test
post "alternative name not permitted" 403 'alternative name' "$work/named.b64" "${basic[@]}"
request authority /O=Example/CN=mast-1 -addext basicConstraints=critical,CA:TRUE
post "CA:TRUE" 403 CA "$work/authority.b64" "${basic[@]}"

# ---- the request -------------------------------------------------------------------------------
post "DER" 400 base64 "$work/new.der" "${basic[@]}"
head -c 300 /dev/urandom >"$work/noise"
post "noise" 400 base64 "$work/noise" "${basic[@]}"
base64 <"$work/noise" >"$work/noise.b64"
post "base64 of noise" 400 '' "$work/noise.b64" "${basic[@]}"
: >"$work/empty"
post "nothing" 400 '' "$work/empty" "${basic[@]}"
head -c 100 "$work/new.b64" >"$work/half.b64"
post "cut short" 400 '' "$work/half.b64" "${basic[@]}"
"$python" -c 'import sys; d = bytearray(open(sys.argv[1], "rb").read()); d[-1] ^= 1; sys.stdout.buffer.write(d)' \
    "$work/new.der" | base64 >"$work/forged.b64"
post "signature of another request" 400 "does not verify" "$work/forged.b64" "${basic[@]}"
head -c 3000000 /dev/zero | base64 >"$work/huge"
post "oversized" 413 '' "$work/huge" "${basic[@]}" -H 'Expect:'
expect "wrong type" 415 application/pkcs10 simpleenroll --data-binary "@$work/new.b64" "${basic[@]}" -H 'Content-Type: text/plain'
# openssl leaves attributes out where the subject comes by -subj.
cat >"$work/bound.cnf" <<'END'
[req]
prompt = no
distinguished_name = dn
attributes = bound
[dn]
O = Example
CN = mast-1
[bound]
challengePassword = 6aVz+frCLWIgDdMO
END
openssl req -new -config "$work/bound.cnf" -key "$work/new.key" -outform DER | base64 -w64 >"$work/bound.b64"
post "binding of another TLS session" 400 'channel binding' "$work/bound.b64" "${basic[@]}"

# ---- the path ----------------------------------------------------------------------------------
expect "GET where POST belongs" 405 POST simpleenroll
check "GET where POST belongs: Allow" grep -qi '^Allow: .*POST' "$work/header"
expect "POST where GET belongs" 405 GET cacerts --data-binary "@$work/new.b64"
expect "no such operation" 404 '' simpleenrol
expect "no operation" 404 '' ''

# ---- renewal -----------------------------------------------------------------------------------
request device /O=Example/CN=device-1 -addext subjectAltName=DNS:one.example
check "a certificate to renew" enrolled device "${basic[@]}"
shown=(--cert "$work/device.crt" --key "$work/device.key")
renew() { # NAME STATUS TEXT SUBJECT [OPTION...]
    local name=$1 wanted=$2 text=$3
    shift 3
    request renewal "$@"
    expect "$name" "$wanted" "$text" simplereenroll "${type[@]}" --data-binary "@$work/renewal.b64" "${shown[@]}"
}
renew "renewal: another subject" 400 subject /O=Example/CN=device-2 -addext subjectAltName=DNS:one.example
renew "renewal: an alternative name more" 400 subjectAltName /O=Example/CN=device-1 -addext subjectAltName=DNS:one.example,DNS:two.example
renew "renewal: an alternative name less" 400 subjectAltName /O=Example/CN=device-1
expect "renewal by password" 401 '' simplereenroll "${type[@]}" --data-binary "@$work/device.b64" "${basic[@]}"
# Equal by RFC 5280 7.1 and 7.2, not by octets
request spelt '/O=Example/CN=Device-1' -addext subjectAltName=DNS:ONE.example
est_operation=simplereenroll check "renewal: the same names in other letters" enrolled spelt "${shown[@]}"
request_again same device /O=Example/CN=device-1 -addext subjectAltName=DNS:one.example
est_operation=simplereenroll est_key=device check "renewal with the same key" enrolled same "${shown[@]}"
# ---- a certificate whose time is over, a certificate that a proxy saw ---------------------------
from=$(date -u +%Y%m%d%H%M%SZ) to=$(date -u -d '+2 seconds' +%Y%m%d%H%M%SZ) old_cert ca device-old /O=Example/CN=device-old
sleep 3
expired=(--cert "$pki/device-old.pem" --key "$pki/device-old.key")
request late /O=Example/CN=device-old
late() { expect "$1" "$2" "$3" "$4" "${type[@]}" --data-binary "@$work/late.b64" "${expired[@]}"; }
late "renewal with an expired certificate: off by default" 401 '' simplereenroll
forward=(-H "Client-Cert: :$(openssl x509 -in "$pki/vendor-device.pem" -outform DER | base64 -w0):")
request seen /O=Example/CN=seen
post "Client-Cert from anybody" 401 '' "$work/seen.b64" "${forward[@]}"
gateway_stop || not_ok "the first gateway ends well"
jq '.routes[0] += { renew_expired_days: 3650, csr_template: { key: "P-256", subject: "CN", binding: true } }
    | .listeners[0].forwarded_from = "127.0.0.1"' "$work/gateway.json" >"$work/second.json"
jq 'del(.listeners[0].forwarded_from)' "$work/second.json" >"$work/third.json"
gateway_start "$work/second.json" || give_up "the gateway does not start again"
check "Client-Cert from the proxy" enrolled seen "${forward[@]}"
equal "Client-Cert from the proxy: who it is" CN=device-4711,O=Vendor "$(log_last '.message == "simpleenroll" and .identity == "tls"' .principal)"
request own /O=Example/CN=own
# shellcheck disable=SC2046
post "the proxy's own certificate is not the device's" 401 '' "$work/own.b64" $(as vendor-device)
post "Client-Cert that is none" 401 '' "$work/own.b64" -H 'Client-Cert: :AAAA:'
post "Client-Cert that is no byte sequence" 401 '' "$work/own.b64" -H 'Client-Cert: MIIB'
gateway_stop || not_ok "the second gateway ends well"
gateway_start "$work/third.json" || give_up "the gateway does not start again"
request late /O=Example/CN=device-old
est_operation=simplereenroll check "renewal with an expired certificate where the route allows it" \
    enrolled late "${expired[@]}"
late "enrolment with an expired certificate" 401 '' simpleenroll
request unbound /O=Example/CN=mast-1
post "a binding is asked for, and none is there" 400 challengePassword "$work/unbound.b64" "${basic[@]}" --tls-max 1.2
check "a binding is not asked for over TLS 1.3" enrolled unbound "${basic[@]}" --tlsv1.3
equal "csrattrs from words: HTTP" 200 "$(est_curl csrattrs "$work/attributes")"
check "csrattrs from words: a template of RFC 9908" grep -q '1.2.840.113549.1.9.16.2.61\|id-aa-certificationRequestInfoTemplate' \
    <(openssl base64 -d -A <"$work/attributes" | openssl asn1parse -inform DER)
check "csrattrs from words: challengePassword" grep -q challengePassword \
    <(openssl base64 -d -A <"$work/attributes" | openssl asn1parse -inform DER)
gateway_ends_well
