#!/bin/bash
# Every row of a table is used: a reason that no code of a peer is read as, a limit, an event or a
# state that nobody names is a promise that nobody keeps.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

names() { sed -nE "s/^$1\(([A-Z0-9_]+),.*/\1/p" "$2"; } # KIND FILE

used() { # KIND FILE NAME...
    local kind=$1 table=$2 name
    find mapping adapters gateway tests/unit -name '*.[ch]' -exec cat {} + |
        grep -oE "\b${kind}_[A-Z0-9_]+\b" | sort -u >"$work/used"
    while read -r name; do
        grep -qx "${kind}_$name" "$work/used" ||
            { echo "$table: nothing uses ${kind}_$name"; bad=1; }
    done
}

# Codes of peers are read through the table itself: the last two numbers before the clause.
grep -E '^REASON\(' mapping/model/reasons.def | grep -E '(HOP|END), NONE, NONE, "' |
    sed -nE 's/^REASON\(([A-Z0-9_]+),.*/\1/p' >"$work/reasons"
used REASON mapping/model/reasons.def <"$work/reasons"
for table in "LIMIT mapping/model/limits.def" "EVENT gateway/observe/events.def" \
    "STATE gateway/engine/states.def" "OPERATION mapping/model/operation.def" \
    "POP_FORM mapping/model/pop_form.def"; do
    read -r kind file <<<"$table"
    names "$kind" "$file" >"$work/names"
    [ -s "$work/names" ] || { echo "$file: no rows found"; bad=1; }
    used "$kind" "$file" <"$work/names"
done
exit $bad
