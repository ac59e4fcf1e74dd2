/* receive.c - what a packet is, whose it is, and whether it is new.
 *
 * Where the specification and the reference differ, the agent follows the specification, and the
 * reference in the mode "reference":
 *   - a client is where its last packet came from; the reference stays with the first address;
 *   - a cookie starts one connection; the reference starts another one once the first is over. */
#include "protocols/crypto/box.h"
#include "protocols/curvecp/cookie.h"
#include "protocols/curvecp/handshake.h"
#include <string.h>

static void tell(struct curvecp *cp, const struct cp_connection *c, enum sd_event_kind kind,
                 const char *detail)
{
    struct sd_event *e = sd_outbox_event(&cp->outbox, kind, c->sid, NULL);
    e->path = c->path;
    e->detail = detail;
}

/* -- server -- */

static int receive_hello(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_hello *hello = (const struct cp_hello *)unit->data;
    struct cp_cookie_packet answer;
    if (unit->len != sizeof *hello)
        return SD_DROP_MALFORMED;
    cp->stats.bytes_from_unvalidated += unit->len;
    int result = cp_hello_answer(cp, hello, &answer);
    if (result != SD_OK)
        return result;
    struct sd_path path = unit->path;
    path.conn = 0;
    uint8_t *out = sd_outbox_unit(&cp->outbox, &path, sizeof answer);
    if (!out)
        return SD_DROP_FULL;
    memcpy(out, &answer, sizeof answer);
    cp->stats.bytes_to_unvalidated += sizeof answer;
    return SD_OK;
}

/* An authenticated packet, newer than all before, came by that path. */
static void heard(struct curvecp *cp, struct cp_connection *c, const struct sd_path *path,
                  const uint8_t extension[CP_EXTENSION_LEN], uint64_t nonce)
{
    c->received_nonce = nonce;
    c->received = true;
    c->heard_at = cp->now;
    if (c->client)
        c->path.local = path->local;
    if (c->client || cp->reference)
        return;
    bool moved = !sd_addr_equal(&c->path.remote, &path->remote) ||
                 memcmp(c->client_extension, extension, CP_EXTENSION_LEN) != 0;
    if (!moved)
        return;
    c->path = *path;
    c->path.conn = 0;
    memcpy(c->client_extension, extension, CP_EXTENSION_LEN);
    tell(cp, c, SD_EV_MIGRATED, "a newer packet came from there");
}

static bool is_known(const struct curvecp *cp, const uint8_t client_long[CP_KEY_LEN])
{
    for (size_t i = 0; i < cp->peer_count; i++)
        if (sd_equal_ct(cp->peers[i].public_key, client_long, CP_KEY_LEN))
            return true;
    return false;
}

static struct cp_connection *accept_client(struct curvecp *cp, const struct sd_path *path,
                                           const struct cp_initiate *packet,
                                           const struct cp_initiated *proof)
{
    struct cp_connection *c = cp_connection_new(cp, false, path);
    if (!c)
        return NULL;
    memcpy(c->client_short, packet->client_short, CP_KEY_LEN);
    memcpy(c->client_extension, packet->client_extension, CP_EXTENSION_LEN);
    memcpy(c->key, proof->key, CP_KEY_LEN);
    c->cookie_minute = proof->minute;
    c->state = CP_OPEN;
    if (!cp_connection_listen(cp, c)) {
        cp_connection_free(cp, c);
        return NULL;
    }
    cp->stats.sessions++;
    cp->stats.handshakes++;
    tell(cp, c, SD_EV_VALIDATED, "cookie");
    tell(cp, c, SD_EV_PEER_AUTH, "vouch of the client's long-term key");
    tell(cp, c, SD_EV_READY, NULL);
    return c;
}

