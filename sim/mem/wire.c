/* wire.c - units under way: what is lost or doubled, who gets them, and streams. */
#include <stdlib.h>
#include <string.h>

#include "sim/mem/inside.h"

/* Options that fit beside the ones Linux sends: MSS, SACK, timestamps and window scale on SYN and
 * SYN-ACK, timestamps on ACK. */
#define SYN_OPTIONS_MAX 20
#define ACK_OPTIONS_MAX 28

/* -- addresses -- */

void mem_listen(struct mem_seat *s, uint8_t proto, uint16_t port)
{
    for (size_t i = 0; i < s->port_count && i < MEM_PORTS; i++)
        if (s->ports[i].proto == proto && s->ports[i].port == port)
            return;
    s->ports[s->port_count++ % MEM_PORTS] = (struct sd_addr){.proto = proto, .port = port};
}

static bool listens(const struct mem_seat *s, uint8_t proto, uint16_t port)
{
    for (size_t i = 0; i < s->port_count && i < MEM_PORTS; i++)
        if (s->ports[i].proto == proto && s->ports[i].port == port)
            return true;
    return false;
}

/* How others see the seat's port. */
struct sd_addr sd_mem_address(const struct sd_mem *m, int seat, uint8_t proto, uint16_t port)
{
    const struct mem_seat *s = m->seat[seat];
    struct sd_addr a = sd_ipv4_word(s->nat_ip != 0 ? s->nat_ip : s->ip, port);
    a.proto = proto;
    if (port != 0)
        a.port = (uint16_t)(port + s->nat_shift);
    return a;
}

struct mem_seat *mem_owner(const struct sd_mem *m, const struct sd_addr *outer,
                           struct sd_addr *local)
{
    uint32_t ip = sd_addr_ipv4(outer);
    for (size_t i = 0; i < m->seats; i++) {
        struct mem_seat *s = m->seat[i];
        if ((s->nat_ip != 0 ? s->nat_ip : s->ip) != ip)
            continue;
        uint16_t port = outer->port != 0 ? (uint16_t)(outer->port - s->nat_shift) : 0;
        if (!listens(s, outer->proto, port))
            continue;
        *local = sd_ipv4_word(s->ip, port);
        local->proto = outer->proto;
        return s;
    }
    return NULL;
}

/* -- units -- */

static struct mem_wire *new_wire(struct sd_mem *m, const void *data, size_t len)
{
    struct mem_wire *w = mem_grow(NULL, sizeof *w + len);
    memset(w, 0, sizeof *w);
    w->talk = -1;
    w->unit = (struct sd_mem_unit){
        .sent = m->now, .from = -1, .to = -1, .data = (uint8_t *)(w + 1), .len = len};
    if (len > 0)
        memcpy(w->unit.data, data, len);
    if (m->wires == m->wire_cap) {
        m->wire_cap = m->wire_cap * 2 + 64;
        m->wire = mem_grow(m->wire, m->wire_cap * sizeof *m->wire);
    }
    m->wire[m->wires++] = w;
    return w;
}

/* Past the hook and onto the link; false: lost there. */
static bool post(struct sd_mem *m, struct mem_wire *w, sd_time at)
{
    if (m->hook != NULL && !m->hook(m->hook_ctx, &w->unit)) {
        w->unit.fate = SD_MEM_LOST;
        return false;
    }
    mem_schedule(m, (struct mem_due){.at = at, .wire = w});
    return true;
}

static void repeat(struct sd_mem *m, const struct mem_wire *w, sd_time at)
{
    struct mem_wire *copy = new_wire(m, w->unit.data, w->unit.len);
    copy->outer = w->outer;
    copy->unit.from = w->unit.from;
    copy->unit.to = w->unit.to;
    copy->unit.path = w->unit.path;
    copy->unit.number = w->unit.number;
    copy->unit.flags = w->unit.flags;
    copy->unit.ecn = w->unit.ecn;
    copy->unit.copy = true;
    mem_schedule(m, (struct mem_due){.at = at, .wire = copy});
}

static bool in_list(const uint32_t *list, uint32_t number)
{
    for (; list != NULL && *list != 0; list++)
        if (*list == number)
            return true;
    return false;
}

