/* live.h - an agent on real sockets: the same object code that runs in the simulator talks to
 * other people's implementations over UDP, TCP and TUN.
 *
 * One thread, one poll loop, real time and real randomness.  A client runs one or more sessions
 * one after another, sends a request and prints what comes back; a server echoes or serves a
 * file; a tunnel moves packets between a TUN interface and the agent until time is up. */
#ifndef SD_LIVE_H
#define SD_LIVE_H

#include "sim/core/agent.h"
#include <stdio.h>

struct sd_live_config {
    const struct sd_agent_ops *protocol;
    struct sd_config agent; /* role CLIENT or SERVER, mode, identities, peers, ... */
    struct sd_addr local;   /* server: where to listen; client: port 0 is any */
    struct sd_addr remote;  /* client: whom to connect to; family 0 on servers */

    uint32_t sessions;   /* client: how many one after another (the mode applies from the second
                            on where it needs an earlier session); 0: 1 */
    const uint8_t *send; /* client's request; server's reply (NULL: echo) */
    size_t send_len;
    bool end;            /* the stream ends behind it */
    uint64_t expect;     /* client: close after so many bytes came back; 0: after the first */
    FILE *received;      /* where application bytes go; NULL: nowhere */
    uint32_t rekeys;     /* client: key updates before each request */
    sd_time rekey_after; /* a key update or new handshake so long after READY; 0: never */
    sd_time again_after; /* client on datagrams: the request again, as often as so much time passes
                            without a reply; 0: never */
    sd_time move_after;  /* the host's own address becomes move_to so long after READY; 0: never */
    uint32_t move_to;
    sd_time rebind_after;     /* on UDP: a new local port so long after READY; 0: never */
    const char *export_label; /* 32 bytes of the exporter are told as an event; NULL: none */
    sd_time time_limit;       /* 0: a client 10 s; a server or tunnel until SIGINT or SIGTERM */

    const char *tun; /* tunnels: name of the interface, made when missing */
    uint32_t inner_ip;
    uint8_t inner_prefix;

    FILE *events;     /* a line for each event; NULL: none */
    FILE *keylog;     /* NULL: none */
    const char *logs; /* each session's log goes to LOGS-SESSION.FORMAT; NULL: none */
};

struct sd_live_result {
    uint64_t handshakes, resumed, early_accepted, migrated, bytes_in, bytes_out;
    struct sd_stats stats;
};

/* Runs to the end.  SD_OK; SD_E_IO a socket or interface refused; SD_E_PEER no handshake, or the
 * session broke, within the time limit. */
int sd_live_run(const struct sd_live_config *, struct sd_live_result *, struct sd_error *);

#endif
