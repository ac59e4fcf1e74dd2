#include "protocols/crypto/x448.h"
#include "protocols/crypto/counted.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

void sd_x448_keygen(struct sd_env *env, uint8_t private_key[SD_X448_LEN],
                    uint8_t public_key[SD_X448_LEN])
{
    sd_random(env, private_key, SD_X448_LEN);
    sd_x448_public(public_key, private_key);
}

void sd_x448_public(uint8_t public_key[SD_X448_LEN], const uint8_t private_key[SD_X448_LEN])
{
    struct sd_env *before = counted_begin(SD_OP_KEYGEN, "X448", SD_X448_LEN);
    size_t len = SD_X448_LEN;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X448, NULL, private_key, SD_X448_LEN);
    if (!key || !EVP_PKEY_get_raw_public_key(key, public_key, &len))
        sd_crypto_broken("an X448 key");
    EVP_PKEY_free(key);
    counted_end(before);
}

bool sd_x448(uint8_t shared[SD_X448_LEN], const uint8_t private_key[SD_X448_LEN],
             const uint8_t public_key[SD_X448_LEN])
{
    struct sd_env *before = counted_begin(SD_OP_DERIVE, "X448", SD_X448_LEN);
    size_t len = SD_X448_LEN;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X448, NULL, private_key, SD_X448_LEN);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X448, NULL, public_key, SD_X448_LEN);
    EVP_PKEY_CTX *c = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    if (!own || !peer || !c)
        sd_crypto_broken("X448");
    bool good = EVP_PKEY_derive_init(c) == 1 && EVP_PKEY_derive_set_peer_ex(c, peer, 0) == 1 &&
                EVP_PKEY_derive(c, shared, &len) == 1 && len == SD_X448_LEN;
    ERR_clear_error();
    EVP_PKEY_CTX_free(c);
    EVP_PKEY_free(own);
    EVP_PKEY_free(peer);
    counted_end(before);
    if (!good)
        memset(shared, 0, SD_X448_LEN);
    return good;
}
