#!/usr/bin/env bash
# gquic.sh - Wireshark reads our gQUIC: every tag of CHLO and REJ in a capture, those of an SHLO that
# was written again without encryption (gquic_shlo.c), and no malformed packet, which in gQUIC
# includes the hash of an unencrypted one.
#
#   gquic.sh MODE VERSION
set -u
# shellcheck source=tests/said.sh
. "$(dirname "$0")/../said.sh"
: "${SHAKEDOWN:?path of the shakedown program}" "${SHLO:?path of the gquic_shlo program}"
mode=$1 version=$2

if ! command -v tshark >/dev/null || ! command -v text2pcap >/dev/null; then
    echo "judge missing: tshark is not installed; ./lab test installs it"
    [ -n "${CI:-}" ] && exit 1
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$SHAKEDOWN" run handshake-rtt --set "protocol=gquic,mode=$mode" --pcap --out "$dir/out" \
    >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
capture=$(find "$dir/out/pcap" -name '*.pcapng' | head -n 1)
[ -s "$capture" ] || { echo "no capture in $dir/out/pcap"; exit 1; }
status=0

ask() { # FILE [TSHARK OPTION...]
    tshark -r "$1" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -d udp.port==443,gquic \
        "${@:2}" 2>"$dir/errors"
}

# tags FILE: a line a handshake message: its version, tag and the tags of its values.
tags() {
    ask "$1" -Y gquic.tag -T fields -e gquic.version -e gquic.tag -e gquic.tag_type | LC_ALL=C tr -cd '\11\12\40-\176'
}

expect() { # WHAT EXPECTED FOUND
    [ "$2" = "$3" ] && return
    printf '%s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3"
    status=1
}

bad=$(ask "$capture" -Y '_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0')
expect "malformed packets and bad checksums" "" "$bad"
expect "packets that are not gQUIC" "" "$(ask "$capture" -Y '!gquic')"
expect "names asked for" server.example "$(ask "$capture" -T fields -e gquic.tag.sni | sort -u | grep .)"

seen= # of the server: Q043 says its version only to it
[ "$version" = Q046 ] && seen=Q046
inchoate="$version	CHLO	PAD,SNI,VER,PDMD,ICSL,NONP,MIDS,CFCW,SFCW"
token="$version	CHLO	PAD,SNI,STK,VER,SCID,PDMD,ICSL,NONP,MIDS,CFCW,SFCW"
scfg=SCFG,AEAD,SCID,PUBS,KEXS,OBIT,EXPY
rejected="$seen	REJ	STK,SNO,$scfg,RREJ,STTL"
proved="$seen	REJ	STK,SNO,PROF,$scfg,RREJ,STTL,CRT"
full="$version	CHLO	PAD,SNI,STK,SNO,VER,NONC,AEAD,SCID,PDMD,ICSL,NONP,PUBS,MIDS,KEXS,XLCT,CCRT,CFCW,SFCW"
case $mode in
fresh | q046) talk="$inchoate
$proved
$full" ;;
cookie) talk="$inchoate
$rejected
$token
$proved
$full" ;;
resumed | early) talk=${full/SNO,/} ;; # no REJ brought a server nonce
esac
expect "handshake messages" "$talk" "$(tags "$capture")"

"$SHLO" "$mode" | text2pcap -q -D -u 40000,443 - "$dir/shlo.pcap" >/dev/null 2>&1
reset=
[ "$version" = Q046 ] && reset=SRST,
case $mode in
fresh | q046)
    expect "the SHLO" "$seen	SHLO	STK,SNO,VER,ICSL,CADR,PUBS,MIDS,${reset}CFCW,SFCW" \
        "$(tags "$dir/shlo.pcap" | tail -n 1)"
    expect "malformed SHLOs" "" "$(ask "$dir/shlo.pcap" -Y _ws.malformed)" ;;
esac

said "$([ $status = 0 ] && echo ok || echo failed)" gquic capture "$mode" tshark "$(tshark_version)"
[ $status = 0 ] && echo "1 passed, 0 failed (gquic $mode, $(ask "$capture" | wc -l) packets)"
exit $status