static int start_connection(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_initiate *packet = (const struct cp_initiate *)unit->data;
    struct cp_initiated proof;
    if (cp->clients >= cp->clients_max)
        return SD_DROP_FULL;
    bool again = cp_cookie_is_used(cp, packet->client_short);
    if (again && !cp->reference)
        return SD_DROP_REPLAY;
    int result = cp_initiate_consume(cp, packet, unit->len, &proof);
    if (result == SD_OK && cp->known_only && !is_known(cp, proof.client_long))
        result = SD_DROP_POLICY;
    if (result != SD_OK) {
        cp->stats.bytes_from_unvalidated += unit->len;
    } else {
        struct cp_connection *c = accept_client(cp, &unit->path, packet, &proof);
        sd_wipe(&proof, sizeof proof);
        if (!c)
            return SD_DROP_FULL;
        cp->stats.replays_accepted += again;
        heard(cp, c, &unit->path, packet->client_extension, cp_nonce_read(packet->nonce));
        const struct cp_initiate_inside *inside = (const struct cp_initiate_inside *)cp->text;
        result = cp_session_receive(cp, c, inside->message, unit->len - CP_INITIATE_OVERHEAD);
    }
    sd_wipe(&proof, sizeof proof);
    return result;
}

static bool is_new(const struct cp_connection *c, uint64_t nonce)
{
    return !c->received || nonce > c->received_nonce;
}

static bool open_box(struct curvecp *cp, const struct cp_connection *c, const uint8_t *box,
                     size_t len, const char *prefix, const uint8_t compressed[CP_SHORT_NONCE])
{
    uint8_t nonce[CP_NONCE_LEN];
    cp_nonce(nonce, prefix, compressed);
    return sd_box_open(cp->text, box, len, nonce, c->key);
}

static int receive_initiate(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_initiate *packet = (const struct cp_initiate *)unit->data;
    if (unit->len < CP_INITIATE_OVERHEAD + CP_MESSAGE_MIN ||
        unit->len > CP_INITIATE_OVERHEAD + CP_INITIATE_MAX || unit->len % 16 != 0)
        return SD_DROP_MALFORMED;
    struct cp_connection *c = cp_connection_by_key(cp, packet->client_short);
    if (!c)
        return start_connection(cp, unit);
    uint64_t nonce = cp_nonce_read(packet->nonce);
    if (!is_new(c, nonce))
        return SD_DROP_REPLAY;
    if (!open_box(cp, c, packet->box, unit->len - sizeof *packet, CP_NONCE_INITIATE, packet->nonce))
        return SD_DROP_AUTH;
    heard(cp, c, &unit->path, packet->client_extension, nonce);
    const struct cp_initiate_inside *inside = (const struct cp_initiate_inside *)cp->text;
    return cp_session_receive(cp, c, inside->message, unit->len - CP_INITIATE_OVERHEAD);
}

static int receive_client_message(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_client_message *packet = (const struct cp_client_message *)unit->data;
    if (unit->len < CP_CLIENT_OVERHEAD + CP_MESSAGE_MIN ||
        unit->len > CP_CLIENT_OVERHEAD + CP_MESSAGE_MAX || unit->len % 16 != 0)
        return SD_DROP_MALFORMED;
    struct cp_connection *c = cp_connection_by_key(cp, packet->client_short);
    if (!c)
        return SD_DROP_UNKNOWN;
    uint64_t nonce = cp_nonce_read(packet->nonce);
    if (!is_new(c, nonce))
        return SD_DROP_REPLAY;
    if (!open_box(cp, c, packet->box, unit->len - sizeof *packet, CP_NONCE_CLIENT_MESSAGE,
                  packet->nonce))
        return SD_DROP_AUTH;
    heard(cp, c, &unit->path, packet->client_extension, nonce);
    return cp_session_receive(cp, c, cp->text, unit->len - CP_CLIENT_OVERHEAD);
}

/* -- client -- */

/* The server has s, and this side may speak: in Initiate packets, for the time being. */
static void cookie_received(struct curvecp *cp, struct cp_connection *c)
{
    c->state = CP_EXPECT_MESSAGE;
    c->heard_at = cp->now;
    c->speak_at = cp->now + cp->speak_wait;
    cp->stats.half_open--;
    cp->stats.sessions++;
    cp->stats.handshakes++;
    tell(cp, c, SD_EV_PEER_AUTH, "server's long-term key");
    tell(cp, c, SD_EV_READY, NULL);
    cp_session_pump(cp, c);
}

