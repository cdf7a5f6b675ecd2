#!/bin/bash
# Every shell script of the tree passes shellcheck.
set -u
cd "$(dirname "$0")/../.." || exit 1
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 1; }
mapfile -t scripts < <({
    find deploy tests .ci -name '*.sh' -type f
    find deploy tests .ci -type f ! -name '*.*' -exec grep -lE '^#!.*\b(ba)?sh\b' {} +
} | sort -u)
[ ${#scripts[@]} -gt 0 ] || { echo "no scripts found"; exit 1; }
exec shellcheck -x -e SC1090,SC1091,SC2154,SC2016 "${scripts[@]}"
