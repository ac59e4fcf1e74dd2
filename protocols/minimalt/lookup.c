/* lookup.c - a client finds its server: a tunnel that exists, a record that is cached, or a
 * question to the resolver, whose tunnel is kept from the first question on. */
#include "protocols/minimalt/minimalt.h"
#include <string.h>

static const uint8_t *resolver_of(const struct minimalt *mt, const struct mt_wanted *wanted)
{
    return mt->directory ? mt->directory->public_key : wanted->server_long;
}

static bool waits_for(const struct minimalt *mt, const struct mt_connection *c,
                      const struct mt_tunnel *resolver)
{
    return memcmp(resolver_of(mt, c->wanted), resolver->server_long, MT_KEY_LEN) == 0;
}

bool mt_lookup_waits(const struct minimalt *mt, const struct mt_tunnel *resolver)
{
    if (resolver->purpose != MT_FOR_LOOKUPS)
        return false;
    for (const struct mt_connection *c = mt->waiting; c; c = c->next)
        if (waits_for(mt, c, resolver))
            return true;
    return false;
}

/* -- a connection has its tunnel -- */

static bool join(struct minimalt *mt, struct mt_connection *c, struct mt_tunnel *t)
{
    mt->stats.handshakes += t->last_connection == 0;
    t->puzzles = 0;
    mt_connection_join(c, t, t->last_connection + 1);
    if (!mt_create(mt, c))
        return false;
    if (t->met)
        mt_tell(mt, c, SD_EV_PEER_AUTH, "it has the key of its signed record");
    if (!c->closing)
        mt_tell(mt, c, SD_EV_READY, NULL);
    if (mt_connection_has_more(c))
        t->speak_at = SD_NEVER;
    return true;
}

static struct mt_tunnel *tunnel_of(struct minimalt *mt, const struct mt_record *record,
                                   const struct sd_path *asked)
{
    struct sd_path path = *asked;
    if (record->address.family)
        path.remote = record->address;
    struct mt_tunnel *t =
        mt_tunnel_open(mt, MT_FOR_CONNECTIONS, &path, record->server_short, record->server_long);
    if (!t)
        return NULL;
    t->first_calls = record->first_calls;
    t->speak_at = mt->now + MT_SPEAK_WAIT;
    return t;
}

/* -- the resolver -- */

static struct mt_tunnel *resolver(struct minimalt *mt, const struct mt_wanted *wanted)
{
    const uint8_t *key = resolver_of(mt, wanted);
    struct sd_path path = wanted->path;
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_LOOKUPS, key);
    if (t)
        return t;
    if (mt->directory && mt->directory->endpoint.family)
        path.remote = mt->directory->endpoint;
    return mt_tunnel_open(mt, MT_FOR_LOOKUPS, &path, key, key);
}

static bool is_asked(const struct minimalt *mt, const uint8_t server_long[MT_KEY_LEN])
{
    for (const struct mt_connection *c = mt->waiting; c; c = c->next)
        if (memcmp(c->wanted->server_long, server_long, MT_KEY_LEN) == 0)
            return true;
    return false;
}

static void wait_in_line(struct minimalt *mt, struct mt_connection *c)
{
    struct mt_connection **at = &mt->waiting;
    while (*at)
        at = &(*at)->next;
    *at = c;
}

static int ask(struct minimalt *mt, struct mt_connection *c, const struct sd_path *path,
               const uint8_t server_long[MT_KEY_LEN])
{
    bool asked = is_asked(mt, server_long);
    c->wanted = sd_alloc(mt->env, sizeof *c->wanted);
    if (!c->wanted)
        return SD_E_NOMEM;
    c->wanted->path = *path;
    memcpy(c->wanted->server_long, server_long, MT_KEY_LEN);
    struct mt_tunnel *t = resolver(mt, c->wanted);
    if (!t)
        return SD_E_NOMEM;
    wait_in_line(mt, c);
    if (!asked)
        mt_control_say(mt, t, MT_CALL_REQUEST_CERT, server_long, MT_KEY_LEN);
    mt_tunnel_pump(mt, t);
    return SD_OK;
}

int mt_lookup_connect(struct minimalt *mt, struct mt_connection *c, const struct sd_path *path,
                      const uint8_t server_long[MT_KEY_LEN])
{
    const struct mt_record *record = mt_directory_find(mt, server_long);
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_CONNECTIONS, server_long);
    if (!t && !record)
        return ask(mt, c, path, server_long);
    if (!t)
        t = tunnel_of(mt, record, path);
    bool joined = t && join(mt, c, t);
    if (t)
        mt_tunnel_pump(mt, t);
    return joined ? SD_OK : SD_E_NOMEM;
}

/* -- answers -- */

/* The next that waits and is meant, taken out of the line; NULL: nobody. */
static struct mt_connection *next_waiting(struct minimalt *mt, const struct mt_tunnel *of_resolver,
                                          const uint8_t *server_long)
{
    for (struct mt_connection **at = &mt->waiting; *at; at = &(*at)->next) {
        struct mt_connection *c = *at;
        if ((of_resolver && !waits_for(mt, c, of_resolver)) ||
            (server_long && memcmp(c->wanted->server_long, server_long, MT_KEY_LEN) != 0))
            continue;
        *at = c->next;
        c->next = NULL;
        return c;
    }
    return NULL;
}

void mt_lookup_answered(struct minimalt *mt, const struct mt_record *record)
{
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_CONNECTIONS, record->server_long);
    for (struct mt_connection *c; (c = next_waiting(mt, NULL, record->server_long));) {
        if (!t)
            t = tunnel_of(mt, record, &c->wanted->path);
        if (!t || !join(mt, c, t)) {
            mt_connection_end(mt, c, SD_EV_ERROR, 0, "no memory for a tunnel");
            continue;
        }
        sd_free(c->wanted);
        c->wanted = NULL;
    }
    if (t)
        mt_tunnel_pump(mt, t);
}

void mt_lookup_refused(struct minimalt *mt, const struct mt_tunnel *of_resolver)
{
    uint8_t server_long[MT_KEY_LEN];
    struct mt_connection *c = next_waiting(mt, of_resolver, NULL);
    if (!c)
        return;
    memcpy(server_long, c->wanted->server_long, MT_KEY_LEN);
    do
        mt_connection_end(mt, c, SD_EV_ERROR, MT_CALL_REFUSE, "the directory has no such server");
    while ((c = next_waiting(mt, of_resolver, server_long)));
}

void mt_lookup_failed(struct minimalt *mt, const struct mt_tunnel *of_resolver, uint64_t code,
                      const char *detail)
{
    for (struct mt_connection *c; (c = next_waiting(mt, of_resolver, NULL));)
        mt_connection_end(mt, c, SD_EV_ERROR, code, detail);
}

void mt_lookup_cancel(struct minimalt *mt, struct mt_connection *c)
{
    struct mt_connection **at = &mt->waiting;
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_LOOKUPS, resolver_of(mt, c->wanted));
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    mt_connection_end(mt, c, SD_EV_CLOSED, 0, "before it began");
    if (t && !t->met && !mt_lookup_waits(mt, t))
        mt_tunnel_free(mt, t);
}
