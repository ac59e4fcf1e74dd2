#!/usr/bin/env bash
# dtls13.sh - our dtls13 against wolfSSL (wolfssl.sh), both roles: groups, cookies, certificates, keys
# from before, early data, connection ids, key updates, narrow paths.
#
# wolfSSL 5.5.4 has no NewConnectionId and RequestConnectionId (RFC 9147 9): ours asks for none there
# (spare_cids=0).  Its server offers early data even after a HelloRetryRequest, and its client ends
# a session when the answer to early data comes before its Finished: what the other did before that
# is what counts.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/interop/wolfssl.sh
. "$(dirname "$0")/wolfssl.sh"
wolf_get

ids=$(cd "$(dirname "$0")/../.." && pwd)/sim/core/identities
psk_hex=$(printf 0123456789abcdef0123456789abcdef | od -An -v -tx1 | tr -d ' \n')
our_psk="--psk $psk_hex --psk-identity shakedown"
ca="ca=$ids/ca.crt"

own() { # NAME: a certificate for wolf
    echo "cert=$ids/$1.crt key=$ids/$1.key"
}

# The list: regular expressions, separated by ";", each of which must be seen in the file.
seen() { # FILE LIST
    local -a list
    IFS=';' read -ra list <<<"$2"
    all_seen "$1" "${list[@]}"
}

# client WHAT MODE WOLF_FLAGS OUR_FLAGS OUR_EVENTS WOLF_PRINTS: our client says hello, wolf echoes.
client() {
    local what=$1 good=0
    next_port
    # shellcheck disable=SC2086
    spawn wolf "$wolf" server $port $3
    local peer=$last
    until_seen "$scratch/wolf.err" listening || good=1
    # shellcheck disable=SC2086
    "$SHAKEDOWN" live dtls13 --connect 127.0.0.1:$port --mode "$2" --send hello --expect 5 \
        --again 1000 --for "$patience" $4 >"$scratch/ours.out" 2>"$scratch/ours.err" || good=1
    grep -q hello "$scratch/ours.out" || good=1
    ended "$peer" || good=1
    seen "$scratch/ours.err" "$5" || good=1
    seen "$scratch/wolf.err" "$6;closed" || good=1
    result $good dtls13 client "$what" wolfSSL "$version"
}

# server WHAT MODE WOLF_FLAGS OUR_FLAGS OUR_EVENTS WOLF_PRINTS [WOLF_FAILS]: wolf asks, ours echoes.
server() {
    local what=$1 good=0 status
    next_port
    # shellcheck disable=SC2086
    spawn ours "$SHAKEDOWN" live dtls13 --listen 127.0.0.1:$port --mode "$2" $4
    local own=$last
    until_seen "$scratch/ours.err" 'dtls13 server' || good=1
    # shellcheck disable=SC2086
    timeout "$patience" "$wolf" client $port $3 >"$scratch/wolf.out" 2>"$scratch/wolf.err"
    status=$?
    [ $status = 0 ] || [ -n "${7:-}" ] || good=1
    until_seen "$scratch/ours.err" "${5##*;}" || good=1
    stop "$own"
    seen "$scratch/ours.err" "$5" || good=1
    seen "$scratch/wolf.err" "$6" || good=1
    result $good dtls13 server "$what" wolfSSL "$version"
}

server_cert=$(own server.example)
client_cert=$(own client.example)
who='peer auth: certificate of server.example'
ready='ready: DTLSv1.3 TLS_AES_128_GCM_SHA256'
theirs='ready: DTLSv1.3 TLS13-AES128-GCM-SHA256'

