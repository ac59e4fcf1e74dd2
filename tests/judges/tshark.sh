#!/usr/bin/env bash
# tshark.sh - Wireshark judges our captures: it decrypts them with the keys they carry, finds no
# malformed packet and no bad checksum, and shows the application's bytes.
#
#   tshark.sh PROTOCOL MODE DECODED SHOWN [TSHARK OPTION...]
#
# DECODED is a display filter that some packet must match (what only a decrypted packet has),
# SHOWN the hexadecimal of application bytes that must stand in one of them.
set -u
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
: "${SHAKEDOWN:?path of the shakedown program}"
id=$1 mode=$2 decoded=$3
shift 3
shown="shakedown request"

if ! command -v tshark >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$SHAKEDOWN" run handshake-rtt --set "protocol=$id,mode=$mode" --pcap --out "$dir/out" \
    >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
[ -s "$capture" ] || { echo "no capture in $dir/out/pcap"; exit 1; }

ask() {
    tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
        -o udp.check_checksum:TRUE "$@" 2>"$dir/errors"
}

status=0
packets=$(ask | wc -l)
[ "$packets" -gt 3 ] || { echo "expected a handshake's packets, found $packets"; status=1; }

bad=$(ask "${@}" -Y '_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0')
[ -z "$bad" ] || { echo "expected no malformed packet and no bad checksum, found:"; echo "$bad"; status=1; }

ask "${@}" -Y "$decoded" | grep -q . || {
    echo "expected packets that match '$decoded' once decrypted, found none among:"
    ask "${@}"
    status=1
}
# -x prints decrypted bytes too, 16 a line with their text: the text is put together again.
ask "${@}" -x -Y "$decoded" | sed -n 's/^[0-9a-f]\{4\}  .\{47\}  *\(.*\)$/\1/p' | tr -d '\n' |
    grep -qF "$shown" || {
    echo "expected the application's bytes '$shown' in the clear after decryption"
    status=1
}
said "$([ $status = 0 ] && echo ok || echo failed)" "$id" capture "$mode" tshark "$(tshark_version)"
[ $status = 0 ] && echo "1 passed, 0 failed ($id $mode, $packets packets)"
exit $status
