#!/usr/bin/env bash
# srtp.sh - Wireshark judges a call: it opens the DTLS handshake with the keys in the capture, finds the
# profile there, and reads what SRTP and SRTCP leave in the clear: every header, tag and index.
#
#   srtp.sh MODE PROFILE TAG
#
# PROFILE is IANA's name, TAG the bytes of its tag on RTP.
set -u
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
: "${SHAKEDOWN:?path of the shakedown program}"
mode=$1 profile=$2 tag=$3

if ! command -v tshark >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/call.lua" <<LUA
-- Two speak for six seconds.
local caller, callee = host "caller", host "callee"
local options = { profiles = "$profile" }
return scenario {
  title    = "A call for Wireshark",
  sweep    = { protocol = { "srtp" }, mode = { "$mode" } },
  network  = { link { caller, callee, delay = 10*ms } },
  agents   = { caller:runs { each.protocol, mode = each.mode, options = options },
               callee:runs { each.protocol, mode = each.mode, options = options } },
  timeline = { at(0*s, caller:call(callee) { last = 6*s }), at(7*s, stop()) },
  measure  = { "stream.received" },
}
LUA
"$SHAKEDOWN" run "$dir/call.lua" --pcap --out "$dir/out" >"$dir/log" 2>&1 || {
    cat "$dir/log"
    exit 1
}
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
[ -s "$capture" ] || { echo "no capture in $dir/out/pcap"; exit 1; }

ask() {
    tshark -r "$capture" -d udp.port==5004,dtls -o ip.check_checksum:TRUE \
        -o udp.check_checksum:TRUE "$@" 2>"$dir/errors"
}

status=0
# expect WHAT EXPECTED FOUND
expect() {
    [ "$2" = "$3" ] && return
    echo "$1: expected $2, found $3"
    status=1
}

# Wireshark 4.0 looks for SRTCP's index before a tag as long as RTP's: with AEAD it stands behind the tag
# (RFC 7714 9), with HMAC-SHA1-32 the tag has 80 bits (RFC 5764 4.1.2), so that only the clear header
# can be judged there.
case $profile in
*SHA1_80) judged='frame' ;;
*) judged='!srtcp' ;;
esac
expect "malformed packets and bad checksums" 0 \
    "$(ask -Y "$judged && (_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0)" | wc -l)"
expect "Finished messages that it can read" 2 "$(ask -Y 'dtls.handshake.type == 20' | wc -l)"
expect "the profile in ServerHello" "$profile" \
    "$(ask -Y 'dtls.handshake.type == 2' -V | sed -n 's/.*SRTP Protection Profile: \([A-Z0-9_]*\) .*/\1/p')"
# 6 s of audio, both ways, whose numbers follow one another.
expect "SRTP packets that DTLS-SRTP set up" 600 \
    "$(ask -Y 'rtp.p_type && rtp.setup-method == "DTLS-SRTP"' | wc -l)"
expect "payload types" 96 "$(ask -Y rtp.p_type -T fields -e rtp.p_type | sort -u)"
expect "gaps in the sequence numbers" 0 "$(ask -Y rtp.p_type -T fields -e rtp.ssrc -e rtp.seq |
    awk '($1 in last) && $2 != (last[$1] + 1) % 65536 { gaps++ } { last[$1] = $2 } END { print gaps + 0 }')"
expect "bytes of the tags" "$tag" "$(ask -Y rtp.p_type -T fields -e srtp.auth_tag |
    awk '{ print length($1) / 2 }' | sort -u)"
reports=$(ask -Y 'srtcp && rtcp.pt == 200' | wc -l)
[ "$reports" -ge 2 ] || { echo "sender reports: expected 2 or more, found $reports"; status=1; }
if [ "$judged" = frame ]; then
    expect "reports that are not encrypted" 0 "$(ask -Y 'srtcp && srtcp.e == 0' | wc -l)"
    expect "SRTCP indices that do not follow" 0 "$(ask -Y srtcp -T fields -e ip.src -e srtcp.index |
        awk '{ if ($2 + 0 != next_[$1]++) wrong++ } END { print wrong + 0 }')"
fi
said "$([ $status = 0 ] && echo ok || echo failed)" srtp capture "$mode $profile" tshark "$(tshark_version)"
[ $status = 0 ] && echo "1 passed, 0 failed (srtp $mode $profile, $reports reports)"
exit $status
