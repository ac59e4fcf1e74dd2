#include "protocols/crypto/dh.h"
#include "protocols/crypto/counted.h"
#include <sodium.h>
#include <string.h>

void sd_x25519_keygen(struct sd_env *env, uint8_t private_key[SD_X25519_LEN],
                      uint8_t public_key[SD_X25519_LEN])
{
    sd_random(env, private_key, SD_X25519_LEN);
    private_key[0] &= 248;
    private_key[31] = (uint8_t)((private_key[31] & 127) | 64);
    sd_x25519_public(public_key, private_key);
}

void sd_x25519_public(uint8_t public_key[SD_X25519_LEN], const uint8_t private_key[SD_X25519_LEN])
{
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, "X25519", SD_X25519_LEN);
    crypto_scalarmult_curve25519_base(public_key, private_key);
    counted_end(before);
}

bool sd_x25519(uint8_t shared[SD_X25519_LEN], const uint8_t private_key[SD_X25519_LEN],
               const uint8_t public_key[SD_X25519_LEN])
{
    struct sd_env *before = counted_begin(SD_OP_DERIVE, "X25519", SD_X25519_LEN);
    bool good = crypto_scalarmult_curve25519(shared, private_key, public_key) == 0;
    counted_end(before);
    if (!good)
        memset(shared, 0, SD_X25519_LEN);
    return good;
}
