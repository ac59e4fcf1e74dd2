/* handshake.c - the boxes of the page "packets", in its order.
 *
 *   Hello     C', Box[0](C' to S)                    shows that the sender has c' and means S
 *   Cookie    Box[S', K](S to C')                    K = Secretbox[C', s'](minute key)
 *   Initiate  C', K, Box[C, V, N, M](C' to S')       V = Box[C'](C to S), N the server's name
 *
 * Each side then has the key between its short-term private key and the other's public one. */
#include "protocols/curvecp/handshake.h"
#include "protocols/crypto/box.h"
#include "protocols/crypto/dh.h"
#include "protocols/curvecp/cookie.h"
#include "sim/core/reader.h"
#include <string.h>

struct cookie_packet_inside {
    uint8_t server_short[CP_KEY_LEN]; /* S' */
    struct cp_cookie cookie;          /* K */
};
_Static_assert(sizeof(struct cookie_packet_inside) + CP_TAG_LEN ==
                   sizeof((struct cp_cookie_packet *)0)->box,
               "P: Cookie");

static const uint8_t zeros[64];

void cp_nonce(uint8_t nonce[CP_NONCE_LEN], const char *prefix, const uint8_t *compressed)
{
    size_t len = strlen(prefix);
    memcpy(nonce, prefix, len);
    memcpy(nonce + len, compressed, CP_NONCE_LEN - len);
}

void cp_nonce_counter(uint8_t compressed[CP_SHORT_NONCE], uint64_t counter)
{
    struct sd_writer w = sd_writer_of(compressed, CP_SHORT_NONCE);
    sd_put64le(&w, counter);
}

uint64_t cp_nonce_read(const uint8_t compressed[CP_SHORT_NONCE])
{
    struct sd_reader r = sd_reader_of(compressed, CP_SHORT_NONCE);
    return sd_get64le(&r);
}

bool cp_name_encode(uint8_t encoded[CP_NAME_LEN], const char *name)
{
    /* One byte is left for the root, which ends every name. */
    struct sd_writer w = sd_writer_of(encoded, CP_NAME_LEN - 1);
    memset(encoded, 0, CP_NAME_LEN);
    while (*name) {
        size_t len = strcspn(name, ".");
        if (len > 63)
            return false;
        if (len > 0) {
            sd_put8(&w, (uint8_t)len);
            sd_put(&w, name, len);
        }
        name += len + (name[len] == '.');
    }
    return !w.bad;
}

/* -- client -- */

int cp_handshake_begin(struct curvecp *cp, struct cp_connection *c)
{
    struct cp_opening *o = c->opening;
    sd_x25519_keygen(cp->env, o->client_short_private, c->client_short);
    return sd_box_key(o->long_key, o->server_long, o->client_short_private) ? SD_OK : SD_DROP_AUTH;
}

void cp_hello_create(struct curvecp *cp, struct cp_connection *c, struct cp_hello *hello)
{
    uint8_t nonce[CP_NONCE_LEN];
    memcpy(hello->magic, CP_MAGIC_HELLO, CP_MAGIC_LEN);
    memcpy(hello->server_extension, cp->server_extension, CP_EXTENSION_LEN);
    memcpy(hello->client_extension, c->client_extension, CP_EXTENSION_LEN);
    memcpy(hello->client_short, c->client_short, CP_KEY_LEN);
    memset(hello->zero, 0, sizeof hello->zero);
    cp_nonce_counter(hello->nonce, ++c->sent_nonce);
    /* Box[0](C' to S) */
    cp_nonce(nonce, CP_NONCE_HELLO, hello->nonce);
    sd_box_seal(hello->box, zeros, sizeof zeros, nonce, c->opening->long_key);
}

/* V = Box[C'](C to S) */
static bool vouch(struct curvecp *cp, struct cp_connection *c)
{
    struct cp_opening *o = c->opening;
    uint8_t key[CP_KEY_LEN], nonce[CP_NONCE_LEN];
    bool good = sd_box_key(key, o->server_long, cp->long_private);
    sd_random(cp->env, o->vouch_nonce, sizeof o->vouch_nonce);
    cp_nonce(nonce, CP_NONCE_VOUCH, o->vouch_nonce);
    if (good)
        sd_box_seal(o->vouch, c->client_short, CP_KEY_LEN, nonce, key);
    sd_wipe(key, sizeof key);
    return good;
}

int cp_cookie_packet_consume(struct curvecp *cp, struct cp_connection *c,
                             const struct cp_cookie_packet *packet)
{
    struct cp_opening *o = c->opening;
    struct cookie_packet_inside inside;
    uint8_t nonce[CP_NONCE_LEN];

    /* Box[S', K](S to C'): only the owner of s can have made it */
    cp_nonce(nonce, CP_NONCE_COOKIE, packet->nonce);
    if (!sd_box_open((uint8_t *)&inside, packet->box, sizeof packet->box, nonce, o->long_key))
        return SD_DROP_AUTH;

    if (!sd_box_key(c->key, inside.server_short, o->client_short_private) || !vouch(cp, c))
        return SD_DROP_AUTH;
    o->cookie = inside.cookie;
    sd_wipe(o->client_short_private, sizeof o->client_short_private);
    sd_wipe(o->long_key, sizeof o->long_key);
    return SD_OK;
}

