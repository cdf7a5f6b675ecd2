# shellcheck shell=bash
# Sourced by scenario.sh: starts and ends the gateway, and reads its log.

# gateway_config FILE AUTHORITY-JSON [ROUTE-JSON]: a whole configuration with one authority and one
# CMP route; sets cmp_port, tls_port. What is given is merged over the defaults.
gateway_config() {
    cmp_port=$(free_port)
    tls_port=$(free_port)
    jq -n --arg pki "$pki" --arg db "$work/state.db" --arg log "$work/gateway.log" \
        --arg plain "127.0.0.1:$cmp_port" --arg tls "127.0.0.1:$tls_port" \
        --argjson authority "$2" --argjson route "${3:-null}" '
        { listeners: [ { name: "devices", address: $plain, protocols: ["cmp"], paths: ["/pkix/"],
                         signer: { certificate: "\($pki)/gateway.pem", key: "\($pki)/gateway.key" } },
                       { name: "secure", address: $tls, protocols: ["cmp"],
                         tls: { certificate: "\($pki)/tls.pem", key: "\($pki)/tls.key" },
                         signer: { certificate: "\($pki)/gateway.pem", key: "\($pki)/gateway.key" } } ],
          authorities: [ { name: "factory", protocol: "cmc" } * $authority ],
          routes: [ { name: "masts", listener: ["devices", "secure"], protocol: "cmp", authority: "factory",
                      devices: [ { reference: "mast-*", secrets: "\($pki)/secrets.json" },
                                 { issuer: "\($pki)/vendor-ca.pem" } ],
                      signer: { certificate: "\($pki)/gateway.pem", key: "\($pki)/gateway.key" },
                      may: { operations: ["enroll", "certify", "update"], subject: "CN=*,O=Example",
                             subject_alt_names: "DNS:*.example" } }
                    * ($route // {}) ],
          store: { sqlite: $db },
          observe: { log: $log, level: "debug" } }' >"$1"
}

# gateway_start FILE: ready when every listener takes connections
gateway_start() {
    : >>"$work/gateway.log"
    "$dragoman" run -c "$1" </dev/null >>"$work/gateway.out" 2>&1 &
    gateway_pid=$!
    [ "${gateway_known:-}" ] || at_exit+=(gateway_stop)
    gateway_known=1
    local port
    for port in $(jq -r '.listeners[].address | split(":") | last' "$1"); do
        wait_for 20 gateway_is_up "$port" || {
            tail -n 20 "$work/gateway.out" >&2
            return 1
        }
    done
}
gateway_is_up() { kill -0 "$gateway_pid" && listens "$1"; }

# gateway_stop: ends it as an operator does; false if it did not end well or a sanitizer spoke
gateway_stop() {
    [ -n "${gateway_pid:-}" ] || return 0
    local pid=$gateway_pid status
    gateway_pid=
    end_process "$pid"
    wait "$pid" 2>/dev/null
    status=$?
    [ $status = 0 ] && gateway_is_clean
}

gateway_ends_well() {
    if gateway_stop; then
        ok "the gateway ends well"
    else
        not_ok "the gateway ends well" "$(tail -n 5 "$work/gateway.out")"
    fi
}

gateway_kill9() {
    kill -9 "$gateway_pid" 2>/dev/null
    wait "$gateway_pid" 2>/dev/null
    gateway_pid=
}

gateway_is_clean() {
    ! grep -E 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:' "$work/gateway.out"
}

# log_lines FILTER: the log's lines that the jq filter selects, one JSON object a line
log_lines() { jq -c "select($1)" "$work/gateway.log" 2>/dev/null; }
# log_last FILTER FIELD
log_last() { jq -r "select($1) | $2 // empty" "$work/gateway.log" 2>/dev/null | tail -n 1; }
# log_mark: forget what was logged so far (for log_since)
log_mark() { log_from=$(wc -c <"$work/gateway.log"); }
# log_since FILTER FIELD: the last value in what was logged since the mark
log_since() { tail -c "+$((log_from + 1))" "$work/gateway.log" | jq -r "select($1) | $2 // empty" 2>/dev/null | tail -n 1; }
