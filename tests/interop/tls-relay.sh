#!/usr/bin/env bash
# tls-relay.sh - tls13 and dtls12 against OpenSSL's programs over a path with delay and loss: one
# namespace each, joined by relay.c.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${RELAY:?path of the relay program}"
need openssl ip
need_root

ids=$(dirname "$0")/../../sim/core/identities
version=$(openssl version | cut -d' ' -f2)
a=sd$$a b=sd$$b
for ns in $a $b; do
    ip netns add "$ns" && namespaces+=("$ns")
    ip -n "$ns" link set lo up
done
spawn relay "$RELAY" "$a" "$b" 25 5 11
until_seen "$scratch/relay.out" up || { echo "relay did not start"; exit 1; }
ip -n "$a" addr add 10.1.0.1 peer 10.1.0.2 dev wire; ip -n "$a" link set wire mtu 1500 up
ip -n "$b" addr add 10.1.0.2 peer 10.1.0.1 dev wire; ip -n "$b" link set wire mtu 1500 up

client() { # ID MODE S_SERVER_FLAGS
    local id=$1 mode=$2 flags=$3 good
    next_port
    # shellcheck disable=SC2086
    spawn peer ip netns exec "$b" sh -c "(sleep 2; echo olleh; sleep 20) | exec openssl s_server \
        -accept 10.1.0.2:$port -cert $ids/server.example.crt -key $ids/server.example.key \
        $flags -quiet"
    local peer=$last
    sleep 0.5
    ip netns exec "$a" "$SHAKEDOWN" live "$id" --connect 10.1.0.2:$port --name server.example \
        --mode "$mode" --send $'hello\n' --expect 6 --for 15 \
        >"$scratch/ours.out" 2>"$scratch/ours.err"
    # A lost datagram of application data stays lost: the handshake is what DTLS must repair.
    if [ "$id" = dtls12 ]; then
        grep -q ' ready' "$scratch/ours.err"
    else
        grep -q '^olleh$' "$scratch/ours.out"
    fi
    good=$?
    stop "$peer"
    result $good "$id" client "$mode, 50 ms, 5 % loss" s_server "$version"
}

server() { # ID MODE S_CLIENT_FLAGS
    local id=$1 mode=$2 flags=$3 good
    next_port
    spawn ours ip netns exec "$a" "$SHAKEDOWN" live "$id" --listen 10.1.0.1:$port \
        --identity server.example --mode "$mode"
    local own=$last
    sleep 0.5
    # shellcheck disable=SC2086
    (for _ in 1 2 3 4 5 6; do sleep 1; echo hello; done) | timeout 20 ip netns exec "$b" openssl s_client \
        -connect 10.1.0.1:$port -servername server.example -CAfile "$ids/ca.crt" \
        -verify_return_error $flags -quiet -no_ign_eof >"$scratch/peer.out" 2>"$scratch/peer.err"
    grep -q '^hello$' "$scratch/peer.out"
    good=$?
    stop "$own"
    result $good "$id" server "$mode, 50 ms, 5 % loss" s_client "$version"
}

client tls13 fresh "-tls1_3 -rev"
client tls12 fresh "-tls1_2 -rev"
client dtls12 fresh "-dtls1_2 -timeout"
client dtls12 cookie "-dtls1_2 -timeout -listen"
server tls13 fresh -tls1_3
server dtls12 cookie "-dtls1_2"
summary
