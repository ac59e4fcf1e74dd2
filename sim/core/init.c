/* init.c - what every program does first, and the proof that virtual time and counting work:
 * an interposer that the linker left out or made invisible would be silent otherwise. */
#include <gnutls/crypto.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/env.h"
#include "sim/core/error.h"
#include "sim/core/gnutls_host.h"
#include "sim/core/openssl_host.h"

static int broken(const char *what)
{
    fprintf(stderr,
            "shakedown: start-up check failed: %s; was sd_interpose linked into this "
            "program, with default visibility?\n",
            what);
    return SD_E_INTERNAL;
}

static int check_interposers(struct sd_env *env)
{
    env->now = 86400 * SD_SECOND;
    SSL_SESSION *session = SSL_SESSION_new();
    if (session == NULL)
        return SD_E_NOMEM;
    long at = (long)SSL_SESSION_get_time(session);
    SSL_SESSION_free(session);
    if (at != (long)(env->epoch_s + 86400))
        return broken("libssl does not live in virtual time");

    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest("abc", 3, digest, NULL, EVP_sha256(), NULL) != 1)
        return broken("libcrypto cannot hash");
    if (sd_account_calls(&env->account, SD_OP_HASH) != 1 ||
        sd_account_bytes(&env->account, SD_OP_HASH) != 3)
        return broken("libcrypto's work is not counted");

    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, "abc", 3, digest) != GNUTLS_E_SUCCESS)
        return broken("GnuTLS cannot hash");
    if (sd_account_calls(&env->account, SD_OP_HASH) != 2 ||
        sd_account_bytes(&env->account, SD_OP_HASH) != 6)
        return broken("nettle's work is not counted");
    struct sd_rng untouched = env->rng;
    uint8_t drawn;
    if (gnutls_rnd(GNUTLS_RND_NONCE, &drawn, sizeof drawn) != GNUTLS_E_SUCCESS ||
        memcmp(&untouched, &env->rng, sizeof untouched) == 0)
        return broken("GnuTLS does not draw from the agent's stream");
    return SD_OK;
}

int sd_core_init(void)
{
    static bool done;
    if (done)
        return SD_OK;
    if (!sd_openssl_host())
        return broken("OpenSSL was used before sd_core_init()");
    if (!sd_sodium_host())
        return broken("libsodium does not start");
    if (!sd_gnutls_host())
        return broken("GnuTLS does not start");
    struct sd_env env;
    int result = sd_env_init(&env, 0);
    if (result != SD_OK)
        return result;
    struct sd_env *before = sd_enter(&env);
    result = check_interposers(&env);
    sd_leave(before);
    sd_env_fini(&env);
    done = result == SD_OK;
    return result;
}
