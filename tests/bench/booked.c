/* booked.c - a conversation of any protocol that the registry has. */
#include "tests/bench/booked.h"

#include <string.h>

#define INNER(n) (UINT32_C(0x0a630000) + (n))
enum { CLIENT, SERVER, SEATS };

struct conversation {
    const struct booked *what;
    struct sd_mem *mem;
    struct sd_identity identity[SEATS];
    struct sd_peer peer[SEATS];
    struct sd_config config[SEATS];
};

static const uint8_t psk[32] = "of both ends, agreed beforehand";

static void configure(struct conversation *c, int seat)
{
    const char *name = seat == CLIENT ? "client.example" : c->what->server;
    const struct sd_identity *known = sd_identity(name);
    bool asks_psk = c->what->mode != NULL && strcmp(c->what->mode, "psk") == 0;
    c->identity[seat] = known != NULL ? *known : (struct sd_identity){.name = name};
    sd_identity_x25519(name, c->identity[seat].x25519_private, c->identity[seat].x25519_public);
    c->config[seat] = (struct sd_config){
        .role = seat == CLIENT ? SD_ROLE_CLIENT : SD_ROLE_SERVER,
        .mode = c->what->mode,
        .identity = &c->identity[seat],
        .server_name = seat == CLIENT ? c->what->server : NULL,
        .mutual = c->what->mutual,
        .psk = psk,
        .psk_len = sizeof psk,
        .validation = seat == SERVER ? c->what->validation : SD_VALIDATE_DEFAULT,
        .allow_early = true,
    };
    if (c->what->protocol->service != SD_SERVICE_IP)
        return;
    c->config[seat].peers = &c->peer[!seat];
    c->config[seat].peer_count = 1;
    c->peer[seat].inner_net = INNER((uint32_t)seat);
    c->peer[seat].inner_prefix = 32;
    c->peer[seat].has_psk = asks_psk;
    memcpy(c->peer[seat].psk, psk, sizeof psk);
    memcpy(c->peer[seat].public_key, c->identity[seat].x25519_public, 32);
}

/* 100 bytes: an inner UDP packet on tunnels. */
static void say(struct conversation *c, int from, sd_sid sid)
{
    uint8_t packet[100] = {0x45, 0, 0, sizeof packet, 0, 0, 0x40, 0, 64, SD_PROTO_UDP};
    uint32_t source = INNER((uint32_t)from), destination = INNER((uint32_t)!from);
    for (int i = 0; i < 4; i++) {
        packet[12 + i] = (uint8_t)(source >> (24 - 8 * i));
        packet[16 + i] = (uint8_t)(destination >> (24 - 8 * i));
    }
    bool tunnel = c->what->protocol->service == SD_SERVICE_IP;
    sd_mem_send(c->mem, from, tunnel ? 0 : sid, 0, packet, sizeof packet, false);
}

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct conversation *c = ctx;
    if (e->seat == CLIENT && e->kind == SD_EV_READY)
        say(c, CLIENT, e->sid);
    if (e->seat == SERVER && e->kind == SD_EV_DATA)
        say(c, SERVER, e->sid);
}

bool booked_rows(const struct booked *what, void (*row)(void *ctx, const struct sd_account_row *),
                 void *ctx)
{
    struct conversation c = {.what = what, .mem = sd_mem_new(1)};
    for (int seat = 0; seat < SEATS; seat++)
        configure(&c, seat);
    sd_mem_watch(c.mem, on_event, &c);
    for (int seat = 0; seat < SEATS; seat++)
        if (sd_mem_add(c.mem, what->protocol, &c.config[seat], (uint64_t)seat + 2) < 0)
            return false;
    bool ready = true;
    for (size_t session = 1; session <= 2; session++) {
        struct sd_mem_connect with = {.client = CLIENT, .server = SERVER};
        if (session == 2 && what->mode != NULL && strcmp(what->mode, "early") == 0) {
            with.early = (const uint8_t *)"early";
            with.early_len = 5;
        }
        int talk = sd_mem_connect_with(c.mem, &with);
        sd_mem_run(c.mem, session * 200 * SD_SECOND); /* WireGuard's keys expire meanwhile */
        /* A tunnel's session goes on with new keys, and is not ready a second time. */
        bool tunnel = what->protocol->service == SD_SERVICE_IP;
        ready &= talk >= 0 && sd_mem_count(c.mem, CLIENT, SD_EV_READY) >= (tunnel ? 1 : session);
        if (!tunnel)
            sd_mem_close(c.mem, CLIENT, sd_mem_sid(c.mem, talk));
    }
    for (int seat = 0; seat < SEATS; seat++) {
        const struct sd_account *a = &sd_mem_seat(c.mem, seat)->env->account;
        for (uint32_t i = 0; i < a->rows; i++)
            row(ctx, &a->row[i]);
    }
    if (!ready)
        sd_mem_print(c.mem);
    sd_mem_free(c.mem);
    return ready;
}
