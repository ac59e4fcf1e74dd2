/* attacker.c - stores packets, builds and injects them, paces floods. */
#include "sim/box/attacker.h"
#include "sim/box/ip.h"
#include "sim/core/random.h"

#include <stdlib.h>
#include <string.h>

/* -- store -- */

struct kept {
    uint8_t *data;
    size_t len;
    sd_time seen;
};

struct sd_packet_store {
    uint32_t limit, count, room;
    struct kept *kept;
    sd_packet_match match;
    void *ctx;
};

struct sd_packet_store *sd_packet_store_new(uint32_t limit, sd_packet_match match, void *ctx)
{
    struct sd_packet_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->limit = limit;
    store->match = match;
    store->ctx = ctx;
    return store;
}

void sd_packet_store_free(struct sd_packet_store *store)
{
    if (store == NULL)
        return;
    for (uint32_t i = 0; i < store->count; i++)
        free(store->kept[i].data);
    free(store->kept);
    free(store);
}

enum sd_verdict sd_packet_store_pass(void *ctx, struct sd_passage *passage)
{
    struct sd_packet_store *store = ctx;
    const struct sd_packet *packet = passage->packet;
    if (store->count >= store->limit || (store->match != NULL && !store->match(store->ctx, packet)))
        return SD_PASS;
    if (store->count == store->room) {
        uint32_t room = store->room == 0 ? 64 : store->room * 2;
        struct kept *more = realloc(store->kept, room * sizeof *more);
        if (more == NULL)
            return SD_PASS;
        store->kept = more;
        store->room = room;
    }
    uint8_t *copy = malloc(packet->len);
    if (copy == NULL)
        return SD_PASS;
    memcpy(copy, packet->data, packet->len);
    store->kept[store->count++] =
        (struct kept){.data = copy, .len = packet->len, .seen = packet->now};
    return SD_PASS;
}

uint32_t sd_packet_store_count(const struct sd_packet_store *store)
{
    return store->count;
}

const uint8_t *sd_packet_store_get(const struct sd_packet_store *store, uint32_t index, size_t *len,
                                   sd_time *seen)
{
    if (index >= store->count)
        return NULL;
    if (seen != NULL)
        *seen = store->kept[index].seen;
    *len = store->kept[index].len;
    return store->kept[index].data;
}

/* -- injection -- */

int sd_attack_send(struct sd_net *net, int node, int ifindex, const uint8_t *packet, size_t len,
                   const struct sd_addr *source, sd_time delay)
{
    if (source == NULL)
        return sd_net_inject(net, node, ifindex, SD_OUT, packet, len, delay);
    uint8_t *copy = malloc(len);
    if (copy == NULL)
        return SD_E_NOMEM;
    memcpy(copy, packet, len);
    struct sd_ip v;
    int result = SD_E_ARG;
    if (sd_ip_view(&v, copy, len)) {
        sd_ip_set_source(&v, sd_addr_ipv4(source));
        if (source->port != 0 && v.has_ports)
            sd_ip_set_source_port(&v, source->port);
        result = sd_net_inject(net, node, ifindex, SD_OUT, copy, len, delay);
    }
    free(copy);
    return result;
}

size_t sd_attack_packet(uint8_t *out, size_t cap, const struct sd_addr *source,
                        const struct sd_addr *destination, uint8_t proto, const uint8_t *payload,
                        size_t len)
{
    size_t udp = proto == SD_PROTO_UDP ? SD_UDP_HEADER : 0;
    size_t total = SD_IP_HEADER + udp + len;
    if (total > cap || total > UINT16_MAX)
        return 0;
    uint8_t *p = out + SD_IP_HEADER;
    memmove(p + udp, payload, len);
    if (udp != 0) {
        sd_write16(p, source->port);
        sd_write16(p + 2, destination->port);
        sd_write16(p + 4, (uint16_t)(udp + len));
        sd_write16(p + 6, 0);
    }
    sd_ip_write_header(out, total, proto, 0, sd_addr_ipv4(source), sd_addr_ipv4(destination));
    sd_ip_fix_checksums(out, total);
    return total;
}

