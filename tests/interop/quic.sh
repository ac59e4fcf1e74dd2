#!/usr/bin/env bash
# quic.sh - our quic against gtlsserver and gtlsclient, which stand on the library that ours stands
# on, and against quic-go, which does not (quicgo/main.go, built from Debian's source package): both
# roles, files identical.
#
# gtlsserver and gtlsclient speak HTTP/3: our request and our reply are its bytes, written out here.
#
# What happens by time (a new port, a new address, a key update during the transfer) happens over the
# relay, whose 50 ms make a download last.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${RELAY:?path of the relay program}"
PATH=$PATH:/usr/sbin
need gtlsserver gtlsclient openssl go
need_namespaces
here=$(cd "$(dirname "$0")" && pwd)
ids=$here/../../sim/core/identities
gtls=$(dpkg-query -W -f '${Version}' ngtcp2-client 2>/dev/null || echo 0.12)
quicgo=$(dpkg-query -W -f '${Version}' golang-github-lucas-clemente-quic-go-dev 2>/dev/null || echo 0)
size=3000000
cd "$scratch" || exit 1
mkdir www
head -c $size /dev/urandom >www/file
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout localhost.key \
    -out localhost.crt -days 3650 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    2>/dev/null

hex() { # NUMBER: as an escape of printf
    printf '\\x%02x' "$1"
}

# RFC 9114 4.1, RFC 9204 4.5: HEADERS (GET, https, authority, path) from the static table.
authority=server.example path=/file
# shellcheck disable=SC2059
printf "$(hex 1)$(hex $((8 + ${#authority} + ${#path})))$(hex 0)$(hex 0)\\xd1\\xd7\\x50$(hex ${#authority})$authority\\x51$(hex ${#path})$path" >request
# HEADERS (status 200) and one DATA frame, whose length takes four bytes.
# shellcheck disable=SC2059
{
    printf '\x01\x03\x00\x00\xd9\x00'
    printf "$(hex $((128 + (size >> 24))))$(hex $((size >> 16 & 255)))$(hex $((size >> 8 & 255)))$(hex $((size & 255)))"
    cat www/file
} >reply

address=127.0.0.1
run="" run_peer="" # what puts ours and theirs into a namespace

same() { # FILE: it ends with the file that was to come
    tail -c $size "$1" 2>/dev/null | cmp - www/file
}

# -- our client, gtlsserver --

gtls_server() { # FLAGS
    next_port
    # shellcheck disable=SC2086
    spawn peer $run_peer gtlsserver -q -d www "$@" $address $port "$ids/server.example.key" \
        "$ids/server.example.crt"
    peer=$last
    sleep 0.3 # it says nothing when it is ready; our Initial would be repeated
}

# ours_to_gtls NAME MODE SERVER_FLAGS OUR_FLAGS SEEN...
ours_to_gtls() {
    local name=$1 mode=$2 server_flags=$3 our_flags=$4
    shift 4
    # shellcheck disable=SC2086
    gtls_server $server_flags
    # shellcheck disable=SC2086
    $run "$SHAKEDOWN" live quic --connect $address:$port --mode "$mode" --alpn h3 --send-file request \
        --end --expect 99999999 --receive got --for 20 --keylog keys $our_flags 2>ours.err &&
        same got && all_seen ours.err "$@" && all_seen keys CLIENT_TRAFFIC_SECRET_0 &&
        [ "${retries:-$(grep -c Retry ours.err)}" = "$(grep -c Retry ours.err)" ]
    result $? quic client "$name" gtlsserver "$gtls"
    stop "$peer"
}

who='peer auth: certificate of server.example'
ours_to_gtls fresh fresh "" "" "$who" 'ALPN h3' ticket
ours_to_gtls Retry fresh -V "" "$who" 'ALPN h3'
ours_to_gtls "resumed" resumed "" "" resumed
ours_to_gtls "early data" early "" "" resumed 'early ok'
ours_to_gtls "client certificate" fresh --verify-client "--identity client.example" 'ALPN h3'
retries=1 # the second connection brings a token of the first
ours_to_gtls "address token" token -V "" 'ticket: address token'
retries=
ours_to_gtls "another first version" fresh "" "--option version=1a2a3a4a" 'version negotiation'

# -- our server, gtlsclient --

our_server() { # FLAGS
    next_port
    # shellcheck disable=SC2086
    spawn own $run "$SHAKEDOWN" live quic --listen $address:$port --for 60 "$@"
    own=$last
    until_seen own.err 'quic server'
}

# gtls_to_ours NAME MODE OUR_FLAGS CLIENT_FLAGS CONNECTIONS SEEN...
gtls_to_ours() {
    local name=$1 mode=$2 our_flags=$3 client_flags=$4 connections=$5 good=0
    shift 5
    # shellcheck disable=SC2086
    our_server --mode "$mode" --cert localhost.crt --key localhost.key --alpn h3 \
        --send-file reply --end $our_flags
    for ((i = 0; i < connections; i++)); do
        rm -rf downloads && mkdir downloads
        # shellcheck disable=SC2086
        $run_peer timeout $patience gtlsclient -q --exit-on-all-streams-close --download=downloads \
            $client_flags $address $port https://localhost/file >peer.out 2>&1
        same downloads/file || good=1
    done
    [ $good = 0 ] && all_seen own.err "$@"
    result $? quic server "$name" gtlsclient "$gtls"
    stop "$own"
    rm -f session parameters
}

