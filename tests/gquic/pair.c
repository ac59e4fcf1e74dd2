#include "tests/gquic/pair.h"
#include <stdio.h>
#include <string.h>

#define BYTES (4u << 20)

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct pair *p = ctx;
    if (e->kind == SD_EV_READY && e->seat == p->server)
        p->server_sid = e->sid;
    if (e->kind == SD_EV_READY && e->seat == p->client && p->request) {
        p->client_sid = e->sid; /* perhaps open() has not returned yet */
        size_t len = p->request;
        p->request = 0;
        pair_send(p, p->client, 0, len, false);
    }
    if (e->kind == SD_EV_DATA && e->seat == p->server && p->reply) {
        size_t len = p->reply;
        p->reply = 0;
        pair_send(p, p->server, e->stream, len, false);
    }
}

void pair_make(struct pair *p, const struct pair_options *o)
{
    uint64_t seed = o->seed ? o->seed : 1;
    const char *identity = o->identity ? o->identity : "server.example";
    memset(p, 0, sizeof *p);
    p->reply = o->reply;
    p->mem = sd_mem_new(seed);
    sd_mem_link(p->mem)->delay = WAY;
    sd_mem_watch(p->mem, on_event, p);
    p->config[0] = (struct sd_config){.role = SD_ROLE_CLIENT,
                                      .mode = o->mode,
                                      .ca = o->ca,
                                      .server_name = o->name ? o->name : identity,
                                      .path_mtu = o->path_mtu,
                                      .options = o->client_options};
    p->config[1] = (struct sd_config){.role = SD_ROLE_SERVER,
                                      .mode = o->mode,
                                      .identity = sd_identity(identity),
                                      .validation = o->validation,
                                      .early_replay_ok = o->early_replay_ok,
                                      .half_open_max = o->half_open_max,
                                      .path_mtu = o->path_mtu,
                                      .options = o->server_options};
    p->client = sd_mem_add(p->mem, &sd_gquic_agent, &p->config[0], 2 * seed);
    p->server = sd_mem_add(p->mem, &sd_gquic_agent, &p->config[1], 2 * seed + 1);
    if (p->client < 0 || p->server < 0)
        fail_msg("expected two agents, found: %s", sd_mem_error(p->mem));
}

void pair_open(struct pair *p, const char *early)
{
    const struct sd_mem_connect with = {.client = p->client,
                                        .server = p->server,
                                        .early = (const uint8_t *)early,
                                        .early_len = early ? strlen(early) : 0};
    p->talk = sd_mem_connect_with(p->mem, &with);
    pair_check(p, SD_OK, sd_mem_opened(p->mem, p->talk), "result of open");
    p->client_sid = sd_mem_sid(p->mem, p->talk);
}

void pair_request(struct pair *p, const struct pair_options *o, size_t len)
{
    pair_make(p, o);
    p->request = len;
    pair_open(p, NULL);
}

void pair_prepare(struct pair *p, const struct pair_options *o)
{
    pair_request(p, o, 100);
    pair_run(p, SD_SECOND);
    pair_check(p, 1, pair_count(p, p->client, SD_EV_TICKET), "server configs cached");
    sd_mem_close(p->mem, p->client, p->client_sid);
    pair_run(p, SD_SECOND);
    sd_mem_forget(p->mem);
    p->reply = o->reply;
    p->server_sid = 0;
}

void pair_end(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

uint8_t pair_byte(uint64_t n)
{
    return (uint8_t)(n * 167 + (n >> 8) * 13 + (n >> 16));
}

const uint8_t *pair_bytes(size_t len)
{
    static uint8_t bytes[BYTES];
    static bool made;
    assert_true(len <= BYTES);
    for (size_t n = 0; !made && n < BYTES; n++)
        bytes[n] = pair_byte(n);
    made = true;
    return bytes;
}

int pair_send(struct pair *p, int from, uint64_t stream, size_t len, bool fin)
{
    sd_sid sid = from == p->client ? p->client_sid : p->server_sid;
    return sd_mem_send(p->mem, from, sid, stream, pair_bytes(len), len, fin);
}

void pair_received(struct pair *p, int seat, uint64_t stream, size_t len)
{
    size_t found = 0;
    for (size_t i = 0; i < sd_mem_events(p->mem); i++) {
        const struct sd_mem_event *e = sd_mem_event(p->mem, i);
        if (e->seat != seat || e->kind != SD_EV_DATA || e->stream != stream || !e->len)
            continue;
        if (found + e->len <= BYTES)
            assert_memory_equal(e->data, pair_bytes(found + e->len) + found, e->len);
        found += e->len;
    }
    pair_check(p, len, found,
               seat == p->client ? "bytes the client received" : "bytes the server received");
}

void pair_run(struct pair *p, sd_time more)
{
    sd_mem_run(p->mem, sd_mem_now(p->mem) + more);
}

size_t pair_count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

sd_time pair_when(struct pair *p, int seat, enum sd_event_kind kind, size_t nth)
{
    const struct sd_mem_event *e = sd_mem_find(p->mem, seat, kind, nth);
    return e ? e->at : SD_NEVER;
}

size_t pair_index(struct pair *p, int from, const char *what, size_t nth)
{
    char text[256];
    for (size_t i = 0; i < sd_mem_units(p->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p->mem, i);
        if (u->from != from || u->copy)
            continue;
        sd_gquic_agent.describe(u->data, u->len, from == p->client, text, sizeof text);
        if (strncmp(text, what, strlen(what)) == 0 && nth-- == 0)
            return i;
    }
    return SIZE_MAX;
}

size_t pair_sent(struct pair *p, int from, const char *what)
{
    size_t n = 0;
    while (pair_index(p, from, what, n) != SIZE_MAX)
        n++;
    return n;
}

struct sd_stats pair_stats(struct pair *p, int seat)
{
    struct sd_stats s;
    sd_seat_stats(sd_mem_seat(p->mem, seat), &s);
    return s;
}

struct gquic *pair_agent(struct pair *p, int seat)
{
    return (struct gquic *)sd_mem_seat(p->mem, seat)->agent;
}

struct gq_connection *pair_connection(struct pair *p, int seat)
{
    return sd_index_any(&pair_agent(p, seat)->by_sid);
}

void pair_check_at(struct pair *p, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line)
{
    if (expected == found)
        return;
    sd_mem_print(p->mem);
    print_error("%s:%d: %s: expected %llu, found %llu\n", file, line, what,
                (unsigned long long)expected, (unsigned long long)found);
    _fail(file, line);
}
