#include "protocols/crypto/pem.h"
#include "sim/core/env.h"
#include "sim/core/random.h"

#include <openssl/pem.h>
#include <string.h>

X509 *sd_pem_certificate(const char *pem)
{
    BIO *b = BIO_new_mem_buf(pem, -1);
    X509 *x = b ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
    BIO_free(b);
    return x;
}

/* Decoding a private key costs as much as a handshake's signature, so the process keeps the keys
 * it has met, on nobody's heap, and contexts get copies: an RSA key that signs keeps blinding and
 * Montgomery forms, which would carry over from run to run. */
#define KEYS_MAX 32
static struct {
    uint64_t pem_hash;
    EVP_PKEY *key;
} keys[KEYS_MAX];

static EVP_PKEY *decode(const char *pem)
{
    BIO *b = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = b ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
    BIO_free(b);
    return key;
}

static EVP_PKEY *master_key(const char *pem)
{
    uint64_t hash = sd_hash_text(0, pem);
    size_t at = 0;
    while (at < KEYS_MAX && keys[at].key && keys[at].pem_hash != hash)
        at++;
    if (at == KEYS_MAX)
        at = hash % KEYS_MAX;
    if (keys[at].key && keys[at].pem_hash == hash)
        return keys[at].key;
    struct sd_env *agent_env = sd_enter(NULL);
    EVP_PKEY *key = decode(pem);
    if (key) {
        EVP_PKEY_free(keys[at].key);
        keys[at].key = key;
        keys[at].pem_hash = hash;
    }
    sd_leave(agent_env);
    return key;
}

EVP_PKEY *sd_pem_private_key(const char *pem)
{
    EVP_PKEY *master = master_key(pem);
    return master ? EVP_PKEY_dup(master) : NULL;
}

bool sd_pem_key_is(const char *pem, const char *algorithm)
{
    EVP_PKEY *master = master_key(pem);
    return master && EVP_PKEY_is_a(master, algorithm);
}
