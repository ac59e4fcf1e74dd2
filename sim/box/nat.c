/* nat.c - translation of packets: outbound sources, inbound destinations, and the packets that
 * ICMP errors quote. */
#include "sim/box/nat.h"
#include "sim/box/ip.h"
#include "sim/box/nat_table.h"
#include "sim/core/random.h"

#include <stdlib.h>
#include <string.h>

#define UDP_TIMEOUT        (30 * SD_SECOND)
#define TCP_TIMEOUT        (7440 * SD_SECOND) /* RFC 5382 REQ-5: at least 2 hours 4 minutes */
#define TRANSITORY_TIMEOUT (240 * SD_SECOND)  /* and 4 minutes */
#define FIRST_PORT         1024u
#define PORTS              (65536u - FIRST_PORT)

/* Later fragments have no ports: they follow the first of the same identification. */
#define FRAGMENTS        64
#define FRAGMENT_TIMEOUT (30 * SD_SECOND) /* RFC 791 3.2 lets reassembly take up to that */
struct fragment {
    bool inbound, used;
    uint8_t proto;
    uint16_t id;
    uint32_t source, destination, translated;
    sd_time seen;
};

struct sd_nat {
    struct sd_nat_settings set;
    struct nat_table table;
    struct sd_rng rng;
    struct fragment fragment[FRAGMENTS];
    unsigned next_fragment;
    size_t ports_used[2]; /* by UDP, by TCP */
    size_t swept_count;   /* bindings when expired ones were last removed, and when */
    sd_time swept_at;
    struct sd_nat_counters counters;
};

struct sd_nat *sd_nat_new(const struct sd_nat_settings *settings)
{
    if (settings->external_ip == 0 || settings->outside < 0 ||
        settings->mapping > SD_NAT_ADDRESS_PORT)
        return NULL;
    struct sd_nat *nat = calloc(1, sizeof *nat);
    if (nat == NULL)
        return NULL;
    nat->set = *settings;
    if (nat->set.udp_timeout == 0)
        nat->set.udp_timeout = UDP_TIMEOUT;
    if (nat->set.tcp_timeout == 0)
        nat->set.tcp_timeout = TCP_TIMEOUT;
    sd_rng_seed(&nat->rng, settings->seed);
    return nat;
}

void sd_nat_free(struct sd_nat *nat)
{
    if (nat == NULL)
        return;
    nat_table_free(&nat->table);
    free(nat);
}

const struct sd_nat_counters *sd_nat_counters_of(const struct sd_nat *nat)
{
    return &nat->counters;
}

/* -- bindings -- */

/* The part of the peer's address that the mapping depends on (RFC 4787 4.1); a protocol without
 * ports always depends on the address, because nothing else tells its hosts apart. */
static void peer_key(const struct sd_nat *nat, uint8_t proto, uint32_t ip, uint16_t port,
                     uint32_t *key_ip, uint16_t *key_port)
{
    bool ports = proto == SD_PROTO_UDP || proto == SD_PROTO_TCP;
    bool by_address = !ports || nat->set.mapping != SD_NAT_ENDPOINT_INDEPENDENT;
    *key_ip = by_address ? ip : 0;
    *key_port = ports && nat->set.mapping == SD_NAT_ADDRESS_PORT ? port : 0;
}

static bool expired(const struct sd_nat *nat, const struct binding *b, sd_time now)
{
    sd_time limit = nat->set.udp_timeout;
    if (b->proto == SD_PROTO_TCP) {
        bool transitory = !b->answered || b->reset || (b->fin_inside && b->fin_outside);
        limit = nat->set.tcp_timeout;
        if (transitory && limit > TRANSITORY_TIMEOUT)
            limit = TRANSITORY_TIMEOUT;
    }
    return now - b->used > limit;
}

static size_t *ports_used(struct sd_nat *nat, uint8_t proto)
{
    return &nat->ports_used[proto == SD_PROTO_TCP];
}

static void unbind(struct sd_nat *nat, struct binding *b)
{
    if (b->external_port != 0)
        --*ports_used(nat, b->proto);
    nat_table_remove(&nat->table, b);
}

static struct binding *alive(struct sd_nat *nat, struct binding *b, sd_time now)
{
    if (b != NULL && expired(nat, b, now)) {
        unbind(nat, b);
        return NULL;
    }
    return b;
}

