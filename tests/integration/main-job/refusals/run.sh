#!/bin/bash
# Each refusal has the code that the standards ask for, read back by openssl cmp; and nothing goes
# to the CA where nothing may go.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
bc_start "$work/bc"
gateway_config "$work/gateway.json" "$(jq -n --arg url "$bc_url/cmc" --arg f "$work/bc" '
    { url: $url, trust: "\($f)/ca.pem", ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" } }')"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

new_key "$work/new.key" P-256
new_key "$work/ec.key" P-256
enrol_as=(-cmd ir -newkey "$work/new.key" -subject /O=Example/CN=mast-1)
secret='a secret of mast 1'

# expect NAME FAILINFO ARGUMENT...: the device is refused with that, and the CA heard nothing
expect() {
    local name=$1 wanted=$2 before after
    shift 2
    before=$(bc_requests)
    if device "${name//[ \/]/-}" "$@"; then
        not_ok "$name" "a certificate came"
        return
    fi
    after=$(bc_requests)
    if [ "$(said_failure)" != "$wanted" ]; then
        not_ok "$name" "expected $wanted, read $(said_failure): $(said)"
    elif [ "$before" != "$after" ]; then
        not_ok "$name" "$((after - before)) messages went to the CA"
    else
        ok "$name: $wanted"
    fi
}

# request FILE ARGUMENT...: a good message, taken from the client before it leaves
request() {
    local file=$1
    shift
    timeout 20 openssl cmp -config '' -use_mock_srv -srv_ref x -srv_secret pass:x -rsp_cert "$pki/gateway.pem" \
        -recipient '/O=Example/CN=Gateway' -certout "$work/unused" -reqout "$file" "$@" </dev/null >/dev/null 2>&1
    [ -s "$file" ] || give_up "no request was made: $*"
}

# mangled NAME FAILINFO ACTION...: the good message with that change; each has ids of its own
mangled() {
    local name=$1 wanted=$2
    shift 2
    request "$work/good.der" "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret"
    "$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" "secret=$secret" "$@" || give_up "mangle $*"
    expect "$name" "$wanted" "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret" -reqin "$work/bad.der"
}

# ---- who asks ---------------------------------------------------------------------------------
expect "wrong secret" badMessageCheck "${enrol_as[@]}" -ref mast-1 -secret pass:wrong
expect "unknown reference" badMessageCheck "${enrol_as[@]}" -ref mast-77 -secret "pass:$secret"
expect "reference of another route" badMessageCheck "${enrol_as[@]}" -ref lathe-1 -secret 'pass:not for masts, for lathes'
# shellcheck disable=SC2046
expect "unknown signer" signerNotTrusted "${enrol_as[@]}" $(by_cert stranger)
# shellcheck disable=SC2046
expect "expired signer" signerNotTrusted "${enrol_as[@]}" $(by_cert vendor-old)
mangled "wrong MAC" badMessageCheck flip
mangled "no protection" badMessageCheck unprotected
# shellcheck disable=SC2046
request "$work/signed.der" "${enrol_as[@]}" $(by_cert vendor-device)
"$python" "$here/mangle.py" "$work/signed.der" "$work/bad.der" flip
# shellcheck disable=SC2046
expect "wrong signature" badMessageCheck "${enrol_as[@]}" $(by_cert vendor-device) -reqin "$work/bad.der"
expect "subject not permitted" notAuthorized -cmd ir -newkey "$work/new.key" -subject /O=Elsewhere/CN=mast-1 \
    -ref mast-1 -secret "pass:$secret"

# ---- the header -------------------------------------------------------------------------------
mangled "stale time" badTime time=-3600
mangled "time from tomorrow" badTime time=86400
mangled "no transactionID" badDataFormat transaction=none
mangled "short senderNonce" badSenderNonce nonce=8
mangled "no senderNonce" badSenderNonce nonce=none
mangled "recipNonce in a first message" badRecipientNonce recip-nonce
mangled "version 1" unsupportedVersion pvno=1
mangled "unsupported MAC" badAlg mac=1.2.3.4
mangled "MD5 as one-way function" badAlg owf=1.2.840.113549.2.5
mangled "too many iterations" badAlg iterations=2000000
"$python" "$here/mangle.py" "$work/signed.der" "$work/bad.der" algorithm=1.2.3.4
# shellcheck disable=SC2046
expect "unknown signature algorithm" badAlg "${enrol_as[@]}" $(by_cert vendor-device) -reqin "$work/bad.der"

# ---- the request ------------------------------------------------------------------------------
mangled "bad proof of possession" badPOP proof
mangled "no proof of possession" badPOP no-proof
expect "raVerified from a device" notAuthorized "${enrol_as[@]}" -popo 0 -ref mast-1 -secret "pass:$secret"
mangled "no subject" badCertTemplate no-subject
openssl req -new -config "$pki/req.cnf" -key "$work/new.key" -subj /O=Example/CN=mast-1 -out "$work/good.csr"
request "$work/good.der" -cmd p10cr -csr "$work/good.csr" -ref mast-1 -secret "pass:$secret"
"$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" "secret=$secret" proof
expect "bad PKCS#10 signature" badPOP -cmd p10cr -csr "$work/good.csr" -newkey "$work/new.key" \
    -ref mast-1 -secret "pass:$secret" -reqin "$work/bad.der"

# ---- octets and HTTP --------------------------------------------------------------------------
request "$work/good.der" "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret"

# post NAME STATUS FILE [CURL-ARGUMENT...]: the HTTP status of that body
post() {
    local name=$1 wanted=$2 file=$3 before status
    shift 3
    before=$(bc_requests)
    status=$(curl -sS -m 20 -o "$work/answer" -w "%{http_code}" -H "Content-Type: ${type:-application/pkixcmp}" \
        --data-binary "@$file" "$@" "http://127.0.0.1:$cmp_port/.well-known/cmp" 2>"$work/curl.err")
    if [ "$status" != "$wanted" ]; then
        not_ok "$name" "expected HTTP $wanted, found $status $(cat "$work/curl.err")"
    elif [ "$(bc_requests)" != "$before" ]; then
        not_ok "$name" "something went to the CA"
    else
        ok "$name: HTTP $wanted"
    fi
}
# decoded NAME FAILINFO: what the last answer of post says, by a decoder that is not ours
decoded() { equal "$1" "$2" "$("$python" "$here/cmp_show.py" failinfo "$work/answer" 2>&1)"; }

"$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" truncate=10
post "truncated in the header" 400 "$work/bad.der"
"$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" append=1
post "octets behind the message" 200 "$work/bad.der"
decoded "octets behind the message: code" badDataFormat
head -c 300 /dev/urandom >"$work/noise"
post "noise" 400 "$work/noise"
: >"$work/empty"
post "nothing" 400 "$work/empty"
"$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" "secret=$secret" pad=3000000
post "oversized" 413 "$work/bad.der" -H 'Expect:'
type=text/plain post "wrong content type" 415 "$work/good.der"
equal "GET is refused" 405 "$(curl -sS -m 20 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$cmp_port/.well-known/cmp")"
equal "unknown path" 404 "$(curl -sS -m 20 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/pkixcmp' \
    --data-binary "@$work/good.der" "http://127.0.0.1:$cmp_port/elsewhere")"