static int receive_cookie(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_cookie_packet *packet = (const struct cp_cookie_packet *)unit->data;
    struct cp_search search = {0};
    struct cp_connection *c;
    int result = SD_DROP_UNKNOWN;
    if (unit->len != sizeof *packet)
        return SD_DROP_MALFORMED;
    while (result != SD_OK && (c = cp_connection_by_path(cp, &unit->path, &search))) {
        if (memcmp(packet->client_extension, c->client_extension, CP_EXTENSION_LEN) != 0)
            continue;
        if (c->state != CP_EXPECT_COOKIE)
            result = SD_DROP_STATE;
        else if ((result = cp_cookie_packet_consume(cp, c, packet)) == SD_OK)
            cookie_received(cp, c);
    }
    return result;
}

static int receive_server_message(struct curvecp *cp, const struct sd_unit *unit)
{
    const struct cp_server_message *packet = (const struct cp_server_message *)unit->data;
    uint64_t nonce = cp_nonce_read(packet->nonce);
    struct cp_search search = {0};
    struct cp_connection *c;
    int result = SD_DROP_UNKNOWN;
    if (unit->len < CP_SERVER_OVERHEAD + CP_MESSAGE_MIN ||
        unit->len > CP_SERVER_OVERHEAD + CP_MESSAGE_MAX || unit->len % 16 != 0)
        return SD_DROP_MALFORMED;
    while ((c = cp_connection_by_path(cp, &unit->path, &search))) {
        if (memcmp(packet->client_extension, c->client_extension, CP_EXTENSION_LEN) != 0)
            continue;
        if (c->state == CP_EXPECT_COOKIE) {
            result = SD_DROP_STATE;
        } else if (!is_new(c, nonce)) {
            result = SD_DROP_REPLAY;
        } else if (!open_box(cp, c, packet->box, unit->len - sizeof *packet,
                             CP_NONCE_SERVER_MESSAGE, packet->nonce)) {
            result = SD_DROP_AUTH;
        } else {
            heard(cp, c, &unit->path, packet->client_extension, nonce);
            if (c->state == CP_EXPECT_MESSAGE)
                c->state = CP_OPEN;
            sd_free(c->opening); /* cookie and vouch are of no more use to anybody */
            c->opening = NULL;
            return cp_session_receive(cp, c, cp->text, unit->len - CP_SERVER_OVERHEAD);
        }
    }
    return result;
}

/* -- both -- */

static int dispatch(struct curvecp *cp, const struct sd_unit *unit)
{
    static const struct {
        const char *magic;
        enum sd_role to;
        int (*receive)(struct curvecp *, const struct sd_unit *);
    } kinds[] = {
        {CP_MAGIC_CLIENT_MESSAGE, SD_ROLE_SERVER, receive_client_message},
        {CP_MAGIC_SERVER_MESSAGE, SD_ROLE_CLIENT, receive_server_message},
        {CP_MAGIC_HELLO, SD_ROLE_SERVER, receive_hello},
        {CP_MAGIC_INITIATE, SD_ROLE_SERVER, receive_initiate},
        {CP_MAGIC_COOKIE, SD_ROLE_CLIENT, receive_cookie},
    };
    if (unit->len < CP_SERVER_OVERHEAD)
        return SD_DROP_MALFORMED;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (memcmp(unit->data, kinds[i].magic, CP_MAGIC_LEN) != 0)
            continue;
        /* P: the extension of the receiver, then that of the sender */
        const uint8_t *server = unit->data + CP_MAGIC_LEN;
        if (kinds[i].to == SD_ROLE_CLIENT)
            server += CP_EXTENSION_LEN;
        if (!(cp->role & kinds[i].to) ||
            memcmp(server, cp->server_extension, CP_EXTENSION_LEN) != 0)
            return SD_DROP_UNKNOWN;
        return kinds[i].receive(cp, unit);
    }
    return SD_DROP_UNKNOWN;
}

int cp_receive(struct curvecp *cp, const struct sd_unit *unit)
{
    cp->stats.units_in++;
    cp->stats.bytes_in += unit->len;
    int result = dispatch(cp, unit);
    if (result > 0)
        cp->stats.dropped[result]++;
    return result;
}
