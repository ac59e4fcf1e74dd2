#include "protocols/crypto/box.h"
#include "protocols/crypto/counted.h"
#include <sodium.h>
#include <string.h>

bool sd_box_key(uint8_t key[SD_BOX_KEY], const uint8_t public_key[32],
                const uint8_t private_key[32])
{
    struct sd_env *before = counted_begin(SD_OP_DERIVE, "X25519", SD_BOX_KEY);
    bool good = crypto_box_beforenm(key, public_key, private_key) == 0;
    counted_end(before);
    if (!good)
        memset(key, 0, SD_BOX_KEY);
    return good;
}

void sd_box_seal(uint8_t *out, const void *data, size_t len, const uint8_t nonce[SD_BOX_NONCE],
                 const uint8_t key[SD_BOX_KEY])
{
    struct sd_env *before = counted_begin(SD_OP_SEAL, "XSalsa20-Poly1305", len);
    crypto_secretbox_easy(out, data, len, nonce, key);
    counted_end(before);
}

bool sd_box_open(uint8_t *out, const void *data, size_t len, const uint8_t nonce[SD_BOX_NONCE],
                 const uint8_t key[SD_BOX_KEY])
{
    if (len < SD_BOX_TAG)
        return false;
    struct sd_env *before = counted_begin(SD_OP_OPEN, "XSalsa20-Poly1305", len - SD_BOX_TAG);
    bool good = crypto_secretbox_open_easy(out, data, len, nonce, key) == 0;
    counted_end(before);
    return good;
}
