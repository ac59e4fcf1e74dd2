/* early.c - RFC 8446 section 8: early data is taken once.  A ClientHello whose age is plausible
 * (8.3) is remembered (8.2) for as long as its copy would be plausible too. */
#include "protocols/engine13/inside.h"

#define SEEN_MAX 1024u
#define WINDOW   (2 * E13_FRESHNESS_MS * SD_MS)

struct sd_e13_early_seen {
    struct {
        uint64_t binder; /* its hash: what makes a ClientHello unique */
        sd_time at;
    } row[SEEN_MAX];
    uint32_t next, used;
};

/* 8.3: the age that the client says is the one that the ticket has here. */
static bool plausible(const struct sd_e13_session *s, const struct e13_choice *n)
{
    const struct e13_psk *psk = &s->opening->psk;
    uint32_t said = n->obfuscated_age - psk->age_add;
    uint64_t is = (s->context->env->now - psk->issued) / SD_MS;
    return said <= is + E13_FRESHNESS_MS && is <= (uint64_t)said + E13_FRESHNESS_MS;
}

/* Remembers the binder.  False: it came before, or there is no room for more: better no early data
 * than the same twice. */
static bool first_time(struct sd_e13_context *c, const struct e13_choice *n)
{
    sd_time now = c->env->now;
    uint64_t binder = sd_hash(0, n->binder.at, sd_left(&n->binder));
    if (!c->early_seen)
        c->early_seen = sd_alloc(c->env, sizeof *c->early_seen);
    struct sd_e13_early_seen *seen = c->early_seen;
    if (!seen)
        return false;
    for (uint32_t i = 0; i < seen->used; i++)
        if (seen->row[i].binder == binder)
            return false;
    uint32_t at = seen->next;
    if (seen->used == SEEN_MAX && now - seen->row[at].at < WINDOW)
        return false;
    seen->row[at].binder = binder;
    seen->row[at].at = now;
    seen->next = (at + 1) % SEEN_MAX;
    if (seen->used < SEEN_MAX)
        seen->used++;
    return true;
}

bool e13_takes_early(struct sd_e13_session *s, const struct e13_choice *n)
{
    struct sd_e13_context *c = s->context;
    const struct e13_psk *psk = &s->opening->psk;
    /* 4.2.10: the first key offered, the same suite and protocol, no HelloRetryRequest. */
    if (!(c->early || c->config.allow_early) || n->identity != 0 || psk->early_max == 0 ||
        s->opening->retried || psk->suite != s->suite ||
        !e13_same_bytes(psk->alpn, psk->alpn_len, s->alpn, s->alpn_len) || !plausible(s, n))
        return false;
    if (first_time(c, n))
        return true;
    if (!c->config.early_replay_ok) {
        c->stats->dropped[SD_DROP_REPLAY]++;
        return false;
    }
    c->stats->replays_accepted++;
    return true;
}

void e13_early_fini(struct sd_e13_context *c)
{
    sd_free(c->early_seen);
}
