/* identity.c - the lab's test identities: certificates from identities/, X25519 keys by hash. */
#include "sim/core/config.h"

#include <sodium.h>
#include <string.h>

#include "sim/core/env.h"
#include "sim/core/random.h"

/* Made by CMakeLists.txt from identities/NAME.crt and NAME.key. */
#include "identity_pems.inc"

static struct sd_identity identities[] = {
    {.name = "server.example",
     .certificate = server_example_crt,
     .private_key = server_example_key},
    {.name = "client.example",
     .certificate = client_example_crt,
     .private_key = client_example_key},
    {.name = "server.ed25519.example",
     .certificate = server_ed25519_example_crt,
     .private_key = server_ed25519_example_key},
    {.name = "client.ed25519.example",
     .certificate = client_ed25519_example_crt,
     .private_key = client_ed25519_example_key},
    {.name = "server.rsa.example",
     .certificate = server_rsa_example_crt,
     .private_key = server_rsa_example_key},
    {.name = "impostor.example",
     .certificate = impostor_example_crt,
     .private_key = impostor_example_key},
};
#define IDENTITIES (sizeof identities / sizeof identities[0])

const struct sd_identity *sd_identity(const char *name)
{
    static bool keys_made;
    if (!keys_made) {
        for (size_t i = 0; i < IDENTITIES; i++)
            sd_identity_x25519(identities[i].name, identities[i].x25519_private,
                               identities[i].x25519_public);
        keys_made = true;
    }
    for (size_t i = 0; i < IDENTITIES; i++)
        if (strcmp(identities[i].name, name) == 0)
            return &identities[i];
    return NULL;
}

const char *sd_identity_ca(void)
{
    return ca_crt;
}

size_t sd_identity_der(const struct sd_identity *identity, uint8_t *der, size_t cap)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *from = identity->certificate ? strstr(identity->certificate, begin) : NULL;
    const char *to = from ? strstr(from, "-----END") : NULL;
    size_t len;
    if (to == NULL)
        return 0;
    from += strlen(begin);
    bool good = sodium_base642bin(der, cap, from, (size_t)(to - from), "\r\n", &len, NULL,
                                  sodium_base64_VARIANT_ORIGINAL) == 0;
    return good ? len : 0;
}

/* Public keys already computed, each at the place its private key points to: many runs in one
 * process ask for the same ones, and a scalar multiplication is a thousand times a hash. */
#define CACHE_ROWS 4096
static struct {
    uint8_t private_key[32], public_key[32];
} cache[CACHE_ROWS];

void sd_identity_x25519(const char *name, uint8_t private_key[32], uint8_t public_key[32])
{
    static const char label[] = "shakedown lab static X25519 key: ";
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)label, sizeof label - 1);
    crypto_hash_sha256_update(&hash, (const uint8_t *)name, strlen(name));
    crypto_hash_sha256_final(&hash, private_key);
    /* RFC 7748 5: decodeScalar25519. */
    private_key[0] &= 248;
    private_key[31] &= 127;
    private_key[31] |= 64;

    size_t at = (private_key[1] | (size_t)private_key[2] << 8) % CACHE_ROWS;
    if (memcmp(cache[at].private_key, private_key, 32) != 0) {
        crypto_scalarmult_base(cache[at].public_key, private_key);
        memcpy(cache[at].private_key, private_key, 32);
    }
    memcpy(public_key, cache[at].public_key, 32);
}

void sd_peer_key(uint8_t key[32], const struct sd_peer *peers, size_t count,
                 const struct sd_addr *remote, const char *name)
{
    uint8_t unused[32];
    for (size_t i = 0; i < count; i++) {
        const struct sd_peer *peer = &peers[i];
        if (count == 1 || (peer->endpoint.family && sd_addr_equal(&peer->endpoint, remote))) {
            memcpy(key, peer->public_key, 32);
            return;
        }
    }
    sd_identity_x25519(name, unused, key);
    sd_wipe(unused, sizeof unused);
}
