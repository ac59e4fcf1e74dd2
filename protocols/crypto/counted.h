/* counted.h - how a wrapper of this room books its work; private to protocols/crypto.
 *
 * A wrapper counts once, then steps out of the agent's env and raises the depth while the library
 * works: the interposers then neither count the parts a second time nor book on the agent the
 * contexts that all agents of the process share. */
#ifndef SD_CRYPTO_COUNTED_H
#define SD_CRYPTO_COUNTED_H

#include "sim/core/env.h"

static inline struct sd_env *counted_begin(enum sd_op op, const char *alg, size_t bytes)
{
    sd_count(op, alg, bytes);
    sd_count_depth++;
    return sd_enter(NULL);
}

static inline void counted_end(struct sd_env *before)
{
    sd_leave(before);
    sd_count_depth--;
}

/* libcrypto refused something that only a broken installation or an exhausted memory explains:
 * says what and ends the process. */
_Noreturn void sd_crypto_broken(const char *what);

#endif
