/* control.c - the calls of the control connection, in the paper's order. */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

bool mt_control_say(struct minimalt *mt, struct mt_tunnel *t, enum mt_call call,
                    const void *arguments, size_t len)
{
    return mt_calls_put(&t->control, mt->env, 0, call, arguments, len);
}

bool mt_control_say_of(struct minimalt *mt, struct mt_tunnel *t, enum mt_call call,
                       uint32_t connection)
{
    uint8_t arguments[4];
    struct sd_writer w = sd_writer_of(arguments, sizeof arguments);
    sd_put32(&w, connection);
    return mt_control_say(mt, t, call, arguments, sizeof arguments);
}

/* -- create and createAuth -- */

/* Its nonce says which connection of which tunnel it is for, its text in which C' that tunnel
 * began: whoever has u asked for just this. */
static void auth_nonce(uint8_t nonce[MT_NONCE_LEN], const uint8_t first_key[MT_KEY_LEN],
                       uint32_t connection)
{
    struct sd_reader r = sd_reader_of(first_key, MT_KEY_LEN);
    mt_nonce(nonce, MT_AUTH_LABEL, sd_get64(&r), connection);
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
                         const uint8_t user[MT_KEY_LEN], const uint8_t x[MT_AUTHENTICATOR])
{
    uint8_t key[MT_KEY_LEN], nonce[MT_NONCE_LEN], text[MT_KEY_LEN];
    auth_nonce(nonce, t->first_key, connection);
    bool good = sd_box_key(key, user, mt->long_private) &&
                sd_box_open(text, x, MT_AUTHENTICATOR, nonce, key) &&
                sd_equal_ct(text, t->first_key, MT_KEY_LEN);
    sd_wipe(key, sizeof key);
    return good;
}

bool mt_control_create(struct minimalt *mt, struct mt_connection *c)
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

static bool is_known(const struct minimalt *mt, const uint8_t user[MT_KEY_LEN])
{
    for (size_t i = 0; i < mt->peer_count; i++)
        if (sd_equal_ct(mt->peers[i].public_key, user, MT_KEY_LEN))
            return true;
    return false;
}

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

static int accept_connection(struct minimalt *mt, struct mt_tunnel *t, uint32_t id,
                             bool authenticated)
{
    struct mt_connection *c = mt_connection_new(mt, false);
    if (!c)
        return refuse(mt, t, id, SD_DROP_FULL);
    mt->stats.handshakes += t->last_connection == 0;
    mt_connection_join(c, t, id);
    mt_control_say_of(mt, t, MT_CALL_ACK, id);
    if (authenticated)
        mt_tell(mt, c, SD_EV_PEER_AUTH, "authenticator of the user's key");
    mt_tell(mt, c, SD_EV_READY, NULL);
    return SD_OK;
}

static int on_create(struct minimalt *mt, struct mt_tunnel *t, struct mt_said *said)
{
    struct sd_reader *r = &said->arguments;
    uint32_t id = sd_get32(r);
    bool with_user = said->call == MT_CALL_CREATE_AUTH;
    const uint8_t *user = with_user ? sd_get(r, MT_KEY_LEN) : NULL;
    const uint8_t *x = with_user ? sd_get(r, MT_AUTHENTICATOR) : NULL;
    if (t->initiator || id <= t->last_connection)
        return SD_DROP_STATE;
    if (mt->known_only && (!user || !is_known(mt, user)))
        return refuse(mt, t, id, SD_DROP_POLICY);
    if (!offers(mt, r))
        return refuse(mt, t, id, SD_DROP_POLICY);
    if (user && !is_authentic(mt, t, id, user, x))
        return refuse(mt, t, id, SD_DROP_AUTH);
    return accept_connection(mt, t, id, user != NULL);
}

/* -- what is said of a connection -- */

static int on_refuse(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    uint32_t id = sd_get32(arguments);
    struct mt_connection *c = mt_connection_by_id(t, id);
    if (id == 0 && t->purpose == MT_FOR_LOOKUPS) {
        mt_lookup_refused(mt, t);
        return SD_OK;
    }
    if (!c || !c->initiator)
        return SD_DROP_UNKNOWN;
    mt_connection_end(mt, c, SD_EV_ERROR, MT_CALL_REFUSE, "the server refused the connection");
    return SD_OK;
}

static int on_close(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    struct mt_connection *c = mt_connection_by_id(t, sd_get32(arguments));
    if (!c)
        return SD_OK; /* both closed it */
    mt_connection_end(mt, c, SD_EV_CLOSED, 0, "by the other side");
    return SD_OK;
}

static int on_window_size(struct mt_tunnel *t, struct sd_reader *arguments)
{
    struct mt_connection *c = mt_connection_by_id(t, sd_get32(arguments));
    uint64_t welcome = sd_get64(arguments);
    if (c && welcome > c->welcome)
        c->welcome = welcome;
    return SD_OK;
}

int mt_control_handle(struct minimalt *mt, struct mt_tunnel *t, struct mt_said *said)
{
    switch (said->call) {
    case MT_CALL_NEXT_TID:
        return mt_rekey_announced(mt, t, &said->arguments);
    case MT_CALL_REKEY_NOW:
        if (!t->initiator)
            return SD_DROP_STATE;
        mt_rekey_ask(mt, t);
        return SD_OK;
    case MT_CALL_CREATE:
    case MT_CALL_CREATE_AUTH:
        return on_create(mt, t, said);
    case MT_CALL_ACK:
        return t->initiator ? SD_OK : SD_DROP_STATE;
    case MT_CALL_REFUSE:
        return on_refuse(mt, t, &said->arguments);
    case MT_CALL_CLOSE:
        return on_close(mt, t, &said->arguments);
    case MT_CALL_REQUEST_CERT:
        return mt_directory_asked(mt, t, &said->arguments);
    case MT_CALL_GIVE_CERT:
        return mt_directory_given(mt, t, &said->arguments);
    case MT_CALL_OK:
        return t->purpose == MT_FOR_PUBLISHING ? SD_OK : SD_DROP_STATE;
    case MT_CALL_PUZZLE:
        return mt_puzzle_asked(mt, t, &said->arguments);
    case MT_CALL_PUZZLE_SOLUTION:
        return SD_DROP_STATE;
    case MT_CALL_WINDOW_SIZE:
        return on_window_size(t, &said->arguments);
    default:
        return SD_DROP_UNKNOWN;
    }
}
