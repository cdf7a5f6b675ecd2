# shellcheck shell=bash disable=SC2034
# What a scenario (tests/integration/.../run.sh) starts with:
#
#   . ../../../lib/scenario.sh     sets root, work, dragoman, python
#
# A scenario prints a line for each thing shown: "ok NAME", "not ok NAME: why", "skip NAME: why".
# Everything it starts ends with it; its files are in $work, which goes too unless KEEP is set.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../deploy/lib.sh"
. "$here/pki.sh"
. "$here/gateway.sh"
. "$here/device.sh"
python=/usr/bin/python3
dragoman=${DRAGOMAN:-$root/build/${DRAGOMAN_PRESET:-dev}/bin/dragoman}
work=$(mktemp -d "${TMPDIR:-/tmp}/dragoman-test.XXXXXX")
failures=0
at_exit=()
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
# No proxy stands between processes on loopback.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export no_proxy='*'

finish() {
    local status=$? i
    for ((i = ${#at_exit[@]} - 1; i >= 0; i--)); do
        ${at_exit[$i]} || true
    done
    if [ -n "${KEEP:-}" ]; then echo "# kept: $work"; else rm -rf "$work"; fi
    [ $status = 0 ] && [ $failures -gt 0 ] && status=1
    exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

ok() { echo "ok $*"; }
not_ok() { # NAME WHY
    failures=$((failures + 1))
    printf 'not ok %s: %s\n' "$1" "$(printf '%s' "${2:-failed}" | tr '\n' ' ' | cut -c1-400)"
}
skip() { printf 'skip %s: %s\n' "$1" "${2:-}"; }

# check NAME COMMAND...: ok if the command succeeds
check() {
    local name=$1 out
    shift
    if out=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$out"; fi
}

# equal NAME EXPECTED FOUND
equal() {
    if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', found '$3'"; fi
}

give_up() {
    not_ok setup "$*"
    exit 1
}

# wait_for SECONDS COMMAND...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

# end_process PID: TERM, then KILL after 40 s (the gateway drains for 30 s); only for processes that
# the scenario started
end_process() {
    [ -n "${1:-}" ] || return 0
    kill "$1" 2>/dev/null || return 0
    for _ in $(seq 800); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -9 "$1" 2>/dev/null
    return 1
}

# ---- the scripted CA -------------------------------------------------------------------------

# bc_start FOLDER [OPTION...]: sets bc_url
bc_start() {
    "$root/tests/peers/bc-ca/bc-ca" start "$@" || give_up "bc-ca does not start"
    bc_port=$(cat "$1/port")
    bc_url=http://127.0.0.1:$bc_port
    at_exit+=("bc_stop $1")
}
bc_stop() { "$root/tests/peers/bc-ca/bc-ca" stop "$1"; }
bc_script() { printf '%s\n' "$@" | curl -sS -m 10 --data-binary @- -o /dev/null "$bc_url/script"; }
bc_clear() { curl -sS -m 10 -X DELETE -o /dev/null "$bc_url/script"; }
bc_issued() { curl -sS -m 10 "$bc_url/issued"; }
# bc_count [TEXT]: how many certificates whose subject holds the text
bc_count() { bc_issued | jq --arg text "${1:-}" '[.[] | select(.subject | contains($text))] | length'; }
bc_requests() { curl -sS -m 10 "$bc_url/requests" | jq length; }
