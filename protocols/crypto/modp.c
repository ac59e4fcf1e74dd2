#include "protocols/crypto/modp.h"
#include "protocols/crypto/counted.h"
#include <openssl/bn.h>
#include <string.h>

/* What all calls share: the group and room for one calculation. */
struct modp {
    BIGNUM *prime, *below; /* below: p - 1 */
    BIGNUM *generator, *exponent, *base, *result;
    BN_CTX *room;
    BN_MONT_CTX *montgomery;
};

static struct modp *modp2048(void)
{
    static struct modp m;
    if (m.room)
        return &m;
    struct sd_env *before = sd_enter(NULL);
    m.prime = BN_get_rfc3526_prime_2048(NULL);
    m.below = m.prime ? BN_dup(m.prime) : NULL;
    m.generator = BN_new();
    m.exponent = BN_secure_new();
    m.base = BN_new();
    m.result = BN_secure_new();
    m.room = BN_CTX_new();
    m.montgomery = BN_MONT_CTX_new();
    if (!m.below || !m.generator || !m.exponent || !m.base || !m.result || !m.room ||
        !m.montgomery || !BN_sub_word(m.below, 1) || !BN_set_word(m.generator, 2) ||
        !BN_MONT_CTX_set(m.montgomery, m.prime, m.room))
        sd_crypto_broken("the 2048-bit MODP group");
    BN_set_flags(m.exponent, BN_FLG_CONSTTIME);
    sd_leave(before);
    return &m;
}

static void power(struct modp *m, uint8_t out[SD_MODP2048_LEN], const BIGNUM *base,
                  const uint8_t private_key[SD_MODP2048_PRIVATE])
{
    if (!BN_bin2bn(private_key, SD_MODP2048_PRIVATE, m->exponent) ||
        !BN_mod_exp_mont_consttime(m->result, base, m->exponent, m->prime, m->room,
                                   m->montgomery) ||
        BN_bn2binpad(m->result, out, SD_MODP2048_LEN) != SD_MODP2048_LEN)
        sd_crypto_broken("an exponentiation");
    BN_clear(m->exponent);
    BN_clear(m->result);
}

void sd_modp2048_keygen(struct sd_env *env, uint8_t private_key[SD_MODP2048_PRIVATE],
                        uint8_t public_key[SD_MODP2048_LEN])
{
    struct modp *m = modp2048();
    sd_random(env, private_key, SD_MODP2048_PRIVATE);
    private_key[0] |= 0x80; /* of full length, and so never 0 */
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, "MODP-2048", SD_MODP2048_LEN);
    power(m, public_key, m->generator, private_key);
    counted_end(before);
}

bool sd_modp2048(uint8_t shared[SD_MODP2048_LEN], const uint8_t private_key[SD_MODP2048_PRIVATE],
                 const uint8_t public_key[SD_MODP2048_LEN])
{
    struct modp *m = modp2048();
    struct sd_env *before = counted_begin(SD_OP_DERIVE, "MODP-2048", SD_MODP2048_LEN);
    if (!BN_bin2bn(public_key, SD_MODP2048_LEN, m->base))
        sd_crypto_broken("a public key");
    bool good = !BN_is_zero(m->base) && !BN_is_one(m->base) && BN_cmp(m->base, m->below) < 0;
    if (good)
        power(m, shared, m->base, private_key);
    else
        memset(shared, 0, SD_MODP2048_LEN);
    counted_end(before);
    return good;
}
