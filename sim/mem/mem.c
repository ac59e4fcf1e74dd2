/* mem.c - seats, conversations and time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/signalling.h"
#include "sim/mem/inside.h"

void *mem_grow(void *block, size_t size)
{
    void *grown = realloc(block, size > 0 ? size : 1);
    if (grown == NULL) {
        fprintf(stderr, "sd_mem: out of memory for %zu bytes\n", size);
        abort();
    }
    return grown;
}

void mem_append(struct mem_bytes *b, const void *data, size_t len)
{
    if (b->cap - b->len < len) {
        b->cap = b->cap * 2 + len;
        b->data = mem_grow(b->data, b->cap);
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

struct sd_mem *sd_mem_new(uint64_t seed)
{
    struct sd_mem *m = mem_grow(NULL, sizeof *m);
    *m = (struct sd_mem){.seed = seed, .link.delay = 25 * SD_MS};
    return m;
}

static void free_seat(struct mem_seat *s)
{
    for (struct mem_pending *p = s->pending, *next; p != NULL; p = next) {
        next = p->next;
        free(p->bytes.data);
        free(p);
    }
    free(s->drop);
    free(s->keylog.data);
    free(s->received.data);
    sd_env_fini(&s->env);
    free(s);
}

uint64_t sd_mem_free(struct sd_mem *m)
{
    uint64_t left = 0;
    for (size_t i = 0; i < m->seats; i++) {
        sd_seat_fini(&m->seat[i]->seat);
        left += sd_heap_bytes(&m->seat[i]->env);
        free_seat(m->seat[i]);
    }
    for (size_t i = 0; i < m->talks; i++) {
        free((void *)(uintptr_t)m->talk[i].with.early);
        free((void *)(uintptr_t)m->talk[i].with.server_name);
    }
    for (size_t i = 0; i < m->wires; i++)
        free(m->wire[i]);
    for (size_t i = 0; i < m->events; i++)
        free((void *)(uintptr_t)m->event[i].data);
    free(m->seat);
    free(m->talk);
    free(m->due);
    free(m->wire);
    free(m->event);
    free(m);
    return left;
}

/* -- seats -- */

static void on_unit(void *ctx, const struct sd_unit *unit)
{
    mem_send_unit(ctx, unit);
}

static void on_event(void *ctx, const struct sd_event *event)
{
    mem_log_event(ctx, event);
}

static void on_key(void *ctx, enum sd_key_format format, const char *line)
{
    struct mem_seat *s = ctx;
    (void)format;
    mem_append(&s->keylog, line, strlen(line));
    mem_append(&s->keylog, "\n", 1);
}

int sd_mem_add(struct sd_mem *m, const struct sd_agent_ops *ops, const struct sd_config *config,
               uint64_t seed)
{
    static const struct sd_sink sink = {.unit = on_unit, .event = on_event};
    struct mem_seat *s = mem_grow(NULL, sizeof *s);
    *s = (struct mem_seat){.mem = m, .index = (int)m->seats, .ops = ops, .config = *config};
    int result = sd_env_init(&s->env, seed);
    if (result != SD_OK) {
        free(s);
        return sd_fail(&m->error, result, "no memory for an environment");
    }
    s->ip = UINT32_C(0x0a000001) + (uint32_t)m->seats;
    s->env.keylog = on_key;
    s->env.ctx = s;
    if (config->role != SD_ROLE_CLIENT)
        for (const struct sd_carrier *c = ops->carriers; c->proto != 0; c++)
            mem_listen(s, c->proto, c->port);
    m->seat = mem_grow(m->seat, (m->seats + 1) * sizeof *m->seat);
    m->seat[m->seats++] = s;
    result = sd_seat_init(&s->seat, ops, &s->config, &s->env, &sink, s, m->now, &m->error);
    if (result != SD_OK) {
        m->seats--;
        free_seat(s);
        return result;
    }
    mem_announce(m);
    return s->index;
}

const char *sd_mem_error(const struct sd_mem *m)
{
    return m->error.text;
}

struct sd_seat *sd_mem_seat(struct sd_mem *m, int seat)
{
    return &m->seat[seat]->seat;
}

const char *sd_mem_keylog(const struct sd_mem *m, int seat)
{
    struct mem_bytes *log = &m->seat[seat]->keylog;
    mem_append(log, "", 1);
    log->len--;
    return (const char *)log->data;
}