client fresh                fresh   "$server_cert plain"            ""                          "$who;$ready x25519"  "$theirs X25519"
client cookie               fresh   "$server_cert"                  ""                          "$who;$ready"         "$theirs"
client HelloRetryRequest    fresh   "$server_cert group=256"        ""                          "$ready secp256r1"    "SECP256R1"
client "Ed25519 certificate" fresh  "$(own server.ed25519.example)" "--name server.ed25519.example" "certificate of server.ed25519.example" "$theirs"
client "RSA certificate"    fresh   "$(own server.rsa.example)"     "--name server.rsa.example" "certificate of server.rsa.example" "$theirs"
client ChaCha20-Poly1305    fresh   "$server_cert"                  "--option suites=TLS_CHACHA20_POLY1305_SHA256" "TLS_CHACHA20_POLY1305_SHA256" "CHACHA20-POLY1305"
client AES-256-GCM          fresh   "$server_cert"                  "--option suites=TLS_AES_256_GCM_SHA384" "TLS_AES_256_GCM_SHA384" "AES256-GCM-SHA384"
client "client certificate" fresh   "$server_cert $ca mutual"       "--identity client.example" "$who;$ready"         "$theirs"
client PSK                  psk     "psk"                           "$our_psk"                  "peer auth: PSK shakedown;$ready" "$theirs"
client resumed              resumed "$server_cert sessions=2"       "--sessions 2"              "ticket;resumed"      "reused"
client "early data"         early   "$server_cert sessions=2 plain early" "--sessions 2"        "resumed;early ok"    "early: hello"
client "connection ids"     cid     "$server_cert cid"              "--option cid=2 --option spare_cids=0" "$ready"   "sends a connection id of 2 bytes"
client "connection ids of 8 bytes" cid "$server_cert cid plain"     "--option spare_cids=0"     "$ready"              "sends a connection id of 8 bytes"
client "its key update"     fresh   "$server_cert update"           ""                          "key update: receiving" "$theirs"
client "our key update"     fresh   "$server_cert"                  "--rekey 1"                 "key update: sending" "$theirs"
client "path MTU 576"       fresh   "$server_cert mutual $ca"       "--mtu 576 --identity client.example" "$ready"    "$theirs"

server fresh                fresh   "$ca"                           ""                          "$ready;closed"       "$theirs;closed"
server cookie               cookie  "$ca"                           ""                          "validated: HelloRetryRequest cookie;$ready;closed" "$theirs;closed"
server HelloRetryRequest    fresh   "$ca"                           "--option groups=X25519"    "$ready x25519;closed" "X25519;closed"
server "client certificate" fresh   "$ca $client_cert"              "--mutual"                  "certificate of client.example;$ready;closed" "$theirs;closed"
server PSK                  psk     "psk"                           "$our_psk"                  "peer auth: PSK shakedown;$ready;closed" "$theirs;closed"
server resumed              resumed "$ca sessions=2"                ""                          "resumed;resumed|closed" "reused;closed"
server "early data"         early   "$ca sessions=2 early"          ""                          "resumed;early ok"    "closed" may-fail
server "connection ids"     cid     "$ca cid"                       "--option cid=2"            "$ready;closed"       "sends a connection id of 2 bytes;closed"
server "connection ids of 8 bytes" cid "$ca cid"                    ""                          "$ready;closed"       "sends a connection id of 8 bytes;closed"
server "its key update"     fresh   "$ca update"                    ""                          "key update: receiving;closed" "$theirs;closed"
server "path MTU 576"       fresh   "$ca $client_cert"              "--mutual --mtu 576"        "$ready;closed"       "$theirs;closed"
# Both ours: the client gets a new port and then changes its keys, which the server acknowledges to where
# the client is now: by connection id, and not without.  (It expects more than comes, so as to stay.)
move() { # WHAT MODE SURVIVES
    local what=$1 good=0
    next_port
    spawn ours "$SHAKEDOWN" live dtls13 --listen 127.0.0.1:$port --mode "$2"
    local own=$last
    until_seen "$scratch/ours.err" 'dtls13 server' || good=1
    "$SHAKEDOWN" live dtls13 --connect 127.0.0.1:$port --mode "$2" --send hello --expect 6 --rebind 100 \
        --rekey-after 300 --for 2 >"$scratch/client.out" 2>"$scratch/client.err"
    stop "$own"
    seen "$scratch/client.err" "ready;rebound" || good=1
    if [ "$3" = yes ]; then
        seen "$scratch/ours.err" migrated && seen "$scratch/client.err" 'key update: sending' || good=1
    else
        grep -qE 'migrated|key update' "$scratch"/{ours,client}.err && good=1
    fi
    result $good dtls13 both "$what" ourselves "$version"
}
move "new port" cid yes
move "new port without connection ids" fresh no
summary
