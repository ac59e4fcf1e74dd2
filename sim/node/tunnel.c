/* tunnel.c - a tunnel's virtual interface, and the TCP and UDP of the applications inside. */
#include "sim/node/inside.h"

#define INNER_NET    (UINT32_C(10) << 24 | UINT32_C(128) << 16)
#define INNER_PREFIX 9
#define INNER_PORT   5201

uint32_t lab_inner_ip(const struct machine *m)
{
    return INNER_NET + (uint32_t)m->id + 1;
}

struct sd_addr lab_inner_address(const struct machine *m)
{
    return sd_ipv4_word(lab_inner_ip(m), INNER_PORT);
}

/* Inner packets of the machine, on their way to the agent. */
static void on_packet(void *ctx, const uint8_t *ip, size_t len)
{
    struct host *h = ctx;
    lab_enter(h->lab);
    lab_do(&(struct job){.kind = JOB_INNER, .host = h, .data = ip, .len = len});
    lab_leave(h->lab);
}

static void on_datagram(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    struct host *h = ctx;
    (void)udp, (void)from, (void)to;
    lab_enter(h->lab);
    lab_hear_message(h->machine, data, len);
    lab_leave(h->lab);
}

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child);

static void on_listener(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event,
                        struct sd_tcp *child)
{
    struct host *h = ctx;
    (void)tcp;
    if (event != SD_TCP_ACCEPTED)
        return;
    struct sd_path path = sd_tcp_path(child);
    struct conv *c = lab_source_get(h->lab, &path.remote);
    if (c == NULL || c->side[SERVER].machine != h->machine->id) {
        sd_tcp_abort(child);
        sd_tcp_free(child);
        return;
    }
    lab_enter(h->lab);
    struct party *p = &c->side[SERVER];
    p->inner = child;
    p->inner_up = true;
    sd_tcp_on(child, on_tcp, p);
    lab_push_later(c, SERVER);
    lab_leave(h->lab);
}

int lab_tunnel_open(struct host *h, struct sd_error *error)
{
    struct sd_net *net = h->lab->net;
    int node = h->machine->id;
    uint16_t mtu = h->ops->inner_mtu, path = h->config.path_mtu;
    if (path < 1500)
        mtu = (uint16_t)(mtu + path - 1500);
    h->inner_ip = lab_inner_ip(h->machine);
    h->tun = sd_net_tun(net, node, h->inner_ip, INNER_PREFIX, mtu, on_packet, h);
    if (h->tun < 0)
        return sd_fail(error, h->tun, "agent of %s: no room for a tunnel in a path of %u bytes",
                       h->machine->name, path);
    h->inner_udp = sd_net_udp(net, node, h->inner_ip, INNER_PORT, on_datagram, h);
    if (h->role == SD_ROLE_SERVER)
        h->inner_listener =
            sd_net_listen(net, node, &(struct sd_listen){.port = INNER_PORT}, on_listener, h);
    bool ok = h->inner_udp != NULL && (h->role != SD_ROLE_SERVER || h->inner_listener != NULL);
    return ok ? SD_OK
              : sd_fail(error, SD_E_STATE, "agent of %s: port %d inside the tunnel is taken",
                        h->machine->name, INNER_PORT);
}

/* The client's TCP connection inside, once the tunnel stands. */
void lab_tunnel_connect(struct conv *c)
{
    struct party *p = &c->side[CLIENT];
    if (p->inner != NULL)
        return;
    struct sd_addr to = lab_inner_address(c->lab->machine[c->side[SERVER].machine]);
    p->inner = sd_net_connect(c->lab->net, p->machine, &to, on_tcp, p);
    if (p->inner == NULL)
        return;
    struct sd_path path = sd_tcp_path(p->inner);
    lab_source_put(c, &path.local);
}

static void drop(struct party *p)
{
    struct sd_tcp_counters counters;
    struct host *h = p->conv->lab->machine[p->machine]->host;
    sd_tcp_stats(p->inner, &counters);
    h->tcp_retransmits += counters.retransmits;
    sd_tcp_free(p->inner);
    p->inner = NULL;
    p->inner_up = false;
}

static void receive(struct party *p)
{
    static uint8_t bytes[65536];
    struct conv *c = p->conv;
    int side = lab_side_of(p);
    size_t len;
    while (p->inner != NULL && (len = sd_tcp_receive(p->inner, bytes, sizeof bytes)) > 0)
        lab_hear_bytes(c, !side, bytes, len);
}

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    struct party *p = ctx;
    struct conv *c = p->conv;
    (void)child;
    if (tcp != p->inner && p->inner != NULL)
        return;
    lab_enter(c->lab);
    switch (event) {
    case SD_TCP_ACCEPTED:
        break;
    case SD_TCP_CONNECTED:
        p->inner_up = true;
        lab_push_later(c, lab_side_of(p));
        break;
    case SD_TCP_READABLE:
        receive(p);
        break;
    case SD_TCP_WRITABLE:
        lab_push_later(c, lab_side_of(p));
        break;
    case SD_TCP_PEER_CLOSED:
        receive(p);
        if (!p->inner_closing) {
            sd_tcp_close(p->inner);
            drop(p);
        } else {
            drop(p);
            lab_conv_end_session(c, lab_side_of(p));
        }
        break;
    case SD_TCP_FAILED:
    case SD_TCP_RESET:
        drop(p);
        lab_conv_broken(c, p->machine, event == SD_TCP_FAILED ? "refused" : "reset",
                        "TCP inside the tunnel");
        break;
    }
    lab_leave(c->lab);
}

void lab_tunnel_close(struct party *p)
{
    p->inner_closing = true;
    sd_tcp_close(p->inner);
}
