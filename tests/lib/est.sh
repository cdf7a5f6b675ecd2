# shellcheck shell=bash disable=SC2034
# Sourced by the scenarios of EST, behind scenario.sh: a gateway with an EST listener, and every
# client's operations. A client's step is true if it got what it asked for; its words are in
# $work/step.

est_peers=$root/tests/peers/est

# est_config FILE AUTHORITY-JSON [ROUTE-JSON]: one EST route; sets est_port
est_config() {
    est_port=$(free_port)
    jq -n --arg pki "$pki" --arg db "$work/state.db" --arg log "$work/gateway.log" \
        --arg address "127.0.0.1:$est_port" --argjson authority "$2" --argjson route "${3:-null}" '
        { listeners: [ { name: "est", address: $address, protocols: ["est"],
                         tls: { certificate: "\($pki)/tls.pem", key: "\($pki)/tls.key", client: "optional" } } ],
          authorities: [ { name: "factory", protocol: "cmc" } * $authority ],
          routes: [ { name: "fleet", listener: "est", authority: "factory",
                      devices: [ { secrets: "\($pki)/secrets.json" }, { issuer: "\($pki)/vendor-ca.pem" } ],
                      may: { operations: ["enroll", "certify", "update"],
                             subject: ["CN=*,O=Example", "CN=*,O=Vendor", "CN=*"] } }
                    * ($route // {}) ],
          store: { sqlite: $db },
          observe: { log: $log, level: "debug" } }' >"$1"
}

# request NAME SUBJECT [OPTION...]: a new key and a PKCS#10 request, as $work/NAME.key, .der, .b64, .one
request() {
    local name=$1 subject=$2
    shift 2
    new_key "$work/$name.key" P-256
    request_again "$name" "$name" "$subject" "$@"
}
# request_again NAME KEY SUBJECT [OPTION...]: the same with a key that is there
request_again() {
    local name=$1 key=$2 subject=$3
    shift 3
    openssl req -new -utf8 -config "$pki/req.cnf" -key "$work/$key.key" -subj "$subject" -outform DER \
        -out "$work/$name.der" "$@" || return
    base64 -w64 "$work/$name.der" >"$work/$name.b64"
    base64 -w0 "$work/$name.der" >"$work/$name.one"
}

# ---- who asks ---------------------------------------------------------------------------------

est_url() { echo "https://localhost:$est_port/.well-known/est${est_label:+/$est_label}"; }

# est_curl OPERATION OUT [ARGUMENT...]: the HTTP status
est_curl() {
    local operation=$1 out=$2
    shift 2
    rm -f "$out"
    curl -sS -m 30 --cacert "$pki/gateway-ca.pem" -o "$out" -D "$work/header" -w '%{http_code}' "$@" \
        "$(est_url)/$operation" 2>"$work/curl.err"
}
# certificates FILE OUT: those in the base64 of a certs-only message
certificates() {
    tr -d '\r\n' <"$1" | openssl base64 -d -A 2>/dev/null |
        openssl pkcs7 -inform DER -print_certs 2>/dev/null | sed -n '/-BEGIN/,/-END/p' >"$2"
    [ -s "$2" ]
}
# enrolled REQUEST [ARGUMENT...]: curl enrols it; the certificate is $work/REQUEST.crt
enrolled() {
    local name=$1 status
    shift
    status=$(est_curl "${est_operation:-simpleenroll}" "$work/$name.rsp" -H 'Content-Type: application/pkcs10' \
        "${est_data:---data-binary}" "@$work/$name.${est_form:-b64}" "$@")
    [ "$status" = 200 ] || {
        echo "HTTP $status: $(head -c 300 "$work/$name.rsp" "$work/curl.err" 2>/dev/null)"
        return 1
    }
    certificates "$work/$name.rsp" "$work/$name.crt" || { echo "no certificate in the answer"; return 1; }
    same_key "$work/$name.crt" "$work/${est_key:-$name}.key"
}
same_key() { # CERTIFICATE KEY
    [ "$(openssl x509 -in "$1" -noout -pubkey)" = "$(openssl pkey -in "$2" -pubout)" ] || {
        echo "the certificate is for another key"
        return 1
    }
}

# estclient FILE ARGUMENT...: libest's client, which leaves its answer in FILE
estclient() {
    local file=$1
    shift
    rm -f "$work/$file"
    (cd "$work" && timeout 60 "$est_peers/libest" run env EST_OPENSSL_CACERT=trusted.pem \
        estclient -s localhost -p "$est_port" -o . "$@") >"$work/step" 2>&1
    [ -s "$work/$file" ] || {
        grep -aiE 'error|fail|unhandled' "$work/step" | grep -avi tss2 | head -n 3
        return 1
    }
}

# strongswan WHERE ARGUMENT...: pki of this Debian (here) or the one beside libest (there)
strongswan() {
    local where=$1
    shift
    (cd "$work" && if [ "$where" = here ]; then timeout 60 pki "$@"; else timeout 60 "$est_peers/libest" run pki "$@"; fi) \
        2>"$work/step" || { tail -n 3 "$work/step"; return 1; }
}
strongswan_ca() { # WHERE
    rm -f "$work"/ss-ca*.pem
    strongswan "$1" --estca --url "https://127.0.0.1:$est_port" --cacert trusted.pem --caout ss-ca.pem \
        --outform pem --force && openssl x509 -in "$work"/ss-ca*.pem -noout -subject
}
strongswan_enrol() { # WHERE REQUEST ARGUMENT...
    local where=$1 name=$2
    shift 2
    strongswan "$where" --est --url "https://127.0.0.1:$est_port" --cacert trusted.pem --in "$name.der" \
        --outform pem --interval 1 --maxpolltime 20 "$@" >"$work/$name.crt" || return
    same_key "$work/$name.crt" "$work/${est_key:-$name}.key"
}

# bouncy OPERATION WORD...
bouncy() {
    local operation=$1
    shift
    rm -f "$work/bc.pem"
    "$est_peers/bc-est" "localhost:$est_port" "$operation" "trust=$work/trusted.pem" "out=$work/bc.pem" "$@" >"$work/step" 2>&1 ||
        { head -n 2 "$work/step"; return 1; }
    [ "$operation" = csrattrs ] || openssl x509 -in "$work/bc.pem" -noout -subject
}
