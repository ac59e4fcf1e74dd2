/* create.c - create() and createAuth(): a connection inside a tunnel, with or without a user.
 *
 * A server that wants work done first (accept.c) has it for a tunnel's first connection, because
 * the tunnel itself took a puzzle.  For a further one it asks puzzle() in the tunnel: the
 * connection and what it says are held until the solution comes. */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

/* -- users -- */

/* Its nonce says which connection of which tunnel it is for, its text in which C' that tunnel
 * began: whoever has u asked for just this. */
static void auth_nonce(uint8_t nonce[MT_NONCE_LEN], const uint8_t first_key[MT_KEY_LEN],
                       uint32_t connection)
{
    mt_nonce(nonce, MT_AUTH_LABEL, mt_number_of(first_key), connection);
}

/* x = Box[C'](U to S) */
static bool authenticate(struct minimalt *mt, const struct mt_tunnel *t, uint32_t connection,
                         uint8_t x[MT_AUTHENTICATOR])
{
    uint8_t key[MT_KEY_LEN], nonce[MT_NONCE_LEN];
    bool good = sd_box_key(key, t->server_long, mt->long_private);
    auth_nonce(nonce, t->first_key, connection);
    if (good)
        sd_box_seal(x, t->first_key, MT_KEY_LEN, nonce, key);
    sd_wipe(key, sizeof key);
    return good;
}

static bool is_authentic(const struct minimalt *mt, const struct mt_tunnel *t, uint32_t connection,
                         const struct mt_user *user)
{
    uint8_t key[MT_KEY_LEN], nonce[MT_NONCE_LEN], text[MT_KEY_LEN];
    auth_nonce(nonce, t->first_key, connection);
    bool good = sd_box_key(key, user->key, mt->long_private) &&
                sd_box_open(text, user->x, MT_AUTHENTICATOR, nonce, key) &&
                sd_equal_ct(text, t->first_key, MT_KEY_LEN);
    sd_wipe(key, sizeof key);
    return good;
}

static bool is_known(const struct minimalt *mt, const uint8_t user[MT_KEY_LEN])
{
    for (size_t i = 0; i < mt->peer_count; i++)
        if (sd_equal_ct(mt->peers[i].public_key, user, MT_KEY_LEN))
            return true;
    return false;
}

/* -- initiator -- */

bool mt_create(struct minimalt *mt, struct mt_connection *c)
{
    uint8_t arguments[4 + MT_KEY_LEN + MT_AUTHENTICATOR + MT_SERVICE_MAX], x[MT_AUTHENTICATOR];
    struct sd_writer w = sd_writer_of(arguments, sizeof arguments);
    sd_put32(&w, c->id);
    if (mt->has_user) {
        if (!authenticate(mt, c->tunnel, c->id, x))
            return false;
        sd_put(&w, mt->long_public, MT_KEY_LEN);
        sd_put(&w, x, sizeof x);
    }
    sd_put(&w, mt->service, strlen(mt->service));
    return mt_control_say(mt, c->tunnel, mt->has_user ? MT_CALL_CREATE_AUTH : MT_CALL_CREATE,
                          arguments, sd_written(&w));
}

static void put_beside(uint8_t arguments[16], const struct mt_connection *c,
                       const struct mt_connection *session)
{
    struct sd_writer w = sd_writer_of(arguments, 16);
    sd_put32(&w, c->id);
    sd_put32(&w, session->id);
    sd_put64(&w, c->stream);
}

struct mt_connection *mt_create_beside(struct minimalt *mt, struct mt_connection *session,
                                       uint64_t stream)
{
    struct mt_tunnel *t = session->tunnel;
    uint8_t arguments[16];
    struct mt_connection *c =
        t ? mt_connection_beside(mt, session, t->last_connection + 1, stream) : NULL;
    if (!c)
        return NULL;
    put_beside(arguments, c, session);
    if (mt_control_say(mt, t, MT_CALL_BESIDE, arguments, sizeof arguments))
        return c;
    mt_connection_free(mt, c);
    return NULL;
}

/* -- responder -- */

static bool offers(const struct minimalt *mt, struct sd_reader *service)
{
    size_t len = sd_left(service);
    const uint8_t *text = sd_get(service, len);
    return len == strlen(mt->service) && (len == 0 || memcmp(text, mt->service, len) == 0);
}

static int refuse(struct minimalt *mt, struct mt_tunnel *t, uint32_t connection, int why)
{
    mt_control_say_of(mt, t, MT_CALL_REFUSE, connection);
    return why;
}

