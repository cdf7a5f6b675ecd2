# shellcheck shell=bash
# Sourced by scenario.sh: the PKI of the tests.
. "$here/../../deploy/pki.sh"

# old_cert CA NAME SUBJECT: like new_cert, but its time is over; $from and $to name others
old_cert() {
    local conf=$pki/$2.cnf
    new_key "$pki/$2.key" P-256
    openssl req -new -config "$pki/req.cnf" -key "$pki/$2.key" -subj "$3" -out "$pki/$2.csr"
    : >"$pki/$2.index"
    openssl rand -hex 15 >"$pki/$2.serial"
    cat >"$conf" <<-END
		[ca]
		default_ca = one
		[one]
		database = $pki/$2.index
		serial = $pki/$2.serial
		new_certs_dir = $pki
		default_md = sha256
		policy = any
		x509_extensions = leaf
		[any]
		organizationName = optional
		commonName = supplied
		[leaf]
		keyUsage = critical,digitalSignature
		subjectKeyIdentifier = hash
	END
    openssl ca -batch -notext -config "$conf" -cert "$pki/$1.pem" -keyfile "$pki/$1.key" \
        -startdate "${from:-20200101000000Z}" -enddate "${to:-20210101000000Z}" -in "$pki/$2.csr" -out "$pki/$2.pem" 2>/dev/null
}

# make_pki: the gateway's own CA, signer and TLS certificate; a vendor's CA and a device of it;
# a stranger; secrets. All in $work/pki.
make_pki() {
    new_pki "$work/pki"
    new_ca gateway-ca '/O=Example/CN=Gateway CA'
    new_cert gateway-ca gateway '/O=Example/CN=Gateway' P-256
    new_cert gateway-ca tls '/O=Example/CN=localhost' P-256 \
        'subjectAltName=DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth'
    new_ca vendor-ca '/O=Vendor/CN=Vendor CA'
    new_cert vendor-ca vendor-device '/O=Vendor/CN=device-4711' P-256
    old_cert vendor-ca vendor-old '/O=Vendor/CN=device-0001'
    new_ca stranger-ca '/O=Stranger/CN=Stranger CA'
    new_cert stranger-ca stranger '/O=Stranger/CN=stranger' P-256
    printf '{ "mast-1": "a secret of mast 1", "mast-2": "another secret, of mast 2", "lathe-1": "not for masts, for lathes" }\n' \
        >"$pki/secrets.json"
    chmod 600 "$pki/secrets.json"
}