size_t sd_attack_syn(uint8_t *out, size_t cap, const struct sd_addr *source,
                     const struct sd_addr *destination, uint32_t isn)
{
    static const uint8_t options[20] = {SD_TCP_OPTION_MSS,
                                        4,
                                        1460 >> 8,
                                        1460 & 0xff,
                                        SD_TCP_OPTION_SACK_PERMITTED,
                                        2,
                                        SD_TCP_OPTION_TIMESTAMPS,
                                        10,
                                        0,
                                        0,
                                        0,
                                        1,
                                        0,
                                        0,
                                        0,
                                        0,
                                        SD_TCP_OPTION_NOP,
                                        SD_TCP_OPTION_WINDOW_SCALE,
                                        3,
                                        7};
    uint8_t syn[SD_TCP_HEADER + sizeof options] = {0};
    sd_write16(syn, source->port);
    sd_write16(syn + 2, destination->port);
    sd_write32(syn + SD_TCP_SEQ, isn);
    syn[SD_TCP_OFFSET] = (uint8_t)(sizeof syn / 4 << 4);
    syn[SD_TCP_FLAGS] = SD_TCP_SYN;
    sd_write16(syn + SD_TCP_WINDOW, 64240);
    memcpy(syn + SD_TCP_HEADER, options, sizeof options);
    return sd_attack_packet(out, cap, source, destination, SD_PROTO_TCP, syn, sizeof syn);
}

/* -- floods -- */

struct sd_paced_flood {
    struct sd_net *net;
    struct sd_paced_flood_settings set;
    sd_timer timer;
    uint64_t n, sent;
    uint8_t packet[65535];
};

/* Time of packet n: exact, so that a rate that does not divide a second keeps its mean. */
static sd_time due(const struct sd_paced_flood *f, uint64_t n)
{
    uint64_t rate = f->set.rate_pps;
    return f->set.start + n / rate * SD_SECOND + n % rate * SD_SECOND / rate;
}

static void tick(void *ctx);

static void plan(struct sd_paced_flood *f)
{
    sd_time at = due(f, f->n), now = sd_net_now(f->net);
    f->timer = at < f->set.end ? sd_net_after(f->net, at > now ? at - now : 0, tick, f) : 0;
}

static void tick(void *ctx)
{
    struct sd_paced_flood *f = ctx;
    uint64_t draw = sd_draw(f->set.seed, f->n);
    uint8_t prefix = f->set.source_prefix;
    uint32_t host_mask = prefix >= 32 ? 0 : UINT32_MAX >> prefix;
    struct sd_addr source =
        sd_ipv4_word((f->set.source_net & ~host_mask) | ((uint32_t)(draw >> 32) & host_mask),
                     (uint16_t)(1024 + (draw & 0xffff) % (65536 - 1024)));
    size_t len = f->set.next(f->set.ctx, f->n, &source, f->packet, sizeof f->packet);
    if (len > 0 &&
        sd_net_inject(f->net, f->set.node, f->set.ifindex, SD_OUT, f->packet, len, 0) == SD_OK)
        f->sent++;
    f->n++;
    plan(f);
}

struct sd_paced_flood *sd_paced_flood_new(struct sd_net *net,
                                          const struct sd_paced_flood_settings *settings)
{
    if (settings->rate_pps == 0 || settings->next == NULL || settings->source_prefix > 32 ||
        settings->end < settings->start)
        return NULL;
    struct sd_paced_flood *f = malloc(sizeof *f);
    if (f == NULL)
        return NULL;
    f->net = net;
    f->set = *settings;
    f->n = f->sent = 0;
    plan(f);
    return f;
}

uint64_t sd_paced_flood_sent(const struct sd_paced_flood *f)
{
    return f->sent;
}

void sd_paced_flood_free(struct sd_paced_flood *f)
{
    if (f == NULL)
        return;
    sd_net_cancel(f->net, f->timer);
    free(f);
}
