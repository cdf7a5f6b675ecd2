#!/bin/bash
# The command line: help, versions, mistakes and their exit status; every command has its place in
# dragoman(8). DRAGOMAN names the binary.
set -u
cd "$(dirname "$0")/../.." || exit 1
: "${DRAGOMAN:?names the dragoman binary}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# expect STATUS STREAM PATTERN ARGUMENT...: STREAM (out or err) has a line like PATTERN, the other is empty
expect() {
    local status=$1 stream=$2 pattern=$3 other=out got
    shift 3
    [ "$stream" = out ] && other=err
    "$DRAGOMAN" "$@" >"$work/out" 2>"$work/err" </dev/null
    got=$?
    if [ $got -ne "$status" ] || ! grep -qE -e "$pattern" "$work/$stream" || [ -s "$work/$other" ]; then
        echo "dragoman $*: status $got, expected $status and $stream like: $pattern"
        cat "$work/out" "$work/err"
        bad=1
    fi
}

expect 2 err '^Usage: dragoman COMMAND'
expect 0 out '^Usage: dragoman COMMAND' help
expect 0 out '^Usage: dragoman COMMAND' --help
expect 0 out '^dragoman [0-9]+\.[0-9]+\.[0-9]+$' --version
expect 2 err 'there is no command "chekc"; did you mean "check"\?' chekc
expect 2 err 'there is no command "zzz"$' zzz
expect 2 err '^usage: dragoman check -c FILE$' check
expect 2 err '^usage: dragoman check -c FILE$' check -c a b
expect 2 err '^usage: dragoman matrix \[--json\]$' matrix more
expect 2 err '^usage: dragoman options \[--mdoc\]$' options more
expect 1 err '^/nowhere/x\.json: the file cannot be read: No such file or directory$' check -c /nowhere/x.json
expect 0 out '^\| badPOP \| CMP 9, CMC 9 \| badPOP \(9\) \| popFailed \(9\) \| 400 \| device \|' matrix
expect 0 out '^/routes/\*/may/subject$' options

echo '{ "listners": [] }' >"$work/wrong.json"
expect 1 err 'wrong\.json:1:3: /listners: there is no such option; did you mean "listeners"\?$' check -c "$work/wrong.json"
expect 1 err 'wrong\.json:1:1: "routes" is missing$' check -c "$work/wrong.json"

"$DRAGOMAN" matrix --json >"$work/matrix.json"
jq -e '(.reasons | length) > 40 and (.reasons[] | select(.Reason == "badPOP") | .EST == "400")' \
    "$work/matrix.json" >/dev/null || { echo "matrix --json is not what it should be"; bad=1; }

sed -nE 's/^COMMAND\("([a-z]+)".*/\1/p' gateway/cli/commands.def >"$work/commands"
while read -r command; do
    grep -qE "^\.It Cm $command( |\$)" docs/man/dragoman.8 ||
        { echo "docs/man/dragoman.8 lacks the command $command"; bad=1; }
    "$DRAGOMAN" help | grep -qE "^  $command +" || { echo "help lacks the command $command"; bad=1; }
done <"$work/commands"
exit $bad
