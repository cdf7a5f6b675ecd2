#!/bin/bash
# Each header compiles alone.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find mapping adapters gateway tests -name '*.h' | sort | while read -r header; do
    printf '#include "%s"\ntypedef int not_empty;\n' "$header" >"$work/one.c"
    ${CC:-gcc} -std=c11 -Wall -Wextra -D_GNU_SOURCE -DOPENSSL_NO_DEPRECATED -DDRAGOMAN_VERSION='""' \
        -I. -fsyntax-only "$work/one.c" || echo "$header" >>"$work/bad"
done
[ ! -s "$work/bad" ] || { echo "do not compile alone:"; cat "$work/bad"; exit 1; }