struct sd_mem_link *sd_mem_link(struct sd_mem *m)
{
    return &m->link;
}

void sd_mem_drop(struct sd_mem *m, int from, const uint32_t *numbers)
{
    struct mem_seat *s = m->seat[from];
    size_t n = 0;
    while (numbers[n] != 0)
        n++;
    s->drop = mem_grow(s->drop, (n + 1) * sizeof *numbers);
    memcpy(s->drop, numbers, (n + 1) * sizeof *numbers);
}

/* -- time -- */

static bool sooner(const struct mem_due *a, const struct mem_due *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void mem_schedule(struct sd_mem *m, struct mem_due due)
{
    if (m->dues == m->due_cap) {
        m->due_cap = m->due_cap * 2 + 16;
        m->due = mem_grow(m->due, m->due_cap * sizeof *m->due);
    }
    due.order = m->order++;
    size_t i = m->dues++;
    for (; i > 0 && sooner(&due, &m->due[(i - 1) / 2]); i = (i - 1) / 2)
        m->due[i] = m->due[(i - 1) / 2];
    m->due[i] = due;
}

static struct mem_due take_due(struct sd_mem *m)
{
    struct mem_due first = m->due[0], last = m->due[--m->dues];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= m->dues)
            break;
        if (child + 1 < m->dues && sooner(&m->due[child + 1], &m->due[child]))
            child++;
        if (!sooner(&m->due[child], &last))
            break;
        m->due[i] = m->due[child];
        i = child;
    }
    m->due[i] = last;
    return first;
}

/* The seat whose timer runs out first; -1: none runs. */
static int next_timer(const struct sd_mem *m, sd_time *at)
{
    int seat = -1;
    *at = SD_NEVER;
    for (size_t i = 0; i < m->seats; i++) {
        sd_time deadline = sd_seat_deadline(&m->seat[i]->seat);
        if (deadline < *at) {
            *at = deadline;
            seat = (int)i;
        }
    }
    return seat;
}

sd_time sd_mem_run(struct sd_mem *m, sd_time until)
{
    for (;;) {
        sd_time timer_at;
        int seat = next_timer(m, &timer_at);
        sd_time due_at = m->dues > 0 ? m->due[0].at : SD_NEVER;
        sd_time next = due_at <= timer_at ? due_at : timer_at;
        if (next == SD_NEVER || next > until)
            break;
        if (next > m->now)
            m->now = next;
        if (due_at <= timer_at) {
            struct mem_due due = take_due(m);
            if (due.wire != NULL)
                mem_arrive(m, due.wire);
            else
                due.call(due.ctx);
        } else {
            sd_seat_expire(&m->seat[seat]->seat, m->now);
        }
        mem_announce(m);
    }
    if (until != SD_NEVER && until > m->now)
        m->now = until;
    return m->now;
}

sd_time sd_mem_now(const struct sd_mem *m)
{
    return m->now;
}

void sd_mem_at(struct sd_mem *m, sd_time when, void (*call)(void *ctx), void *ctx)
{
    mem_schedule(m,
                 (struct mem_due){.at = when > m->now ? when : m->now, .call = call, .ctx = ctx});
}

/* -- conversations -- */

#define FIRST_CLIENT_PORT 49152 /* RFC 6335 6: dynamic ports */

void mem_open(struct sd_mem *m, struct mem_talk *t)
{
    struct sd_open open = {.path = t->path[0],
                           .server_name = t->with.server_name,
                           .early = t->with.early,
                           .early_len = t->with.early_len};
    sd_sid sid = 0;
    size_t index = (size_t)(t - m->talk);
    int opened = sd_seat_open(&m->seat[t->with.client]->seat, m->now, &open, &sid);
    m->talk[index].opened = opened;
    m->talk[index].sid = sid;
    mem_announce(m);
}

static struct mem_talk *new_talk(struct sd_mem *m, const struct sd_mem_connect *with, bool stream)
{
    m->talk = mem_grow(m->talk, (m->talks + 1) * sizeof *m->talk);
    struct mem_talk *t = &m->talk[m->talks++];
    *t = (struct mem_talk){.with = *with, .stream = stream, .opened = SD_E_STATE};
    return t;
}