# ---- repeats ----------------------------------------------------------------------------------
before=$(bc_count)
post_good() {
    curl -sS -m 30 -o "$1" -H 'Content-Type: application/pkixcmp' --data-binary "@$work/good.der" \
        "http://127.0.0.1:$cmp_port/.well-known/cmp"
}
request "$work/good.der" "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret" -implicit_confirm
post_good "$work/first"
post_good "$work/second"
check "the same octets get the same answer" cmp "$work/first" "$work/second"
equal "the same octets issue once" $((before + 1)) "$(bc_count)"
"$python" "$here/mangle.py" "$work/good.der" "$work/bad.der" "secret=$secret" nonce=new
expect "transactionID with other content" transactionIdInUse "${enrol_as[@]}" -ref mast-1 \
    -secret "pass:$secret" -reqin "$work/bad.der"

# ---- the CA -----------------------------------------------------------------------------------
# upstream NAME SCRIPT FAILINFO [ISSUED]: what the device reads when the CA does that
upstream() {
    local name=$1 line=$2 wanted=$3 issued=${4:-0} before
    before=$(bc_count)
    bc_clear
    bc_script "$line"
    new_key "$work/new.key" P-256
    if device "${name//[ \/]/-}" "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret" -total_timeout 60; then
        not_ok "$name" "a certificate came"
    elif [ "$(said_failure)" != "$wanted" ]; then
        not_ok "$name" "expected $wanted, read $(said_failure): $(said)"
    elif [ "$(bc_count)" != $((before + issued)) ]; then
        not_ok "$name" "$(($(bc_count) - before)) certificates were issued, expected $issued"
    else
        ok "$name: $wanted"
    fi
    bc_clear
}
# CMCFailInfo of a CA that refuses the device's request (RFC 10002 6.1.4)
upstream "CA says badAlg" 'refuse failinfo=0' badAlg
upstream "CA says badRequest" 'refuse failinfo=2' badRequest
upstream "CA says badCertId" 'refuse failinfo=4' badCertId
upstream "CA says unsupportedExt" 'refuse failinfo=5' "unacceptedExtension, badCertTemplate"
upstream "CA says mustArchiveKeys" 'refuse failinfo=6' "badRequest, addInfoNotAvailable"
upstream "CA says popRequired" 'refuse failinfo=8' badPOP
upstream "CA says popFailed" 'refuse failinfo=9' badPOP
upstream "CA says noKeyReuse" 'refuse failinfo=10' badCertTemplate
upstream "CA says internalCAError" 'refuse failinfo=11' systemFailure
upstream "CA says tryLater" 'refuse failinfo=12' systemUnavail
upstream "CA accuses our message" 'refuse failinfo=1' systemFailure
upstream "CA refuses without a code" 'refuse failinfo=-1' none
upstream "CA says noSupport" 'refuse status=4 failinfo=-1' badRequest
bc_script 'refuse failinfo=2 text=Your mast is too tall'
device ca-text "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret"
check "the CA's text reaches the device" grep -q 'Your mast is too tall' "$device_said"

