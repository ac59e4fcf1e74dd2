#include "protocols/crypto/p256.h"
#include "protocols/crypto/prime_curve.h"
#include <openssl/obj_mac.h>
#include <string.h>

static struct prime_curve curve = {
    .name = "P-256", .nid = NID_X9_62_prime256v1, .len = SD_P256_PRIVATE};

void sd_p256_keygen(struct sd_env *env, uint8_t private_key[SD_P256_PRIVATE],
                    uint8_t public_key[SD_P256_PUBLIC])
{
    do
        sd_random(env, private_key, SD_P256_PRIVATE);
    while (!sd_p256_public(public_key, private_key)); /* once in 2^32 */
}

bool sd_p256_public(uint8_t public_key[SD_P256_PUBLIC], const uint8_t private_key[SD_P256_PRIVATE])
{
    return prime_curve_public(&curve, public_key, SD_P256_PUBLIC, POINT_CONVERSION_COMPRESSED,
                              private_key);
}

bool sd_p256(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
             const uint8_t public_key[SD_P256_PUBLIC])
{
    return prime_curve_agree(&curve, shared, private_key, public_key, SD_P256_PUBLIC);
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
    return prime_curve_public(&curve, point, SD_P256_POINT, POINT_CONVERSION_UNCOMPRESSED,
                              private_key);
}

bool sd_p256_point(uint8_t shared[SD_P256_SHARED], const uint8_t private_key[SD_P256_PRIVATE],
                   const uint8_t point[SD_P256_POINT])
{
    if (point[0] != 4) { /* libcrypto would take the hybrid form */
        memset(shared, 0, SD_P256_SHARED);
        return false;
    }
    return prime_curve_agree(&curve, shared, private_key, point, SD_P256_POINT);
}
