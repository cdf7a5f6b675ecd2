#!/bin/bash
# openssl cmp enrols, confirms and renews through the gateway at a Dogtag CA, which speaks CMC.
# Dogtag wants other profiles for EC keys than for RSA, so the path's label chooses the authority.
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

authority() { # NAME PROFILE AGENT AGENT-KEY
    jq -n --arg name "$1" --arg url "$DOGTAG_URL/profileSubmitCMCFull?profileId=$2" --arg ca "$DOGTAG_CA" \
        --arg agent "$3" --arg key "$4" '
        { name: $name, protocol: "cmc", url: $url, trust: $ca, ra: { certificate: $agent, key: $key },
          tls: { ca: $ca, certificate: $agent, key: $key },
          crmf_id0: "raverify", digest_null: true, issuer_serial: true }'
}
gateway_config "$work/base.json" '{ "url": "http://127.0.0.1:1/" }'
jq --argjson rsa "$(authority rsa caFullCMCUserCert "$DOGTAG_AGENT" "$DOGTAG_AGENT_KEY")" \
    --argjson ec "$(authority ec caECFullCMCUserCert "$DOGTAG_EC_AGENT" "$DOGTAG_EC_AGENT_KEY")" \
    --arg ca "$DOGTAG_CA" '
    .authorities = [$rsa, $ec]
    | .routes = [ .routes[] | .devices += [{ issuer: $ca }]
        | (. + { name: "masts-ec", authority: "ec", profile: "ec" }), (. + { authority: "rsa" }) ]' "$work/base.json" >"$work/gateway.json"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

# enrol NAME KEY-KIND POP ARGUMENT...: one device's run to its end
enrol() {
    local name=$1 kind=$2 pop=$3 label=/p/ec transaction confirmed
    shift 3
    case $kind in RSA-*) label= ;; esac
    log_mark
    if ! cmp_path=/.well-known/cmp$label device "$name" -out_trusted "$DOGTAG_CA" "$@"; then
        not_ok "$name: enrolled" "$(said)"
        return 1
    fi
    check "$name: verified" verified "$DOGTAG_CA" "$device_cert" "$new_key"
    equal "$name: proof of possession in the log" "$pop" \
        "$(log_since '.event == "exchange" and .pop != null' .pop)"
    transaction=$(log_since '.event == "exchange" and .pop != null' .transaction)
    wait_for 5 is_done "$transaction"
    confirmed=$(log_last ".transaction == \"$transaction\" and .state != null" .state)
    equal "$name: confirmed" "done" "$confirmed"
}
is_done() { [ "$(log_last ".transaction == \"$1\" and .state != null" .state)" = "done" ]; }

one_at_the_ca() { # NAME COMMON-NAME COUNT
    equal "$1: issued at the CA" "$3" "$("$peer" count "CN=$2,")"
}

run=$(openssl rand -hex 3)
for kind in P-256 P-384 RSA-2048; do
    k=$work/$kind
    cn=mast-$run-$kind
    for n in 1 2 3 4 5; do new_key "$k.$n.key" $kind; done

    new_key=$k.1.key
    enrol "ir-secret $kind" $kind witnessed -cmd ir -newkey "$new_key" -subject "/O=Example/CN=$cn" \
        -ref mast-1 -secret 'pass:a secret of mast 1' && cp "$device_cert" "$k.1.crt"
    one_at_the_ca "ir-secret $kind" "$cn" 1

    new_key=$k.2.key
    # shellcheck disable=SC2046
    enrol "ir-vendor $kind" $kind witnessed -cmd ir -newkey "$new_key" -subject "/O=Example/CN=$cn-v" \
        $(by_cert vendor-device) -implicit_confirm
    one_at_the_ca "ir-vendor $kind" "$cn-v" 1

    [ -s "$k.1.crt" ] || continue
    new_key=$k.3.key
    enrol "cr $kind" $kind witnessed -cmd cr -newkey "$new_key" -subject "/O=Example/CN=$cn" \
        -cert "$k.1.crt" -key "$k.1.key" -keep_alive 0
    new_key=$k.4.key
    enrol "kur $kind" $kind witnessed -cmd kur -newkey "$new_key" -cert "$k.1.crt" -key "$k.1.key" -keep_alive 1
    one_at_the_ca "ir, cr, kur $kind" "$cn" 3

    new_key=$k.5.key
    openssl req -new -config "$pki/req.cnf" -key "$new_key" -subj "/O=Example/CN=$cn-p" \
        -addext "subjectAltName=DNS:$cn.example" -out "$k.csr"
    enrol "p10cr $kind" $kind kept -cmd p10cr -csr "$k.csr" -newkey "$new_key" \
        -ref mast-2 -secret 'pass:another secret, of mast 2' &&
        check "p10cr $kind: subjectAltName" grep -q "DNS:$cn.example" <(openssl x509 -in "$device_cert" -noout -text)
    one_at_the_ca "p10cr $kind" "$cn-p" 1
done

# Through TLS as well
new_key=$work/tls.key
new_key "$new_key" P-256
cmp_server=localhost:$tls_port enrol "ir over TLS" P-256 witnessed -cmd ir -newkey "$new_key" \
    -subject "/O=Example/CN=mast-$run-tls" -tls_used -tls_trusted "$pki/gateway-ca.pem" \
    -ref mast-1 -secret 'pass:a secret of mast 1'

# Dogtag has no Ed25519: the device must read a refusal, not a timeout.
new_key "$work/ed.key" Ed25519
log_mark
if cmp_path=/.well-known/cmp/p/ec device "ir-ed25519" -cmd ir -newkey "$work/ed.key" \
    -subject "/O=Example/CN=mast-$run-ed" -ref mast-1 -secret 'pass:a secret of mast 1'; then
    not_ok "ir Ed25519: refused" "a certificate came"
else
    equal "ir Ed25519: refused" rejection "$(said_status)"
fi
one_at_the_ca "ir Ed25519" "mast-$run-ed" 0

gateway_ends_well
