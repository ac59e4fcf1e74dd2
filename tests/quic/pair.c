#include "tests/quic/pair.h"

#include <stdio.h>
#include <string.h>

#define BYTES   (4u << 20)
#define REQUEST 64

static const uint8_t psk[16] = "sixteen bytes...";

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct pair *p = ctx;
    if (e->seat != p->server)
        return;
    if (e->kind == SD_EV_READY)
        p->server_sid = e->sid;
    if (e->kind == SD_EV_DATA && p->reply > 0 && e->stream < 64 &&
        !(p->replied & UINT64_C(1) << e->stream)) {
        p->replied |= UINT64_C(1) << e->stream;
        sd_mem_send(p->mem, p->server, e->sid, e->stream, pair_bytes(p->reply), p->reply, false);
    }
}

static const struct sd_identity *identity_of(const char *name, const char *otherwise)
{
    return name && !*name ? NULL : sd_identity(name ? name : otherwise);
}

void pair_make(struct pair *p, const struct pair_options *o)
{
    uint64_t seed = o->seed ? o->seed : 1;
    memset(p, 0, sizeof *p);
    p->reply = o->reply;
    p->mem = sd_mem_new(seed);
    sd_mem_link(p->mem)->delay = WAY;
    sd_mem_watch(p->mem, on_event, p);
    p->config[0] = (struct sd_config){.role = SD_ROLE_CLIENT,
                                      .mode = o->client_mode ? o->client_mode : o->mode,
                                      .identity = identity_of(o->client_identity, "client.example"),
                                      .ca = o->client_ca,
                                      .server_name = o->name ? o->name : "server.example",
                                      .alpn = o->client_alpn,
                                      .options = o->client_options};
    p->config[1] = (struct sd_config){.role = SD_ROLE_SERVER,
                                      .mode = o->server_mode ? o->server_mode : o->mode,
                                      .identity = identity_of(o->identity, "server.example"),
                                      .alpn = o->server_alpn,
                                      .mutual = o->mutual,
                                      .validation = o->validation,
                                      .early_replay_ok = o->early_replay_ok,
                                      .half_open_max = o->half_open_max,
                                      .options = o->server_options};
    for (int i = 0; i < 2; i++) {
        p->config[i].psk = psk;
        p->config[i].psk_len = sizeof psk;
    }
    p->client = sd_mem_add(p->mem, &sd_quic_agent, &p->config[0], 2 * seed);
    p->server = sd_mem_add(p->mem, &sd_quic_agent, &p->config[1], 2 * seed + 1);
    if (p->client < 0 || p->server < 0)
        fail_msg("expected two agents, found: %s", sd_mem_error(p->mem));
}

void pair_open(struct pair *p, const char *early)
{
    const struct sd_mem_connect with = {.client = p->client,
                                        .server = p->server,
                                        .early = (const uint8_t *)early,
                                        .early_len = early ? strlen(early) : 0};
    p->server_sid = 0;
    p->replied = 0;
    p->talk = sd_mem_connect_with(p->mem, &with);
    pair_check(p, SD_OK, sd_mem_opened(p->mem, p->talk), "result of open");
    p->client_sid = sd_mem_sid(p->mem, p->talk);
}

void pair_request(struct pair *p)
{
    pair_open(p, NULL);
    pair_check(p, SD_OK, pair_send(p, p->client, 0, REQUEST, false), "result of app_in");
    pair_run(p, 3 * SD_SECOND);
}

void pair_make_known(struct pair *p, const struct pair_options *o)
{
    const struct sd_mode *mode = sd_mode_find(&sd_quic_agent, o->mode ? o->mode : "fresh");
    pair_make(p, o);
    if (!mode->needs_earlier)
        return;
    pair_request(p);
    pair_control(p, p->client, SD_CLOSE);
    pair_run(p, 5 * SD_SECOND);
    sd_mem_forget(p->mem);
}

void pair_end(struct pair *p)
{
    assert_int_equal(sd_mem_free(p->mem), 0);
}

const uint8_t *pair_bytes(size_t len)
{
    static uint8_t bytes[BYTES];
    assert_true(len <= BYTES);
    for (size_t n = 0; bytes[1] == 0 && n < BYTES; n++)
        bytes[n] = (uint8_t)(n * 167 + (n >> 8) * 13 + (n >> 16));
    return bytes;
}

int pair_send(struct pair *p, int from, uint64_t stream, size_t len, bool fin)
{
    sd_sid sid = from == p->client ? p->client_sid : p->server_sid;
    return sd_mem_send(p->mem, from, sid, stream, pair_bytes(len), len, fin);
}

void pair_run(struct pair *p, sd_time more)
{
    sd_mem_run(p->mem, sd_mem_now(p->mem) + more);
}

int pair_control(struct pair *p, int seat, enum sd_verb verb)
{
    struct sd_control c = {.verb = verb};
    return sd_mem_control(p->mem, seat, seat == p->client ? p->client_sid : p->server_sid, &c);
}

size_t pair_count(const struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

const char *pair_detail(const struct pair *p, int seat, enum sd_event_kind kind, size_t nth)
{
    const struct sd_mem_event *e = sd_mem_find(p->mem, seat, kind, nth);
    return e ? e->detail : "(none)";
}

sd_time pair_when(const struct pair *p, int seat, enum sd_event_kind kind, size_t nth)
{
    const struct sd_mem_event *e = sd_mem_find(p->mem, seat, kind, nth);
    return e ? e->at : SD_NEVER;
}

size_t pair_heard(const struct pair *p, int seat, uint64_t stream)
{
    const struct sd_mem_event *e;
    size_t bytes = 0;
    for (size_t i = 0; (e = sd_mem_find(p->mem, seat, SD_EV_DATA, i)); i++)
        if (e->stream == stream)
            bytes += e->len;
    return bytes;
}

struct sd_stats pair_stats(struct pair *p, int seat)
{
    struct sd_stats s;
    sd_seat_stats(sd_mem_seat(p->mem, seat), &s);
    return s;
}

size_t pair_units(const struct pair *p, int from, const char *words)
{
    size_t n = 0;
    for (size_t i = 0; i < sd_mem_units(p->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p->mem, i);
        char text[128];
        if (u->from != from || u->copy)
            continue;
        sd_quic_agent.describe(u->data, u->len, from == p->client, text, sizeof text);
        n += strstr(text, words) != NULL;
    }
    return n;
}

static void give_up(struct pair *p, const char *file, int line)
{
    sd_mem_print(p->mem);
    fprintf(stderr, "%s:%d: see above\n", file, line);
    _fail(file, line);
}

void pair_check_at(struct pair *p, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line)
{
    if (expected == found)
        return;
    fprintf(stderr, "%s: expected %llu, found %llu\n", what, (unsigned long long)expected,
            (unsigned long long)found);
    give_up(p, file, line);
}

void pair_check_text_at(struct pair *p, const char *words, const char *text, const char *what,
                        const char *file, int line)
{
    if (strstr(text, words))
        return;
    fprintf(stderr, "%s: expected '%s' in '%s'\n", what, words, text);
    give_up(p, file, line);
}
