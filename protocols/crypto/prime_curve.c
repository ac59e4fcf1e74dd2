#include "protocols/crypto/prime_curve.h"
#include "protocols/crypto/counted.h"
#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

static struct prime_curve *opened(struct prime_curve *c)
{
    if (!c->group) {
        struct sd_env *before = sd_enter(NULL);
        c->group = EC_GROUP_new_by_curve_name(c->nid);
        c->room = BN_CTX_new();
        c->scalar = BN_secure_new();
        c->x = BN_secure_new();
        c->point = c->group ? EC_POINT_new(c->group) : NULL;
        if (!c->group || !c->room || !c->scalar || !c->x || !c->point)
            sd_crypto_broken(c->name);
        BN_set_flags(c->scalar, BN_FLG_CONSTTIME);
        sd_leave(before);
    }
    return c;
}

static bool take_scalar(struct prime_curve *c, const uint8_t *private_key)
{
    if (!BN_bin2bn(private_key, (int)c->len, c->scalar))
        sd_crypto_broken("a private key of a prime curve");
    return !BN_is_zero(c->scalar) && BN_cmp(c->scalar, EC_GROUP_get0_order(c->group)) < 0;
}

bool prime_curve_public(struct prime_curve *curve, uint8_t *public_key, size_t out_len,
                        point_conversion_form_t form, const uint8_t *private_key)
{
    struct prime_curve *c = opened(curve);
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, c->name, c->len);
    bool good = take_scalar(c, private_key);
    if (good &&
        (!EC_POINT_mul(c->group, c->point, c->scalar, NULL, NULL, c->room) ||
         EC_POINT_point2oct(c->group, c->point, form, public_key, out_len, c->room) != out_len))
        sd_crypto_broken("a public key of a prime curve");
    BN_clear(c->scalar);
    counted_end(before);
    return good;
}

/* Taking a point from its encoding checks that it is one of the curve. */
bool prime_curve_agree(struct prime_curve *curve, uint8_t *shared, const uint8_t *private_key,
                       const uint8_t *public_key, size_t public_len)
{
    struct prime_curve *c = opened(curve);
    struct sd_env *before = counted_begin(SD_OP_DERIVE, c->name, c->len);
    bool good = take_scalar(c, private_key) &&
                EC_POINT_oct2point(c->group, c->point, public_key, public_len, c->room) &&
                EC_POINT_mul(c->group, c->point, NULL, c->point, c->scalar, c->room) &&
                EC_POINT_get_affine_coordinates(c->group, c->point, c->x, NULL, c->room) &&
                BN_bn2binpad(c->x, shared, (int)c->len) == (int)c->len;
    ERR_clear_error();
    BN_clear(c->scalar);
    BN_clear(c->x);
    counted_end(before);
    if (!good)
        memset(shared, 0, c->len);
    return good;
}
