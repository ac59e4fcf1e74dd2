#include "tests/tls/talk.h"

struct sd_config talk_config(enum sd_role role, const char *mode)
{
    bool client = role == SD_ROLE_CLIENT;
    return (struct sd_config){
        .role = role,
        .mode = mode,
        .identity = sd_identity(client ? "client.example" : "server.example"),
        .server_name = client ? "server.example" : NULL,
        .psk = (const uint8_t *)TEST_PSK,
        .psk_len = strlen(TEST_PSK),
        .allow_early = mode && strcmp(mode, "early") == 0,
    };
}

static void watch(void *ctx, const struct sd_mem_event *e)
{
    struct talk *t = ctx;
    sd_time at = e->at - t->begun;
    if (e->seat == t->client && e->kind == SD_EV_READY && t->ready == SD_NEVER)
        t->ready = at;
    if (t->quiet)
        return;
    bool early = sd_mem_count(t->mem, t->client, SD_EV_EARLY_OK) > 0;
    if (e->seat == t->client && e->kind == SD_EV_READY && !early)
        sd_mem_send(t->mem, t->client, e->sid, 0, REQUEST, strlen(REQUEST), false);
    if (e->seat == t->server && e->kind == SD_EV_DATA)
        sd_mem_send(t->mem, t->server, e->sid, 0, REPLY, strlen(REPLY), false);
    if (e->seat == t->client && e->kind == SD_EV_DATA && t->reply == SD_NEVER)
        t->reply = at;
}

void talk_init(struct talk *t, const char *protocol, const struct sd_config *client,
               const struct sd_config *server, uint64_t seed)
{
    const struct sd_agent_ops *ops = sd_agent_find(protocol);
    *t = (struct talk){.mem = sd_mem_new(seed), .ready = SD_NEVER, .reply = SD_NEVER};
    assert_non_null(ops);
    t->client = sd_mem_add(t->mem, ops, client, seed + 1);
    if (t->client < 0)
        fail_msg("client: %s", sd_mem_error(t->mem));
    t->server = sd_mem_add(t->mem, ops, server, seed + 2);
    if (t->server < 0)
        fail_msg("server: %s", sd_mem_error(t->mem));
    sd_mem_watch(t->mem, watch, t);
}

void talk_modes(struct talk *t, const char *protocol, const char *mode, uint64_t seed)
{
    struct sd_config client = talk_config(SD_ROLE_CLIENT, mode);
    struct sd_config server = talk_config(SD_ROLE_SERVER, mode);
    talk_init(t, protocol, &client, &server, seed);
}

void talk_start(struct talk *t)
{
    struct sd_mem_connect c = {.client = t->client, .server = t->server};
    if (t->early) {
        c.early = (const uint8_t *)REQUEST;
        c.early_len = strlen(REQUEST);
    }
    t->begun = sd_mem_now(t->mem);
    t->ready = t->reply = SD_NEVER;
    t->conversation = sd_mem_connect_with(t->mem, &c);
    assert_true(t->conversation >= 0);
}

void talk_connect(struct talk *t)
{
    talk_start(t);
    talk_run(t, 10 * SD_SECOND);
}

void talk_run(struct talk *t, sd_time more)
{
    sd_mem_run(t->mem, sd_mem_now(t->mem) + more);
}

void talk_close(struct talk *t)
{
    sd_mem_close(t->mem, t->client, sd_mem_sid(t->mem, t->conversation));
    talk_run(t, 10 * SD_SECOND);
}

sd_sid talk_server_sid(struct talk *t)
{
    size_t n = sd_mem_count(t->mem, t->server, SD_EV_READY);
    assert_true(n > 0);
    return sd_mem_find(t->mem, t->server, SD_EV_READY, n - 1)->sid;
}

void talk_fini(struct talk *t)
{
    uint64_t left = sd_mem_free(t->mem);
    if (left != 0)
        fail_msg("bytes left on the agents' heaps: expected 0, found %llu",
                 (unsigned long long)left);
}

struct sd_stats talk_stats(struct talk *t, int seat)
{
    struct sd_stats stats;
    sd_seat_stats(sd_mem_seat(t->mem, seat), &stats);
    return stats;
}

size_t talk_count(struct talk *t, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(t->mem, seat, kind);
}

const char *talk_detail(struct talk *t, int seat, enum sd_event_kind kind)
{
    size_t n = sd_mem_count(t->mem, seat, kind);
    return n ? sd_mem_find(t->mem, seat, kind, n - 1)->detail : "";
}
