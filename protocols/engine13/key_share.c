/* key_share.c - RFC 8446 4.2.8: Diffie-Hellman over X25519 and P-256. */
#include "protocols/engine13/inside.h"

void e13_write_share(struct sd_e13_session *s, struct sd_writer *w, uint16_t group)
{
    struct e13_opening *o = s->opening;
    struct sd_env *env = s->context->env;
    uint8_t public_key[E13_SHARE_MAX];
    size_t len = group == E13_X25519 ? SD_X25519_LEN : SD_P256_POINT;
    if (group == E13_X25519)
        sd_x25519_keygen(env, o->x25519, public_key);
    else
        sd_p256_keygen_point(env, o->p256, public_key);
    sd_put16(w, group);
    sd_put16(w, (uint16_t)len);
    sd_put(w, public_key, len);
}

bool e13_agree(struct sd_e13_session *s, uint16_t group, struct sd_reader public_key,
               uint8_t shared[32])
{
    const struct e13_opening *o = s->opening;
    if (group == E13_X25519)
        return sd_left(&public_key) == SD_X25519_LEN && sd_x25519(shared, o->x25519, public_key.at);
    return sd_left(&public_key) == SD_P256_POINT && sd_p256_point(shared, o->p256, public_key.at);
}