upstream "CA answers garbage" 'garbage=before' systemFailure
upstream "CA answers HTTP 500" 'http=500' systemFailure
upstream "CA's answer is cut short" 'truncate' systemFailure 1
upstream "CA's signature is wrong" 'bad-signature' systemFailure 1
upstream "a stranger signs the answer" 'wrong-signer' systemFailure 1
upstream "the nonce is not ours" 'wrong-nonce' systemFailure 1
upstream "the transaction is not ours" 'wrong-transaction' systemFailure 1
upstream "a certificate for another key" 'other-key' systemFailure 1
upstream "success without a certificate" 'no-cert' systemFailure 1
upstream "CA drops the connection" 'drop=before' systemFailure

bc_stop "$work/bc"
new_key "$work/new.key" P-256
device ca-down "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret"
equal "CA down" systemUnavail "$(said_failure)"

# ---- and the gateway is none the worse --------------------------------------------------------
"$root/tests/peers/bc-ca/bc-ca" start "$work/bc" --port "$bc_port"
new_key "$work/new.key" P-256
check "a good request afterwards" device good "${enrol_as[@]}" -ref mast-1 -secret "pass:$secret"
check "each refusal names its clause" test "$(jq -r 'select(.event == "exchange" and .reason != null and .clause == null)
    | .reason' "$work/gateway.log" | wc -l)" = 0
check "no secret in the log" test "$(grep -c "$secret" "$work/gateway.log")" = 0
gateway_ends_well
