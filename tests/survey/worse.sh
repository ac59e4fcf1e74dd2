#!/bin/sh
# worse.sh - `shakedown check` sees a protocol that was made worse: a replay window, a cookie and a
# timer of WireGuard are broken on purpose (worse.c), and one scenario each tells.
#   worse.sh ROOT
set -u
: "${WORSE:?path of the program that can be made worse}"
root=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0

# checked WHAT SCENARIO STATUS METRIC: the exit status of check, and what its table must name.
checked() {
    SD_WORSE=$1 "$WORSE" run "$2" --quick --set protocol=wireguard --out "$dir/$1-$2" \
        >"$dir/log" 2>&1
    [ $? -le 1 ] || { cat "$dir/log"; failed=$((failed + 1)); return; } # 1: an expectation failed
    "$WORSE" check "$dir/$1-$2" --baseline "$root/results/baseline" --junit "$dir/junit.xml" \
        >"$dir/said" 2>&1
    found=$?
    if [ $found = "$3" ] && grep -q "$4" "$dir/said" &&
        { [ "$3" = 0 ] || grep -q '<failure' "$dir/junit.xml"; }; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$1, $2: expected status $3 and '$4', found status $found and:"
        cat "$dir/said"
    fi
}

for scenario in replay spoofed-flood first-packet-loss; do
    checked nothing $scenario 0 '0 changed, 0 vanished'
done
checked window replay 1 delivered_twice
checked cookie spoofed-flood 1 work_dh_per_spoofed
checked timer first-packet-loss 1 handshake_time
echo "$passed passed, $failed failed"
[ $failed = 0 ]
