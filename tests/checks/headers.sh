#!/bin/bash
# Each header compiles alone, with gcc and with clang.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
find mapping adapters gateway tests -name '*.h' | sort | while read -r header; do
    printf '#include "%s"\ntypedef int not_empty;\n' "$header" >"$work/one.c"
    for compiler in gcc clang; do
        $compiler -std=c11 -Wall -Wextra -D_GNU_SOURCE -DOPENSSL_NO_DEPRECATED \
            -DDRAGOMAN_VERSION='""' -I. -fsyntax-only "$work/one.c" ||
            echo "$header ($compiler)" >>"$work/bad"
    done
done
[ ! -s "$work/bad" ] || { echo "do not compile alone:"; cat "$work/bad"; exit 1; }
