#include "protocols/ipsec/kex.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/modp.h"
#include "protocols/crypto/p256.h"
#include <string.h>

/* RFC 5903 7: both coordinates, without SEC 1's byte before them. */
#define P256_COORDINATES (SD_P256_POINT - 1)
#define UNCOMPRESSED     4

size_t ike_kex_public_len(uint16_t group)
{
    switch (group) {
    case IKE_DH_MODP_2048:
        return SD_MODP2048_LEN;
    case IKE_DH_P256:
        return P256_COORDINATES;
    case IKE_DH_X25519:
        return SD_X25519_LEN;
    default:
        return 0;
    }
}

void ike_kex_make(struct ike_kex *k, struct sd_env *env, uint16_t group)
{
    uint8_t point[SD_P256_POINT];
    k->group = group;
    switch (group) {
    case IKE_DH_MODP_2048:
        sd_modp2048_keygen(env, k->private_key, k->public_key);
        break;
    case IKE_DH_P256:
        sd_p256_keygen_point(env, k->private_key, point);
        memcpy(k->public_key, point + 1, P256_COORDINATES);
        break;
    case IKE_DH_X25519:
        sd_x25519_keygen(env, k->private_key, k->public_key);
        break;
    }
}

size_t ike_kex_agree(const struct ike_kex *k, const uint8_t *peer, size_t len,
                     uint8_t secret[IKE_KEX_MAX])
{
    uint8_t point[SD_P256_POINT] = {UNCOMPRESSED};
    if (!len || len != ike_kex_public_len(k->group))
        return 0;
    switch (k->group) {
    case IKE_DH_MODP_2048:
        return sd_modp2048(secret, k->private_key, peer) ? SD_MODP2048_LEN : 0;
    case IKE_DH_P256: /* RFC 5903 9: the secret is the x coordinate */
        memcpy(point + 1, peer, P256_COORDINATES);
        return sd_p256_point(secret, k->private_key, point) ? SD_P256_SHARED : 0;
    default:
        return sd_x25519(secret, k->private_key, peer) ? SD_X25519_LEN : 0;
    }
}

void ike_kex_wipe(struct ike_kex *k)
{
    sd_wipe(k, sizeof *k);
}
