/* keys.h - IKE's keys out of its pseudorandom function (RFC 7296 2.13 to 2.18). */
#ifndef IKE_KEYS_H
#define IKE_KEYS_H

#include "protocols/ipsec/cipher.h"
#include "protocols/ipsec/kex.h"
#include "protocols/ipsec/proposal.h"

#define IKE_PRF_MAX 48u /* output and key of HMAC-SHA2-384 */

size_t ike_prf_len(uint16_t prf);
void ike_prf(uint16_t prf, uint8_t *out, const void *key, size_t key_len, const void *data,
             size_t len);
/* 2.13: prf+. */
void ike_prf_plus(uint16_t prf, uint8_t *out, size_t out_len, const void *key, size_t key_len,
                  const void *seed, size_t seed_len);

struct ike_nonce {
    uint16_t len;
    uint8_t data[IKE_NONCE_MAX];
};
void ike_nonce_make(struct ike_nonce *, struct sd_env *);
/* False: of a length that 3.9 forbids. */
bool ike_nonce_take(struct ike_nonce *, const struct ike_payload *);

/* 2.14: SK_d; SK_e and SK_a of each sender as one key in the order of cipher.h; SK_p. */
struct ike_keys {
    struct cipher_suite cipher;
    uint16_t prf;
    uint8_t d[IKE_PRF_MAX];
    uint8_t protect_i[CIPHER_KEY_MAX], protect_r[CIPHER_KEY_MAX];
    uint8_t p_i[IKE_PRF_MAX], p_r[IKE_PRF_MAX];
};
struct cipher_suite ike_cipher_of(const struct ike_suite *);
struct ike_key_input {
    const struct ike_suite *suite;
    const uint8_t *skeyseed; /* as long as the PRF's output */
    const struct ike_nonce *ni, *nr;
    uint64_t spi_i, spi_r;
};
/* 2.14: SKEYSEED = prf(Ni | Nr, g^ir). */
void ike_skeyseed(uint8_t *out, uint16_t prf, const struct ike_nonce *ni,
                  const struct ike_nonce *nr, const uint8_t *secret, size_t len);
/* 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr); with old's PRF. */
void ike_skeyseed_rekey(uint8_t *out, const struct ike_keys *old, const struct ike_nonce *ni,
                        const struct ike_nonce *nr, const uint8_t *secret, size_t len);
/* 2.14: {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr}. */
void ike_keys_derive(struct ike_keys *, const struct ike_key_input *);
/* 2.17: KEYMAT = prf+(SK_d, [g^ir] | Ni | Nr); initiator's direction first. */
void ike_keymat(const struct ike_keys *, const struct ike_nonce *ni, const struct ike_nonce *nr,
                const uint8_t *secret, size_t secret_len, uint8_t *out, size_t len);

/* 2.15: what one side signs: its first message, the other's nonce, prf(SK_p, its ID's body). Bytes
 * written, at most message_len + IKE_NONCE_MAX + IKE_PRF_MAX. */
struct ike_signed {
    const uint8_t *message;
    size_t message_len;
    const struct ike_nonce *nonce;
    const uint8_t *sk_p, *id;
    size_t id_len;
};
size_t ike_signed_octets(uint16_t prf, const struct ike_signed *, uint8_t *out);
/* 2.15: AUTH = prf(prf(shared, "Key Pad for IKEv2"), octets). */
void ike_auth_shared(uint16_t prf, uint8_t *out, const uint8_t *shared, size_t shared_len,
                     const uint8_t *octets, size_t octets_len);

/* The keys as a row of Wireshark's table ikev2_decryption_table. */
void ike_keylog(struct sd_env *, const struct ike_keys *, uint64_t spi_i, uint64_t spi_r);

#endif
