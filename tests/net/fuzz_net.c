/* fuzz_net.c - a network with everything in it, under a script of arbitrary bytes: packets out of
 * nowhere, packets that are almost right, hooks that change what passes, calls with any parameters.
 * Nothing may abort, hang or leak. */
#include <string.h>

#include "sim/box/ip.h"
#include "sim/core/reader.h"
#include "sim/net.h"
#include "tests/fuzz/fuzz.h"

#define NODES     3 /* client - router - server, with a tunnel between the outer two */
#define TCPS      4
#define CLIENT_IP 0x0a000101u
#define SERVER_IP 0x0a000201u
#define INNER_A   0x0a090001u
#define INNER_B   0x0a090002u
#define STEPS     60
#define BULK      20000

struct lab;
struct station {
    struct lab *lab;
    int node, tun;
    struct sd_udp *udp, *outer, *esp;
    struct sd_addr tunnel_peer;
    uint8_t last[2048]; /* the last packet that came in */
    size_t last_len;
    uint32_t change_at; /* what the hook does to the next packets */
    uint8_t change_by, changes;
    uint8_t option[40];
    uint8_t option_len;
    int answers; /* that it still gives */
};

struct lab {
    struct sd_net *net;
    struct station station[NODES];
    struct sd_tcp *listener;
    struct sd_tcp *tcp[TCPS]; /* open handles */
    int links;
};

/* -- the parts of the network -- */

static enum sd_verdict hook(void *ctx, struct sd_packet *packet)
{
    struct station *s = ctx;
    if (packet->direction == SD_IN && packet->len <= sizeof s->last) {
        memcpy(s->last, packet->data, packet->len);
        s->last_len = packet->len;
    }
    if (s->changes == 0)
        return SD_PASS;
    s->changes--;
    if (s->change_at % 64 == 63) { /* another length */
        size_t len = packet->len + s->change_by;
        packet->len = len <= packet->cap ? len : s->change_by;
        sd_write16(packet->data + SD_IP_LENGTH, (uint16_t)packet->len);
    } else if (packet->len > 0) {
        packet->data[s->change_at % packet->len] ^= s->change_by;
    }
    if (s->change_at & 0x100)
        sd_ip_fix_checksums(packet->data, packet->len);
    return SD_CHANGED;
}

static void on_datagram(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    struct station *s = ctx;
    (void)to;
    if (s->node == 2 && --s->answers > 0) /* one side alone, and not for ever */
        sd_udp_send(udp, from, data, len, len % 2 == 0);
}

static void from_tunnel(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    struct station *s = ctx;
    (void)udp, (void)from, (void)to;
    sd_net_tun_in(s->lab->net, s->node, s->tun, data, len);
}

static void into_tunnel(void *ctx, const uint8_t *ip, size_t len)
{
    struct station *s = ctx;
    sd_udp_send(s->outer, &s->tunnel_peer, ip, len, false);
}

static size_t options(void *ctx, const struct sd_path *path, enum sd_segment segment,
                      const uint8_t *received, size_t received_len, uint8_t *out, size_t cap)
{
    struct station *s = ctx;
    (void)path, (void)segment, (void)received_len;
    if (received != NULL)
        return 0;
    size_t n = s->option_len < cap ? s->option_len : cap;
    memcpy(out, s->option, n);
    return s->option_len;
}

static void forget(struct lab *lab, struct sd_tcp *tcp)
{
    for (int i = 0; i < TCPS; i++)
        if (lab->tcp[i] == tcp)
            lab->tcp[i] = NULL;
    sd_tcp_free(tcp);
}

static void keep(struct lab *lab, struct sd_tcp *tcp)
{
    for (int i = 0; i < TCPS; i++)
        if (lab->tcp[i] == NULL) {
            lab->tcp[i] = tcp;
            return;
        }
    sd_tcp_free(tcp);
}

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    struct lab *lab = ctx;
    uint8_t bytes[4096] = {0};
    size_t n;
    switch (event) {
    case SD_TCP_ACCEPTED:
        keep(lab, child);
        break;
    case SD_TCP_CONNECTED:
    case SD_TCP_WRITABLE:
        sd_tcp_send(tcp, bytes, 2000);
        break;
    case SD_TCP_READABLE:
        while ((n = sd_tcp_receive(tcp, bytes, sizeof bytes)) > 0)
            if (n < 1000)
                sd_tcp_send(tcp, bytes, n / 2);
        break;
    case SD_TCP_PEER_CLOSED:
        sd_tcp_close(tcp);
        break;
    default:
        forget(lab, tcp);
        break;
    }
}

