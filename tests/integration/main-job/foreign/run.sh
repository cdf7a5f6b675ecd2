#!/bin/bash
# What the gateway writes, read by two decoders that owe nothing to it: Bouncy Castle and pyasn1.
# They must read the same in every field, and the fields must be those of the exchange.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
bc_start "$work/bc"
gateway_config "$work/gateway.json" "$(jq -n --arg url "$bc_url/cmc" --arg f "$work/bc" '
    { url: $url, trust: "\($f)/ca.pem", ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
classes=$("$root/tests/peers/bc-ca/bc-ca" classpath) || give_up "bc-ca does not compile"
secret='a secret of mast 1'

# both KIND FILE [SECRET]: the fields, if both decoders read the same
both() {
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$classes" Decode "$@" >"$work/by-bc" 2>&1 || {
        echo "Bouncy Castle: $(head -n 1 "$work/by-bc")"
        return 1
    }
    if [ "$1" = cmp ]; then
        "$python" "$here/cmp_show.py" fields "$2" >"$work/by-pyasn1" 2>&1
    else
        "$python" "$here/cmc_show.py" "$2" >"$work/by-pyasn1" 2>&1
    fi || {
        echo "pyasn1: $(tail -n 1 "$work/by-pyasn1")"
        return 1
    }
    diff "$work/by-bc" "$work/by-pyasn1"
}
has() { grep -Eq "^$1\$" "$work/by-bc" || { echo "no field '$1' in: $(tr '\n' ';' <"$work/by-bc")"; return 1; }; }
of() { "$python" "$here/cmp_show.py" fields "$2" | sed -n "s/^$1 //p"; }

# exchange NAME BODIES ARGUMENT...: runs a device, then reads each answer of the gateway
exchange() {
    local name=$1 bodies=$2 file body i=0
    shift 2
    device "$name" -reqout "$work/$name.q1 $work/$name.q2" \
        -rspout "$work/$name.a1 $work/$name.a2" "$@"
    for body in $bodies; do
        i=$((i + 1))
        file=$work/$name.a$i
        [ -s "$file" ] || { not_ok "$name: answer $i" "there is none: $(said)"; continue; }
        check "$name: both decoders read answer $i alike" both cmp "$file" "$secret"
        check "$name: answer $i is $body" has "body $body"
        check "$name: answer $i has pvno 2" has "pvno 2"
        check "$name: answer $i has the device's transactionID" has "transactionID $(of transactionID "$work/$name.q$i")"
        check "$name: answer $i has the device's nonce" has "recipNonce $(of senderNonce "$work/$name.q$i")"
        check "$name: answer $i has a nonce of 16 octets" has "senderNonce [0-9a-f]{32,}"
    done
}
new_key "$work/new.key" P-256
new_key "$work/signed.key" P-256
new_key "$work/csr.key" P-256
exchange ir "ip pkiconf" -cmd ir -newkey "$work/new.key" -subject /O=Example/CN=mast-1 \
    -ref mast-1 -secret "pass:$secret"
# shellcheck disable=SC2046
exchange ir-signed "ip pkiconf" -cmd ir -newkey "$work/signed.key" -subject /O=Example/CN=mast-1 $(by_cert vendor-device)
openssl req -new -config "$pki/req.cnf" -key "$work/csr.key" -subj /O=Example/CN=mast-1 -outform DER -out "$work/csr"
exchange p10cr "cp pkiconf" -cmd p10cr -csr "$work/csr" -newkey "$work/csr.key" -ref mast-1 -secret "pass:$secret"
exchange error "error" -cmd ir -newkey "$work/new.key" -subject /O=Example/CN=mast-1 -ref mast-1 -secret pass:wrong

# What reached the CA: three requests, in order
for n in 1 2 3; do
    file=$work/bc/messages/000$n.request
    check "CMC request $n: both decoders read alike" both cmc "$file"
    check "CMC request $n: PKIData" has 'content 1\.3\.6\.1\.5\.5\.7\.12\.2'
    check "CMC request $n: version 3" has 'version 3'
    check "CMC request $n: transactionId" has 'control [0-9]+ 1\.3\.6\.1\.5\.5\.7\.7\.5 02.*'
    check "CMC request $n: senderNonce" has 'control [0-9]+ 1\.3\.6\.1\.5\.5\.7\.7\.6 0410[0-9a-f]{32}'
    equal "CMC request $n: each bodyPartID once" "" \
        "$(awk '$1 == "control" || $1 == "tcr" || $1 == "crm" { print $2 }' "$work/by-bc" | sort | uniq -d)"
    check "CMC request $n: signed" openssl cms -verify -inform DER -in "$file" -CAfile "$work/bc/ca.pem" \
        -purpose any -binary -out /dev/null
    if [ $n = 3 ]; then
        check "CMC request 3: the device's PKCS#10 as it was" has \
            "tcr [1-9][0-9]* $(sha256sum <"$work/csr" | cut -d' ' -f1)"
    else
        check "CMC request $n: crm without popo" has 'crm [1-9][0-9]* [0-9a-f]{64} no popo'
        check "CMC request $n: lraPOPWitness" has 'control [0-9]+ 1\.3\.6\.1\.5\.5\.7\.7\.11 30.*'
    fi
done
gateway_ends_well
