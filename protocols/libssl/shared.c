/* shared.c - contexts by recipe.  To make one costs as much as a handshake and holds some 100 KB,
 * so the process keeps those that agents have needed so far. */
#include "protocols/libssl/libssl.h"

/* More than a survey's protocols, modes and roles; beyond it the oldest goes. */
#define SHARED_MAX 64

static struct {
    uint64_t recipe;
    SSL_CTX *ctx;
} shared[SHARED_MAX];
static uint32_t next;

SSL_CTX *sd_ssl_shared(uint64_t recipe)
{
    for (size_t i = 0; i < SHARED_MAX && shared[i].ctx; i++)
        if (shared[i].recipe == recipe && SSL_CTX_up_ref(shared[i].ctx) == 1)
            return shared[i].ctx;
    return NULL;
}

void sd_ssl_share(uint64_t recipe, SSL_CTX *ctx)
{
    if (SSL_CTX_up_ref(ctx) != 1)
        return;
    size_t at = next++ % SHARED_MAX;
    SSL_CTX_free(shared[at].ctx); /* agents that use it keep it alive */
    shared[at].ctx = ctx;
    shared[at].recipe = recipe;
}
