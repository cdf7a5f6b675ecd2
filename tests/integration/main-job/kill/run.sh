#!/bin/bash
# kill -9 in each state of an enrolment, then a restart: the device asks again, and the CA has
# issued exactly one certificate for it.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
make_pki
bc_start "$work/bc" --idempotent
gateway_config "$work/gateway.json" "$(jq -n --arg url "$bc_url/cmc" --arg f "$work/bc" '
    { url: $url, trust: "\($f)/ca.pem", ra: { certificate: "\($f)/ra.pem", key: "\($f)/ra.key" }, resend: true }')" \
    '{ "hold_ms": 20000 }'
gateway_start "$work/gateway.json" || give_up "the gateway does not start"

# begin CN [ARGUMENT...]: a device starts to enrol, in the background
begin() {
    cn=$1
    shift
    new_key "$work/$cn.key" P-256
    from=$(wc -l <"$work/gateway.log")
    device_patience=5 device_limit=20 device "$cn-first" -cmd ir -newkey "$work/$cn.key" -subject "/O=Example/CN=$cn" \
        -ref mast-1 -secret 'pass:a secret of mast 1' -reqout "$work/$cn.ir $work/$cn.conf" "$@" &
    device_pid=$!
}
reached() { # STATE
    tail -n "+$((from + 1))" "$work/gateway.log" | jq -e --arg to "$1" 'select(.event == "state" and .to == $to)' >/dev/null
}
kill_and_restart() {
    gateway_kill9
    wait "$device_pid" 2>/dev/null
    gateway_start "$work/gateway.json" || give_up "the gateway does not start again"
}
# retry CN HOW: the device asks again, with the octets it sent before or with a new message for the
# same key, until it has a certificate
retry() {
    local cn=$1 how=$2 try
    local again=()
    [ "$how" = same ] && again=(-reqin "$work/$cn.ir")
    for try in $(seq 12); do
        device "$cn-retry-$try" -cmd ir -newkey "$work/$cn.key" -subject "/O=Example/CN=$cn" \
            -ref mast-1 -secret 'pass:a secret of mast 1' "${again[@]}" && cp "$device_cert" "$work/$cn.crt" && return 0
        sleep 1
    done
    said
    return 1
}
# judge NAME CN HOW
judge() {
    local why
    if ! why=$(retry "$2" "$3"); then
        not_ok "$1 ($3)" "the device got no certificate: $why"
    elif ! why=$(verified "$work/bc/ca.pem" "$work/$2.crt" "$work/$2.key" 2>&1); then
        not_ok "$1 ($3)" "$why"
    elif [ "$(bc_count "CN=$2")" != 1 ]; then
        not_ok "$1 ($3)" "$(bc_count "CN=$2") certificates were issued"
    else
        ok "$1: one certificate ($3 message)"
    fi
}

# at NAME STATE SCRIPT [ARGUMENT...]: kills in that state while the CA does what the script says
at() {
    local name=$1 state=$2 script=$3 how tag
    shift 3
    for how in same new; do
        bc_clear
        [ -z "$script" ] || bc_script "$script"
        tag=$(printf '%s' "$name-$how" | tr -c 'a-z\n' '-')
        begin "$tag" "$@"
        if ! wait_for 10 reached "$state"; then
            not_ok "$name ($how)" "the state $state was not reached"
            wait "$device_pid" 2>/dev/null
            continue
        fi
        sleep 0.2
        kill_and_restart
        judge "$name" "$tag" "$how"
    done
}

at "sent, the CA has not acted" sent 'silent=before'
at "sent, the CA has issued" sent 'delay=8'
at "sent, the connection broke" sent 'drop=after'
at "pending" pending 'pending wait=3 polls=1'
at "issued, not confirmed" wait-confirm '' -disable_confirm
at "finished" "done" '' -implicit_confirm

# The CA wants a confirmation: killed while the device's confirmation is on its way to the CA.
for how in same new; do
    tag=confirming-$how
    bc_clear
    bc_script confirm 'delay=8'
    begin "$tag"
    if wait_for 10 reached confirm-sent; then
        sleep 0.2
        kill_and_restart
        judge "confirmation on its way" "$tag" "$how"
        wait_for 10 test "$(bc_issued | jq --arg t "CN=$tag" '[.[] | select(.subject | contains($t)) | .confirmed] | all')" = true
        equal "confirmation on its way: the CA has it ($how)" true \
            "$(bc_issued | jq --arg t "CN=$tag" '[.[] | select(.subject | contains($t)) | .confirmed] | any')"
    else
        not_ok "confirmation on its way ($how)" "the state confirm-sent was not reached"
        wait "$device_pid" 2>/dev/null
    fi
done
bc_clear

# And at moments that nobody chose
for i in $(seq "${KILL_ROUNDS:-12}"); do
    tag="moment-$i"
    begin "$tag"
    sleep "0.$(printf '%03d' $((RANDOM % 120)))"
    kill_and_restart
    [ -s "$work/$tag.ir" ] || continue
    judge "killed at a random moment $i" "$tag" same
done

equal "no orphan" 0 "$(log_lines '.event == "orphan"' | wc -l)"
gateway_ends_well
