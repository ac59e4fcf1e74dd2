/* cookie.c - RFC 8446 4.2.2, RFC 9147 5.1: cookies that prove an address and carry what a server
 * would else keep, sealed by a MAC under a key that lives for a minute and is good for one more. */
#include "protocols/engine13/inside.h"

#include "protocols/crypto/kdf.h"
#include <string.h>

#define KEY_LIFE (60 * SD_SECOND)
#define MAC_LEN  SD_SHA256_LEN

static void rotate(struct sd_e13_context *c)
{
    sd_time now = c->env->now;
    if (now < c->cookie_until)
        return;
    bool fresh = c->cookie_until == 0 || now - c->cookie_until >= KEY_LIFE;
    if (fresh)
        sd_random(c->env, c->cookie_key[1], sizeof c->cookie_key[1]);
    else
        memcpy(c->cookie_key[1], c->cookie_key[0], sizeof c->cookie_key[0]);
    sd_random(c->env, c->cookie_key[0], sizeof c->cookie_key[0]);
    c->cookie_until = now + KEY_LIFE;
}

/* Over the client's address and what the cookie says. */
static void mac(const struct sd_e13_session *s, int generation, const uint8_t *said, size_t len,
                uint8_t out[MAC_LEN])
{
    const struct e13_opening *o = s->opening;
    uint8_t covered[sizeof o->address + E13_COOKIE_MAX];
    memcpy(covered, o->address, sizeof o->address);
    memcpy(covered + sizeof o->address, said, len);
    sd_hmac_sha256(out, s->context->cookie_key[generation], sizeof s->context->cookie_key[0],
                   covered, sizeof o->address + len);
}

size_t e13_cookie_make(struct sd_e13_session *s, const struct e13_cookie *cookie, uint8_t *out)
{
    struct sd_writer w = sd_writer_of(out, E13_COOKIE_MAX);
    rotate(s->context);
    sd_put16(&w, cookie->suite->id);
    sd_put16(&w, cookie->group);
    sd_put(&w, cookie->hello_hash, sd_hash_len(cookie->suite->hash));
    size_t len = sd_written(&w);
    mac(s, 0, out, len, out + len);
    return len + MAC_LEN;
}

bool e13_cookie_open(struct sd_e13_session *s, const uint8_t *data, size_t len,
                     struct e13_cookie *cookie)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint8_t expected[MAC_LEN];
    bool good = false;
    rotate(s->context);
    cookie->suite = e13_suite(sd_get16(&r));
    cookie->group = sd_get16(&r);
    size_t hash_len = cookie->suite ? sd_hash_len(cookie->suite->hash) : 0;
    if (!sd_get_copy(&r, cookie->hello_hash, hash_len) || sd_left(&r) != MAC_LEN || !hash_len)
        return false;
    for (int generation = 0; generation < 2 && !good; generation++) {
        mac(s, generation, data, len - MAC_LEN, expected);
        good = sd_equal_ct(expected, r.at, MAC_LEN);
    }
    return good;
}
