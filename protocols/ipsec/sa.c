/* sa.c - IKE SAs: made, found, counted, ended. */
#include "protocols/ipsec/setup.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t ike_spi_new(struct ipsec *ipsec)
{
    uint64_t spi;
    do
        sd_random(ipsec->env, &spi, sizeof spi);
    while (!spi || ike_sa_find(ipsec, spi));
    return spi;
}

struct ike_sa *ike_sa_new(struct ipsec *ipsec, bool initiator)
{
    struct ike_sa *sa = sd_alloc(ipsec->env, sizeof *sa);
    if (!sa)
        return NULL;
    sa->ipsec = ipsec;
    sa->initiator = initiator;
    sa->requests_end = &sa->requests;
    sa->peer_window = 1; /* 2.3: until the peer says otherwise */
    sa->dies_at = sa->rekey_at = sa->retry_at = sa->liveness_at = sa->keepalive_at = SD_NEVER;
    return sa;
}

bool ike_sa_register(struct ike_sa *sa)
{
    struct ipsec *ipsec = sa->ipsec;
    if (!sd_index_add(&ipsec->by_spi, ipsec->env, ike_own_spi(sa), sa))
        return false;
    sa->due.order = ike_own_spi(sa);
    sa->older = ipsec->newest;
    sa->self = &ipsec->newest;
    if (sa->older)
        sa->older->self = &sa->older;
    ipsec->newest = sa;
    return true;
}

/* Those that wait for IKE_AUTH stand in a table of their own: a first message that comes again
 * finds them there, and so many are half open. */
void ike_sa_expect_auth(struct ike_sa *sa, bool waits)
{
    struct ipsec *ipsec = sa->ipsec;
    if (waits == sa->counted_half_open)
        return;
    if (!sa->initiator && waits)
        sd_index_add(&ipsec->by_initiator, ipsec->env, ike_initiator_hash(ipsec, sa->spi_i), sa);
    else if (!sa->initiator)
        sd_index_remove(&ipsec->by_initiator, ike_initiator_hash(ipsec, sa->spi_i), sa);
    sa->counted_half_open = waits;
    ipsec->stats.half_open += waits ? 1 : UINT64_MAX;
    if (ipsec->stats.half_open > ipsec->stats.half_open_peak)
        ipsec->stats.half_open_peak = ipsec->stats.half_open;
}

void ike_sa_count(struct ike_sa *sa)
{
    bool session = sa->state == IKE_ESTABLISHED;
    if (session == sa->counted_session)
        return;
    sa->counted_session = session;
    sa->ipsec->stats.sessions += session ? 1 : UINT64_MAX;
}

struct ike_sa *ike_sa_find(const struct ipsec *ipsec, uint64_t own_spi)
{
    uint32_t cursor = 0;
    return own_spi ? sd_index_find(&ipsec->by_spi, own_spi, &cursor) : NULL;
}

struct ike_sa *ike_sa_by_sid(const struct ipsec *ipsec, sd_sid sid)
{
    struct ike_sa *found = NULL;
    for (struct ike_sa *sa = ipsec->newest; sa && sid; sa = sa->older)
        if (sa->sid == sid && (!found || found->state != IKE_ESTABLISHED))
            found = sa;
    return found;
}

/* -- its end -- */

/* Those that it was to replace know it. */
static void forget_heir(struct ike_sa *heir)
{
    for (struct ike_sa *sa = heir->ipsec->newest; sa; sa = sa->older) {
        if (sa->replacement == heir)
            sa->replacement = NULL;
        for (struct ike_request *q = sa->requests; q; q = q->next)
            if (q->rival.sa == heir)
                q->rival.sa = NULL;
    }
}

void ike_sa_kill(struct ike_sa *sa)
{
    struct ipsec *ipsec = sa->ipsec;
    if (sa->state == IKE_DEAD)
        return;
    ike_sa_expect_auth(sa, false);
    sa->state = IKE_DEAD;
    ike_sa_count(sa);
    ike_children_free(sa);
    sd_agenda_set(&ipsec->agenda, ipsec->env, &sa->due, SD_NEVER);
    if (sa->self) {
        sd_index_remove(&ipsec->by_spi, ike_own_spi(sa), sa);
        *sa->self = sa->older;
        if (sa->older)
            sa->older->self = sa->self;
    }
    if (sa->heir)
        forget_heir(sa);
    sa->self = NULL;
    sa->older = ipsec->dead;
    ipsec->dead = sa;
}

void ike_forget_others(struct ike_sa *sa)
{
    for (struct ike_sa *other = sa->ipsec->newest, *next; other; other = next) {
        next = other->older;
        if (other != sa && other->peer_id.len == sa->peer_id.len && !other->setup &&
            memcmp(other->peer_id.body, sa->peer_id.body, sa->peer_id.len) == 0)
            ike_sa_kill(other);
    }
}

void ike_sa_reap(struct ipsec *ipsec)
{
    for (struct ike_sa *sa; (sa = ipsec->dead);) {
        ipsec->dead = sa->older;
        ike_setup_free(sa);
        ike_exchanges_free(sa);
        sd_free(sa);
    }
}

/* -- what the application hears -- */

struct sd_event *ike_event(const struct ike_sa *sa, enum sd_event_kind kind, const char *detail)
{
    struct sd_event *e = sd_outbox_event(&sa->ipsec->out, kind, sa->sid, NULL);
    e->detail = detail;
    e->path = sa->path;
    return e;
}

struct sd_event *ike_event_text(const struct ike_sa *sa, enum sd_event_kind kind,
                                const char *format, ...)
{
    char text[160];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    size_t len = strlen(text) + 1;
    char *copy = sd_alloc(sa->ipsec->env, len);
    if (copy)
        memcpy(copy, text, len);
    struct sd_event *e = sd_outbox_event(&sa->ipsec->out, kind, sa->sid, copy);
    e->detail = copy;
    e->path = sa->path;
    return e;
}

void ike_fail(struct ike_sa *sa, uint16_t notify, const char *why)
{
    if (!sa->silent && sa->sid)
        ike_event(sa, SD_EV_ERROR, why)->code = notify;
    sa->silent = true;
    sa->doomed = true;
}
