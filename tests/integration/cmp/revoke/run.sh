#!/bin/bash
# rr: devices and registration authorities revoke certificates of the embedded CA, of an authority
# that speaks CMC, and of one that speaks CMP.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 ||
    give_up "ca init: $(tail -n 2 "$work/ca.out")"
new_cert ca ra '/O=Example/CN=RA' P-256 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'
bc_start "$work/bc"
secret=(-ref mast-1 -secret 'pass:a secret of mast 1')

# with AUTHORITY-JSON: a gateway in front of it; devices may sign with what it issued
with() {
    local issuer=$2
    gateway_stop
    rm -f "$work"/state.db*
    gateway_config "$work/base.json" "$1"
    jq --arg issuer "$issuer" '.routes[0].devices += [ { issuer: $issuer } ]
        | .routes[0].may.operations = ["enroll", "revoke"]' "$work/base.json" >"$work/gateway.json"
    gateway_start "$work/gateway.json" || give_up "the gateway does not start"
}
enrol() {
    new_key "$work/$1.key" P-256
    device "$1" -cmd ir -newkey "$work/$1.key" -subject "/O=Example/CN=$1" "${secret[@]}" || not_ok "enrol $1" "$(said)"
}
# rr NAME ARGUMENT...
device_said=$work/rr.said
rr() {
    timeout 60 openssl cmp -config '' -cmd rr -server "127.0.0.1:$cmp_port" -path /.well-known/cmp \
        -recipient '/O=Example/CN=Gateway' -trusted "$pki/gateway-ca.pem" "$@" </dev/null >"$device_said" 2>&1
}
by_itself() { rr -cert "$work/$1.crt" -key "$work/$1.key" -oldcert "$work/$1.crt" "${@:2}"; }

through() { # NAME ISSUER RA-CERT RA-KEY
    local name=$1 ra=$2 ra_key=$3
    enrol "$name-one"
    enrol "$name-two"
    check "$name: a device revokes its own certificate" by_itself "$name-one" -revreason 4
    by_itself "$name-one" -revreason 4
    equal "$name: a second time" certRevoked "$(said_failure)"
    by_itself "$name-two" -revreason 1 -oldcert "$work/$name-one.crt"
    rr -cert "$work/$name-two.crt" -key "$work/$name-two.key" -oldcert "$work/$name-one.crt"
    equal "$name: not another's" notAuthorized "$(said_failure)"
    rr "${secret[@]}" -oldcert "$work/$name-two.crt"
    equal "$name: not by a MAC" wrongIntegrity "$(said_failure)"
    rr -cert "$pki/vendor-device.pem" -key "$pki/vendor-device.key" -oldcert "$pki/stranger.pem"
    equal "$name: a certificate that nobody here issued" badCertId "$(said_failure)"
    check "$name: a registration authority revokes it" \
        rr -cert "$ra" -key "$ra_key" -oldcert "$work/$name-two.crt" -revreason 5
    rr -cert "$ra" -key "$ra_key" -oldcert "$work/$name-one.crt" -revreason 8
    equal "$name: nothing is revived" notAuthorized "$(said_failure)"
}

with "$(jq -n --arg f "$pki" '{ protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')" "$pki/ca.pem"
through local "$pki/ra.pem" "$pki/ra.key"
"$dragoman" ca crl -c "$work/gateway.json" --authority factory --out "$work/crl.pem" >/dev/null 2>&1
equal "local: both are in the CRL" 2 "$(openssl crl -in "$work/crl.pem" -noout -text | grep -c 'Serial Number')"
equal "local: with the reasons given" "Cessation Of Operation,Superseded" \
    "$(openssl crl -in "$work/crl.pem" -noout -text | grep -A1 'Reason Code' | grep -v -e 'Reason Code' -e -- | sed 's/^ *//' | sort | paste -sd,)"

for protocol in cmc cmp; do
    with "$(jq -n --arg p $protocol --arg url "$bc_url/$protocol" --arg f "$work/bc" '
        { protocol: $p, url: $url, trust: "\($f)/ca.pem",
          ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')" "$work/bc/ca.pem"
    through $protocol "$work/bc/ra.pem" "$work/bc/ra.key"
    for each in one:4 two:5; do
        equal "$protocol: the authority revoked ${each%:*}, with its reason" "true ${each#*:}" \
            "$(bc_issued | jq -r --arg n "CN=$protocol-${each%:*}" '.[] | select(.subject | contains($n)) | "\(.revoked) \(.reason)"')"
    done
    enrol $protocol-three
    bc_script "refuse failinfo=$([ $protocol = cmc ] && echo 2 || echo 23) text=never"
    by_itself $protocol-three
    equal "$protocol: the authority refuses" "$([ $protocol = cmc ] && echo badRequest || echo notAuthorized)" "$(said_failure)"
done
gateway_ends_well
