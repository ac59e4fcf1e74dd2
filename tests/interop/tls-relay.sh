#!/usr/bin/env bash
# tls-relay.sh - tls12, tls13 and dtls12 against OpenSSL's programs over a path with delay and
# loss: one namespace each, joined by relay.c.
# shellcheck source=tests/interop/lib.sh
. "$(dirname "$0")/lib.sh"
: "${RELAY:?path of the relay program}"
need openssl
need_namespaces
# shellcheck source=tests/interop/openssl.sh
. "$(dirname "$0")/openssl.sh"

a=sd$$a b=sd$$b
netns "$a" "$b"
relay_wire "$a" "$b" 25 5
ours_in=(ip netns exec "$a") peer_in=(ip netns exec "$b")
ours_at=10.1.0.1 peer_at=10.1.0.2
note=", 50 ms, 5 % loss" lossy=yes

client fresh              tls13  fresh   "" "" "ready: TLSv1.3" CIPHER
client "early data"       tls13  early   -early_data "" "early ok" "Early data received" 2
client fresh              tls12  fresh   "" "" "ready: TLSv1.2" CIPHER
client fresh              dtls12 fresh   "" "" "ready: DTLSv1.2" CIPHER
# Not with HelloVerifyRequest: s_server -listen says ERROR and falls silent when its first flight
# after the cookie is lost.  tls.sh has that row without loss.
server fresh              tls13  fresh   "" "" "ready: TLSv1.3" "New, TLSv1.3"
server resumed            tls12  resumed "" "" resumed "Reused, TLSv1.2" 2
server fresh              dtls12 fresh   "" "" "ready: DTLSv1.2" "New, "
server HelloVerifyRequest dtls12 cookie  "" "" "ready: DTLSv1.2" "New, "
download tls13
upload tls12

stop "$relay"
grep -q 'lost [1-9]' "$scratch/relay.log" || { echo "the relay lost nothing"; failures=1; }
summary
