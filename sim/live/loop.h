/* loop.h - what the parts of the live host share: one agent, its sockets, its application. */
#ifndef SD_LIVE_LOOP_H
#define SD_LIVE_LOOP_H

#include "sim/core/settle.h"
#include "sim/live/live.h"

enum { LIVE_UDP_MAX = 4, LIVE_TCP_MAX = 256, LIVE_APP_MAX = 256, LIVE_BUFFER = 65536 };

struct live_tcp {
    int fd; /* < 0: free slot */
    uint32_t conn;
    struct sd_path path;
    bool connecting, peer_done, finish, dead;
    bool asked;   /* for by the agent, which hears what became of it */
    uint8_t *out; /* bytes the socket did not take yet */
    size_t out_len, out_cap;
};

/* UDP, or an IP protocol without ports. */
struct live_udp {
    int fd;
    struct sd_addr local; /* proto says which */
};

/* What the application does with one session. */
struct live_session {
    sd_sid sid; /* 0: free slot */
    bool ready, closing, ended, exported, stream_ended;
    uint64_t received;
    size_t sent, to_send;
    const uint8_t *source; /* of the bytes to send */
    uint8_t *echo;         /* server: what came in and goes back */
    size_t echo_len, echo_cap;
};

struct live {
    const struct sd_live_config *config;
    struct sd_live_result *result;
    struct sd_env env;
    struct sd_seat seat;
    uint64_t start_ns; /* CLOCK_MONOTONIC at sd_time `offset` */
    uint64_t offset_ns;

    struct live_udp udp[LIVE_UDP_MAX];
    size_t udps;
    int listener;
    struct live_tcp tcp[LIVE_TCP_MAX];
    uint32_t next_conn;
    int tun;

    struct live_session session[LIVE_APP_MAX];
    sd_sid
        over[LIVE_APP_MAX]; /* a ring: sessions this side ended, whose late events mean nothing */
    uint32_t overs;
    uint32_t opened;  /* sessions started so far by a client */
    bool open_wanted; /* the next session is to be opened once the callback is over */
    bool finished;
    bool broken; /* a session ended in an error */
    bool moved;
    /* What is to be done once, by time; 0: nothing. */
    sd_time rebind_at, rekey_at, again_at, move_at;
    sd_sid rekey_sid;
    sd_sid logged; /* the last session with a log */
    char why[160];
};

sd_time live_now(const struct live *);
void live_say(const struct live *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* sockets.c */
/* local.proto UDP, or an IP protocol without ports, which takes CAP_NET_RAW. */
int live_udp_open(struct live *, const struct sd_addr *local, struct sd_error *);
int live_udp_rebind(struct live *, struct sd_error *); /* the first socket gets a new port */
int live_udp_move(struct live *, uint32_t ip, struct sd_error *); /* all get another address */
/* The address of ours that packets to remote leave with; 0: there is no route. */
uint32_t live_address_towards(const struct sd_addr *remote);
int live_tcp_listen(struct live *, const struct sd_addr *local, struct sd_error *);
struct live_tcp *live_tcp_connect(struct live *, const struct sd_addr *remote, struct sd_error *);
void live_tcp_accept(struct live *);
void live_tcp_ready(struct live *, struct live_tcp *, short revents);
void live_udp_ready(struct live *, struct live_udp *);
void live_send(struct live *, const struct sd_unit *); /* the agent's unit to its carrier */
void live_tcp_drop(struct live_tcp *);

/* tun.c */
int live_tun_open(const char *name, uint32_t ip, uint8_t prefix, uint16_t mtu, struct sd_error *);

/* application.c */
void live_app_event(struct live *,
                    const struct sd_event *);        /* inside the settle loop: notes only */
void live_app_step(struct live *);                   /* outside it: acts on the notes */
void live_app_rekey(struct live *);                  /* rekey_at has come */
void live_app_again(struct live *);                  /* again_at has come */
int live_app_move(struct live *, struct sd_error *); /* move_at has come */
int live_app_open(struct live *, uint32_t conn, const struct sd_path *, struct sd_error *);
void live_app_fini(struct live *);

#endif
