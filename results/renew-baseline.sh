#!/bin/sh
# renew-baseline.sh - makes results/baseline anew by a quick survey of the source as it is committed.
#   ./lab baseline
#
# Says first what becomes different (shakedown check), because a baseline is renewed on purpose.
set -eu
: "${SHAKEDOWN:?path of the shakedown program}"
root=$(cd "$(dirname "$0")/.." && pwd)
baseline=$root/results/baseline
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

if [ -n "$(git -C "$root" status --porcelain)" ]; then
    echo "renew-baseline: commit first: the manifest names the source by its commit" >&2
    exit 2
fi
cd "$root"
"$SHAKEDOWN" survey --quick --out "$dir/survey" >/dev/null
"$SHAKEDOWN" check "$dir/survey" --baseline "$baseline" || true

rm -rf "$baseline"
mkdir -p "$baseline/ladders"
for name in manifest.json runs.csv expectations.csv tables plots; do
    cp -R "$dir/survey/$name" "$baseline/$name"
done
cp "$dir/survey/ladders/handshake-rtt-"*-fresh-* "$baseline/ladders/"
echo "results/baseline is new; README.md quotes its tables, and tests/survey/readme.sh compares them"
