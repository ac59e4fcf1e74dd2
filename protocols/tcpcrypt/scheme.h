/* scheme.h - the key-agreement schemes that TEPs name (RFC 8548 5). */
#ifndef TC_SCHEME_H
#define TC_SCHEME_H

#include "protocols/tcpcrypt/wire.h"
#include "sim/core/env.h"

#define TC_PRIVATE_MAX 66u /* P-521's */
#define TC_SHARED_MAX  66u

struct tc_scheme {
    uint8_t tep;
    const char *name, *option; /* "P-256", "p256" */
    bool is_point;             /* Pub begins with its own length (2), which counts itself */
    size_t public_len;         /* of Pub, all of it */
    size_t shared_len;         /* of ES */
    void (*keygen)(struct sd_env *, uint8_t *private_key, uint8_t *public_key);
    bool (*agree)(uint8_t *shared, const uint8_t *private_key, const uint8_t *public_key);
};
#define TC_SCHEMES 4u
extern const struct tc_scheme tc_schemes[TC_SCHEMES]; /* the preferred one first */
const struct tc_scheme *tc_scheme(uint8_t tep);       /* NULL: of none */

/* Pub, as it is sent, and its private key of at most TC_PRIVATE_MAX bytes. */
void tc_scheme_keygen(const struct tc_scheme *, struct sd_env *, uint8_t *private_key,
                      uint8_t *pub);
/* ES.  False when Pub is not valid. */
bool tc_scheme_derive(const struct tc_scheme *, uint8_t *shared, const uint8_t *private_key,
                      const uint8_t *pub);

#endif
