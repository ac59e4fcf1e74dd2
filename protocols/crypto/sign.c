#include "protocols/crypto/sign.h"
#include "protocols/crypto/counted.h"
#include <sodium.h>
#include <string.h>

void sd_ed25519_public(uint8_t public_key[SD_ED25519_PUBLIC], const uint8_t seed[SD_ED25519_SEED])
{
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, "ED25519", SD_ED25519_SEED);
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, seed);
    sd_wipe(secret, sizeof secret);
    counted_end(before);
}

void sd_ed25519_sign(uint8_t signature[SD_ED25519_SIGNATURE], const void *data, size_t len,
                     const uint8_t seed[SD_ED25519_SEED],
                     const uint8_t public_key[SD_ED25519_PUBLIC])
{
    struct sd_env *before = counted_begin(SD_OP_SIGN, "ED25519", len);
    uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* libsodium's: seed, then public key */
    memcpy(secret, seed, SD_ED25519_SEED);
    memcpy(secret + SD_ED25519_SEED, public_key, SD_ED25519_PUBLIC);
    crypto_sign_detached(signature, NULL, data, len, secret);
    sd_wipe(secret, sizeof secret);
    counted_end(before);
}

bool sd_ed25519_verify(const uint8_t signature[SD_ED25519_SIGNATURE], const void *data, size_t len,
                       const uint8_t public_key[SD_ED25519_PUBLIC])
{
    struct sd_env *before = counted_begin(SD_OP_VERIFY, "ED25519", len);
    bool good = crypto_sign_verify_detached(signature, data, len, public_key) == 0;
    counted_end(before);
    return good;
}
