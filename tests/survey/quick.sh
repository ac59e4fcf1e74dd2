#!/bin/sh
# quick.sh - the quick survey ends well, leaves what it promises, and gives the numbers of
# results/baseline, which it made once.
#   quick.sh ROOT
set -u
: "${SHAKEDOWN:?path of the shakedown program}"
root=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

# Without --out, because README.md and --help say where the results are.
(cd "$dir" && "$SHAKEDOWN" survey --quick) >"$dir/log" 2>&1 || {
    echo "survey --quick: expected exit status 0, found $?; it said:"
    cat "$dir/log"
    exit 1
}
found=$(ls "$dir/results/runs")
[ "$found" = survey ] || { echo "survey --quick: expected results/runs/survey, found $found"; exit 1; }
mv "$dir/results/runs/survey" "$dir/survey"
for file in runs.csv manifest.json report.html tables/handshake-rtt.csv tables/handshake-loss.csv \
    plots/handshake-loss.svg; do
    [ -s "$dir/survey/$file" ] || {
        echo "survey --quick: expected $file, found none"
        status=1
    }
done
for protocol in $("$SHAKEDOWN" list protocols 2>/dev/null | sed 1d | cut -d' ' -f1); do
    set -- "$dir/survey/ladders/handshake-rtt-$protocol-"*.svg
    [ -s "$1" ] || {
        echo "survey --quick: expected a ladder of $protocol's handshake, found none"
        status=1
    }
done
"$SHAKEDOWN" check "$dir/survey" --baseline "$root/results/baseline" || status=1
[ $status = 0 ] && echo "1 passed, 0 failed"
exit $status
