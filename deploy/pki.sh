# shellcheck shell=bash
# Sourced: makes keys and certificates in the folder $pki with the openssl command.

new_pki() { # FOLDER
    pki=$1
    mkdir -p "$pki"
    printf '[req]\ndistinguished_name = dn\nstring_mask = utf8only\n[dn]\n' >"$pki/req.cnf"
}

# new_key FILE KIND: P-256, P-384, P-521, RSA-2048, RSA-3072, Ed25519, Ed448
new_key() {
    case $2 in
    P-*) openssl genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1" 2>/dev/null ;;
    RSA-*) openssl genpkey -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#RSA-}" -out "$1" 2>/dev/null ;;
    *) openssl genpkey -algorithm "$2" -out "$1" 2>/dev/null ;;
    esac
}

# new_ca NAME SUBJECT: NAME.pem, NAME.key in $pki
new_ca() {
    new_key "$pki/$1.key" P-256
    openssl req -new -x509 -config /dev/null -key "$pki/$1.key" -subj "$2" -days 3650 -out "$pki/$1.pem" \
        -addext 'basicConstraints=critical,CA:TRUE' \
        -addext 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature' \
        -addext 'subjectKeyIdentifier=hash' 2>/dev/null
}

# new_cert CA NAME SUBJECT KIND [EXTENSION...]: NAME.pem, NAME.key in $pki, signed by CA
new_cert() {
    local ca=$1 name=$2 subject=$3 kind=$4
    shift 4
    printf '%s\n' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' \
        'keyUsage=critical,digitalSignature' "$@" >"$pki/$name.ext"
    new_key "$pki/$name.key" "$kind"
    openssl req -new -config "$pki/req.cnf" -key "$pki/$name.key" -subj "$subject" -out "$pki/$name.csr"
    openssl x509 -req -in "$pki/$name.csr" -CA "$pki/$ca.pem" -CAkey "$pki/$ca.key" \
        -set_serial "0x$(openssl rand -hex 15)" -days "${days:-365}" -extfile "$pki/$name.ext" \
        -out "$pki/$name.pem" 2>/dev/null
}
