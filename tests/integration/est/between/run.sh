#!/bin/bash
# Between protocols: EST devices and a CMC CA, CMP devices and an EST CA, and an EST client and an
# EST server that do not understand each other.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
. ../../../lib/est.sh
"$est_peers/libest" up || give_up "libest is not there"
make_pki
bc_start "$work/bc"
est_ca=$work/estserver
"$est_peers/make-ca" "$est_ca" || give_up "make-ca"
server_port=$(free_port)
cat "$pki/vendor-ca.pem" >>"$est_ca/trusted.pem"
"$est_peers/libest" server "$est_ca" "$server_port" -o || give_up "estserver does not start"
at_exit+=("$est_peers/libest stop $est_ca")
cmp_port=$(free_port)
est_config "$work/base.json" "$(jq -n --arg url "$bc_url/cmc" --arg f "$work/bc" '
    { url: $url, trust: "\($f)/ca.pem", ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')"
jq --arg pki "$pki" --arg address "127.0.0.1:$cmp_port" --arg f "$est_ca" \
    --arg url "https://localhost:$server_port/.well-known/est" '
    .listeners += [ { name: "cmp", address: $address, protocols: ["cmp"],
                      signer: { certificate: "\($pki)/gateway.pem", key: "\($pki)/gateway.key" } } ]
    | .authorities += [ { name: "estserver", protocol: "est", url: $url, trust: "\($f)/ca/ca.pem",
                          tls: { ca: "\($f)/ca/ca.pem", certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } } ]
    | .routes[0].devices[1].issuer = ["\($pki)/vendor-ca.pem", "\($f)/ca/ca.pem", $bc]
    | .routes = [ (.routes[0] + { name: "to-estserver", profile: "est", authority: "estserver" }),
                  .routes[0],
                  (.routes[0] + { name: "cmp-to-estserver", listener: "cmp", authority: "estserver" }) ]' \
    --arg bc "$work/bc/ca.pem" "$work/base.json" >"$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
cat "$pki/gateway-ca.pem" "$est_ca/ca/ca.pem" >"$work/trusted.pem"
basic=(-u 'mast-1:a secret of mast 1')
vendor=(--cert "$pki/vendor-device.pem" --key "$pki/vendor-device.key")

# ---- EST device, CMC CA -----------------------------------------------------------------------
request first /O=Example/CN=mast-cmc
check "EST to CMC: simpleenroll (password)" enrolled first "${basic[@]}"
check "EST to CMC: the CA's certificate" verified "$work/bc/ca.pem" "$work/first.crt"
equal "EST to CMC: issued once" 1 "$(bc_count mast-cmc)"
equal "EST to CMC: proof of possession" kept "$(log_last '.message == "simpleenroll" and .pop != null' .pop)"
check "EST to CMC: the same request again, the same certificate" bash -c "
    cp '$work/first.crt' '$work/before.crt'"
check "EST to CMC: asked again" enrolled first "${basic[@]}"
check "EST to CMC: the same certificate" cmp "$work/before.crt" "$work/first.crt"
request_again second first /O=Example/CN=mast-cmc
est_key=first check "EST to CMC: signed anew for a new session" enrolled second "${basic[@]}"
check "EST to CMC: still the same certificate" cmp "$work/before.crt" "$work/second.crt"
equal "EST to CMC: issued once in all" 1 "$(bc_count mast-cmc)"
request vendor /O=Vendor/CN=device-4711
check "EST to CMC: simpleenroll (certificate)" enrolled vendor "${vendor[@]}"
request again /O=Example/CN=mast-cmc
est_operation=simplereenroll check "EST to CMC: simplereenroll" enrolled again \
    --cert "$work/first.crt" --key "$work/first.key"
equal "EST to CMC: cacerts" 200 "$(est_curl cacerts "$work/cacerts")"
check "EST to CMC: cacerts is the CA's" certificates "$work/cacerts" "$work/cacerts.pem"
check "EST to CMC: cacerts is that of the authority" diff <(openssl x509 -in "$work/bc/ca.pem") "$work/cacerts.pem"
bc_script 'refuse failinfo=2 text=no-such-device'
request refused /O=Example/CN=mast-refused
status=$(est_curl simpleenroll "$work/refused.rsp" "${basic[@]}" -H 'Content-Type: application/pkcs10' --data-binary "@$work/refused.b64")
equal "EST to CMC: refused by the CA: HTTP" 400 "$status"
check "EST to CMC: refused by the CA: its text arrives" grep -q no-such-device "$work/refused.rsp"
bc_clear

# ---- CMP device, EST CA -----------------------------------------------------------------------
openssl_csr() { openssl req -inform DER -in "$work/$1.der" -out "$work/$1.csr"; }
request p10 /O=Example/CN=mast-p10
openssl_csr p10
# shellcheck disable=SC2046
if device p10cr -cmd p10cr -csr "$work/p10.csr" -ref mast-1 -secret 'pass:a secret of mast 1' -out_trusted "$est_ca/ca/ca.pem"; then
    check "CMP to EST: p10cr (secret)" verified "$est_ca/ca/ca.pem" "$device_cert" "$work/p10.key"
else
    not_ok "CMP to EST: p10cr (secret)" "$(said)"
fi
request p10 /O=Vendor/CN=device-4711
openssl_csr p10
# shellcheck disable=SC2046
if device p10cr -cmd p10cr -csr "$work/p10.csr" $(by_cert vendor-device) -out_trusted "$est_ca/ca/ca.pem"; then
    check "CMP to EST: p10cr (signature)" verified "$est_ca/ca/ca.pem" "$device_cert" "$work/p10.key"
else
    not_ok "CMP to EST: p10cr (signature)" "$(said)"
fi
new_key "$work/ir.key" P-256
device ir -cmd ir -newkey "$work/ir.key" -subject /O=Example/CN=mast-ir -ref mast-1 -secret 'pass:a secret of mast 1' || true
equal "CMP to EST: a CRMF request has no carrier" badRequest "$(said_failure)"
check "CMP to EST: and the device is told so" grep -q 'PKCS#10' "$device_said"

# ---- an EST client and an EST server that do not understand each other ------------------------
# shellcheck disable=SC2034
directly() {
    # shellcheck disable=SC2034
    local est_port=$server_port
    "$@"
}
for place in here there; do
    request direct /O=Example/CN=strongswan
    if directly strongswan_enrol $place direct --userpass estuser:estpwd >/dev/null 2>&1; then
        not_ok "strongSwan ($place) at estserver directly" "they understand each other; this scenario has lost its point"
    else
        ok "strongSwan ($place) at estserver directly: no certificate"
    fi
    directly strongswan_ca $place >/dev/null 2>&1 &&
        not_ok "strongSwan ($place) cacerts at estserver directly" "they understand each other"
done
jq '.routes |= map(if .name == "to-estserver" then del(.profile) else . end)
    | .routes = [ .routes[] | select(.name != "fleet") ]' "$work/gateway.json" >"$work/through.json"
gateway_stop || not_ok "the first gateway ends well"
gateway_start "$work/through.json" || give_up "the gateway does not start again"
for place in here there; do
    check "strongSwan ($place) through the gateway at estserver: cacerts" strongswan_ca $place
    request through /O=Example/CN=strongswan
    check "strongSwan ($place) through the gateway at estserver: simpleenroll" \
        strongswan_enrol $place through --userpass 'mast-1:a secret of mast 1'
    check "strongSwan ($place) through the gateway at estserver: the CA's certificate" \
        verified "$est_ca/ca/ca.pem" "$work/through.crt"
    request renewed /O=Example/CN=strongswan
    check "strongSwan ($place) through the gateway at estserver: simplereenroll" \
        strongswan_enrol $place renewed --cert through.crt --key through.key
done
new_key "$work/new.key" P-256
check "estclient through the gateway at estserver" estclient cert-0-0.pem -e -x new.key --common-name libest \
    --pem-output -u mast-1 -h 'a secret of mast 1'
check "Bouncy Castle through the gateway at estserver" bouncy simpleenroll subject=O=Example,CN=bouncy \
    realm=est user=mast-1 'password=a secret of mast 1'

# ---- pending ----------------------------------------------------------------------------------
"$est_peers/libest" stop "$est_ca"
wait_for 5 bash -c "! (exec 3<>/dev/tcp/127.0.0.1/$server_port)" 2>/dev/null
"$est_peers/libest" server "$est_ca" "$server_port" -o -m 60 || give_up "estserver does not start again"
request slow /O=Example/CN=mast-slow
status=$(est_curl simpleenroll "$work/slow.rsp" "${basic[@]}" -H 'Content-Type: application/pkcs10' --data-binary "@$work/slow.b64")
equal "pending at estserver: HTTP" 202 "$status"
check "pending at estserver: Retry-After in seconds" grep -Eqi $'^Retry-After: [1-9][0-9]*\r$' "$work/header"
check "pending at estserver: no body" grep -qi $'^Content-Length: 0\r$' "$work/header"
gateway_ends_well