static void furnish(struct lab *lab, int node, uint32_t inner, uint32_t peer)
{
    struct station *s = &lab->station[node];
    s->answers = 100;
    s->tun = sd_net_tun(lab->net, node, inner, 24, 1400, into_tunnel, s);
    s->udp = sd_net_udp(lab->net, node, 0, 4433, on_datagram, s);
    s->outer = sd_net_udp(lab->net, node, 0, 51820, from_tunnel, s);
    s->esp = sd_net_raw(lab->net, node, SD_PROTO_ESP, on_datagram, s);
    s->tunnel_peer = sd_ipv4_word(peer, 51820);
    sd_net_tcp_options(lab->net, node, 443, options, s);
}

static void build(struct lab *lab, uint8_t how)
{
    memset(lab, 0, sizeof *lab);
    sd_net_create(&lab->net, &(struct sd_net_config){.checksums = how & 1}, NULL);
    for (int i = 0; i < NODES; i++) {
        lab->station[i].lab = lab;
        lab->station[i].node = sd_net_node(lab->net);
        sd_net_hook(lab->net, i, hook, &lab->station[i]);
    }
    struct sd_net_link near = {.a = {.node = 0, .ip = CLIENT_IP},
                               .b = {.node = 1, .ip = CLIENT_IP + 1},
                               .prefix = 24,
                               .delay = SD_MS,
                               .rate_bps = how & 2 ? 10000000 : 0};
    struct sd_net_link far = {.a = {.node = 1, .ip = SERVER_IP + 1},
                              .b = {.node = 2, .ip = SERVER_IP},
                              .prefix = 24,
                              .delay = SD_MS,
                              .mtu = how & 4 ? 600 : 0};
    sd_net_link(lab->net, &near);
    sd_net_link(lab->net, &far);
    lab->links = 2;
    sd_net_route(lab->net, 0, 0, 0, CLIENT_IP + 1, 0);
    sd_net_route(lab->net, 2, 0, 0, SERVER_IP + 1, 0);
    furnish(lab, 0, INNER_A, SERVER_IP);
    furnish(lab, 2, INNER_B, CLIENT_IP);
    struct sd_listen listen = {
        .port = 443, .backlog = 2, .cookies = (enum sd_validation)((how >> 3) % 3)};
    lab->listener = sd_net_listen(lab->net, 2, &listen, on_tcp, lab);
    struct sd_addr to = sd_ipv4_word(how & 32 ? INNER_B : SERVER_IP, 443);
    struct sd_tcp *tcp = sd_net_connect(lab->net, 0, &to, on_tcp, lab);
    if (tcp != NULL)
        keep(lab, tcp);
}

/* -- the script -- */

static void run(struct lab *lab, sd_time duration)
{
    sd_net_run(lab->net, sd_net_now(lab->net) + duration);
}

static const uint8_t *some_bytes(struct sd_reader *r, size_t *len)
{
    *len = sd_get16(r) % 2048;
    *len = *len < sd_left(r) ? *len : sd_left(r);
    return sd_get(r, *len);
}

static void inject(struct lab *lab, struct sd_reader *r)
{
    uint8_t where = sd_get8(r);
    size_t len;
    const uint8_t *bytes = some_bytes(r, &len);
    sd_net_inject(lab->net, (where & 3) - (where >> 7), where >> 2 & 3,
                  (enum sd_direction)(where >> 4 & 3), bytes, len, (where >> 6 & 1) * SD_MS);
}

