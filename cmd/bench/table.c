/* table.c - every benchmark, in the order of the result. */
#include "cmd/bench/bench.h"

#include <stddef.h>

const struct bench benches[] = {
    {"tls13", "TLS 1.3 handshakes: simulated, and on bare libssl", bench_tls13},
    {"quic", "QUIC handshakes and a download: simulated, and on bare ngtcp2", bench_quic},
    {"wireguard", "WireGuard handshakes in memory, and their cryptography alone", bench_wireguard},
    {"curvecp", "CurveCP handshakes in memory, and their cryptography alone", bench_curvecp},
    {"minimalt", "MinimaLT handshakes in memory, and their cryptography alone", bench_minimalt},
    {"tcpcrypt", "tcpcrypt handshakes in memory, and their cryptography alone", bench_tcpcrypt},
    {"ipsec", "IPsec handshakes in memory, and their cryptography alone", bench_ipsec},
    {"esp", "packets through ESP, and their cryptography alone", bench_esp},
    {"srtp", "packets of a call between two agents, and their cryptography alone", bench_srtp},
    {"dtls13", "DTLS 1.3 handshakes in memory, and their cryptography alone", bench_dtls13},
    {"gquic", "gQUIC handshakes in memory, and their cryptography alone", bench_gquic},
    {"forwarding", "a datagram through a router: the lab, and plain ns-3", bench_forwarding},
    {"tls13-scale", "many TLS 1.3 connections in one simulation, and few", bench_tls13_scale},
    {"wireguard-scale", "many WireGuard clients in one simulation, and few", bench_wireguard_scale},
    {"flood", "spoofed floods of WireGuard and DTLS", bench_flood},
    {"loss-sweep", "the scenario handshake-loss, from script to metrics", bench_loss_sweep},
    {NULL, NULL, NULL},
};
