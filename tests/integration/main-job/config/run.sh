#!/bin/bash
# The README's configuration is one of the examples; a misspelt key, a missing file and a loose
# secrets file are named with their place.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
"$dragoman" ca init --dir "$pki" --subject 'CN=Example CA,O=Example' >/dev/null 2>&1 || give_up "ca init"
new_cert ca ra '/O=Example/CN=RA' P-256 'extendedKeyUsage=1.3.6.1.5.5.7.3.28'
sed -n '/^```json$/,/^```$/{/^```/d;p}' "$root/README.md" >"$work/readme.json"
check "the README's configuration is the example" diff "$root/deploy/examples/beginner.json" "$work/readme.json"

# wrong NAME EDIT LINE-PATTERN: the edited example is refused, and the report holds that
wrong() {
    sed "$2" "$root/deploy/examples/beginner.json" >"$pki/wrong.json"
    if "$dragoman" check -c "$pki/wrong.json" >"$work/report" 2>&1; then
        not_ok "$1" "it passed"
    elif grep -Eq "$3" "$work/report"; then
        ok "$1"
    else
        not_ok "$1" "no line like '$3' in: $(cat "$work/report")"
    fi
}
wrong "a misspelt key" 's/"trust"/"trusst"/' 'wrong\.json:3:[0-9]+: .*/authorities/0/trusst.*trust'
wrong "an unknown authority" 's/"authority": "factory"/"authority": "factroy"/' 'wrong\.json:4:[0-9]+: .*/routes/0/authority.*factory'
wrong "a missing file" 's/vendor-ca/vendor-caa/' 'wrong\.json:6:[0-9]+: /routes/0/devices/1/issuer: .*vendor-caa'
wrong "no JSON" 's/"may": /"may" /' 'wrong\.json:8:[0-9]+: '
chmod 644 "$pki/secrets.json"
wrong "secrets that others can read" 's/8080/8081/' '/routes/0/devices/0/secrets'
