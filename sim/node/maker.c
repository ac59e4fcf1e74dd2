/* maker.c - makes first messages: opens a session, keeps its first unit, gives the session up. */
#include "sim/node/attack.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 65536

struct maker {
    struct host *server;
    struct sd_addr to;
    struct sd_identity identity;
    struct sd_peer peer;
    struct sd_config config;
    struct sd_env env;
    struct sd_seat seat;
    uint32_t conn; /* of the last session, where the carrier is TCP */
    size_t len;
    uint8_t message[MESSAGE_MAX];
};

static void on_unit(void *ctx, const struct sd_unit *unit)
{
    struct maker *m = ctx;
    if (m->len > 0 || unit->len > sizeof m->message)
        return;
    m->len = unit->len;
    if (unit->len > 0)
        memcpy(m->message, unit->data, unit->len);
}

static void on_event(void *ctx, const struct sd_event *e)
{
    (void)ctx, (void)e;
}

static const struct sd_sink sink = {on_unit, on_event};

static int seat(struct maker *m, struct sd_error *error)
{
    return sd_seat_init(&m->seat, m->server->ops, &m->config, &m->env, &sink, m,
                        sd_net_now(m->server->lab->net), error);
}

/* A stranger has no earlier session: the mode that this one's name begins with ("dtls13" of
 * "dtls13-resumed"), else the protocol's first. */
static const char *stranger_mode(const struct host *server)
{
    const struct sd_mode *modes = server->ops->modes;
    const char *name = server->mode->name;
    if (!server->mode->needs_earlier)
        return name;
    for (const struct sd_mode *m = modes; m->name != NULL; m++) {
        size_t len = strlen(m->name);
        if (!m->needs_earlier && strncmp(m->name, name, len) == 0 && name[len] == '-')
            return m->name;
    }
    return modes[0].name;
}

/* It knows the server's public key, as everybody does, and has a key that nobody knows. */
struct maker *lab_maker_new(struct host *server, uint64_t seed, struct sd_error *error)
{
    struct maker *m = lab_new(sizeof *m);
    const struct sd_config *theirs = &server->config;
    m->server = server;
    m->to = sd_ipv4_word(server->machine->ip, server->ops->carriers[0].port);
    m->to.proto = server->ops->carriers[0].proto;
    m->identity = *sd_identity("client.example");
    sd_identity_x25519("attacker.example", m->identity.x25519_private, m->identity.x25519_public);
    m->peer = (struct sd_peer){.endpoint = m->to, .inner_prefix = 0};
    memcpy(m->peer.public_key, server->identity.x25519_public, sizeof m->peer.public_key);
    m->config = (struct sd_config){
        .role = SD_ROLE_CLIENT,
        .mode = stranger_mode(server),
        .identity = &m->identity,
        .server_name = server->identity.name,
        .alpn = theirs->alpn,
        .psk = theirs->psk,
        .psk_len = theirs->psk_len,
        .psk_identity = theirs->psk_identity,
        .peers = &m->peer,
        .peer_count = 1,
    };
    if (sd_env_init(&m->env, seed) != SD_OK) {
        free(m);
        sd_fail(error, SD_E_NOMEM, "flood: no memory for an agent");
        return NULL;
    }
    if (seat(m, error) != SD_OK) {
        sd_env_fini(&m->env);
        free(m);
        return NULL;
    }
    return m;
}

void lab_maker_free(struct maker *m)
{
    if (m == NULL)
        return;
    sd_seat_fini(&m->seat);
    sd_env_fini(&m->env);
    sd_wipe(&m->identity, sizeof m->identity);
    free(m);
}

static void open_and_close(struct maker *m, const struct sd_addr *source)
{
    sd_time now = sd_net_now(m->server->lab->net);
    struct sd_open open = {.path = {.local = *source, .remote = m->to}};
    struct sd_control close = {.verb = SD_CLOSE, .path = open.path};
    sd_sid sid = 0;
    if (m->to.proto == SD_PROTO_TCP)
        open.path.conn = ++m->conn;
    m->len = 0;
    if (sd_seat_open(&m->seat, now, &open, &sid) == SD_OK) {
        size_t len = m->len;
        sd_seat_control(&m->seat, now, sid, &close);
        m->len = len; /* what closing said is of no use */
    }
}

size_t lab_maker_next(struct maker *m, const struct sd_addr *source, const uint8_t **message)
{
    open_and_close(m, source);
    if (m->len == 0) {
        /* This agent does not want to begin again: another will. */
        sd_seat_fini(&m->seat);
        if (seat(m, NULL) == SD_OK)
            open_and_close(m, source);
    }
    *message = m->message;
    return m->len;
}
