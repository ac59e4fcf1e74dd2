#!/bin/sh
# readme.sh - the README's numbers are those of results/baseline: each row of its table stands there.
#   readme.sh ROOT
cd "$1" || exit 3
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT
grep '^|' README.md >"$rows"
[ -s "$rows" ] || { echo "README.md: expected a table, found none"; exit 1; }
grep -vxFf results/baseline/tables/handshake-rtt.md "$rows" && {
    echo "README.md: expected the rows of results/baseline/tables/handshake-rtt.md, found those above;"
    echo "copy them from there"
    exit 1
}
echo "1 passed, 0 failed"
