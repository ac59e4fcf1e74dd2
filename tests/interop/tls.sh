#!/usr/bin/env bash
# tls.sh - tls12, tls13 and dtls12 against OpenSSL's own programs, both roles.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl

ids=$(dirname "$0")/../../sim/core/identities
server_cert="-cert $ids/server.example.crt -key $ids/server.example.key"
client_cert="-cert $ids/client.example.crt -key $ids/client.example.key"
psk_hex=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
version=$(openssl version | cut -d' ' -f2)

# client ID MODE EVENTS S_SERVER_FLAGS OUR_FLAGS: our client, s_server -rev turns each line round.
# Every word of EVENTS ("ready,resumed") must be among the client's events.
client() {
    local id=$1 mode=$2 events=$3 flags=$4 ours=$5 good=0 event
    next_port
    # shellcheck disable=SC2086
    spawn peer openssl s_server -accept 127.0.0.1:$port $server_cert $flags -rev -quiet
    local peer=$last
    sleep 0.4
    # shellcheck disable=SC2086
    "$SHAKEDOWN" live "$id" --connect 127.0.0.1:$port --name server.example --ca "$ids/ca.crt" \
        --mode "$mode" --send $'hello\n' --expect 6 $ours >"$scratch/ours.out" 2>"$scratch/ours.err"
    good=$?
    grep -q '^olleh$' "$scratch/ours.out" || good=1
    for event in ${events//,/ }; do
        grep -q -- "$event" "$scratch/ours.err" || good=1
    done
    stop "$peer"
    result $good "$id" client "$mode" s_server "$version"
}

# server ID MODE S_CLIENT_FLAGS OUR_FLAGS: our server echoes what s_client sends.
server() {
    local id=$1 mode=$2 flags=$3 ours=$4 good
    next_port
    # shellcheck disable=SC2086
    spawn ours "$SHAKEDOWN" live "$id" --listen 127.0.0.1:$port --identity server.example \
        --mode "$mode" $ours
    local own=$last
    sleep 0.4
    # shellcheck disable=SC2086
    (printf 'hello\n'; sleep 0.8) | timeout 10 openssl s_client -connect 127.0.0.1:$port \
        -servername server.example -CAfile "$ids/ca.crt" -verify_return_error $flags -quiet -no_ign_eof \
        >"$scratch/peer.out" 2>"$scratch/peer.err"
    grep -q '^hello$' "$scratch/peer.out"
    good=$?
    stop "$own"
    result $good "$id" server "$mode" s_client "$version"
}

# The same for DTLS, where s_server cannot turn lines round: it prints ours and sends its own.
client_dtls() {
    local mode=$1 flags=$2 ours=$3 good
    next_port
    spawn peer sh -c "(sleep 1; echo reply; sleep 4) | exec openssl s_server -dtls1_2 -timeout \
        -mtu 1400 -accept 127.0.0.1:$port $server_cert $flags -quiet"
    local peer=$last
    sleep 0.4
    # shellcheck disable=SC2086
    "$SHAKEDOWN" live dtls12 --connect 127.0.0.1:$port --name server.example --ca "$ids/ca.crt" \
        --mode "$mode" --send $'hello\n' --expect 6 $ours >"$scratch/ours.out" 2>"$scratch/ours.err"
    good=$?
    grep -q '^reply$' "$scratch/ours.out" && grep -q '^hello$' "$scratch/peer.out" || good=1
    stop "$peer"
    result $good dtls12 client "$mode" s_server "$version"
}

# Our client's early data: s_server prints it; its own line is the reply.
client_early() {
    next_port
    # shellcheck disable=SC2086
    spawn peer sh -c "(sleep 1; echo reply-a; sleep 1.5; echo reply-b; sleep 3) | exec openssl s_server \
        -accept 127.0.0.1:$port $server_cert -tls1_3 -early_data -quiet"
    local peer=$last good
    sleep 0.4
    "$SHAKEDOWN" live tls13 --connect 127.0.0.1:$port --name server.example --ca "$ids/ca.crt" \
        --mode early --sessions 2 --send $'early-hello\n' --expect 6 \
        >"$scratch/ours.out" 2>"$scratch/ours.err"
    good=$?
    [ "$(grep -c early-hello "$scratch/peer.out")" -ge 2 ] || good=1
    grep -q 'early ok' "$scratch/ours.err" || good=1
    stop "$peer"
    result $good tls13 client early s_server "$version"
}

# Our server takes s_client's early data and echoes it.
server_early() {
    next_port
    spawn ours "$SHAKEDOWN" live tls13 --listen 127.0.0.1:$port --identity server.example --mode early
    local own=$last good
    sleep 0.4
    printf 'early-hello\n' >"$scratch/early"
    (sleep 0.6) | timeout 10 openssl s_client -connect 127.0.0.1:$port -servername server.example \
        -CAfile "$ids/ca.crt" -sess_out "$scratch/session" >"$scratch/first.out" 2>&1
    (sleep 0.8) | timeout 10 openssl s_client -connect 127.0.0.1:$port -servername server.example \
        -CAfile "$ids/ca.crt" -sess_in "$scratch/session" -early_data "$scratch/early" \
        >"$scratch/peer.out" 2>"$scratch/peer.err"
    grep -q 'Early data was accepted' "$scratch/peer.out" &&
        grep -q '^early-hello$' "$scratch/peer.out"
    good=$?
    stop "$own"
    result $good tls13 server early s_client "$version"
}

# Our server resumes s_client's session.
server_resumed() {
    local id=$1 flag=$2 good
    next_port
    spawn ours "$SHAKEDOWN" live "$id" --listen 127.0.0.1:$port --identity server.example --mode resumed
    local own=$last
    sleep 0.4
    (sleep 0.6) | timeout 10 openssl s_client -connect 127.0.0.1:$port -servername server.example \
        -CAfile "$ids/ca.crt" "$flag" -sess_out "$scratch/session" >"$scratch/first.out" 2>&1
    (sleep 0.6) | timeout 10 openssl s_client -connect 127.0.0.1:$port -servername server.example \
        -CAfile "$ids/ca.crt" "$flag" -sess_in "$scratch/session" >"$scratch/peer.out" 2>&1
    grep -q '^Reused' "$scratch/peer.out"
    good=$?
    stop "$own"
    result $good "$id" server resumed s_client "$version"
}

mutual="-Verify 1 -CAfile $ids/ca.crt"
psk="-psk $psk_hex -psk_identity shakedown"
our_psk="--psk $psk_hex --psk-identity shakedown"

client tls13 fresh ready "-tls1_3" ""
client tls13 resumed ready,resumed "-tls1_3" "--sessions 2"
client tls13 psk ready "-tls1_3 $psk -nocert" "$our_psk"
client tls13 hrr ready "-tls1_3 -groups P-256" ""
client tls13 fresh ready "-tls1_3 $mutual" "--identity client.example"
client tls13 fresh "ready,key update" "-tls1_3" "--rekey 2"
client tls12 fresh ready "-tls1_2" ""
client tls12 resumed ready,resumed "-tls1_2" "--sessions 2"
client tls12 stateful ready,resumed "-tls1_2 -no_ticket" "--sessions 2"
client tls12 psk ready "-tls1_2 $psk -nocert" "$our_psk"
client_dtls fresh "" ""
client_dtls cookie -listen ""
client_dtls psk "$psk -nocert" "$our_psk"
client_early

server tls13 fresh "-tls1_3" ""
server tls13 cookie "-tls1_3" ""
server tls13 psk "-tls1_3 $psk" "$our_psk"
server tls13 fresh "-tls1_3 $client_cert" "--mutual"
server tls12 fresh "-tls1_2" ""
server tls12 psk "-tls1_2 $psk" "$our_psk"
server dtls12 fresh "-dtls1_2" ""
server dtls12 cookie "-dtls1_2" ""
server dtls12 psk "-dtls1_2 $psk" "$our_psk"
server_resumed tls13 -tls1_3
server_resumed tls12 -tls1_2
server_resumed dtls12 -dtls1_2
server_early
summary
