#!/usr/bin/env bash
# srtp.sh - our srtp against other people's: libsrtp under libssl's DTLS (srtp_peer.c, every profile, over
# a wrap, with copies), GStreamer's dtlssrtpenc and dtlssrtpdec (gst_call.py), and the keys that
# OpenSSL's programs export.  Signalling is this script: it gives each side the other's fingerprint.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${SRTP_PEER:?path of the srtp_peer program}"
need openssl
here=$(cd "$(dirname "$0")" && pwd)
ids=$(cd "$here/../.." && pwd)/sim/core/identities
cd "$scratch" || exit 1
openssl_version=$(openssl version | cut -d' ' -f2)
libsrtp_version=$(dpkg-query -W -f '${Version}' libsrtp2-1 2>/dev/null || echo 2)

print_of() { # CERTIFICATE
    openssl x509 -in "$1" -noout -fingerprint -sha256 | sed 's/.*=//'
}
server=$(print_of "$ids/server.example.crt")
client=$(print_of "$ids/client.example.crt")
nobody=$(printf '%064d' 0)
wait=20

# our_server NAME FINGERPRINT [FLAGS]: until stopped; the client's fingerprint was signalled.
our_server() {
    local name=$1 theirs=$2
    shift 2
    next_port
    spawn "$name" "$SHAKEDOWN" live srtp --listen "127.0.0.1:$port" --option "fingerprint=$theirs" "$@"
    own=$last
    until_seen "$name.err" 'srtp server'
}

# our_client FINGERPRINT [FLAGS]: one sentence there and back.
our_client() {
    local theirs=$1
    shift
    "$SHAKEDOWN" live srtp --connect "127.0.0.1:$port" --identity client.example \
        --option "fingerprint=$theirs" --send "is anybody there" --expect 16 --again 1000 --for $wait \
        "$@" >ours.out 2>ours.err && grep -q "is anybody there" ours.out
}

# -- libsrtp --

# libssl's names have no HMAC.
for profile in SRTP_AEAD_AES_128_GCM SRTP_AEAD_AES_256_GCM SRTP_AES128_CM_SHA1_80 SRTP_AES128_CM_SHA1_32; do
    iana=${profile/CM_SHA1/CM_HMAC_SHA1}
    our_server own "$client"
    "$SRTP_PEER" client "$port" $profile "$ids/client.example.crt" "$ids/client.example.key" \
        "$server" >peer.out 2>peer.err
    stop "$own"
    all_seen peer.out "profile $profile" 'said 120, heard 120, reports 1, refused 0' &&
        all_seen own.err "ready: $iana" "peer's report: 0 lost" '2170 B in, 2170 B out' # once each
    result $? srtp server "$iana, wrap, copies, reports" libsrtp2 "$libsrtp_version"

    next_port
    spawn peer "$SRTP_PEER" server "$port" $profile "$ids/server.example.crt" \
        "$ids/server.example.key" "$client"
    peer=$last
    until_seen peer.out listening
    our_client "$server" --option "profiles=$iana" && ended "$peer" &&
        all_seen ours.err "ready: $iana" && all_seen peer.out 'heard [1-9], reports 1, refused 0'
    result $? srtp client "$iana" libsrtp2 "$libsrtp_version"
done

our_server own "$nobody"
"$SRTP_PEER" client "$port" SRTP_AEAD_AES_128_GCM "$ids/client.example.crt" \
    "$ids/client.example.key" "$server" >peer.out 2>peer.err
status=$?
stop "$own"
[ $status = 1 ] && all_seen own.err 'error: fingerprint: expected 00:00'
result $? srtp server "a wrong fingerprint is refused" libsrtp2 "$libsrtp_version"

# -- OpenSSL's programs: no media, but the same keys --

