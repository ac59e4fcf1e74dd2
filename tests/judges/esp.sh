#!/usr/bin/env bash
# esp.sh - Wireshark judges ESP: it decrypts our packets with the keys that we write, shows what the
# application said, and verifies each ICV.  That it does look at them is shown by a capture with one
# bit changed.
#
# Wireshark 4.0 verifies the ICVs of HMACs only, not those of AEADs, and does not know ChaCha20: mode
# cbc is judged.
set -u
: "${SHAKEDOWN:?path of the shakedown program}"
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
shown=$(printf 'shakedown request' | od -An -tx1 | tr -d ' \n')

if ! command -v tshark >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$SHAKEDOWN" run handshake-rtt --set protocol=ipsec,mode=cbc --pcap --out "$dir/out" \
    >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
keys=${capture%.pcapng}.keys
options=(-o esp.enable_encryption_decode:TRUE -o esp.enable_authentication_check:TRUE)
while read -r line; do
    options+=(-o "uat:esp_sa:$line")
done < <(grep '^"IPv4"' "$keys")

count() { # CAPTURE FILTER: packets that match
    tshark -r "$1" "${options[@]}" -Y "$2" 2>"$dir/errors" | wc -l
}

status=0
expect() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] || { echo "$1: expected $2, found $3"; status=1; }
}

esp=$(count "$capture" esp)
[ "$esp" -gt 1 ] || { echo "expected ESP packets, found $esp"; status=1; }
expect "packets decrypted" "$esp" "$(count "$capture" 'esp && esp.decrypted_data && udp')"
expect "packets with a wrong ICV" 0 "$(count "$capture" 'esp.icv_bad == 1')"
said_so=$(count "$capture" "esp && frame contains \"shakedown request\" || data.data contains $shown")
[ "$said_so" -gt 0 ] || { echo "expected the application's bytes in the clear, found none"; status=1; }

# One bit of the ICV of the last ESP packet.
icv=$(tshark -r "$capture" "${options[@]}" -Y esp -T fields -e esp.icv 2>"$dir/errors" | tail -n 1)
at=$(LC_ALL=C grep -obUaP "$(sed 's/../\\x&/g' <<<"$icv")" "$capture" | tail -n 1 | cut -d: -f1)
cp "$capture" "$dir/changed.pcapng"
printf "\\x$(printf %02x $((0x${icv:0:2} ^ 1)))" |
    dd of="$dir/changed.pcapng" bs=1 seek="$at" conv=notrunc 2>"$dir/errors"
changed=$(count "$dir/changed.pcapng" 'esp.icv_bad == 1')
[ "$changed" -gt 0 ] || { echo "a changed ICV: expected Wireshark to see it, and it did not"; status=1; }

outcome=failed
[ $status = 0 ] && outcome=ok && echo "1 passed, 0 failed (ipsec cbc, $esp packets)"
said $outcome ipsec capture "cbc, ICV verified" tshark "$(tshark_version)"
exit $status
