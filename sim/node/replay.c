/* replay.c - an attacker's ears and mouth: keeps packets that pass a machine, and sends them again.
 *
 * A TCP segment sent again from its own source is raw; from the attacker's address its bytes go
 * into a new connection, because nothing else would reach the application's protocol. */
#include "sim/box/ip.h"
#include "sim/node/attack.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX   4096
#define FORGED_MAX 512 /* bytes of a forged end; more than TCP's headers */

struct tap {
    struct sd_lab *lab;
    struct sd_tap set;
    struct sd_packet_store *store;
};

/* -- taps -- */

/* Both sides have had the keys; before the handshake's last message has arrived, it is under way.
 */
static bool is_data(const struct sd_lab *lab, const struct machine *a, const struct machine *b)
{
    const struct conv *c = lab_conv(lab, sd_lab_last_conn(lab, a->id, b->id));
    return c != NULL && c->side[CLIENT].was_ready && c->side[SERVER].was_ready;
}

bool lab_tap_wants(const struct sd_lab *lab, const struct sd_tap *tap,
                   const struct sd_packet *packet)
{
    struct sd_ip v;
    struct sd_addr inside;
    if (!lab->live || lab_end(lab->machine[packet->node], packet->ifindex) == NULL ||
        !sd_ip_view(&v, packet->data, packet->len))
        return false;
    struct sd_addr source = sd_ipv4_word(v.source, v.source_port);
    struct sd_addr destination = sd_ipv4_word(v.destination, v.destination_port);
    source.proto = destination.proto = v.proto;
    const struct machine *from = lab_owner(lab, &source, &destination, &inside);
    const struct machine *to = lab_owner(lab, &destination, &source, &inside);
    if ((tap->from >= 0 && (from == NULL || from->id != tap->from)) ||
        (tap->to >= 0 && (to == NULL || to->id != tap->to)))
        return false;
    return (from != NULL && to != NULL && is_data(lab, from, to)) == tap->data;
}

static bool wants(void *ctx, const struct sd_packet *packet)
{
    const struct tap *t = ctx;
    return lab_tap_wants(t->lab, &t->set, packet);
}

int lab_tap_check(const struct sd_lab *lab, const struct sd_tap *tap)
{
    if (lab_machine(lab, tap->at) == NULL ||
        (tap->from >= 0 && lab_machine(lab, tap->from) == NULL) ||
        (tap->to >= 0 && lab_machine(lab, tap->to) == NULL))
        return SD_E_ARG;
    return lab->net != NULL ? SD_OK : SD_E_STATE;
}

size_t lab_cargo(const struct sd_ip *v, uint8_t **cargo)
{
    size_t header = 0;
    if (v->proto == SD_PROTO_TCP && v->has_ports)
        header = (size_t)(v->payload[SD_TCP_OFFSET] >> 4) * 4;
    else if (v->proto == SD_PROTO_UDP && v->has_ports)
        header = SD_UDP_HEADER;
    if (header > v->payload_len)
        header = v->payload_len;
    *cargo = v->payload + header;
    return v->payload_len - header;
}

int sd_lab_tap(struct sd_lab *lab, const struct sd_tap *set)
{
    struct machine *at = lab_machine(lab, set->at);
    int result = lab_tap_check(lab, set);
    if (result != SD_OK)
        return result;
    struct tap *t = lab_new(sizeof *t);
    t->lab = lab;
    t->set = *set;
    t->store = sd_packet_store_new(set->limit != 0 ? set->limit : KEPT_MAX, wants, t);
    struct sd_chain *chain = lab_chain(at);
    if (t->store == NULL || chain == NULL) {
        sd_packet_store_free(t->store);
        free(t);
        return SD_E_NOMEM;
    }
    sd_chain_add(chain, -1, SD_IN, sd_packet_store_pass, t->store);
    if (at->role == MACHINE_HOST) /* others only pass on what came in */
        sd_chain_add(chain, -1, SD_OUT, sd_packet_store_pass, t->store);
    lab->tap = lab_grow(lab->tap, (lab->taps + 1) * sizeof(struct tap *));
    lab->tap[lab->taps++] = t;
    return (int)lab->taps - 1;
}

void lab_taps_free(struct sd_lab *lab)
{
    for (uint32_t i = 0; i < lab->taps; i++) {
        sd_packet_store_free(lab->tap[i]->store);
        free(lab->tap[i]);
    }
    free(lab->tap);
}

