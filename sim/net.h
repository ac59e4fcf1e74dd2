/* net.h - a network, as the rest of Shakedown sees it: nodes, links, routes, sockets, timers, one
 * byte hook per node.  sim/ns3/ implements it on ns-3; nothing else knows ns-3.
 *
 * One network exists at a time in a process.  Everything runs inside sd_net_run(), in virtual
 * time, on one thread.  Every argument is checked before ns-3 sees it: a wrong one gives SD_E_ARG,
 * never an abort.  Times are ns since the run began. */
#ifndef SD_NET_H
#define SD_NET_H

#include "sim/core/agent.h"

struct sd_net;

struct sd_net_config {
    bool checksums; /* compute and verify IP, UDP, TCP checksums: on where bytes change or a
                       capture is written */
};
int sd_net_create(struct sd_net **, const struct sd_net_config *, struct sd_error *);
void sd_net_destroy(struct sd_net *); /* frees every socket, node, timer */

/* Runs until the time `until` (exclusive events later than it), sd_net_stop() or no more events.
 * SD_E_ARG: until has passed; SD_E_STATE: from inside a run. */
int sd_net_run(struct sd_net *, sd_time until);
void sd_net_stop(struct sd_net *);
sd_time sd_net_now(const struct sd_net *);
uint64_t sd_net_events(const struct sd_net *); /* simulator events so far */

typedef uint64_t sd_timer; /* 0: none */
sd_timer sd_net_after(struct sd_net *, sd_time delay, void (*fire)(void *ctx), void *ctx);
void sd_net_cancel(struct sd_net *, sd_timer); /* a fired or zero timer is fine */

/* -- topology -- */

int sd_net_node(struct sd_net *); /* id from 0, or enum sd_result < 0 */

struct sd_net_end {
    int node;
    uint32_t ip; /* host order */
    int ifindex; /* out: from 0 per node */
};
struct sd_net_link {
    struct sd_net_end a, b;
    uint8_t prefix;       /* bits of the subnet both ends share */
    uint64_t rate_bps;    /* 0: so fast that serialisation vanishes */
    sd_time delay;        /* one way */
    uint32_t queue_bytes; /* per direction, tail drop; 0: 1000 packets */
    uint16_t mtu;         /* 0: 1500 */
};
int sd_net_link(struct sd_net *, struct sd_net_link *); /* id, or < 0; fills ifindex */
/* From now on, both ways; what is already queued or under way keeps its time. */
int sd_net_set_link(struct sd_net *, int link, uint64_t rate_bps, sd_time delay,
                    uint32_t queue_bytes);
int sd_net_route(struct sd_net *, int node, uint32_t net, uint8_t prefix, uint32_t gateway,
                 int ifindex);
/* Whether the node passes on what is for others.  By default a node with two links or more does. */
int sd_net_forwarding(struct sd_net *, int node, bool on);
/* Replaces the interface's address; open sockets bound to the old one keep it (and go deaf). */
int sd_net_readdress(struct sd_net *, int node, int ifindex, uint32_t ip, uint8_t prefix);

/* -- the hook: every IP packet between IP and any interface of a node, tunnels included -- */

enum sd_direction { SD_IN, SD_OUT };
enum sd_verdict { SD_PASS, SD_DROP, SD_CHANGED };
struct sd_packet {
    uint8_t *data; /* whole IP packet, writable; a hook that changes it fixes checksums
                      (sim/box/ip.h) and answers SD_CHANGED */
    size_t len, cap;
    int node, ifindex;
    enum sd_direction direction;
    sd_time now;
};
typedef enum sd_verdict (*sd_hook)(void *ctx, struct sd_packet *);
int sd_net_hook(struct sd_net *, int node, sd_hook, void *ctx); /* one per node; NULL: none */

/* Puts an IP packet between IP and interface after `delay`, past the hook: SD_IN as if received
 * there, SD_OUT as if sent.  Refuses (SD_E_ARG) what would harm ns-3: see sim/box/guard.h. */
int sd_net_inject(struct sd_net *, int node, int ifindex, enum sd_direction, const uint8_t *ip,
                  size_t len, sd_time delay);
/* Called for each packet that a full queue throws away, right after its SD_OUT hook. */
int sd_net_on_queue_drop(struct sd_net *,
                         void (*dropped)(void *ctx, int node, int ifindex, const uint8_t *ip,
                                         size_t len),
                         void *ctx);

/* -- UDP, and IP protocols without ports (ESP) -- */

struct sd_udp;
typedef void (*sd_udp_receive)(void *ctx, struct sd_udp *, const uint8_t *data, size_t len,
                               const struct sd_addr *from, const struct sd_addr *to);
/* ip 0: any; port 0: any free one. NULL: in use or out of range. */
struct sd_udp *sd_net_udp(struct sd_net *, int node, uint32_t ip, uint16_t port, sd_udp_receive,
                          void *ctx);