/* The paths of a stream between the client's port and an address of the server; its SYN leaves. */
static void start_stream(struct sd_mem *m, struct mem_talk *t, uint16_t port, uint16_t server_port)
{
    int talk = (int)(t - m->talk);
    struct sd_path *path = t->path;
    path[0].local.proto = path[0].remote.proto = SD_PROTO_TCP;
    path[0].conn = 2 * (uint32_t)talk + 1;
    path[1] = (struct sd_path){.local = sd_ipv4_word(m->seat[t->with.server]->ip, server_port),
                               .remote = sd_mem_address(m, t->with.client, SD_PROTO_TCP, port),
                               .conn = path[0].conn + 1};
    path[1].local.proto = SD_PROTO_TCP;
    mem_start_stream(m, talk);
}

static uint16_t client_port(int talk)
{
    return (uint16_t)(FIRST_CLIENT_PORT + talk % (65536 - FIRST_CLIENT_PORT));
}

void mem_ask(struct mem_seat *client, const struct sd_path *wanted)
{
    struct sd_mem *m = client->mem;
    struct sd_addr local;
    struct sd_addr to = wanted->remote;
    to.proto = SD_PROTO_TCP;
    struct mem_seat *server = mem_owner(m, &to, &local);
    struct mem_talk *t =
        new_talk(m,
                 &(struct sd_mem_connect){.client = client->index,
                                          .server = server != NULL ? server->index : client->index},
                 true);
    uint16_t port = client_port((int)(t - m->talk));
    t->asked = true;
    t->path[0].local = sd_ipv4_word(client->ip, port);
    t->path[0].remote = to;
    start_stream(m, t, port, server != NULL ? local.port : 0);
}

/* Where the protocol has signalling; what an agent says to it shows when the session opens. */
static void signal_ends(struct sd_mem *m, const struct mem_talk *t)
{
    struct sd_signalled client = {&m->seat[t->with.client]->seat, t->path[0].local};
    struct sd_signalled server = {&m->seat[t->with.server]->seat, t->path[0].remote};
    if (!t->with.unsignalled)
        sd_signal(&client, &server, m->now);
}

int sd_mem_connect_with(struct sd_mem *m, const struct sd_mem_connect *with)
{
    struct mem_seat *client = m->seat[with->client], *server = m->seat[with->server];
    const struct sd_carrier *c = server->ops->carriers;
    for (int i = 0; i < with->carrier && c->proto != 0; i++)
        c++;
    if (c->proto == 0)
        return sd_fail(&m->error, SD_E_ARG, "%s has no carrier %d", server->ops->name,
                       with->carrier);

    struct mem_talk *t = new_talk(m, with, c->proto == SD_PROTO_TCP);
    int talk = (int)(t - m->talk);
    if (with->server_name != NULL) {
        char *name = mem_grow(NULL, strlen(with->server_name) + 1);
        t->with.server_name = strcpy(name, with->server_name);
    }
    if (with->early_len > 0) {
        uint8_t *early = mem_grow(NULL, with->early_len);
        t->with.early = memcpy(early, with->early, with->early_len);
    }

    /* Those that only call use a port of their own; the others speak from where they listen. */
    uint16_t port = c->port;
    if (client->config.role == SD_ROLE_CLIENT && c->port != 0)
        port = client_port(talk);
    struct sd_path *path = &t->path[0];
    path->local = sd_ipv4_word(client->ip, port);
    path->remote = sd_mem_address(m, with->server, c->proto, c->port);
    path->local.proto = c->proto;
    if (!t->stream) {
        mem_listen(client, c->proto, port);
        signal_ends(m, t);
        mem_open(m, t);
        return talk;
    }
    start_stream(m, t, port, c->port);
    return talk;
}

int sd_mem_connect(struct sd_mem *m, int client, int server)
{
    return sd_mem_connect_with(m, &(struct sd_mem_connect){.client = client, .server = server});
}

sd_sid sd_mem_sid(const struct sd_mem *m, int conversation)
{
    return m->talk[conversation].sid;
}

int sd_mem_opened(const struct sd_mem *m, int conversation)
{
    return m->talk[conversation].opened;
}