/* Each time the table has doubled, and once a second while there is no port left. */
static void sweep(struct sd_nat *nat, uint8_t proto, sd_time now)
{
    bool grown = nat->table.count >= 64 && nat->table.count >= 2 * nat->swept_count;
    bool full = *ports_used(nat, proto) == PORTS && now - nat->swept_at >= SD_SECOND;
    if (!grown && !full)
        return;
    struct binding *next;
    for (struct binding *b = nat->table.all; b != NULL; b = next) {
        next = b->next;
        if (expired(nat, b, now))
            unbind(nat, b);
    }
    nat->swept_count = nat->table.count;
    nat->swept_at = now;
}

/* A random port, or the next free one above it; 0: `other_than` is the only one. */
static uint16_t draw_port(struct sd_nat *nat, uint8_t proto, uint16_t other_than)
{
    uint32_t first = (uint32_t)sd_rng_below(&nat->rng, PORTS);
    for (uint32_t i = 0; i < PORTS; i++) {
        uint16_t port = (uint16_t)(FIRST_PORT + (first + i) % PORTS);
        if (port != other_than &&
            !nat_table_port_taken(&nat->table, proto, nat->set.external_ip, port))
            return port;
    }
    return 0;
}

static struct binding *bind_inside(struct sd_nat *nat, const struct sd_ip *v, sd_time now)
{
    struct binding b = {.proto = v->proto,
                        .inside_ip = v->source,
                        .inside_port = v->source_port,
                        .external_ip = nat->set.external_ip,
                        .used = now};
    peer_key(nat, v->proto, v->destination, v->destination_port, &b.remote_ip, &b.remote_port);
    sweep(nat, v->proto, now);
    if (v->has_ports) {
        if (*ports_used(nat, v->proto) == PORTS)
            return NULL;
        b.external_port = draw_port(nat, v->proto, 0);
    } else if (nat_table_find_outside(&nat->table, b.proto, b.external_ip, 0, b.remote_ip, 0)) {
        return NULL; /* another host of ours talks this protocol with that peer */
    }
    struct binding *added = nat_table_add(&nat->table, &b);
    if (added != NULL) {
        nat->counters.bindings++;
        *ports_used(nat, v->proto) += b.external_port != 0;
    }
    return added;
}

static struct binding *find_inside(struct sd_nat *nat, uint8_t proto, uint32_t ip, uint16_t port,
                                   uint32_t remote_ip, uint16_t remote_port)
{
    uint32_t key_ip;
    uint16_t key_port;
    peer_key(nat, proto, remote_ip, remote_port, &key_ip, &key_port);
    return nat_table_find_inside(&nat->table, proto, ip, port, key_ip, key_port);
}

static struct binding *find_outside(struct sd_nat *nat, uint8_t proto, uint32_t ip, uint16_t port,
                                    uint32_t remote_ip, uint16_t remote_port)
{
    uint32_t key_ip;
    uint16_t key_port;
    peer_key(nat, proto, remote_ip, remote_port, &key_ip, &key_port);
    return nat_table_find_outside(&nat->table, proto, ip, port, key_ip, key_port);
}

static void follow_tcp(struct binding *b, const struct sd_ip *v, bool inbound)
{
    if (v->proto != SD_PROTO_TCP || !v->has_ports)
        return;
    uint8_t flags = v->payload[SD_TCP_FLAGS];
    if (flags & SD_TCP_RST)
        b->reset = true;
    if (flags & SD_TCP_FIN)
        *(inbound ? &b->fin_outside : &b->fin_inside) = true;
    if ((flags & (SD_TCP_SYN | SD_TCP_ACK)) == SD_TCP_SYN)
        b->reset = b->fin_inside = b->fin_outside = false;
    if (inbound)
        b->answered = true;
}

/* -- fragments -- */

static void remember_fragment(struct sd_nat *nat, const struct sd_ip *v, bool inbound,
                              uint32_t translated, sd_time now)
{
    nat->fragment[nat->next_fragment] = (struct fragment){.used = true,
                                                          .inbound = inbound,
                                                          .proto = v->proto,
                                                          .id = v->id,
                                                          .source = v->source,
                                                          .destination = v->destination,
                                                          .translated = translated,
                                                          .seen = now};
    nat->next_fragment = (nat->next_fragment + 1) % FRAGMENTS;
}

/* The address to put in; 0: the first fragment never came. */
static uint32_t recall_fragment(const struct sd_nat *nat, const struct sd_ip *v, bool inbound,
                                sd_time now)
{
    for (unsigned i = 0; i < FRAGMENTS; i++) {
        const struct fragment *f = &nat->fragment[i];
        if (f->used && f->inbound == inbound && f->proto == v->proto && f->id == v->id &&
            f->source == v->source && f->destination == v->destination &&
            now - f->seen <= FRAGMENT_TIMEOUT)
            return f->translated;
    }
    return 0;
}

