#!/usr/bin/env bash
# tls.sh - tls12, tls13 and dtls12 against OpenSSL's own programs, both roles.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
need openssl
# shellcheck source=tests/interop/openssl.sh
. "$(dirname "$0")/openssl.sh"

psk_hex=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
psk="-psk $psk_hex -psk_identity shakedown"
our_psk="--psk $psk_hex --psk-identity shakedown"
mutual="-Verify 1 -CAfile $ids/ca.crt"
second_name="-servername server.example -cert2 $ids/server.example.crt -key2 $ids/server.example.key"
who='peer auth: certificate of server.example'
whose='peer auth: certificate of client.example'

cert() { # NAME: of s_server
    echo "-cert $ids/$1.crt -key $ids/$1.key"
}

v13='ready: TLSv1.3 ' v12='ready: TLSv1.2 ' d12='ready: DTLSv1.2 '

client fresh              tls13 fresh    ""                    ""                          "$who;$v13" CIPHER
client ALPN               tls13 fresh    "-alpn h2,http/1.1"   "--alpn http/1.1,h2"        "ALPN h2" "selected: h2"
client SNI                tls13 fresh    "$second_name"        ""                          "$v13" "Hostname in TLS extension: .server.example"
client "client certificate" tls13 fresh  "$mutual"             "--identity client.example" "$v13" "subject=CN = client.example"
client "Ed25519 certificate" tls13 fresh "$(cert server.ed25519.example)" "--name server.ed25519.example" "certificate of server.ed25519.example" CIPHER
client "RSA certificate"  tls13 fresh    "$(cert server.rsa.example)" "--name server.rsa.example" "certificate of server.rsa.example" CIPHER
client "key update"       tls13 fresh    ""                    "--rekey 2"                 "$v13;key update: sending;key update: receiving" CIPHER
client HelloRetryRequest  tls13 fresh    "-groups P-256"       ""                          "secp256r1" "Shared groups: secp256r1"
client PSK                tls13 psk      "$psk -nocert"        "$our_psk"                  "$v13" CIPHER
client resumed            tls13 resumed  ""                    ""                          "ticket;resumed;$v13" Reused 2
client "early data"       tls13 early    -early_data           ""                          "resumed;early ok" "Early data received" 2

client fresh              tls12 fresh    ""                    ""                          "$who;$v12" CIPHER
client ALPN               tls12 fresh    "-alpn h2,http/1.1"   "--alpn http/1.1,h2"        "ALPN h2" "selected: h2"
client SNI                tls12 fresh    "$second_name"        ""                          "$v12" "Hostname in TLS extension: .server.example"
client "client certificate" tls12 fresh  "$mutual"             "--identity client.example" "$v12" "subject=CN = client.example"
client PSK                tls12 psk      "$psk -nocert"        "$our_psk"                  "$v12" CIPHER
client "resumed by ticket" tls12 resumed ""                    ""                          "ticket;resumed" Reused 2
client "resumed by session id" tls12 stateful "-no_ticket"     ""                          "resumed" Reused 2

client fresh              dtls12 fresh   ""                    ""                          "$who;$d12" CIPHER
client HelloVerifyRequest dtls12 fresh   -listen               ""                          "$d12" CIPHER
client ALPN               dtls12 fresh   "-alpn h2,http/1.1"   "--alpn http/1.1,h2"        "ALPN h2" "selected: h2"
client "client certificate" dtls12 fresh "$mutual"             "--identity client.example" "$d12" "subject=CN = client.example"
client "path MTU 576"     dtls12 fresh   "$mutual -mtu 548"    "--identity client.example --mtu 576" "$d12" "subject=CN = client.example"
client PSK                dtls12 psk     "$psk -nocert"        "$our_psk"                  "$d12" CIPHER
client resumed            dtls12 resumed ""                    ""                          "ticket;resumed" Reused 2

ok="Verify return code: 0"
server fresh              tls13 fresh    ""                    ""                          "$v13" "$ok;New, TLSv1.3"
server ALPN               tls13 fresh    "-alpn http/1.1,h2"   "--alpn h2,http/1.1"        "ALPN h2" "ALPN protocol: h2"
server "client certificate" tls13 fresh  "$client_cert"        --mutual                    "$whose;$v13" "$ok;Acceptable client certificate"
server cookie             tls13 cookie   ""                    ""                            "validated: HelloRetryRequest cookie;$v13" "$ok"
server HelloRetryRequest  tls13 hrr      ""                    ""                          "secp256r1" "$ok;Server Temp Key: ECDH, prime256v1"
server PSK                tls13 psk      "$psk"                "$our_psk"                  "$v13" "Reused, TLSv1.3"
server "resumed by ticket" tls13 resumed ""                    ""                          "resumed" "$ok;Reused, TLSv1.3" 2
server "resumed by session id" tls13 stateful ""               ""                          "resumed" "$ok;Reused, TLSv1.3" 2
echo early-words >"$scratch/early"
second_flags="-early_data $scratch/early"
server "early data"       tls13 early    ""                    ""                          "resumed;early ok" "Early data was accepted;early-words" 2
second_flags=
commands=(k K)
server "key update"       tls13 fresh    ""                    ""                          "key update: receiving;key update: sending" "$ok"
commands=()

server fresh              tls12 fresh    ""                    ""                          "$v12" "$ok;New, TLSv1.2"
server ALPN               tls12 fresh    "-alpn http/1.1,h2"   "--alpn h2,http/1.1"        "ALPN h2" "ALPN protocol: h2"
server "client certificate" tls12 fresh  "$client_cert"        --mutual                    "$whose;$v12" "$ok;Acceptable client certificate"
server PSK                tls12 psk      "$psk"                "$our_psk"                  "$v12" "New, "
server "resumed by ticket" tls12 resumed ""                    ""                          "resumed" "$ok;Reused, TLSv1.2" 2
server "resumed by session id" tls12 stateful -no_ticket       ""                          "resumed" "$ok;Reused, TLSv1.2" 2

server fresh              dtls12 fresh   ""                    ""                          "$d12" "$ok;New, "
server HelloVerifyRequest dtls12 cookie  ""                    ""                          "validated: HelloVerifyRequest cookie;$d12" "$ok"
server "client certificate" dtls12 fresh "$client_cert"        --mutual                    "$whose;$d12" "$ok"
server PSK                dtls12 psk     "$psk"                "$our_psk"                  "$d12" "New, "
server resumed            dtls12 resumed ""                    ""                          "resumed" "$ok;Reused" 2
summary
