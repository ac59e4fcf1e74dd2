#include "protocols/srtp/keys.h"
#include "protocols/crypto/ctr.h"
#include <string.h>

/* 4.3.2; those of SRTCP are 3 higher. */
enum { LABEL_CIPHER = 0, LABEL_AUTH = 1, LABEL_SALT = 2, LABELS = 3 };

#define DERIVATION_BYTES 6 /* key_id is a label and 48 bits */

uint64_t sr_derivation(const struct sr_master *m, uint64_t index)
{
    return m->rate ? index / m->rate : 0;
}

/* 4.3.1: key_id = label || r; x = key_id XOR master_salt, of 112 bits.  RFC 7714 11's salt of 96
 * bits stands at the left of these. */
static void derive_one(const struct sr_master *m, uint8_t label, uint64_t r, uint8_t *out,
                       size_t len)
{
    uint8_t x[SD_AES_CM_INPUT] = {0};
    memcpy(x, m->salt, m->profile->salt_len);
    x[sizeof x - DERIVATION_BYTES - 1] ^= label;
    for (size_t i = 0; i < DERIVATION_BYTES; i++)
        x[sizeof x - 1 - i] ^= (uint8_t)(r >> 8 * i);
    sd_aes_cm_prf(out, len, x, m->key, m->profile->key_len);
}

void sr_derive(const struct sr_master *m, enum sr_use use, uint64_t derivation,
               struct sr_session_keys *keys)
{
    uint8_t first = use == SR_RTCP ? LABELS : 0;
    derive_one(m, first + LABEL_CIPHER, derivation, keys->cipher, m->profile->key_len);
    derive_one(m, first + LABEL_SALT, derivation, keys->salt, m->profile->salt_len);
    if (!m->profile->aead)
        derive_one(m, first + LABEL_AUTH, derivation, keys->auth, SR_AUTH_KEY);
}