/* The last packet of a node once more, with some bytes changed. */
static void again(struct lab *lab, struct sd_reader *r)
{
    struct station *s = &lab->station[sd_get8(r) % NODES];
    uint8_t how = sd_get8(r);
    uint8_t packet[2048];
    size_t len = s->last_len;
    memcpy(packet, s->last, len);
    for (int i = how & 7; i > 0 && len > 0; i--) { /* in the headers */
        uint8_t where = sd_get8(r), value = sd_get8(r);
        size_t at = (size_t)(where & 127) % (len < 84 ? len : 84);
        packet[at] = where & 128 ? value : (uint8_t)(packet[at] + value);
    }
    if (how & 8 && len > 60) { /* shorter */
        len -= sd_get8(r) % 60;
        sd_write16(packet + SD_IP_LENGTH, (uint16_t)len);
    }
    if (!(how & 16))
        sd_ip_fix_checksums(packet, len);
    sd_net_inject(lab->net, s->node, how >> 6 & 1, SD_IN, packet, len, how >> 5 & 1 ? SD_MS : 0);
}

static void speak(struct lab *lab, struct sd_reader *r)
{
    static const uint8_t data[65536];
    uint8_t how = sd_get8(r);
    struct station *s = &lab->station[how & 1 ? 0 : 2];
    struct sd_addr to = sd_ipv4_word(how & 2   ? sd_get32(r)
                                     : how & 4 ? INNER_B
                                               : SERVER_IP,
                                     how & 8 ? sd_get16(r) : 4433);
    struct sd_udp *udp = how & 16 ? s->esp : how & 32 ? s->outer : s->udp;
    sd_udp_send(udp, &to, data, sd_get16(r), how & 64);
}

static void handle_tcp(struct lab *lab, struct sd_reader *r)
{
    static const uint8_t data[BULK];
    uint8_t how = sd_get8(r);
    struct sd_tcp *tcp = lab->tcp[how % TCPS];
    struct sd_addr to = sd_ipv4_word(SERVER_IP, how & 128 ? sd_get16(r) : 443);
    switch (how / TCPS % 8) {
    case 0:
        tcp = sd_net_connect(lab->net, how & 64 ? 2 : 0, &to, on_tcp, lab);
        if (tcp != NULL)
            keep(lab, tcp);
        break;
    case 1:
        sd_tcp_close(tcp);
        break;
    case 2:
        sd_tcp_abort(tcp);
        break;
    case 3:
        if (tcp != NULL)
            forget(lab, tcp);
        break;
    case 4:
        sd_tcp_free(lab->listener);
        lab->listener = NULL;
        break;
    default:
        sd_tcp_send(tcp, data, sd_get16(r) % BULK);
        break;
    }
}

static void configure(struct lab *lab, struct sd_reader *r)
{
    uint8_t how = sd_get8(r);
    int node = (how >> 4) % 5 - 1, ifindex = (how >> 6) - 1;
    struct sd_net_link link = {.a = {.node = node},
                               .b = {.node = ifindex},
                               .rate_bps = (uint64_t)sd_get16(r) << sd_get8(r) % 49,
                               .delay = (sd_time)sd_get16(r) << sd_get8(r) % 49,
                               .queue_bytes = sd_get16(r),
                               .prefix = sd_get8(r)};
    link.a.ip = sd_get32(r);
    switch (how % 8) {
    case 0:
        sd_net_set_link(lab->net, node, link.rate_bps, link.delay, link.queue_bytes);
        break;
    case 1:
        sd_net_readdress(lab->net, node, ifindex, link.a.ip, link.prefix);
        break;
    case 2:
        sd_net_route(lab->net, node, link.a.ip, link.prefix, sd_get32(r), ifindex);
        break;
    case 3:
        if (lab->links < 8) {
            link.b.ip = sd_get32(r);
            link.mtu = sd_get16(r);
            lab->links += sd_net_link(lab->net, &link) >= 0;
        }
        break;
    case 4:
        sd_net_forwarding(lab->net, node, how & 8);
        break;
    case 5:
        if (lab->links < 8)
            lab->links += sd_net_tun(lab->net, node, link.a.ip, link.prefix, sd_get16(r),
                                     into_tunnel, &lab->station[how & 8 ? 0 : 2]) >= 0;
        break;
    case 6: /* agents' options from now on */
        lab->station[node < 0 ? 0 : node % NODES].option_len = link.prefix % 48;
        sd_get_copy(r, lab->station[node < 0 ? 0 : node % NODES].option, 40);
        break;
    default:
        sd_net_hook(lab->net, node, NULL, NULL);
        break;
    }
}