again="--session-file=session --tp-file=parameters"
gtls_to_ours fresh fresh "" "" 1 'validated: Handshake packet' 'ALPN h3'
gtls_to_ours Retry cookie "" "" 1 'validated: Retry token'
gtls_to_ours "resumed" resumed "" "$again --disable-early-data" 2 resumed
gtls_to_ours "early data" early "" "$again" 2 resumed 'early ok'
gtls_to_ours "client certificate" fresh "--mutual --ca $ids/ca.crt" \
    "--cert=$ids/client.example.crt --key=$ids/client.example.key" 1 \
    'peer auth: certificate of client.example'
# -- quic-go --

build=$(dirname "$SHAKEDOWN")/quicgo
(cd "$here/quicgo" && GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=${GOCACHE:-$build.cache} \
    go build -o "$build" .) || exit 1
peer_ca="-ca $ids/ca.crt"

# ours_to_go NAME MODE SERVER_FLAGS OUR_FLAGS SEEN...
ours_to_go() {
    local name=$1 mode=$2 server_flags=$3 our_flags=$4
    shift 4
    next_port
    # shellcheck disable=SC2086
    spawn peer $run_peer "$build" -listen $address:$port -cert "$ids/server.example.crt" \
        -key "$ids/server.example.key" $peer_ca $server_flags
    peer=$last
    until_seen peer.err listening
    # shellcheck disable=SC2086
    $run "$SHAKEDOWN" live quic --connect $address:$port --mode "$mode" --send-file www/file --end \
        --expect $size --receive got --for 20 $our_flags 2>ours.err &&
        same got && all_seen ours.err "$@"
    result $? quic client "$name" quic-go "$quicgo"
    stop "$peer"
}

ours_to_go fresh fresh "" "" "$who" 'ALPN shakedown'
ours_to_go qlog fresh "" "--log qlog" "$who"
all_seen qlog-1.sqlog '"qlog_format":"JSON-SEQ"' transport:packet_sent || failures=$((failures + 1))
ours_to_go Retry fresh -retry "" "$who"
ours_to_go "resumed" resumed "" "" resumed
ours_to_go "client certificate" fresh -mutual "--identity client.example" 'ALPN shakedown'
ours_to_go "another first version" fresh "" "--option version=1a2a3a4a" 'version negotiation'

# go_to_ours NAME MODE OUR_FLAGS CLIENT_FLAGS SEEN...
go_to_ours() {
    local name=$1 mode=$2 our_flags=$3 client_flags=$4
    shift 4
    # shellcheck disable=SC2086
    our_server --mode "$mode" --identity server.example $our_flags
    # shellcheck disable=SC2086
    $run_peer timeout $patience "$build" -connect $address:$port $peer_ca -send www/file -receive got \
        $client_flags 2>peer.err && same got && all_seen own.err "$@"
    result $? quic server "$name" quic-go "$quicgo"
    stop "$own"
}

go_to_ours fresh fresh --end "" 'validated: Handshake packet' 'ALPN shakedown'
go_to_ours Retry cookie --end "" 'validated: Retry token'
go_to_ours "resumed" resumed --end "-sessions 2" resumed
go_to_ours "early data" early --end "-sessions 2" resumed 'early ok'
go_to_ours "client certificate" fresh "--end --mutual" \
    "-cert $ids/client.example.crt -key $ids/client.example.key" \
    'peer auth: certificate of client.example'

# -- over the relay: 10.1.0.1 is ours, 10.1.0.2 theirs, and ours may move to 10.1.0.3 --

a=sd$$a b=sd$$b
netns "$a" "$b"
relay_wire "$a" "$b" 25 0
ip -n "$a" addr add 10.1.0.3/32 dev wire
ip -n "$b" route add 10.1.0.3/32 dev wire
run="ip netns exec $a" run_peer="ip netns exec $b"
address=10.1.0.2
ours_to_gtls "key update" fresh "" "--rekey-after 200" 'key update: sending' 'key update: receiving'
ours_to_gtls "new port" fresh "" "--rebind 200" rebound
ours_to_gtls "migration" fresh "" "--move 10.1.0.3 --move-after 200" moved 'migrated: path validated'
ours_to_go "key update" fresh "" "--rekey-after 200" 'key update: sending' 'key update: receiving'
address=10.1.0.1
# gtlsclient says nothing while it only listens, and would wait for ever: it sends a file.
printf '\x01\x03\x00\x00\xd9\x00\x02ok' >short
upload() { # NAME CLIENT_FLAGS SEEN
    our_server --cert localhost.crt --key localhost.key --alpn h3 --send-file short --end \
        --receive got
    # shellcheck disable=SC2086
    $run_peer timeout $patience gtlsclient -q --exit-on-all-streams-close --data=www/file $2 \
        $address $port https://localhost/file >peer.out 2>&1
    until_seen own.err closed && same got && all_seen own.err "$3"
    result $? quic server "$1" gtlsclient "$gtls"
    stop "$own"
}
upload "key update" --key-update=100ms 'key update: receiving'
upload "new port" "--change-local-addr=100ms --nat-rebinding" 'migrated: path validated'
upload migration --change-local-addr=100ms 'migrated: path validated'
summary
