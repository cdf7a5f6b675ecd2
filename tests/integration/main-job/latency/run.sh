#!/bin/bash
# A client that keeps its connection sends head and body in two segments; an answer that waits for
# the delayed acknowledgement would come 40 ms late each time. Kept-alive enrolments must be as
# fast as those with a connection for each message, in one run. (Release build, embedded CA.)
export DRAGOMAN_PRESET=release
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
"$dragoman" ca init --dir "$work/ca" --subject 'CN=Example CA,O=Example' >"$work/ca.out" 2>&1 ||
    give_up "ca init: $(tail -n 2 "$work/ca.out")"
gateway_config "$work/gateway.json" "$(jq -n --arg f "$work/ca" '
    { protocol: "local", certificate: "\($f)/ca.pem", key: "\($f)/ca.key" }')"
gateway_start "$work/gateway.json" || give_up "the gateway does not start"
new_key "$work/new.key" P-256
rounds=${LATENCY_ROUNDS:-40}

# run KEEP_ALIVE: microseconds for all rounds
run() {
    local before after
    before=$(date +%s%6N)
    device "keep-$1" -cmd ir -newkey "$work/new.key" -subject /O=Example/CN=mast-1 \
        -ref mast-1 -secret 'pass:a secret of mast 1' -keep_alive "$1" -repeat "$rounds" || return 1
    after=$(date +%s%6N)
    echo $((after - before))
}
run 1 >/dev/null || give_up "no enrolment: $(said)"
kept=$(run 1) || give_up "no enrolment: $(said)"
single=$(run 0) || give_up "no enrolment: $(said)"
ratio=$((100 * kept / single))
echo "# kept alive: $((kept / rounds)) us an enrolment; one connection a message: $((single / rounds)) us; $ratio %"
if [ $ratio -le 125 ]; then ok "kept-alive enrolment without a stall"; else
    not_ok "kept-alive enrolment without a stall" "it takes $ratio % of the time without"
fi
gateway_ends_well
