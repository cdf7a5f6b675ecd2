#!/bin/bash
# A CMP authority behind the gateway: devices enrol over CMP, and what the authority says, late or
# badly, is told to them.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
bc_start "$work/bc"
gateway_config "$work/gateway.json" "$(jq -n --arg url "$bc_url/cmp" --arg f "$work/bc" '
    { protocol: "cmp", url: $url, trust: "\($f)/ca.pem",
      ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')" \
    '{ "may": { "operations": ["enroll", "certify", "update", "revoke"] } }'
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

# enrol NAME COMMAND ARGUMENT...
enrol() {
    local name=$1 command=$2
    shift 2
    [ -e "$work/$name.key" ] || new_key "$work/$name.key" P-256
    # shellcheck disable=SC2046
    eval "device $name -cmd $command -newkey '$work/$name.key' -subject /O=Example/CN=$name \
        -ref mast-1 -secret 'pass:a secret of mast 1' $*"
}
good() { verified "$work/bc/ca.pem" "$work/$1.crt" "$work/$1.key"; }
confirmed() { bc_issued | jq -r --arg n "CN=$1" '[.[] | select(.subject | contains($n)) | .confirmed] | last'; }
revoked() { bc_issued | jq -r --arg n "CN=$1" '[.[] | select(.subject | contains($n)) | .revoked] | last'; }
last_body() { "$python" "$here/cmp_show.py" fields "$(find "$work/bc/messages" -name '*.request' | sort | tail -n "${1:-1}" | head -n 1)" | sed -n 's/^body //p'; }

for command in ir cr; do
    enrol "plain-$command" $command
    check "$command: enrolled by the CMP authority" good "plain-$command"
    equal "$command: the device's certConf reached the authority" true "$(confirmed "plain-$command")"
    enrol "implicit-$command" $command -implicit_confirm
    check "$command: enrolled with implicit confirmation" good "implicit-$command"
    equal "$command: no certConf was sent" "$command" "$(last_body)"
done

p10cr() {
    new_key "$work/$1.key" P-256
    openssl req -new -config "$pki/req.cnf" -key "$work/$1.key" -subj "/O=Example/CN=$1" -outform DER -out "$work/$1"
    device "$1" -cmd p10cr -csr "$work/$1" -newkey "$work/$1.key" -ref mast-1 -secret 'pass:a secret of mast 1'
}
p10cr csr
check "p10cr: enrolled" good csr
equal "p10cr: went as p10cr" "p10cr" "$(last_body 2)"
equal "p10cr: confirmed" true "$(confirmed csr)"

bc_script explicit
enrol explicit ir -implicit_confirm
check "authority wants a certConf all the same: enrolled" good explicit
equal "authority wants a certConf all the same: confirmed" true "$(confirmed explicit)"

# The device does not trust what it got: it rejects, and the authority hears of it.
enrol rejecting ir -out_trusted "$pki/stranger-ca.pem"
equal "rejected by the device: the authority revoked" true "$(revoked rejecting)"

# ---- waiting ----
bc_script "pending wait=2 polls=2"
enrol late ir
check "pending: the certificate came" good late
equal "pending: confirmed" true "$(confirmed late)"
equal "pending: issued once" 1 "$(bc_count CN=late)"
bc_script "pending wait=1"
p10cr late-csr
check "p10cr pending: the certificate came" good late-csr

# ---- refusals: the end's are told as they are, the hop's accuse the gateway ----
while read -r bit name; do
    bc_script "refuse failinfo=$bit text=no"
    enrol "refused-$bit" ir
    equal "failInfo $bit from the authority" "$name" "$(said_failure)"
done <<'END'
0 badAlg
1 systemFailure
2 badRequest
3 systemFailure
4 badCertId
9 badPOP
10 certRevoked
16 unacceptedExtension
19 badCertTemplate
20 systemFailure
23 notAuthorized
24 systemUnavail
25 systemFailure
26 duplicateCertReq
END
bc_script "error failinfo=23 text=never"
enrol error ir
equal "an error message from the authority" notAuthorized "$(said_failure)"

# ---- answers that cannot be believed ----
for word in bad-signature unprotected wrong-nonce wrong-transaction no-nonce other-id no-cert \
    garbage=after truncate trailing drop=after; do
    bc_script "$word"
    enrol "bad-${word%=*}" ir
    equal "$word: no certificate, and no blame for the device" systemFailure "$(said_failure)"
    check "$word: nothing was delivered" test ! -e "$work/bad-${word%=*}.crt"
done
bc_script "error unprotected failinfo=19 text=unsigned"
enrol hint ir
equal "an error that nobody signed is not passed on" systemFailure "$(said_failure)"
check "but is in the log" grep -q 'unsigned \[cmp:badCertTemplate\]' "$work/gateway.log"

for word in other-key other-subject; do
    bc_script "$word"
    enrol "$word" ir
    if [ $word = other-key ]; then
        check "$word: not delivered" test ! -e "$work/$word.crt"
        equal "$word: rejected at the authority" true "$(bc_issued | jq 'last.revoked')"
    fi
done

gateway_ends_well
