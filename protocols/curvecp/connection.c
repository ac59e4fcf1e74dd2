#include "protocols/curvecp/cookie.h"
#include <string.h>

static uint64_t hash_of_sid(const struct curvecp *cp, sd_sid sid)
{
    return sd_hash_u64(cp->table_seed, sid);
}

static uint64_t hash_of_key(const struct curvecp *cp, const uint8_t client_short[CP_KEY_LEN])
{
    return sd_hash(cp->table_seed, client_short, CP_KEY_LEN);
}

static uint64_t hash_of_peer(const struct curvecp *cp, const struct sd_addr *remote)
{
    return sd_hash_u64(sd_hash(cp->table_seed, remote->ip, sizeof remote->ip), remote->port);
}

struct cp_connection *cp_connection_new(struct curvecp *cp, bool client, const struct sd_path *path)
{
    struct cp_connection *c = sd_alloc(cp->env, sizeof *c);
    if (!c)
        return NULL;
    c->sid = ++cp->last_sid;
    c->due.order = c->sid;
    c->client = client;
    c->path = *path;
    c->path.conn = 0;
    c->path.remote.proto = SD_PROTO_UDP;
    sd_random(cp->env, &c->sent_nonce, sizeof c->sent_nonce);
    c->sent_nonce %= CP_FIRST_NONCE_MAX;
    cp_chicago_init(&c->chicago, cp->now);
    c->heard_at = cp->now;
    c->speak_at = c->over_at = SD_NEVER;
    c->probe_after = CP_PROBE_FIRST;
    if (!sd_index_add(&cp->by_sid, cp->env, hash_of_sid(cp, c->sid), c)) {
        sd_free(c);
        return NULL;
    }
    if (!client)
        cp->clients++;
    return c;
}

bool cp_connection_listen(struct curvecp *cp, struct cp_connection *c)
{
    return c->client ? sd_index_add(&cp->by_peer, cp->env, hash_of_peer(cp, &c->path.remote), c)
                     : sd_index_add(&cp->by_key, cp->env, hash_of_key(cp, c->client_short), c);
}

void cp_connection_free(struct curvecp *cp, struct cp_connection *c)
{
    if (!c->client) {
        cp->clients--;
        cp_cookie_remember(cp, c->client_short, c->cookie_minute);
    }
    sd_agenda_set(&cp->agenda, cp->env, &c->due, SD_NEVER);
    sd_index_remove(&cp->by_sid, hash_of_sid(cp, c->sid), c);
    if (c->client)
        sd_index_remove(&cp->by_peer, hash_of_peer(cp, &c->path.remote), c);
    else
        sd_index_remove(&cp->by_key, hash_of_key(cp, c->client_short), c);
    cp_outgoing_fini(&c->out);
    cp_incoming_fini(&c->in);
    sd_free(c->opening);
    sd_free(c);
}

void cp_connection_wake(struct curvecp *cp, struct cp_connection *c)
{
    sd_agenda_set(&cp->agenda, cp->env, &c->due, cp_session_deadline(cp, c));
}

struct cp_connection *cp_connection_by_sid(const struct curvecp *cp, sd_sid sid)
{
    uint64_t hash = hash_of_sid(cp, sid);
    struct cp_connection *c;
    for (uint32_t cursor = 0; (c = sd_index_find(&cp->by_sid, hash, &cursor));)
        if (c->sid == sid)
            return c;
    return NULL;
}

struct cp_connection *cp_connection_by_key(const struct curvecp *cp,
                                           const uint8_t client_short[CP_KEY_LEN])
{
    uint64_t hash = hash_of_key(cp, client_short);
    struct cp_connection *c;
    for (uint32_t cursor = 0; (c = sd_index_find(&cp->by_key, hash, &cursor));)
        if (memcmp(c->client_short, client_short, CP_KEY_LEN) == 0)
            return c;
    return NULL;
}

struct cp_connection *cp_connection_by_path(const struct curvecp *cp, const struct sd_path *path,
                                            struct cp_search *search)
{
    uint64_t hash = hash_of_peer(cp, &path->remote);
    struct cp_connection *c;
    for (; search->pass < 2; search->pass++, search->cursor = 0) {
        while ((c = sd_index_find(&cp->by_peer, hash, &search->cursor))) {
            uint16_t own = c->path.local.port;
            bool expected = !own || own == path->local.port;
            if (sd_addr_equal(&c->path.remote, &path->remote) && expected == (search->pass == 0))
                return c;
        }
    }
    return NULL;
}