static void send_datagram(struct mem_seat *s, const struct sd_unit *unit)
{
    struct sd_mem *m = s->mem;
    uint8_t proto = unit->path.remote.proto != 0 ? unit->path.remote.proto : unit->path.local.proto;
    if (proto == 0)
        proto = s->ops->carriers[0].proto;
    uint16_t port = unit->path.local.port;
    for (size_t i = 0; port == 0 && i < s->port_count && i < MEM_PORTS; i++)
        if (s->ports[i].proto == proto)
            port = s->ports[i].port;
    mem_listen(s, proto, port);

    struct mem_wire *w = new_wire(m, unit->data, unit->len);
    w->outer = unit->path.remote;
    w->outer.proto = proto;
    w->unit.from = s->index;
    w->unit.number = ++s->number;
    w->unit.flags = unit->flags;
    w->unit.ecn = unit->ecn;
    w->unit.path.remote = sd_mem_address(m, s->index, proto, port);
    struct mem_seat *to = mem_owner(m, &w->outer, &w->unit.path.local);
    w->unit.to = to != NULL ? to->index : -1;

    uint64_t key = sd_hash_u64(m->seed, (uint64_t)s->index);
    bool lost = sd_draw(key, 2 * (uint64_t)s->number) % SD_PPM < m->link.loss_ppm;
    bool twice = sd_draw(key, 2 * (uint64_t)s->number + 1) % SD_PPM < m->link.duplicate_ppm;
    if (lost || in_list(s->drop, s->number)) {
        w->unit.fate = SD_MEM_LOST;
        return;
    }
    sd_time at = m->now + m->link.delay;
    if (post(m, w, at) && twice)
        repeat(m, w, at);
}

/* -- streams -- */

static struct mem_wire *new_stream_wire(struct sd_mem *m, int talk, bool to_server,
                                        const void *data, size_t len)
{
    struct mem_talk *t = &m->talk[talk];
    struct mem_wire *w = new_wire(m, data, len);
    w->talk = talk;
    w->unit.from = to_server ? t->with.client : t->with.server;
    w->unit.to = to_server ? t->with.server : t->with.client;
    w->unit.path = t->path[to_server];
    return w;
}

/* Streams keep their order, even when the delay shrinks. */
static void post_stream(struct sd_mem *m, struct mem_wire *w, bool to_server)
{
    sd_time at = m->now + m->link.delay, *last = &m->talk[w->talk].last_arrival[to_server];
    if (at < *last)
        at = *last;
    *last = at;
    post(m, w, at);
}

static void send_stream(struct mem_seat *s, const struct sd_unit *unit)
{
    struct sd_mem *m = s->mem;
    size_t talk = (unit->path.conn - 1) / 2;
    bool to_server = unit->path.conn % 2 == 1;
    if (talk >= m->talks || m->talk[talk].broken ||
        (to_server ? m->talk[talk].with.client : m->talk[talk].with.server) != s->index) {
        struct mem_wire *w = new_wire(m, unit->data, unit->len);
        w->unit.from = s->index;
        w->unit.fate = SD_MEM_NOBODY;
        return;
    }
    const uint8_t *data = unit->data;
    size_t left = unit->len;
    do {
        size_t len = left;
        if (m->link.stream_chunk != 0 && len > m->link.stream_chunk)
            len = m->link.stream_chunk;
        struct mem_wire *w = new_stream_wire(m, (int)talk, to_server, data, len);
        data += len;
        left -= len;
        if (left == 0)
            w->unit.flags = unit->flags & (SD_UNIT_FIN | SD_UNIT_RESET);
        post_stream(m, w, to_server);
    } while (left > 0);
}

void mem_send_unit(struct mem_seat *s, const struct sd_unit *unit)
{
    if (unit->path.conn != 0)
        send_stream(s, unit);
    else if (unit->flags & SD_UNIT_BEGIN)
        mem_ask(s, &unit->path);
    else
        send_datagram(s, unit);
}

static void send_segment(struct sd_mem *m, int talk, enum sd_segment segment)
{
    uint8_t options[SYN_OPTIONS_MAX > ACK_OPTIONS_MAX ? SYN_OPTIONS_MAX : ACK_OPTIONS_MAX];
    size_t cap = segment == SD_SEGMENT_ACK ? ACK_OPTIONS_MAX : SYN_OPTIONS_MAX;
    bool to_server = segment != SD_SEGMENT_SYN_ACK;
    struct mem_talk *t = &m->talk[talk];
    struct mem_seat *s = m->seat[to_server ? t->with.client : t->with.server];
    size_t len =
        sd_seat_tcp_options(&s->seat, m->now, &t->path[!to_server], segment, NULL, 0, options, cap);
    struct mem_wire *w = new_stream_wire(m, talk, to_server, options, len);
    w->unit.segment = (uint8_t)(segment + 1);
    post_stream(m, w, to_server);
}

void mem_start_stream(struct sd_mem *m, int talk)
{
    send_segment(m, talk, SD_SEGMENT_SYN);
}