struct sd_udp *sd_net_raw(struct sd_net *, int node, uint8_t proto, sd_udp_receive, void *ctx);
/* SD_OK; SD_E_ARG; SD_DROP_UNKNOWN: no route; SD_DROP_POLICY: dont_fragment, and the interface's
 * MTU is smaller (sd_icmp was told the MTU, as if by a router). */
int sd_udp_send(struct sd_udp *, const struct sd_addr *to, const void *data, size_t len,
                bool dont_fragment);
uint16_t sd_udp_port(const struct sd_udp *);
void sd_udp_close(struct sd_udp *);
/* ICMP errors for what the node sent: type 3, codes 1, 3, 4 (mtu for code 4); type 11, code 0 (too
 * many hops), 1 (fragments that did not come together in 30 s). */
typedef void (*sd_icmp)(void *ctx, int node, uint8_t type, uint8_t code, uint16_t mtu,
                        const struct sd_addr *local, const struct sd_addr *remote);
int sd_net_icmp(struct sd_net *, int node, sd_icmp, void *ctx);

/* -- TCP, Linux-like: SYN after 1 s, doubling; MinRTO 200 ms; IW 10; CUBIC; SACK; timestamps -- */

struct sd_tcp;
enum sd_tcp_event {
    SD_TCP_ACCEPTED, /* on the listener; child is new and may get its own callback */
    SD_TCP_CONNECTED,
    SD_TCP_READABLE,
    SD_TCP_WRITABLE, /* there is room again after sd_tcp_send() took less than offered */
    SD_TCP_PEER_CLOSED,
    SD_TCP_FAILED, /* connecting failed: refused or no answer */
    SD_TCP_RESET   /* an established connection broke: RST or too many retries */
};
typedef void (*sd_tcp_callback)(void *ctx, struct sd_tcp *, enum sd_tcp_event,
                                struct sd_tcp *child);

struct sd_listen {
    uint16_t port;
    uint32_t backlog;           /* half-open connections held; 0: 1024 */
    enum sd_validation cookies; /* SYN cookies: DEFAULT when the backlog is full, ALWAYS, NEVER */
};
struct sd_tcp *sd_net_listen(struct sd_net *, int node, const struct sd_listen *, sd_tcp_callback,
                             void *ctx);
struct sd_tcp *sd_net_connect(struct sd_net *, int node, const struct sd_addr *to, sd_tcp_callback,
                              void *ctx);
uint32_t sd_tcp_id(const struct sd_tcp *); /* path.conn: unique in the run, > 0 */
struct sd_path sd_tcp_path(const struct sd_tcp *);
size_t sd_tcp_room(const struct sd_tcp *);                         /* bytes it would take now */
size_t sd_tcp_send(struct sd_tcp *, const void *data, size_t len); /* bytes taken */
size_t sd_tcp_receive(struct sd_tcp *, void *data, size_t cap);    /* 0: none now */
void sd_tcp_close(struct sd_tcp *); /* FIN after what was sent; callbacks go on */
void sd_tcp_abort(struct sd_tcp *); /* RST */
void sd_tcp_free(struct sd_tcp *);  /* no callbacks from now on; closes if open */
void sd_tcp_on(struct sd_tcp *, sd_tcp_callback, void *ctx);

struct sd_tcp_counters {
    uint64_t retransmits, segments_in, segments_out;
    uint64_t half_open, half_open_peak, backlog_drops, cookies_sent; /* of a listener */
};
void sd_tcp_stats(const struct sd_tcp *, struct sd_tcp_counters *);

/* TCP options of SYN, SYN-ACK and ACK, for agents that have tcp_options (agent.h).  Called with
 * the connection's path, conn set; writes at most cap bytes of whole options. */
typedef size_t (*sd_tcp_option_hook)(void *ctx, const struct sd_path *, enum sd_segment,
                                     const uint8_t *received, size_t received_len, uint8_t *out,
                                     size_t cap);
/* For connections to or from `port` of this node (a server's port, on either side). */
int sd_net_tcp_options(struct sd_net *, int node, uint16_t port, sd_tcp_option_hook, void *ctx);

/* -- a virtual interface: inner IP packets out to an agent and back in -- */

typedef void (*sd_tun_out)(void *ctx, const uint8_t *ip, size_t len);
/* ifindex, or < 0. TCP over it uses a segment size that fits mtu. */
int sd_net_tun(struct sd_net *, int node, uint32_t ip, uint8_t prefix, uint16_t mtu, sd_tun_out,
               void *ctx);
int sd_net_tun_in(struct sd_net *, int node, int ifindex, const uint8_t *ip, size_t len);

/* What became of packets at a node, apart from the hook's drops. */
struct sd_net_counters {
    uint64_t packets_in, packets_out, bytes_in, bytes_out; /* at its links' interfaces */
    uint64_t queue_drops;
    uint64_t refused; /* malformed, kept from ns-3; tunnels in tunnels beyond four */
};
void sd_net_counters(const struct sd_net *, int node, struct sd_net_counters *);

#endif
