/* topology.h - the network of most tests: client 10.0.1.1 - router - server 10.0.2.1. */
#ifndef SD_TESTS_TOPOLOGY_H
#define SD_TESTS_TOPOLOGY_H

#include "sim/net.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define CLIENT_IP     0x0a000101u
#define ROUTER_IP_IN  0x0a000102u /* towards the client */
#define ROUTER_IP_OUT 0x0a000202u /* towards the server */
#define SERVER_IP     0x0a000201u

struct topology {
    struct sd_net *net;
    int client, router, server;
    int near, far; /* links: client to router, router to server */
};

struct topology_options {
    uint64_t rate_bps; /* 0: serialisation vanishes */
    sd_time delay;     /* of each link; 0: 10 ms */
    uint32_t queue_bytes;
    uint16_t far_mtu; /* 0: 1500 */
    bool no_checksums;
};

void topology_make(struct topology *, struct topology_options);
void topology_free(struct topology *);
struct sd_addr server_addr(uint16_t port);
void run_for(struct topology *, sd_time);

/* One end of a connection, or a listener: what it is to do, and what happened to it.  Bytes follow
 * a pattern, which the receiver checks. */
struct tcp_peer {
    struct sd_net *net;
    struct sd_tcp *tcp;
    uint64_t received, sent, to_send;
    int connected, failed, reset, peer_closed, accepted, readable;
    sd_time connected_at, failed_at, last_byte_at, reset_at;
    bool close_when_sent, echo_close;
    uint64_t reply_after;        /* bytes to have come before to_send goes */
    uint64_t close_after;        /* bytes to have come before closing; 0: not by count */
    struct tcp_peer *child_peer; /* listener: state of accepted children */
};
void tcp_peer_event(void *ctx, struct sd_tcp *, enum sd_tcp_event, struct sd_tcp *child);
struct sd_tcp *tcp_serve(struct topology *, uint16_t port, struct tcp_peer *listener,
                         struct tcp_peer *child);
void tcp_call(struct topology *, uint16_t port, struct tcp_peer *, uint64_t bytes);

#endif