static int grant(struct minimalt *mt, struct mt_connection *c, const struct mt_user *user)
{
    if (user->given && !is_authentic(mt, c->tunnel, c->id, user)) {
        int result = refuse(mt, c->tunnel, c->id, SD_DROP_AUTH);
        mt_connection_free(mt, c);
        return result;
    }
    mt_control_say_of(mt, c->tunnel, MT_CALL_ACK, c->id);
    if (user->given)
        mt_tell(mt, c, SD_EV_PEER_AUTH, "authenticator of the user's key");
    mt_tell(mt, c, SD_EV_READY, NULL);
    return SD_OK;
}

static uint32_t count_held(const struct mt_tunnel *t)
{
    uint32_t held = 0;
    for (const struct mt_connection *c = t->connections; c; c = c->next)
        held += c->held != NULL;
    return held;
}

static int hold(struct minimalt *mt, struct mt_connection *c, const struct mt_user *user)
{
    struct mt_tunnel *t = c->tunnel;
    bool room = count_held(t) < MT_HELD;
    c->held = room ? sd_alloc(mt->env, sizeof *c->held) : NULL;
    if (!c->held || !mt_puzzle_ask(mt, t)) {
        int result = refuse(mt, t, c->id, SD_DROP_FULL);
        mt_connection_free(mt, c);
        return result;
    }
    c->held->user = *user;
    return SD_DROP_UNVALIDATED;
}

int mt_create_asked(struct minimalt *mt, struct mt_tunnel *t, struct mt_said *said)
{
    struct sd_reader *r = &said->arguments;
    uint32_t id = sd_get32(r);
    struct mt_user user = {.given = said->call == MT_CALL_CREATE_AUTH};
    bool first = t->last_connection == 0;
    if (user.given) {
        sd_get_copy(r, user.key, sizeof user.key);
        sd_get_copy(r, user.x, sizeof user.x);
    }
    if (t->initiator || id <= t->last_connection)
        return SD_DROP_STATE;
    if (t->live >= MT_TUNNEL_CONNECTIONS)
        return refuse(mt, t, id, SD_DROP_FULL);
    if (!offers(mt, r) || (mt->known_only && !(user.given && is_known(mt, user.key))))
        return refuse(mt, t, id, SD_DROP_POLICY);
    struct mt_connection *c = mt_connection_new(mt, false);
    if (!c)
        return refuse(mt, t, id, SD_DROP_FULL);
    mt->stats.handshakes += first;
    mt_connection_join(c, t, id);
    return first || !mt_accept_wants_work(mt) ? grant(mt, c, &user) : hold(mt, c, &user);
}

/* The user has been looked at, and has worked if that was asked for. */
int mt_create_beside_asked(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    uint32_t id = sd_get32(arguments);
    struct mt_connection *session = mt_connection_by_id(t, sd_get32(arguments));
    uint64_t stream = sd_get64(arguments);
    if (t->initiator || id <= t->last_connection || stream == 0)
        return SD_DROP_STATE;
    if (!session || session->stream || session->held || mt_connection_by_stream(session, stream))
        return refuse(mt, t, id, SD_DROP_UNKNOWN);
    if (t->live >= MT_TUNNEL_CONNECTIONS || !mt_connection_beside(mt, session, id, stream))
        return refuse(mt, t, id, SD_DROP_FULL);
    mt_control_say_of(mt, t, MT_CALL_ACK, id);
    return SD_OK;
}

/* -- those that were held -- */

int mt_create_hold_data(struct minimalt *mt, struct mt_connection *c, const uint8_t *data,
                        size_t len)
{
    c->held->ended = len == 0;
    return mt_queue_put(&c->held->data, mt->env, data, len) ? SD_OK : SD_DROP_FULL;
}

static void tell_held(struct minimalt *mt, struct mt_connection *c, struct mt_held *held)
{
    if (held->data.len == 0 && !held->ended)
        return;
    struct sd_event *e = sd_outbox_event(&mt->outbox, SD_EV_DATA, c->sid, held->data.bytes);
    e->path = c->tunnel->path;
    e->data = mt_queue_first(&held->data);
    e->len = held->data.len;
    e->fin = held->ended;
    held->data = (struct mt_queue){0}; /* the event's now */
}

void mt_create_held_free(struct mt_held *held)
{
    if (held)
        mt_queue_fini(&held->data);
    sd_free(held);
}

int mt_create_worked(struct minimalt *mt, struct mt_tunnel *t)
{
    struct mt_connection *next;
    int result = SD_OK;
    for (struct mt_connection *c = t->connections; c; c = next) {
        struct mt_held *held = c->held;
        next = c->next;
        c->held = NULL;
        if (held && (result = grant(mt, c, &held->user)) == SD_OK)
            tell_held(mt, c, held);
        if (held && held->closed && result == SD_OK)
            mt_connection_end(mt, c, SD_EV_CLOSED, 0, "by the other side");
        mt_create_held_free(held);
    }
    return result;
}
