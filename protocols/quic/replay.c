/* replay.c - early data is taken once: GnuTLS refuses what is older than its window and asks here
 * about the rest (RFC 8446 8.2, ClientHello recording).
 *
 * Its key is the time at which its present window began, and the ClientHello's binder.  Every ten
 * seconds another window begins, and by that key what came just before would be new: here the
 * binder alone decides. */
#include "protocols/quic/quic.h"

#include <string.h>

/* Forgets what GnuTLS would refuse by its age. */
static void forget_old(struct quic *q, time_t now)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < q->seen_count; i++)
        if (q->seen[i].until >= now)
            q->seen[kept++] = q->seen[i];
    q->seen_count = kept;
}

static bool seen_before(const struct quic *q, const struct quic_seen *one)
{
    for (uint32_t i = 0; i < q->seen_count; i++)
        if (memcmp(q->seen[i].key, one->key, sizeof one->key) == 0)
            return true;
    return false;
}

static bool remember(struct quic *q, const struct quic_seen *one)
{
    if (q->seen_count == q->seen_cap) {
        uint32_t cap = q->seen_cap ? 2 * q->seen_cap : 8;
        struct quic_seen *more = sd_realloc(q->env, q->seen, cap * sizeof *more);
        if (!more)
            return false;
        q->seen = more;
        q->seen_cap = cap;
    }
    q->seen[q->seen_count++] = *one;
    return true;
}

int quic_replay_add(void *quic, time_t until, const gnutls_datum_t *key, const gnutls_datum_t *data)
{
    struct quic *q = quic;
    struct quic_seen one = {.until = until};
    (void)data;
    size_t len = key->size < sizeof one.key ? key->size : sizeof one.key;
    memcpy(one.key, key->data + key->size - len, len);
    forget_old(q, (time_t)(quic_time(q) / SD_SECOND));
    if (seen_before(q, &one)) {
        if (!q->config.early_replay_ok) {
            quic_drop(q, SD_DROP_REPLAY);
            return GNUTLS_E_DB_ENTRY_EXISTS;
        }
        q->stats.replays_accepted++;
        return GNUTLS_E_SUCCESS;
    }
    return remember(q, &one) ? GNUTLS_E_SUCCESS : GNUTLS_E_MEMORY_ERROR;
}