static int deliver(struct mem_seat *s, const struct sd_path *path, const void *data, size_t len,
                   uint8_t flags, uint8_t ecn)
{
    /* A block of just that size: an agent may decrypt in place, but not look beyond the end. */
    uint8_t *bytes = mem_grow(NULL, len);
    if (len > 0)
        memcpy(bytes, data, len);
    struct sd_unit unit = {
        .path = *path, .data = bytes, .len = len, .cap = len, .flags = flags, .ecn = ecn};
    int result = sd_seat_net_in(&s->seat, s->mem->now, &unit);
    free(bytes);
    return result;
}

static void arrive_segment(struct sd_mem *m, struct mem_wire *w)
{
    enum sd_segment segment = (enum sd_segment)(w->unit.segment - 1);
    struct mem_talk *t = &m->talk[w->talk];
    struct mem_seat *s = m->seat[w->unit.to];
    if (segment == SD_SEGMENT_SYN && !listens(s, SD_PROTO_TCP, w->unit.path.local.port)) {
        w->unit.fate = SD_MEM_NOBODY;
        t->opened = SD_E_PEER;
        if (t->asked) {
            struct sd_path path = t->path[0];
            t->broken = true;
            deliver(m->seat[t->with.client], &path, NULL, 0, SD_UNIT_RESET, 0);
        }
        return;
    }
    sd_seat_tcp_options(&s->seat, m->now, &w->unit.path, segment, w->unit.data, w->unit.len, NULL,
                        0);
    switch (segment) {
    case SD_SEGMENT_SYN:
        send_segment(m, w->talk, SD_SEGMENT_SYN_ACK);
        break;
    case SD_SEGMENT_SYN_ACK:
        send_segment(m, w->talk, SD_SEGMENT_ACK);
        if (t->asked)
            deliver(s, &w->unit.path, NULL, 0, SD_UNIT_BEGIN, 0);
        else
            mem_open(m, t);
        break;
    case SD_SEGMENT_ACK:
        t->up = true;
        w->unit.result = deliver(s, &w->unit.path, NULL, 0, SD_UNIT_BEGIN, 0);
        break;
    }
}

void mem_arrive(struct sd_mem *m, struct mem_wire *w)
{
    w->unit.fate = SD_MEM_ARRIVED;
    if (w->talk >= 0) {
        struct mem_talk *t = &m->talk[w->talk];
        if (t->broken || (w->unit.segment == 0 && w->unit.to == t->with.server && !t->up)) {
            w->unit.fate = SD_MEM_NOBODY;
            return;
        }
        if (w->unit.segment != 0) {
            arrive_segment(m, w);
            return;
        }
        t->broken = (w->unit.flags & SD_UNIT_RESET) != 0;
    } else if (w->outer.family != 0) {
        struct mem_seat *to = mem_owner(m, &w->outer, &w->unit.path.local);
        w->unit.to = to != NULL ? to->index : -1;
        if (to == NULL) {
            w->unit.fate = SD_MEM_NOBODY;
            return;
        }
    }
    w->unit.result = deliver(m->seat[w->unit.to], &w->unit.path, w->unit.data, w->unit.len,
                             w->unit.flags, w->unit.ecn);
}

void sd_mem_break(struct sd_mem *m, int conversation)
{
    struct mem_talk t = m->talk[conversation];
    if (!t.stream || t.broken)
        return;
    m->talk[conversation].broken = true;
    if (t.opened == SD_OK || (t.asked && t.up))
        deliver(m->seat[t.with.client], &t.path[0], NULL, 0, SD_UNIT_RESET, 0);
    if (t.up)
        deliver(m->seat[t.with.server], &t.path[1], NULL, 0, SD_UNIT_RESET, 0);
    mem_announce(m);
}

/* -- what tests send themselves -- */

int sd_mem_replay(struct sd_mem *m, size_t index, const struct sd_addr *from)
{
    if (index >= m->wires || m->wire[index]->talk >= 0)
        return SD_E_ARG;
    repeat(m, m->wire[index], m->now);
    if (from != NULL) {
        struct sd_addr *remote = &m->wire[m->wires - 1]->unit.path.remote;
        uint8_t proto = remote->proto;
        *remote = *from;
        remote->proto = proto;
    }
    return SD_OK;
}

void sd_mem_inject(struct sd_mem *m, int to, const struct sd_path *path, const void *data,
                   size_t len)
{
    struct mem_wire *w = new_wire(m, data, len);
    w->unit.to = to;
    w->unit.path = *path;
    w->unit.copy = true;
    mem_schedule(m, (struct mem_due){.at = m->now, .wire = w});
}
