/* coverage.c - which bytes of a message are there: those that came in, or those that the peer
 * has. */
#include "protocols/dtls13/dtls.h"

bool dtls_coverage_init(struct dtls_coverage *c, struct sd_env *env, size_t len)
{
    *c = (struct dtls_coverage){.bits = sd_alloc(env, len / 8 + 1), .len = len};
    return c->bits != NULL;
}

void dtls_coverage_fini(struct dtls_coverage *c)
{
    sd_free(c->bits);
    c->bits = NULL;
}

bool dtls_coverage_has(const struct dtls_coverage *c, size_t at)
{
    return c->bits[at / 8] >> at % 8 & 1;
}

void dtls_coverage_mark(struct dtls_coverage *c, size_t at, size_t len)
{
    for (; len > 0 && at < c->len; at++, len--)
        if (!dtls_coverage_has(c, at)) {
            c->bits[at / 8] |= (uint8_t)(1u << at % 8);
            c->count++;
        }
}

bool dtls_coverage_full(const struct dtls_coverage *c)
{
    return c->count == c->len;
}

bool dtls_coverage_gap(const struct dtls_coverage *c, size_t at, size_t *from, size_t *len)
{
    while (at < c->len && dtls_coverage_has(c, at))
        at++;
    *from = at;
    while (at < c->len && !dtls_coverage_has(c, at))
        at++;
    *len = at - *from;
    return *len > 0;
}