/* -- ICMP errors (RFC 5508 4) -- */

/* The view of the packet that an ICMP error quotes: its header and 8 bytes, of which ports are
 * the first four. */
struct quoted {
    uint8_t *header;
    uint32_t source, destination;
    uint16_t source_port, destination_port;
    uint8_t proto;
};

static bool read_quoted(struct quoted *q, const struct sd_ip *v)
{
    if (v->proto != SD_PROTO_ICMP || v->payload_len < SD_ICMP_HEADER + SD_IP_HEADER + 8 ||
        (v->payload[0] != SD_ICMP_UNREACHABLE && v->payload[0] != SD_ICMP_TIME_EXCEEDED))
        return false;
    q->header = v->payload + SD_ICMP_HEADER;
    q->proto = q->header[SD_IP_PROTO];
    q->source = sd_read32(q->header + SD_IP_SOURCE);
    q->destination = sd_read32(q->header + SD_IP_DESTINATION);
    bool ports = q->proto == SD_PROTO_UDP || q->proto == SD_PROTO_TCP;
    q->source_port = ports ? sd_read16(q->header + SD_IP_HEADER) : 0;
    q->destination_port = ports ? sd_read16(q->header + SD_IP_HEADER + 2) : 0;
    return true;
}

static void write_quoted(const struct sd_ip *v, uint8_t *header, size_t address, uint32_t ip,
                         size_t port_at, uint16_t port)
{
    sd_write32(header + address, ip);
    sd_write16(header + SD_IP_CHECKSUM, sd_ip_checksum(header));
    if (header[SD_IP_PROTO] == SD_PROTO_UDP || header[SD_IP_PROTO] == SD_PROTO_TCP)
        sd_write16(header + SD_IP_HEADER + port_at, port);
    sd_write16(v->payload + SD_ICMP_CHECKSUM, 0);
    sd_write16(v->payload + SD_ICMP_CHECKSUM, sd_sum_fold(sd_sum(0, v->payload, v->payload_len)));
}

/* About a packet that we sent on: give it back its inside source. */
static enum sd_verdict icmp_inbound(struct sd_nat *nat, struct sd_ip *v)
{
    struct quoted q;
    if (!read_quoted(&q, v) || q.source != v->destination)
        return SD_PASS; /* for the NAT itself */
    struct binding *b =
        find_outside(nat, q.proto, q.source, q.source_port, q.destination, q.destination_port);
    if (b == NULL)
        return SD_PASS;
    write_quoted(v, q.header, SD_IP_SOURCE, b->inside_ip, 0, b->inside_port);
    sd_ip_set_destination(v, b->inside_ip);
    return SD_CHANGED;
}

/* About a packet that we let in: its sender knows only the external address. */
static enum sd_verdict icmp_outbound(struct sd_nat *nat, struct sd_ip *v)
{
    struct quoted q;
    if (!read_quoted(&q, v))
        return SD_DROP;
    struct binding *b =
        find_inside(nat, q.proto, q.destination, q.destination_port, q.source, q.source_port);
    if (b == NULL)
        return v->source == nat->set.external_ip ? SD_PASS : SD_DROP;
    write_quoted(v, q.header, SD_IP_DESTINATION, b->external_ip, 2, b->external_port);
    sd_ip_set_source(v, nat->set.external_ip);
    return SD_CHANGED;
}

/* -- packets -- */

static enum sd_verdict outbound(struct sd_nat *nat, struct sd_ip *v, sd_time now)
{
    if (v->proto == SD_PROTO_ICMP)
        return icmp_outbound(nat, v);
    if (v->source == nat->set.external_ip)
        return SD_PASS; /* the NAT's own */
    if (v->fragment_offset > 0) {
        uint32_t external = recall_fragment(nat, v, false, now);
        if (external == 0)
            return SD_DROP;
        sd_ip_set_source(v, external);
        return SD_CHANGED;
    }
    struct binding *b = alive(
        nat,
        find_inside(nat, v->proto, v->source, v->source_port, v->destination, v->destination_port),
        now);
    if (b == NULL && (b = bind_inside(nat, v, now)) == NULL) {
        nat->counters.exhausted++;
        return SD_DROP;
    }
    b->used = now;
    follow_tcp(b, v, false);
    if (v->more_fragments)
        remember_fragment(nat, v, false, b->external_ip, now);
    sd_ip_set_source(v, b->external_ip);
    if (v->has_ports)
        sd_ip_set_source_port(v, b->external_port);
    return SD_CHANGED;
}

