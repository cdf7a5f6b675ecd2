#!/bin/bash
# The pages that are made from tables are what the tables say now. DRAGOMAN names the binary;
# UPDATE_GOLDEN=1 writes the pages anew.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${DRAGOMAN:?names the dragoman binary}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

same() { # PAGE COMMAND...: PAGE is what COMMAND prints
    local page=$1
    shift
    "$DRAGOMAN" "$@" >"$work/page" || { echo "dragoman $* failed"; bad=1; return; }
    [ -z "${UPDATE_GOLDEN:-}" ] || cp "$work/page" "$page"
    diff -u "$page" "$work/page" >"$work/diff" && return
    echo "$page is not what \"dragoman $*\" prints; UPDATE_GOLDEN=1 $0 writes it anew:"
    head -20 "$work/diff"
    bad=1
}

same docs/mapping.md matrix
exit $bad