/* Offers bytes until the agent takes no more: how many are left, or enum sd_result < 0. */
static long offer(struct mem_seat *s, sd_sid sid, uint64_t stream, const uint8_t *data, size_t len,
                  bool fin)
{
    do {
        long taken = sd_seat_app_in(&s->seat, s->mem->now, sid, stream, data, len, fin);
        if (taken < 0)
            return taken;
        if (taken == 0)
            break;
        data += taken;
        len -= (size_t)taken;
    } while (len > 0);
    return (long)len;
}

void mem_offer(struct mem_seat *s, sd_sid sid)
{
    for (struct mem_pending **at = &s->pending; *at != NULL;) {
        struct mem_pending *p = *at;
        if (p->sid == sid || sid == 0) {
            long left = offer(s, p->sid, p->stream, p->bytes.data, p->bytes.len, p->fin);
            if (left <= 0) {
                *at = p->next;
                free(p->bytes.data);
                free(p);
                continue;
            }
            memmove(p->bytes.data, p->bytes.data + p->bytes.len - (size_t)left, (size_t)left);
            p->bytes.len = (size_t)left;
        }
        at = &p->next;
    }
}

int sd_mem_send(struct sd_mem *m, int seat, sd_sid sid, uint64_t stream, const void *data,
                size_t len, bool fin)
{
    struct mem_seat *s = m->seat[seat];
    struct mem_pending **at = &s->pending;
    while (*at != NULL && ((*at)->sid != sid || (*at)->stream != stream))
        at = &(*at)->next;
    long left = (long)len;
    if (*at == NULL)
        left = offer(s, sid, stream, data, len, fin);
    if (left > 0 && s->ops->service != SD_SERVICE_STREAM)
        left = SD_DROP_FULL;
    else if (left > 0) {
        if (*at == NULL) {
            *at = mem_grow(NULL, sizeof **at);
            **at = (struct mem_pending){.sid = sid, .stream = stream};
        }
        mem_append(&(*at)->bytes, (const uint8_t *)data + len - (size_t)left, (size_t)left);
        (*at)->fin = fin;
        left = SD_OK;
    }
    mem_announce(m);
    return (int)left;
}

int sd_mem_control(struct sd_mem *m, int seat, sd_sid sid, struct sd_control *control)
{
    int result = sd_seat_control(&m->seat[seat]->seat, m->now, sid, control);
    mem_announce(m);
    return result;
}

int sd_mem_close(struct sd_mem *m, int seat, sd_sid sid)
{
    return sd_mem_control(m, seat, sid, &(struct sd_control){.verb = SD_CLOSE});
}

int sd_mem_move(struct sd_mem *m, int seat, sd_sid sid, int peer)
{
    struct mem_seat *s = m->seat[seat];
    const struct sd_carrier *c = s->ops->carriers;
    s->ip = UINT32_C(0x0a010001) + (s->moves++ << 16) + (uint32_t)seat;
    s->nat_ip = 0;
    s->nat_shift = 0;
    struct sd_control migrate = {.verb = SD_MIGRATE};
    migrate.path.remote = sd_mem_address(m, peer, c->proto, c->port);
    migrate.path.local = sd_ipv4_word(s->ip, 0);
    migrate.path.local.proto = c->proto;
    for (size_t i = 0; i < s->port_count; i++)
        if (s->ports[i].proto == c->proto)
            migrate.path.local.port = s->ports[i].port;
    return sd_mem_control(m, seat, sid, &migrate);
}

void sd_mem_rebind(struct sd_mem *m, int seat, unsigned what)
{
    struct mem_seat *s = m->seat[seat];
    if (s->nat_ip == 0)
        s->nat_ip = s->ip;
    if (what & SD_MEM_ADDRESS)
        s->nat_ip = UINT32_C(0xc0000200) + (s->moves++ & 0x7f) + ((uint32_t)seat << 16);
    if (what & SD_MEM_PORT)
        s->nat_shift = (uint16_t)(s->nat_shift + 101);
}

void sd_mem_watch(struct sd_mem *m, void (*watch)(void *ctx, const struct sd_mem_event *),
                  void *ctx)
{
    m->watch = watch;
    m->watch_ctx = ctx;
}

void sd_mem_on_unit(struct sd_mem *m, sd_mem_hook hook, void *ctx)
{
    m->hook = hook;
    m->hook_ctx = ctx;
}
