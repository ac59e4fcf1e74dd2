/* fuzz_gquic_certs.c - compressed chains, for a client that holds nothing or one certificate (first
 * byte): nothing that was not there comes out, and it goes back in. */
#include "protocols/gquic/certs.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static const char first[] = "first certificate http://crl.verisign.com/pca3.crl";
static const char second[] = "second certificate";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_env env;
    struct sd_chain held = {0}, chain, again;
    if (len < 1 || sd_env_init(&env, 1) != SD_OK)
        return 0;
    sd_chain_append(&held, &env, first, strlen(first));
    int result = gq_certs_decompress(&chain, &env, data + 1, len - 1, data[0] & 1 ? &held : NULL);
    if (result == SD_OK) {
        uint8_t *packed;
        size_t packed_len;
        if (gq_certs_compress(&packed, &packed_len, &env, &chain, NULL, 0) != SD_OK ||
            gq_certs_decompress(&again, &env, packed, packed_len, NULL) != SD_OK ||
            again.count != chain.count)
            abort();
        sd_free(packed);
        sd_chain_free(&again);
    } else if (chain.count != 0) {
        abort();
    }
    sd_chain_free(&chain);
    sd_chain_free(&held);
    if (sd_heap_bytes(&env) != 0)
        abort();
    sd_env_fini(&env);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    struct sd_env env;
    struct sd_chain chain = {0};
    uint8_t seed[512], *packed;
    size_t len;
    if (sd_env_init(&env, 1) != SD_OK)
        abort();
    sd_chain_append(&chain, &env, first, strlen(first));
    sd_chain_append(&chain, &env, second, strlen(second));
    static const uint8_t hash[8] = {0xec, 0x31, 0x42, 0x0e, 0xad, 0x39, 0xf6, 0x2e};
    for (seed[0] = 0; seed[0] < 2; seed[0]++) {
        gq_certs_compress(&packed, &len, &env, &chain, hash, seed[0] ? 8 : 0);
        memcpy(seed + 1, packed, len);
        add(seed, len + 1);
        sd_free(packed);
    }
    sd_chain_free(&chain);
    sd_env_fini(&env);
}
