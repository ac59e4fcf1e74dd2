#include "protocols/crypto/p256.h"
#include "protocols/crypto/counted.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>
#include <string.h>

/* What all calls share: the curve and room for one calculation. */
struct p256 {
    EC_GROUP *group;
    EC_POINT *point;
    BN_CTX *room;
    BIGNUM *scalar, *x;
};

static struct p256 *p256(void)
{
    static struct p256 c;
    if (!c.group) {
        struct sd_env *before = sd_enter(NULL);
        c.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        c.room = BN_CTX_new();
        c.scalar = BN_secure_new();
        c.x = BN_secure_new();
        c.point = c.group ? EC_POINT_new(c.group) : NULL;
        if (!c.group || !c.room || !c.scalar || !c.x || !c.point)
            sd_crypto_broken("P-256");
        BN_set_flags(c.scalar, BN_FLG_CONSTTIME);
        sd_leave(before);
    }
    return &c;
}

static bool take_scalar(struct p256 *c, const uint8_t private_key[SD_P256_PRIVATE])
{
    if (!BN_bin2bn(private_key, SD_P256_PRIVATE, c->scalar))
        sd_crypto_broken("a P-256 private key");
    return !BN_is_zero(c->scalar) && BN_cmp(c->scalar, EC_GROUP_get0_order(c->group)) < 0;
}

static bool public_of(uint8_t *public_key, size_t len, point_conversion_form_t form,
                      const uint8_t private_key[SD_P256_PRIVATE])
{
    struct p256 *c = p256();
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, "P-256", SD_P256_PRIVATE);
    bool good = take_scalar(c, private_key);
    if (good && (!EC_POINT_mul(c->group, c->point, c->scalar, NULL, NULL, c->room) ||
                 EC_POINT_point2oct(c->group, c->point, form, public_key, len, c->room) != len))
        sd_crypto_broken("a P-256 public key");
    BN_clear(c->scalar);
    counted_end(before);
    return good;
}

/* Taking a point from its encoding checks that it is one of the curve. */
static bool agree(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
                  const uint8_t *public_key, size_t len)
{
    struct p256 *c = p256();
    struct sd_env *before = counted_begin(SD_OP_DERIVE, "P-256", SD_P256_PRIVATE);
    bool good = take_scalar(c, private_key) &&
                EC_POINT_oct2point(c->group, c->point, public_key, len, c->room) &&
                EC_POINT_mul(c->group, c->point, NULL, c->point, c->scalar, c->room) &&
                EC_POINT_get_affine_coordinates(c->group, c->point, c->x, NULL, c->room) &&
                BN_bn2binpad(c->x, shared, SD_P256_SHARED) == SD_P256_SHARED;
    ERR_clear_error();
    BN_clear(c->scalar);
    BN_clear(c->x);
    counted_end(before);
    if (!good)
        memset(shared, 0, SD_P256_SHARED);
    return good;
}

void sd_p256_keygen(struct sd_env *env, uint8_t private_key[SD_P256_PRIVATE],
                    uint8_t public_key[SD_P256_PUBLIC])
{
    do
        sd_random(env, private_key, SD_P256_PRIVATE);
    while (!sd_p256_public(public_key, private_key)); /* once in 2^32 */
}

bool sd_p256_public(uint8_t public_key[SD_P256_PUBLIC], const uint8_t private_key[SD_P256_PRIVATE])
{
    return public_of(public_key, SD_P256_PUBLIC, POINT_CONVERSION_COMPRESSED, private_key);
}

bool sd_p256(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
             const uint8_t public_key[SD_P256_PUBLIC])
{
    return agree(shared, private_key, public_key, SD_P256_PUBLIC);
}

void sd_p256_keygen_point(struct sd_env *env, uint8_t private_key[SD_P256_PRIVATE],
                          uint8_t point[SD_P256_POINT])
{
    do
        sd_random(env, private_key, SD_P256_PRIVATE);
    while (!sd_p256_public_point(point, private_key));
}

bool sd_p256_public_point(uint8_t point[SD_P256_POINT], const uint8_t private_key[SD_P256_PRIVATE])
{
    return public_of(point, SD_P256_POINT, POINT_CONVERSION_UNCOMPRESSED, private_key);
}

bool sd_p256_point(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
                   const uint8_t point[SD_P256_POINT])
{
    if (point[0] != 4) { /* libcrypto would take the hybrid form */
        memset(shared, 0, SD_P256_SHARED);
        return false;
    }
    return agree(shared, private_key, point, SD_P256_POINT);
}