static void change(struct lab *lab, struct sd_reader *r)
{
    struct station *s = &lab->station[sd_get8(r) % NODES];
    s->changes = sd_get8(r);
    s->change_at = sd_get16(r);
    s->change_by = sd_get8(r);
}

static void step(struct lab *lab, struct sd_reader *r)
{
    size_t len;
    const uint8_t *bytes;
    uint8_t what = sd_get8(r);
    switch (what % 10) {
    case 0:
    case 1:
        inject(lab, r);
        break;
    case 2:
    case 3:
        again(lab, r);
        break;
    case 4:
        speak(lab, r);
        break;
    case 5:
        handle_tcp(lab, r);
        break;
    case 6:
        bytes = some_bytes(r, &len);
        sd_net_tun_in(lab->net, what & 16 ? 0 : 2, 1, bytes, len);
        break;
    case 7:
        configure(lab, r);
        break;
    case 8:
        change(lab, r);
        break;
    default:
        run(lab, UINT64_C(1) << sd_get8(r) % 36);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    struct lab lab;
    build(&lab, sd_get8(&r));
    for (int i = 0; i < STEPS && sd_left(&r) > 0; i++)
        step(&lab, &r);
    run(&lab, 20 * SD_SECOND);
    sd_net_destroy(lab.net);
    return 0;
}

/* -- seeds: conversations that get somewhere, each kind of step -- */

static void waits(struct sd_writer *w, uint8_t log2_ns)
{
    sd_put8(w, 9);
    sd_put8(w, log2_ns);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    uint8_t seed[1024];
    for (uint8_t how = 0; how < 64; how += 5) {
        struct sd_writer w = sd_writer_of(seed, sizeof seed);
        sd_put8(&w, how);
        waits(&w, 21);
        for (uint8_t node = 0; node < NODES; node++) { /* last packets again */
            sd_put8(&w, 2);
            sd_put8(&w, node);
            sd_put8(&w, 5);
            sd_put16(&w, (uint16_t)(33 << 8 | 1 << how % 5)); /* TCP flags */
            sd_put16(&w, 47 << 8 | 1);
            sd_put16(&w, (uint16_t)(27 << 8 | how)); /* sequence */
            sd_put16(&w, (34 | 128) << 8);           /* window */
            sd_put16(&w, (35 | 128) << 8);
        }
        waits(&w, 23);
        sd_put8(&w, 4); /* a datagram, in fragments */
        sd_put8(&w, 1);
        sd_put16(&w, 2500);
        sd_put8(&w, 4); /* through the tunnel */
        sd_put8(&w, 5);
        sd_put16(&w, 1300);
        sd_put8(&w, 8); /* changes by a hook */
        sd_put8(&w, how % NODES);
        sd_put8(&w, 3);
        sd_put16(&w, (uint16_t)(0x100 | (20 + how)));
        sd_put8(&w, 0x11);
        sd_put8(&w, 5); /* bulk */
        sd_put8(&w, 5 * TCPS);
        sd_put16(&w, BULK - 1);
        waits(&w, 26);
        sd_put8(&w, 7); /* another address */
        sd_put8(&w, 1 | 1 << 4 | 1 << 6);
        for (int i = 0; i < 8; i++)
            sd_put8(&w, 0);
        sd_put8(&w, 24);
        sd_put32(&w, CLIENT_IP + 7);
        uint8_t packet[60];
        sd_ip_write_header(packet, sizeof packet, SD_PROTO_UDP, 1, SERVER_IP, CLIENT_IP);
        memset(packet + 20, 0, 40);
        sd_write16(packet + 22, 4433);
        sd_write16(packet + 24, 40);
        sd_ip_fix_checksums(packet, sizeof packet);
        sd_put8(&w, 0);
        sd_put8(&w, 0);
        sd_put16(&w, sizeof packet);
        sd_put(&w, packet, sizeof packet);
        sd_put8(&w, 16);
        sd_put16(&w, sizeof packet);
        sd_put(&w, packet, sizeof packet);
        sd_put8(&w, 5);
        sd_put8(&w, (uint8_t)(how % 5 * TCPS)); /* connect, close, abort, free, listener */
        waits(&w, 30);
        add(seed, sd_written(&w));
    }
}
