#!/bin/bash
# Every client, every operation that it has, by password and by certificate, at the embedded CA.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
. ../../../lib/est.sh
"$est_peers/libest" up || give_up "libest is not there"
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 || give_up "ca init"
est_config "$work/gateway.json" \
    "$(jq -n --arg f "$pki" '{ protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')" \
    "$(jq -n --arg pki "$pki" '{ csr_attributes: "\($pki)/attributes.der",
        devices: [ { secrets: "\($pki)/secrets.json" }, { issuer: ["\($pki)/vendor-ca.pem", "\($pki)/ca.pem"] } ] }')"
# What libest's server hands out: macAddress, emailAddress, secp384r1, SHA-384
base64 -d <<<MCYGBysGAQEBARYGCSqGSIb3DQEJAQYFK4EEACIGCWCGSAFlAwQCAg== >"$pki/attributes.der"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
cat "$pki/gateway-ca.pem" "$pki/ca.pem" >"$work/trusted.pem"
basic=(-u 'mast-1:a secret of mast 1')

# The certificate that renewals show: the first enrolment
request device /O=Example/CN=device-1
check "curl simpleenroll (password)" enrolled device "${basic[@]}"
check "the certificate leads to the CA" verified "$pki/ca.pem" "$work/device.crt"
openssl pkcs12 -export -in "$work/device.crt" -inkey "$work/device.key" -out "$work/device.p12" -passout pass:x
shown=(--cert "$work/device.crt" --key "$work/device.key")
renewal() { request "$1" /O=Example/CN=device-1; }

# ---- curl -------------------------------------------------------------------------------------
for version in --http1.0 --http1.1 --http2; do
    for limit in --tls-max=1.2 --tlsv1.3; do
        how="${version#--} ${limit#--}"
        arguments=("$version" "${limit%=*}")
        [ "${limit%=*}" = "$limit" ] || arguments+=("${limit#*=}")
        equal "curl cacerts ($how)" 200 "$(est_curl cacerts "$work/cacerts" "${arguments[@]}")"
        check "curl cacerts ($how): the CA" certificates "$work/cacerts" "$work/cacerts.pem"
        equal "curl csrattrs ($how)" 200 "$(est_curl csrattrs "$work/attributes" "${arguments[@]}")"
        request new /O=Example/CN=curl
        check "curl simpleenroll ($how, password)" enrolled new "${arguments[@]}" "${basic[@]}"
        request new /O=Example/CN=curl
        check "curl simpleenroll ($how, certificate)" enrolled new "${arguments[@]}" \
            --cert "$pki/vendor-device.pem" --key "$pki/vendor-device.key"
        renewal new
        est_operation=simplereenroll check "curl simplereenroll ($how, new key)" enrolled new "${arguments[@]}" "${shown[@]}"
    done
done
check "csrattrs: the octets of the file" cmp "$pki/attributes.der" <(openssl base64 -d -A <"$work/attributes")
check "cacerts: the CA's certificate" diff <(openssl x509 -in "$pki/ca.pem") "$work/cacerts.pem"

# ---- what bodies look like --------------------------------------------------------------------
for form in b64 one crlf pem chunked flat expect; do
    request new /O=Example/CN=form
    sed 's/$/\r/' "$work/new.b64" >"$work/new.crlf"
    openssl req -inform DER -in "$work/new.der" -out "$work/new.pem"
    case $form in
    chunked) est_form=b64 check "body: chunked" enrolled new "${basic[@]}" -H 'Transfer-Encoding: chunked' ;;
    flat) est_form=b64 est_data=--data check "body: line breaks lost" enrolled new "${basic[@]}" ;;
    expect) est_form=b64 check "body: behind 100-continue" enrolled new "${basic[@]}" -H 'Expect: 100-continue' ;;
    *) est_form=$form check "body: $form" enrolled new "${basic[@]}" ;;
    esac
