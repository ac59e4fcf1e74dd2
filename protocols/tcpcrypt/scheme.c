#include "protocols/tcpcrypt/scheme.h"
#include "protocols/crypto/dh.h"
#include "protocols/crypto/p256.h"
#include "protocols/crypto/p521.h"
#include "protocols/crypto/x448.h"

#define LENGTH 2u /* before a point */

_Static_assert(SD_P521_PRIVATE == TC_PRIVATE_MAX && SD_P521_SHARED == TC_SHARED_MAX, "the longest");
_Static_assert(LENGTH + SD_P521_PUBLIC == TC_PUB_MAX, "the longest");

const struct tc_scheme tc_schemes[TC_SCHEMES] = {
    {.tep = TC_TEP_X25519,
     .name = "X25519",
     .option = "x25519",
     .public_len = SD_X25519_LEN,
     .shared_len = SD_X25519_LEN,
     .keygen = sd_x25519_keygen,
     .agree = sd_x25519},
    {.tep = TC_TEP_P256,
     .name = "P-256",
     .option = "p256",
     .is_point = true,
     .public_len = LENGTH + SD_P256_PUBLIC,
     .shared_len = SD_P256_SHARED,
     .keygen = sd_p256_keygen,
     .agree = sd_p256},
    {.tep = TC_TEP_X448,
     .name = "X448",
     .option = "x448",
     .public_len = SD_X448_LEN,
     .shared_len = SD_X448_LEN,
     .keygen = sd_x448_keygen,
     .agree = sd_x448},
    {.tep = TC_TEP_P521,
     .name = "P-521",
     .option = "p521",
     .is_point = true,
     .public_len = LENGTH + SD_P521_PUBLIC,
     .shared_len = SD_P521_SHARED,
     .keygen = sd_p521_keygen,
     .agree = sd_p521},
};

const struct tc_scheme *tc_scheme(uint8_t tep)
{
    for (size_t i = 0; i < TC_SCHEMES; i++)
        if (tc_schemes[i].tep == tep)
            return &tc_schemes[i];
    return NULL;
}

void tc_scheme_keygen(const struct tc_scheme *a, struct sd_env *env, uint8_t *private_key,
                      uint8_t *pub)
{
    if (a->is_point) {
        pub[0] = 0;
        pub[1] = (uint8_t)a->public_len;
    }
    a->keygen(env, private_key, a->is_point ? pub + LENGTH : pub);
}

bool tc_scheme_derive(const struct tc_scheme *a, uint8_t *shared, const uint8_t *private_key,
                      const uint8_t *pub)
{
    if (!a->is_point)
        return a->agree(shared, private_key, pub);
    return pub[0] == 0 && pub[1] == a->public_len && a->agree(shared, private_key, pub + LENGTH);
}
