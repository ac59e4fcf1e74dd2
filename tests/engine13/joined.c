#include "tests/engine13/joined.h"

#include <stdlib.h>
#include <string.h>

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool post(void *ctx, enum sd_e13_level level, const uint8_t *message, size_t len)
{
    struct joined_end *from = ctx;
    struct joined *j = from->joined;
    if (j->tail == JOINED_QUEUE)
        return false;
    struct joined_letter *l = &j->queue[j->tail++];
    *l = (struct joined_letter){from == &j->end[0], level, malloc(len + 1), len};
    memcpy(l->message, message, len);
    if (j->change)
        j->change(j->ctx, l);
    return true;
}

static void no_secret(void *ctx, bool sending, enum sd_e13_level level,
                      const struct sd_e13_suite *suite, const uint8_t *secret)
{
    (void)ctx, (void)sending, (void)level, (void)suite, (void)secret;
}

static void answer_update(void *ctx)
{
    struct joined_end *e = ctx;
    sd_e13_update(e->session, false);
}

static void count_news(void *ctx, const struct sd_event *news)
{
    struct joined_end *e = ctx;
    e->told[news->kind]++;
}

static const struct sd_e13_carrier carrier = {post, no_secret, answer_update, count_news};

static void make(struct joined_end *e, const struct joined_kind *k, bool client)
{
    static const uint8_t psk[32] = {7};
    require(sd_env_init(&e->env, client ? 1 : 2) == 0);
    e->config =
        (struct sd_config){.role = client ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
                           .identity = sd_identity(client ? "client.example" : "server.example"),
                           .server_name = client ? "server.example" : NULL,
                           .alpn = k->alpn,
                           .mutual = k->mutual,
                           .psk = psk,
                           .psk_len = sizeof psk};
    struct sd_env *before = sd_enter(&e->env);
    e->context.psk = k->psk;
    e->context.resume = k->resume;
    e->context.early = k->early;
    require(sd_e13_context_init(&e->context, k->flavour, &e->config, &e->env, &e->stats, NULL) ==
            0);
    const struct sd_option *o = client ? k->client : k->server;
    require(!o || sd_e13_option(&e->context, o, NULL) == 0);
    sd_leave(before);
}

void joined_make(struct joined *j, const struct joined_kind *k)
{
    memset(j, 0, sizeof *j);
    for (int i = 0; i < 2; i++) {
        j->end[i].joined = j;
        make(&j->end[i], k, i == 0);
    }
}

static void open_session(struct joined_end *e, const struct joined_kind *k, bool client)
{
    static const uint8_t cid[] = {1, 2, 3, 4};
    const struct sd_e13_open open = {.carrier = &carrier,
                                     .ctx = e,
                                     .client = client,
                                     .server_name = client ? "server.example" : NULL,
                                     .early = k->early,
                                     .demand_cookie = k->cookie,
                                     .offer_cid = k->flavour->datagram,
                                     .cid = cid,
                                     .cid_len = sizeof cid};
    struct sd_env *before = sd_enter(&e->env);
    e->session = sd_e13_new(&e->context, &open);
    require(e->session != NULL);
    sd_leave(before);
}

void joined_open(struct joined *j, const struct joined_kind *k)
{
    for (int i = 0; i < 2; i++)
        open_session(&j->end[i], k, i == 0);
    struct sd_env *before = sd_enter(&j->end[0].env);
    require(sd_e13_start(j->end[0].session) == 0);
    sd_leave(before);
}

static void hear(struct joined *j, const struct joined_letter *l)
{
    struct joined_end *e = &j->end[l->to == 1 ? 1 : 0];
    struct sd_env *before = sd_enter(&e->env);
    j->alert = sd_e13_receive(e->session, l->level, l->message, l->len);
    j->refused = l->to;
    j->why = sd_e13_why(e->session);
    require(j->alert >= 0 && j->alert < 256 && (j->alert == 0 || *j->why));
    sd_leave(before);
}

void joined_converse(struct joined *j)
{
    while (j->head < j->tail && !j->alert) {
        struct joined_letter l = j->queue[j->head++];
        hear(j, &l);
        free(l.message);
    }
    while (j->head < j->tail)
        free(j->queue[j->head++].message);
    j->head = j->tail = 0;
}

void joined_update(struct joined *j, int end)
{
    struct joined_end *e = &j->end[end];
    struct sd_env *before = sd_enter(&e->env);
    if (sd_e13_connected(e->session))
        require(sd_e13_update(e->session, true) == 0);
    sd_leave(before);
}

void joined_close(struct joined *j)
{
    for (int i = 0; i < 2; i++) {
        struct sd_env *before = sd_enter(&j->end[i].env);
        sd_e13_free(j->end[i].session);
        sd_leave(before);
    }
    j->alert = 0;
}

uint64_t joined_free(struct joined *j)
{
    uint64_t left = 0;
    for (int i = 0; i < 2; i++) {
        struct sd_env *before = sd_enter(&j->end[i].env);
        sd_e13_context_fini(&j->end[i].context);
        sd_leave(before);
        left += sd_heap_bytes(&j->end[i].env);
        sd_env_fini(&j->end[i].env);
    }
    return left;
}