void cp_initiate_create(struct curvecp *cp, struct cp_connection *c, struct cp_initiate *packet,
                        const uint8_t *message, size_t len)
{
    const struct cp_opening *o = c->opening;
    struct cp_initiate_inside *inside = (struct cp_initiate_inside *)packet->box;
    uint8_t nonce[CP_NONCE_LEN];
    memcpy(packet->magic, CP_MAGIC_INITIATE, CP_MAGIC_LEN);
    memcpy(packet->server_extension, cp->server_extension, CP_EXTENSION_LEN);
    memcpy(packet->client_extension, c->client_extension, CP_EXTENSION_LEN);
    memcpy(packet->client_short, c->client_short, CP_KEY_LEN);
    packet->cookie = o->cookie;
    cp_nonce_counter(packet->nonce, ++c->sent_nonce);

    /* Box[C, V, N, M](C' to S') */
    memcpy(inside->client_long, cp->long_public, CP_KEY_LEN);
    memcpy(inside->vouch_nonce, o->vouch_nonce, sizeof o->vouch_nonce);
    memcpy(inside->vouch, o->vouch, sizeof o->vouch);
    memcpy(inside->server_name, o->server_name, CP_NAME_LEN);
    memcpy(inside->message, message, len);
    cp_nonce(nonce, CP_NONCE_INITIATE, packet->nonce);
    sd_box_seal(packet->box, packet->box, sizeof *inside + len, nonce, c->key);
}

/* -- server -- */

int cp_hello_answer(struct curvecp *cp, const struct cp_hello *hello,
                    struct cp_cookie_packet *answer)
{
    uint8_t key[CP_KEY_LEN], nonce[CP_NONCE_LEN], nothing[sizeof zeros];
    uint8_t server_short_private[CP_KEY_LEN];
    struct cookie_packet_inside inside;

    /* Box[0](C' to S) */
    cp_nonce(nonce, CP_NONCE_HELLO, hello->nonce);
    if (!sd_box_key(key, hello->client_short, cp->long_private) ||
        !sd_box_open(nothing, hello->box, sizeof hello->box, nonce, key)) {
        sd_wipe(key, sizeof key);
        return SD_DROP_AUTH;
    }

    /* S' for this connection alone; s' travels in the cookie and is forgotten here */
    sd_x25519_keygen(cp->env, server_short_private, inside.server_short);
    cp_cookie_seal(cp, &inside.cookie, hello->client_short, server_short_private);

    /* Box[S', K](S to C') */
    memcpy(answer->magic, CP_MAGIC_COOKIE, CP_MAGIC_LEN);
    memcpy(answer->client_extension, hello->client_extension, CP_EXTENSION_LEN);
    memcpy(answer->server_extension, cp->server_extension, CP_EXTENSION_LEN);
    memcpy(answer->nonce, inside.cookie.nonce, CP_LONG_NONCE);
    cp_nonce(nonce, CP_NONCE_COOKIE, answer->nonce);
    sd_box_seal(answer->box, &inside, sizeof inside, nonce, key);
    sd_wipe(key, sizeof key);
    sd_wipe(server_short_private, sizeof server_short_private);
    return SD_OK;
}

/* V = Box[C'](C to S): whoever has c says that C' is its own. */
static bool vouched(struct curvecp *cp, const struct cp_initiate_inside *inside,
                    const uint8_t client_short[CP_KEY_LEN])
{
    uint8_t key[CP_KEY_LEN], nonce[CP_NONCE_LEN], named[CP_KEY_LEN];
    cp_nonce(nonce, CP_NONCE_VOUCH, inside->vouch_nonce);
    bool good = sd_box_key(key, inside->client_long, cp->long_private) &&
                sd_box_open(named, inside->vouch, sizeof inside->vouch, nonce, key) &&
                sd_equal_ct(named, client_short, CP_KEY_LEN);
    sd_wipe(key, sizeof key);
    return good;
}

int cp_initiate_consume(struct curvecp *cp, const struct cp_initiate *packet, size_t len,
                        struct cp_initiated *out)
{
    const struct cp_initiate_inside *inside = (const struct cp_initiate_inside *)cp->text;
    uint8_t server_short_private[CP_KEY_LEN], nonce[CP_NONCE_LEN];

    /* K = Secretbox[C', s'](minute key) */
    int result = cp_cookie_open(cp, &packet->cookie, packet->client_short, server_short_private,
                                &out->minute);
    if (result != SD_OK)
        return result;
    bool good = sd_box_key(out->key, packet->client_short, server_short_private);
    sd_wipe(server_short_private, sizeof server_short_private);

    /* Box[C, V, N, M](C' to S') */
    cp_nonce(nonce, CP_NONCE_INITIATE, packet->nonce);
    if (!good || !sd_box_open(cp->text, packet->box, len - sizeof *packet, nonce, out->key))
        return SD_DROP_AUTH;
    if (memcmp(inside->server_name, cp->name, CP_NAME_LEN) != 0)
        return SD_DROP_POLICY;
    if (!vouched(cp, inside, packet->client_short))
        return SD_DROP_AUTH;
    memcpy(out->client_long, inside->client_long, CP_KEY_LEN);
    return SD_OK;
}
