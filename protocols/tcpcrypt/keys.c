/* keys.c - HKDF-SHA256 all the way down (RFC 8548 3.1: Extract and CPRF). */
#include "protocols/tcpcrypt/keys.h"
#include "protocols/crypto/kdf.h"
#include "sim/core/env.h"
#include <string.h>

/* CPRF(K, constant | nonce, L). */
static void cprf(uint8_t *out, size_t len, const uint8_t key[TC_KEY_LEN], enum tc_constant constant,
                 const struct tc_session_nonce *nonce)
{
    uint8_t info[1 + sizeof nonce->bytes] = {(uint8_t)constant};
    size_t more = nonce ? nonce->len : 0;
    if (more)
        memcpy(info + 1, nonce->bytes, more);
    sd_hkdf_sha256_expand(out, len, key, info, 1 + more);
}

void tc_keys_extract(uint8_t prk[TC_KEY_LEN], const uint8_t nonce_a[TC_NONCE_LEN],
                     const uint8_t *input, size_t len)
{
    sd_hkdf_sha256_extract(prk, nonce_a, TC_NONCE_LEN, input, len);
}

void tc_keys_next_secret(uint8_t secret[TC_KEY_LEN])
{
    uint8_t next[TC_KEY_LEN];
    cprf(next, sizeof next, secret, TC_CONST_NEXTK, NULL);
    memcpy(secret, next, sizeof next);
    sd_wipe(next, sizeof next);
}

void tc_keys_resume_id(uint8_t id[TC_RESUME_LEN], const uint8_t secret[TC_KEY_LEN])
{
    cprf(id, TC_RESUME_LEN, secret, TC_CONST_RESUME, NULL);
}

void tc_keys_session_id(uint8_t id[TC_SESSION_ID_LEN], uint8_t tep_byte,
                        const uint8_t secret[TC_KEY_LEN], const struct tc_session_nonce *nonce)
{
    id[0] = tep_byte;
    cprf(id + 1, TC_KEY_LEN, secret, TC_CONST_SESSID, nonce);
}

void tc_keys_master(uint8_t master[TC_KEY_LEN], const uint8_t secret[TC_KEY_LEN],
                    const struct tc_session_nonce *nonce)
{
    cprf(master, TC_KEY_LEN, secret, TC_CONST_REKEY, nonce);
}

size_t tc_cipher_key_len(enum tc_cipher cipher)
{
    switch (cipher) {
    case TC_AES_128_GCM:
        return 16;
    case TC_AES_256_GCM:
    case TC_CHACHA20_POLY1305:
        return 32;
    }
    return 0;
}

const char *tc_cipher_name(enum tc_cipher cipher)
{
    switch (cipher) {
    case TC_AES_128_GCM:
        return "AES-128-GCM";
    case TC_AES_256_GCM:
        return "AES-256-GCM";
    case TC_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305";
    }
    return "no cipher";
}

static void take_traffic_key(struct tc_direction *d, enum tc_cipher cipher)
{
    uint8_t traffic[TC_KEY_LEN + TC_AEAD_NONCE];
    size_t key_len = tc_cipher_key_len(cipher);
    cprf(traffic, key_len + TC_AEAD_NONCE, d->master, (enum tc_constant)d->constant, NULL);
    memcpy(d->key, traffic, key_len);
    memcpy(d->randomizer, traffic + key_len, TC_AEAD_NONCE);
    d->frames = 0;
    sd_wipe(traffic, sizeof traffic);
}

void tc_direction_begin(struct tc_direction *d, enum tc_cipher cipher,
                        const uint8_t master[TC_KEY_LEN], enum tc_constant key)
{
    memcpy(d->master, master, TC_KEY_LEN);
    d->constant = (uint8_t)key;
    d->generation = 0;
    take_traffic_key(d, cipher);
}

void tc_direction_next(struct tc_direction *d, enum tc_cipher cipher)
{
    uint8_t next[TC_KEY_LEN];
    cprf(next, sizeof next, d->master, TC_CONST_REKEY, NULL);
    memcpy(d->master, next, sizeof next);
    d->generation++;
    take_traffic_key(d, cipher);
    sd_wipe(next, sizeof next);
}
