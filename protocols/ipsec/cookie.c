#include "protocols/ipsec/cookie.h"
#include "protocols/crypto/kdf.h"
#include "protocols/ipsec/puzzle.h"
#include <string.h>

/* 2.6 and RFC 8019 7.1.1.3: <version of the secret> | <difficulty> | HMAC(secret, ...). */
#define COOKIE_HEAD 2u
#define COOKIE_LEN  (COOKIE_HEAD + SD_SHA256_LEN)

static void make(const struct ike_cookie_secret *secret, const struct ike_message *m,
                 uint8_t difficulty, uint8_t cookie[COOKIE_LEN])
{
    uint8_t data[IKE_NONCE_MAX + 16 + 2 + IKE_SPI_LEN + 1];
    const struct ike_payload *ni = ike_find(&m->chain, IKE_PAYLOAD_NONCE);
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put(&w, ni->body, ni->len < IKE_NONCE_MAX ? ni->len : IKE_NONCE_MAX);
    sd_put(&w, m->path->remote.ip, sizeof m->path->remote.ip);
    sd_put16(&w, m->path->remote.port);
    sd_put64(&w, m->header.spi_i);
    sd_put8(&w, difficulty);
    cookie[0] = secret->version;
    cookie[1] = difficulty;
    sd_hmac(SD_SHA256, cookie + COOKIE_HEAD, secret->key, sizeof secret->key, data, sd_written(&w));
}

/* The secret of today; the one before it goes on being honoured for a while. */
static const struct ike_cookie_secret *present(struct ipsec *ipsec)
{
    struct ike_cookie_secret *s = &ipsec->cookie_secret[0];
    if (s->valid && ipsec->now < s->born + IKE_COOKIE_LIFE)
        return s;
    uint8_t version = s->version;
    ipsec->cookie_secret[1] = *s;
    *s = (struct ike_cookie_secret){
        .born = ipsec->now, .valid = true, .version = (uint8_t)(version + 1)};
    sd_random(ipsec->env, s->key, sizeof s->key);
    return s;
}

static bool good(const struct ipsec *ipsec, const struct ike_message *m,
                 const struct ike_notify *cookie)
{
    uint8_t expected[COOKIE_LEN];
    if (cookie->len != COOKIE_LEN)
        return false;
    for (size_t i = 0; i < 2; i++) {
        const struct ike_cookie_secret *s = &ipsec->cookie_secret[i];
        if (!s->valid || s->version != cookie->data[0] ||
            ipsec->now >= s->born + 2 * IKE_COOKIE_LIFE)
            continue;
        make(s, m, cookie->data[1], expected);
        return sd_equal_ct(expected, cookie->data, COOKIE_LEN);
    }
    return false;
}

static bool demanded(const struct ipsec *ipsec)
{
    switch (ipsec->config->validation) {
    case SD_VALIDATE_ALWAYS:
        return true;
    case SD_VALIDATE_NEVER:
        return false;
    default:
        return ipsec->set.cookie || ipsec->stats.half_open >= ipsec->set.cookies_from;
    }
}

static void demand(struct ipsec *ipsec, const struct ike_message *m)
{
    uint8_t body[128], cookie[COOKIE_LEN];
    struct ike_writer w = ike_writer_of(body, sizeof body);
    uint8_t difficulty = ipsec->set.puzzle ? (uint8_t)ipsec->set.puzzle_bits : 0;
    make(present(ipsec), m, difficulty, cookie);
    ike_put_notify(&w, IKE_N_COOKIE, cookie, sizeof cookie);
    if (difficulty)
        ike_put_puzzle(&w, ike_policy_first(&ipsec->set.ike, IKE_TRANSFORM_PRF), difficulty);
    ike_reply_stateless(ipsec, m, &w, 0);
}

int ike_cookie_check(struct ipsec *ipsec, const struct ike_message *m, bool *proven)
{
    struct ike_notify cookie;
    *proven = ike_find_notify(&m->chain, IKE_N_COOKIE, 0, &cookie) && good(ipsec, m, &cookie);
    if (*proven && cookie.data[1] &&
        !ike_check_solution(ike_policy_first(&ipsec->set.ike, IKE_TRANSFORM_PRF), cookie.data[1],
                            &cookie, ike_find(&m->chain, IKE_PAYLOAD_PS)))
        return SD_DROP_POLICY;
    if (*proven || !demanded(ipsec))
        return SD_OK;
    demand(ipsec, m);
    return SD_DROP_UNVALIDATED;
}
