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

# PAGE BEGIN END COMMAND...: what stands between the lines BEGIN and END is what COMMAND prints
same_part() {
    local page=$1 begin=$2 end=$3
    shift 3
    "$DRAGOMAN" "$@" >"$work/part" || { echo "dragoman $* failed"; bad=1; return; }
    if ! grep -qxF -e "$begin" "$page" || ! grep -qxF -e "$end" "$page"; then
        echo "$page lacks the line $begin or $end"
        bad=1
        return
    fi
    BEGIN_LINE=$begin END_LINE=$end awk -v part="$work/part" '
        $0 == ENVIRON["END_LINE"] { inside = 0 }
        !inside { print }
        $0 == ENVIRON["BEGIN_LINE"] {
            while ((getline line < part) > 0) print line
            inside = 1
        }' "$page" >"$work/page"
    [ -z "${UPDATE_GOLDEN:-}" ] || cp "$work/page" "$page"
    diff -u "$page" "$work/page" >"$work/diff" && return
    echo "$page does not say what \"dragoman $*\" prints; UPDATE_GOLDEN=1 $0 writes it anew:"
    head -20 "$work/diff"
    bad=1
}

same docs/mapping.md matrix
same_part docs/man/dragoman.json.5 '.\" options: made by "dragoman options --mdoc"' \
    '.\" end of options' options --mdoc
for page in docs/man/*.[1-9]; do
    mandoc -T lint -W warning "$page" || bad=1
done
exit $bad
