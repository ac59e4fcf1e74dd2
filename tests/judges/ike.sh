#!/usr/bin/env bash
# ike.sh - Wireshark judges IKEv2: with the keys that we write it opens every sealed message, finds
# each integrity check correct, nothing malformed, and inside who we said we are.
#
#   ike.sh MODE INSIDE     INSIDE: a display filter that some opened message must match
set -u
: "${SHAKEDOWN:?path of the shakedown program}"
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
mode=$1 inside=$2

if ! command -v tshark >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$SHAKEDOWN" run handshake-rtt --set "protocol=ipsec,mode=$mode" --pcap --out "$dir/out" \
    >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
# The table is a file of Wireshark's own; rows of ESP begin with a quotation mark.
mkdir -p "$dir/config/wireshark"
grep -v '^"' "${capture%.pcapng}.keys" | sort -u >"$dir/config/wireshark/ikev2_decryption_table"
export XDG_CONFIG_HOME=$dir/config

ask() {
    tshark -r "$capture" -d udp.port==4500,udpencap "$@" 2>"$dir/errors"
}
count() { # FILTER: packets that match
    ask -Y "$1" | wc -l
}

status=0
expect() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] || { echo "$1: expected $2, found $3"; status=1; }
}
sealed=$(count 'isakmp.exchangetype >= 35 && isakmp.exchangetype <= 37')
[ "$sealed" -gt 1 ] || { echo "expected sealed messages, found $sealed"; status=1; }
expect "messages opened" "$sealed" "$(count isakmp.enc.decrypted)"
expect "integrity checks that are correct" "$sealed" \
    "$(ask -Y isakmp -O isakmp | grep -c 'Integrity Checksum Data.*\[correct\]')"
expect "malformed packets" 0 "$(count '_ws.malformed')"
initiator=client.example
[ "$mode" = eap ] && initiator=shakedown
for name in server.example "$initiator"; do
    expect "messages that name $name" 1 "$(count "isakmp.id.data.fqdn == \"$name\"")"
done
[ "$(count "$inside")" -gt 0 ] || { echo "expected '$inside' in an opened message"; status=1; }

# That it does look is shown by a key of the initiator's that is not ours.
sed -i 's/^\([^,]*,[^,]*\),\(...\)/\1,aaa/' "$dir/config/wireshark/ikev2_decryption_table"
expect "messages that name $initiator, with another key" 0 \
    "$(count "isakmp.id.data.fqdn == \"$initiator\"")"

outcome=failed
[ $status = 0 ] && outcome=ok && echo "1 passed, 0 failed (ipsec $mode, $sealed sealed messages)"
said $outcome ipsec capture "IKEv2 $mode" tshark "$(tshark_version)"
exit $status