/* -- replays -- */

/* What an attacker will do later: send a packet, or visit with bytes. */
struct shot {
    struct shot *next, **self;
    struct machine *from;
    bool visit;
    struct sd_addr to; /* of a visit */
    size_t len;
    uint8_t bytes[];
};

static void shot_free(struct shot *s)
{
    *s->self = s->next;
    if (s->next != NULL)
        s->next->self = s->self;
    free(s);
}

static void fire(void *ctx)
{
    struct shot *s = ctx;
    struct sd_lab *lab = s->from->lab;
    if (s->visit) {
        lab_visit(s->from, &s->to, s->bytes, s->len);
    } else {
        int out = lab_route(lab, s->from->id, sd_read32(s->bytes + SD_IP_DESTINATION));
        struct link_end *end = lab_end(s->from, out);
        if (end != NULL &&
            sd_net_inject(lab->net, s->from->id, out, SD_OUT, s->bytes, s->len, 0) == SD_OK)
            lab_departed(end, s->bytes, s->len, 0);
    }
    shot_free(s);
}

static struct shot *aim(struct machine *from, const uint8_t *bytes, size_t len, sd_time delay)
{
    struct sd_lab *lab = from->lab;
    struct shot *s = lab_grow(NULL, sizeof *s + len);
    *s = (struct shot){.next = lab->shots, .self = &lab->shots, .from = from, .len = len};
    memcpy(s->bytes, bytes, len);
    if (s->next != NULL)
        s->next->self = &s->next;
    lab->shots = s;
    sd_net_after(lab->net, delay, fire, s);
    return s;
}

static void replay_packet(const struct sd_replay *r, struct machine *from, const uint8_t *packet,
                          size_t len, sd_time delay)
{
    struct shot *s = aim(from, packet, len, delay);
    struct sd_ip v;
    if (r->own_source && sd_ip_view(&v, s->bytes, s->len))
        sd_ip_set_source(&v, from->ip);
}

/* Bytes of the stream that the packets carried, each once. */
struct stream_bytes {
    struct sd_addr to;
    bool begun;
    uint32_t next_seq;
    uint8_t *data;
    size_t len;
};

static bool add_segment(struct stream_bytes *b, const uint8_t *packet, size_t len)
{
    struct sd_ip v;
    if (!sd_ip_view(&v, (uint8_t *)(uintptr_t)packet, len) || v.proto != SD_PROTO_TCP ||
        !v.has_ports)
        return false;
    size_t header = (size_t)(v.payload[SD_TCP_OFFSET] >> 4) * 4;
    struct sd_addr to = sd_ipv4_word(v.destination, v.destination_port);
    if (header >= v.payload_len || (b->begun && !sd_addr_equal(&to, &b->to)))
        return false;
    uint32_t seq = sd_read32(v.payload + SD_TCP_SEQ);
    size_t payload = v.payload_len - header;
    if (b->begun && seq != b->next_seq)
        return false; /* sent again, or of another connection */
    b->begun = true;
    b->to = to;
    b->next_seq = seq + (uint32_t)payload;
    b->data = lab_grow(b->data, b->len + payload);
    memcpy(b->data + b->len, v.payload + header, payload);
    b->len += payload;
    return true;
}

static bool is_tcp(const uint8_t *packet, size_t len)
{
    return len >= SD_IP_HEADER && packet[SD_IP_PROTO] == SD_PROTO_TCP;
}

int sd_lab_replay(struct sd_lab *lab, const struct sd_replay *r)
{
    struct machine *from = lab_machine(lab, r->from);
    if (from == NULL || r->tap < 0 || (uint32_t)r->tap >= lab->taps || r->index < -1)
        return SD_E_ARG;
    const struct sd_packet_store *store = lab->tap[r->tap]->store;
    uint32_t first = r->index >= 0 ? (uint32_t)r->index : 0;
    uint32_t end = r->index >= 0 ? first + 1 : sd_packet_store_count(store);
    uint32_t copies = r->copies != 0 ? r->copies : 1;
    if (end > sd_packet_store_count(store))
        return SD_E_ARG;
    int sent = 0;
    sd_time delay = 0;
    for (uint32_t k = 0; k < copies; k++) {
        struct stream_bytes bytes = {0};
        for (uint32_t i = first; i < end; i++) {
            size_t len;
            const uint8_t *packet = sd_packet_store_get(store, i, &len, NULL);
            if (r->own_source && is_tcp(packet, len)) {
                sent += add_segment(&bytes, packet, len);
                continue;
            }
            replay_packet(r, from, packet, len, delay);
            delay += r->spacing;
            sent++;
        }
        if (bytes.len > 0) {
            struct shot *s = aim(from, bytes.data, bytes.len, delay);
            s->visit = true;
            s->to = bytes.to;
            delay += r->spacing;
        }
        free(bytes.data);
    }
    return sent;
}

