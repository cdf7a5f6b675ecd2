#!/bin/bash
# deploy/demo, twice: every certificate comes and verifies, and nothing is left behind.
cd "$(dirname "$0")" || exit 1
. ../../../lib/scenario.sh
mkdir "$work/tmp"
for round in first second; do
    began=$SECONDS
    if (cd / && TMPDIR=$work/tmp timeout 600 "$root/deploy/demo") >"$work/$round" 2>&1; then
        ok "demo, $round run"
    else
        cat "$work/$round"
        not_ok "demo, $round run" "$(tail -n 3 "$work/$round")"
    fi
    took=$((SECONDS - began))
    equal "demo, $round run: nothing left in files" "" "$(ls -A "$work/tmp")"
    equal "demo, $round run: nothing left running" "" "$(pgrep -f "dragoman run -c $work/tmp" || true)"
    equal "demo, $round run: every row verified" 8 "$(grep -c ' OK$' "$work/$round")"
done
if [ "$took" -le 30 ]; then ok "demo, second run takes seconds"; else not_ok "demo, second run takes seconds" "$took s"; fi
