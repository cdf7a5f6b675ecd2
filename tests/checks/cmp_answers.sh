#!/bin/bash
# Every CMP answer that the unit tests provoke, read by pyasn1-modules. DRAGOMAN names the binary of
# the build whose tests are run.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${DRAGOMAN:?names the dragoman binary}"
tests=$(dirname "$DRAGOMAN")/../tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CMP_ANSWERS=$work
for name in decode encode; do
    "$tests/adapters.cmp.test_cmp_$name" >"$work/log" 2>&1 || { tail -n 5 "$work/log"; exit 1; }
done
find "$work" -name '*.der' -print0 | xargs -0 /usr/bin/python3 tests/lib/cmp_answers.py
