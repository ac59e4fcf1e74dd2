#include "protocols/crypto/p521.h"
#include "protocols/crypto/prime_curve.h"
#include <openssl/obj_mac.h>

static struct prime_curve curve = {.name = "P-521", .nid = NID_secp521r1, .len = SD_P521_PRIVATE};

void sd_p521_keygen(struct sd_env *env, uint8_t private_key[SD_P521_PRIVATE],
                    uint8_t public_key[SD_P521_PUBLIC])
{
    do {
        sd_random(env, private_key, SD_P521_PRIVATE);
        private_key[0] &= 1;                            /* 521 bits */
    } while (!sd_p521_public(public_key, private_key)); /* once in 2^259 */
}

bool sd_p521_public(uint8_t public_key[SD_P521_PUBLIC], const uint8_t private_key[SD_P521_PRIVATE])
{
    return prime_curve_public(&curve, public_key, SD_P521_PUBLIC, POINT_CONVERSION_COMPRESSED,
                              private_key);
}

bool sd_p521(uint8_t shared[SD_P521_SHARED], const uint8_t private_key[SD_P521_PRIVATE],
             const uint8_t public_key[SD_P521_PUBLIC])
{
    return prime_curve_agree(&curve, shared, private_key, public_key, SD_P521_PUBLIC);
}
