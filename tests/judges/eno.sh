#!/usr/bin/env bash
# eno.sh - Wireshark judges tcpcrypt's captures: the TCP-ENO option (kind 69) stands in the SYN, the
# SYN-ACK and the first ACK with what RFC 8547 says, no packet is malformed, no checksum is bad, and
# the application's bytes are in the clear only where it fell back to plain TCP.
#
#   eno.sh MODE SYN SYN_ACK     the suboptions of both as hexadecimal patterns; - for no option
#
# Wireshark 4.0 knows the kind by number only, and shows what is in it.
set -u
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
: "${SHAKEDOWN:?path of the shakedown program}"
mode=$1 syn=$2 syn_ack=$3

if ! command -v tshark >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$SHAKEDOWN" run handshake-rtt --set "protocol=tcpcrypt,mode=$mode" --pcap --out "$dir/out" \
    >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
[ -s "$capture" ] || { echo "no capture in $dir/out/pcap"; exit 1; }

ask() {
    tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE "$@" 2>"$dir/errors"
}

status=0
# expect WHAT FILTER PATTERN: the payloads of option 69 in the packets that match, one a line.
expect() {
    local found pattern=$3
    found=$(ask -Y "($2) && tcp.option_kind == 69" -T fields -e tcp.options.unknown.payload | sort -u)
    [ "$pattern" = - ] && pattern=''
    [[ $found =~ ^$pattern$ ]] || {
        echo "$1: expected suboptions '$3', found '$found'"
        status=1
    }
}
expect SYN 'tcp.flags.syn == 1 && tcp.flags.ack == 0' "$syn"
expect SYN-ACK 'tcp.flags.syn == 1 && tcp.flags.ack == 1' "$syn_ack"

# The option without content is in the client's segments until it hears one without SYN.
acks=$(ask -Y 'tcp.flags.syn == 0 && tcp.srcport != 4548 && tcp.option_kind == 69' | wc -l)
servers=$(ask -Y 'tcp.flags.syn == 0 && tcp.srcport == 4548 && tcp.option_kind == 69' | wc -l)
if [ "$syn_ack" = - ]; then
    [ "$acks" = 0 ] || { echo "expected no ACK with the option, found $acks"; status=1; }
else
    [ "$acks" -gt 0 ] || { echo "expected the option in the client's ACK, found none"; status=1; }
fi
[ "$servers" = 0 ] || { echo "expected no option in the server's other segments, found $servers"; status=1; }

bad=$(ask -Y '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0')
[ -z "$bad" ] || { echo "expected no malformed packet and no bad checksum, found:"; echo "$bad"; status=1; }

clear=$(ask -Y 'frame contains "shakedown request"' | wc -l)
[ "$mode" = plain ] && wanted=1 || wanted=0
[ "$clear" = "$wanted" ] || {
    echo "expected $wanted packets with the application's bytes in the clear, found $clear"
    status=1
}
said "$([ $status = 0 ] && echo ok || echo failed)" tcpcrypt capture "$mode: ENO" tshark \
    "$(tshark_version)"
[ $status = 0 ] && echo "1 passed, 0 failed (tcpcrypt $mode)"
exit $status