done
request new /O=Example/CN=form
check "Content-Transfer-Encoding is ignored" enrolled new "${basic[@]}" -H 'Content-Transfer-Encoding: 8bit'
request new /O=Example/CN=form
check "Content-Type with a parameter" enrolled new "${basic[@]}" -H 'Content-Type: application/pkcs10; charset=us-ascii'
check "answer: Content-Length" grep -qi '^Content-Length: [1-9]' "$work/header"
check "answer: Content-Type as clients compare it" \
    grep -q $'^[Cc]ontent-[Tt]ype: application/pkcs7-mime; smime-type=certs-only\r$' "$work/header"

# ---- libest -----------------------------------------------------------------------------------
mkdir -p "$work/ca"
as_vendor=(-c vendor.pem -k vendor.key)
cp "$pki/vendor-device.pem" "$work/vendor.pem"
cp "$pki/vendor-device.key" "$work/vendor.key"
with_password=(-u mast-1 -h 'a secret of mast 1')
check "estclient cacerts" estclient cacert-0-0.pkcs7 -g
check "estclient csrattrs" estclient csr-0-0.base64 -a
for how in password certificate; do
    if [ $how = password ]; then auth=("${with_password[@]}"); else auth=("${as_vendor[@]}"); fi
    new_key "$work/new.key" P-256
    check "estclient simpleenroll ($how)" estclient cert-0-0.pem -e -x new.key --common-name libest --pem-output "${auth[@]}"
    check "estclient simpleenroll ($how): its key" same_key "$work/cert-0-0.pem" "$work/new.key"
    new_key "$work/new.key" P-256
    check "estclient simpleenroll ($how, tls-unique)" estclient cert-0-0.pem -e -z -x new.key --common-name libest --pem-output "${auth[@]}"
done
check "estclient simplereenroll" estclient cert-0-0.pem -r -x device.key -c device.crt -k device.key --pem-output

# ---- strongSwan -------------------------------------------------------------------------------
for place in here there; do
    strongswan "$place" --help >"$work/help" 2>&1 || true
    version=$(cat "$work/help" "$work/step" | grep -o 'strongSwan [0-9.]*' | head -n 1)
    check "$version cacerts" strongswan_ca "$place"
    request new /O=Example/CN=strongswan
    check "$version simpleenroll (password)" strongswan_enrol "$place" new --userpass 'mast-1:a secret of mast 1'
    renewal new
    check "$version simplereenroll (certificate)" strongswan_enrol "$place" new --cert device.crt --key device.key
    printf 'pki {\n  tls {\n    version_max = 1.3\n  }\n}\n' >"$work/strongswan.conf"
    request new /O=Example/CN=strongswan
    STRONGSWAN_CONF=$work/strongswan.conf check "$version simpleenroll (TLS 1.3)" \
        strongswan_enrol "$place" new --userpass 'mast-1:a secret of mast 1'
done

# ---- Bouncy Castle ----------------------------------------------------------------------------
words=(realm=est user=mast-1 'password=a secret of mast 1')
subject=subject=O=Example,CN=bouncy
for tls in TLSv1.2 TLSv1.3; do
    check "Bouncy Castle cacerts ($tls)" bouncy cacerts tls=$tls
    check "Bouncy Castle csrattrs ($tls)" bouncy csrattrs tls=$tls
    check "Bouncy Castle simpleenroll ($tls, password)" bouncy simpleenroll tls=$tls $subject "${words[@]}"
    check "Bouncy Castle simpleenroll ($tls, certificate)" bouncy simpleenroll tls=$tls $subject "p12=$work/device.p12"
    check "Bouncy Castle simplereenroll ($tls)" bouncy simplereenroll tls=$tls "p12=$work/device.p12"
done
check "Bouncy Castle simpleenroll (tls-unique, password)" bouncy simpleenroll pop $subject "${words[@]}"
check "Bouncy Castle simplereenroll (tls-unique)" bouncy simplereenroll pop "p12=$work/device.p12"
gateway_ends_well