static enum sd_verdict inbound(struct sd_nat *nat, struct sd_ip *v, sd_time now)
{
    if (v->proto == SD_PROTO_ICMP)
        return icmp_inbound(nat, v);
    if (v->fragment_offset > 0) {
        uint32_t inside = recall_fragment(nat, v, true, now);
        if (inside == 0)
            return SD_DROP;
        sd_ip_set_destination(v, inside);
        return SD_CHANGED;
    }
    struct binding *b = alive(
        nat,
        find_outside(nat, v->proto, v->destination, v->destination_port, v->source, v->source_port),
        now);
    if (b == NULL) {
        nat->counters.filtered++;
        return SD_DROP;
    }
    b->used = now;
    follow_tcp(b, v, true);
    if (v->more_fragments)
        remember_fragment(nat, v, true, b->inside_ip, now);
    sd_ip_set_destination(v, b->inside_ip);
    if (v->has_ports)
        sd_ip_set_destination_port(v, b->inside_port);
    return SD_CHANGED;
}

enum sd_verdict sd_nat_pass(void *ctx, struct sd_passage *passage)
{
    struct sd_nat *nat = ctx;
    struct sd_packet *packet = passage->packet;
    bool outside = packet->ifindex == nat->set.outside;
    struct sd_ip v;
    if (!sd_ip_view(&v, packet->data, packet->len))
        return SD_DROP;
    bool needs_ports = v.proto == SD_PROTO_UDP || v.proto == SD_PROTO_TCP;
    if (needs_ports && !v.has_ports && v.fragment_offset == 0)
        return SD_DROP; /* its header is cut */
    if (!outside) {
        if (packet->direction == SD_IN && v.destination == nat->set.external_ip) {
            nat->counters.hairpins++;
            return SD_DROP;
        }
        return SD_PASS;
    }
    return packet->direction == SD_OUT ? outbound(nat, &v, packet->now)
                                       : inbound(nat, &v, packet->now);
}

int sd_nat_rebind(struct sd_nat *nat, unsigned what, uint32_t external_ip)
{
    if (what == 0 || (what & ~(unsigned)(SD_REBIND_PORT | SD_REBIND_ADDRESS)) != 0)
        return SD_E_ARG;
    if (what & SD_REBIND_ADDRESS) {
        if (external_ip == 0 || external_ip == nat->set.external_ip)
            return SD_E_ARG;
        nat->set.external_ip = external_ip;
    }
    memset(nat->fragment, 0, sizeof nat->fragment);
    nat_table_unlink_all(&nat->table);
    for (struct binding *b = nat->table.all; b != NULL; b = b->next) {
        b->external_ip = nat->set.external_ip;
        bool ports = b->proto == SD_PROTO_UDP || b->proto == SD_PROTO_TCP;
        if ((what & SD_REBIND_PORT) && ports) {
            uint16_t port = draw_port(nat, b->proto, b->external_port);
            if (port != 0)
                b->external_port = port;
        }
        nat_table_link(&nat->table, b);
    }
    return SD_OK;
}

bool sd_nat_external(const struct sd_nat *nat, uint8_t proto, const struct sd_addr *inside,
                     const struct sd_addr *remote, struct sd_addr *external)
{
    uint32_t key_ip;
    uint16_t key_port;
    peer_key(nat, proto, sd_addr_ipv4(remote), remote->port, &key_ip, &key_port);
    const struct binding *b = nat_table_find_inside(&nat->table, proto, sd_addr_ipv4(inside),
                                                    inside->port, key_ip, key_port);
    if (b == NULL)
        return false;
    *external = sd_ipv4_word(b->external_ip, b->external_port);
    external->proto = proto;
    return true;
}

bool sd_nat_inside(const struct sd_nat *nat, uint8_t proto, const struct sd_addr *external,
                   const struct sd_addr *remote, struct sd_addr *inside)
{
    uint32_t key_ip;
    uint16_t key_port;
    peer_key(nat, proto, sd_addr_ipv4(remote), remote->port, &key_ip, &key_port);
    const struct binding *b = nat_table_find_outside(&nat->table, proto, sd_addr_ipv4(external),
                                                     external->port, key_ip, key_port);
    if (b == NULL)
        return false;
    *inside = sd_ipv4_word(b->inside_ip, b->inside_port);
    inside->proto = proto;
    return true;
}
