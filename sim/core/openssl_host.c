/* openssl_host.c - OpenSSL and libsodium draw from the entered agent's stream, and OpenSSL's
 * memory is on the entered agent's heap; outside any agent both live as usual. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD: the one hook in front of every DRBG of 3.0 */
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sodium.h>
#include <string.h>

#include "sim/core/entropy.h"
#include "sim/core/heap.h"
#include "sim/core/openssl_host.h"

/* -- OpenSSL -- */

/* Words about an error stay in the thread's queue until another error needs their place: they are
 * nobody's. */
static bool is_of_error_queue(const char *file)
{
    static const char name[] = "err/err.c";
    size_t len = file != NULL ? strlen(file) : 0;
    return len >= sizeof name - 1 && strcmp(file + len - (sizeof name - 1), name) == 0;
}

static void *take(size_t size, const char *file, int line)
{
    (void)line;
    struct sd_heap *heap = sd_entered != NULL ? sd_entered->heap : NULL;
    if (heap != NULL && is_of_error_queue(file))
        heap = NULL;
    return size > 0 ? sd_block_new(heap, size) : NULL;
}

static void give(void *block, const char *file, int line)
{
    (void)file, (void)line;
    if (block != NULL)
        sd_block_free(block);
}

static void *resize(void *block, size_t size, const char *file, int line)
{
    if (block == NULL)
        return take(size, file, line);
    if (size == 0) {
        give(block, file, line);
        return NULL;
    }
    return sd_block_resize(block, size);
}

static int rand_bytes(unsigned char *buf, int len)
{
    sd_entropy(buf, (size_t)len);
    return 1;
}

static int rand_seed(const void *buf, int len)
{
    (void)buf, (void)len;
    return 1;
}

static int rand_add(const void *buf, int len, double entropy)
{
    (void)buf, (void)len, (void)entropy;
    return 1;
}

static int rand_status(void)
{
    return 1;
}

static const RAND_METHOD rand_method = {
    .seed = rand_seed,
    .bytes = rand_bytes,
    .add = rand_add,
    .pseudorand = rand_bytes,
    .status = rand_status,
};

bool sd_openssl_host(void)
{
    if (CRYPTO_set_mem_functions(take, resize, give) != 1)
        return false;
    /* The machine's openssl.cnf would change security levels and with them the results. */
    uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
                       OPENSSL_INIT_LOAD_CRYPTO_STRINGS;
    if (OPENSSL_init_ssl(options, NULL) != 1)
        return false;
    ERR_clear_error(); /* makes this thread's queue while nobody is entered */
    return RAND_set_rand_method(&rand_method) == 1;
}

/* -- libsodium -- */

static const char *sodium_name(void)
{
    return "shakedown";
}

static uint32_t sodium_random(void)
{
    uint32_t v;
    sd_entropy(&v, sizeof v);
    return v;
}

static struct randombytes_implementation sodium_method = {
    .implementation_name = sodium_name,
    .random = sodium_random,
    .buf = sd_entropy,
};

bool sd_sodium_host(void)
{
    return randombytes_set_implementation(&sodium_method) == 0 && sodium_init() >= 0;
}
