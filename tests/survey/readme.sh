#!/bin/sh
# readme.sh - the README's numbers are those of results/baseline: each row of its tables stands there.
#   readme.sh ROOT
cd "$1" || exit 3
rows=$(mktemp)
tables=$(mktemp)
trap 'rm -f "$rows" "$tables"' EXIT
grep '^|' README.md >"$rows"
cat results/baseline/tables/*.md >"$tables"
[ -s "$rows" ] || { echo "README.md: expected a table, found none"; exit 1; }
grep -vxFf "$tables" "$rows" && {
    echo "README.md: expected rows of results/baseline/tables/*.md, found those above; copy them from there"
    exit 1
}
echo "1 passed, 0 failed"