secret_of() { # FILE
    sed -n -e 's/.*exported: //p' -e 's/.*Keying material: //p' "$1" | tail -n 1 | tr A-F a-f | cut -c1-64
}
label=EXTRACTOR-dtls_srtp
theirs="-use_srtp SRTP_AEAD_AES_128_GCM -keymatexport $label -keymatexportlen 56 -mtu 1400"
for mode in fresh cookie; do
    our_server own "$client" --mode $mode --export $label
    # shellcheck disable=SC2086
    spawn_fed peer openssl s_client -dtls1_2 -connect "127.0.0.1:$port" $theirs \
        -cert "$ids/client.example.crt" -key "$ids/client.example.key"
    until_seen own.err exported && until_seen peer.out 'Keying material' &&
        [ "$(secret_of own.err)" = "$(secret_of peer.out)" ] &&
        all_seen own.err 'ready: SRTP_AEAD_AES_128_GCM'
    result $? srtp server "$mode, the keys of use_srtp" "openssl s_client" "$openssl_version"
    stop "$last" "$own"
done
next_port
# shellcheck disable=SC2086
spawn_fed peer openssl s_server -dtls1_2 -accept "127.0.0.1:$port" $theirs -Verify 1 \
    -cert "$ids/server.example.crt" -key "$ids/server.example.key"
until_seen peer.out ACCEPT
spawn ours "$SHAKEDOWN" live srtp --connect "127.0.0.1:$port" --identity client.example \
    --option "fingerprint=$server" --export $label --for 20
until_seen ours.err exported && until_seen peer.out 'Keying material' &&
    [ "$(secret_of ours.err)" = "$(secret_of peer.out)" ]
result $? srtp client "fresh, the keys of use_srtp" "openssl s_server" "$openssl_version"
stop "${background[@]}"

# -- both ours: what OpenSSL has not --

for mode in dtls13 dtls13-cookie dtls13-cid; do
    our_server own "$client" --mode $mode
    wait=3
    our_client "$server" --mode $mode --option mki=2 --option kdr=16
    [ $? = 1 ] && all_seen ours.err 'ready: SRTP' # but nobody understands the other
    result $? srtp both "$mode, other terms" ourselves ""
    stop "$own"
    wait=20
    our_server own "$client" --mode $mode --option mki=2 --option kdr=16
    our_client "$server" --mode $mode --option mki=2 --option kdr=16 && all_seen ours.err 'ready: SRTP'
    result $? srtp both "$mode, MKI, derivation rate" ourselves ""
    stop "$own"
done

# -- GStreamer --

python=/usr/bin/python3
if ! $python -c 'import gi; gi.require_version("Gst", "1.0"); from gi.repository import Gst; Gst.init(None)
assert all(map(Gst.ElementFactory.find, ("dtlssrtpdec", "srtpdec", "udpsrc", "alawenc")))' 2>/dev/null; then
    summary
    missing "peer missing: GStreamer with dtls, srtp and Python's gi; ./lab test installs it"
fi
gst_version=$(gst-inspect-1.0 --version | sed -n 's/^GStreamer //p')
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 3650 \
    -subj /CN=gstreamer.example 2>/dev/null
cat cert.pem key.pem >gst.pem
gst=$(print_of cert.pem)

our_server own "$gst" # an echo
next_port
gst_port=$port
timeout 60 $python "$here/gst_call.py" client $gst_port $((gst_port - 1)) gst.pem 9 >peer.out 2>peer.err
heard=$(sed -n 's/.*heard \([0-9]*\),.*/\1/p' peer.out)
[ "${heard:-0}" -ge 300 ] && all_seen peer.out 'reports [1-9]' &&
    all_seen own.err 'ready: SRTP_AES128_CM_HMAC_SHA1_80' "peer's report: 0 lost"
result $? srtp server "audio there and back, reports" GStreamer "$gst_version"
stop "$own"

next_port
spawn peer $python "$here/gst_call.py" server "$port" 9 gst.pem 9
peer=$last
until_seen peer.out listening
our_client "$gst" && all_seen ours.err 'ready: SRTP_AES128_CM_HMAC_SHA1_80' && ended "$peer" &&
    all_seen peer.out 'is anybody there' 'reports [1-9]'
result $? srtp client "text there and back, BYE" GStreamer "$gst_version"

next_port
spawn peer $python "$here/gst_call.py" server "$port" 9 gst.pem 5
peer=$last
until_seen peer.out listening
our_client "$nobody"
[ $? = 1 ] && all_seen ours.err 'error: fingerprint: expected 00:00' && ended "$peer" &&
    all_seen peer.out 'heard 0'
result $? srtp client "a wrong fingerprint is refused" GStreamer "$gst_version"
summary