/* -- cutting -- */

/* The last segment that the tap kept, without what it carried. */
static size_t bare_segment(const struct sd_packet_store *store,
                           uint8_t out[SD_IP_HEADER + SD_TCP_HEADER_MAX], uint8_t flags)
{
    for (uint32_t i = sd_packet_store_count(store); i-- > 0;) {
        size_t len;
        const uint8_t *packet = sd_packet_store_get(store, i, &len, NULL);
        struct sd_ip v;
        uint8_t *cargo;
        if (!is_tcp(packet, len) || !sd_ip_view(&v, (uint8_t *)(uintptr_t)packet, len))
            continue;
        size_t carried = lab_cargo(&v, &cargo), bare = len - carried;
        if (bare > SD_IP_HEADER + SD_TCP_HEADER_MAX)
            continue;
        memcpy(out, packet, bare);
        uint8_t *tcp = out + SD_IP_HEADER;
        sd_write16(out + SD_IP_LENGTH, (uint16_t)bare);
        sd_write32(tcp + SD_TCP_SEQ, sd_read32(tcp + SD_TCP_SEQ) + (uint32_t)carried);
        tcp[SD_TCP_FLAGS] = flags;
        sd_ip_fix_checksums(out, bare);
        return bare;
    }
    return 0;
}

/* The last unit that the tap kept of a protocol that lets its end be forged: that end. */
static size_t forged_end(const struct sd_lab *lab, const struct sd_packet_store *store,
                         uint8_t *out, size_t cap)
{
    for (uint32_t i = sd_packet_store_count(store); i-- > 0;) {
        size_t len;
        const uint8_t *packet = sd_packet_store_get(store, i, &len, NULL);
        struct sd_ip v;
        uint8_t *cargo, end[FORGED_MAX];
        struct sd_addr inside;
        if (!sd_ip_view(&v, (uint8_t *)(uintptr_t)packet, len) || v.proto != SD_PROTO_UDP)
            continue;
        struct sd_addr source = sd_ipv4_word(v.source, v.source_port);
        struct sd_addr destination = sd_ipv4_word(v.destination, v.destination_port);
        source.proto = destination.proto = SD_PROTO_UDP;
        const struct machine *speaker = lab_owner(lab, &source, &destination, &inside);
        const struct host *h = speaker != NULL ? speaker->host : NULL;
        if (h == NULL || h->ops->forge_end == NULL)
            continue;
        size_t seen = lab_cargo(&v, &cargo);
        len = h->ops->forge_end(cargo, seen, h->role == SD_ROLE_CLIENT, end, sizeof end);
        if (len > 0)
            return sd_attack_packet(out, cap, &source, &destination, SD_PROTO_UDP, end, len);
    }
    return 0;
}

int sd_lab_cut(struct sd_lab *lab, int tap, sd_machine id, enum sd_cut how)
{
    struct machine *from = lab_machine(lab, id);
    if (from == NULL || tap < 0 || (uint32_t)tap >= lab->taps)
        return SD_E_ARG;
    uint8_t packet[SD_IP_HEADER + SD_UDP_HEADER + FORGED_MAX];
    const struct sd_packet_store *store = lab->tap[tap]->store;
    size_t len =
        bare_segment(store, packet, how == SD_CUT_FIN ? SD_TCP_FIN | SD_TCP_ACK : SD_TCP_RST);
    if (len == 0)
        len = forged_end(lab, store, packet, sizeof packet);
    if (len > 0)
        aim(from, packet, len, 0);
    return len > 0;
}

void lab_shots_free(struct sd_lab *lab)
{
    while (lab->shots != NULL)
        shot_free(lab->shots);
}
