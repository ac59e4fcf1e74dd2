/* session.c - the calls of an agent: found by what names them, timed, and ended. */
#include "protocols/srtp/media.h"
#include <string.h>

/* -- names -- */

static uint64_t hash_number(const struct srtp *a, uint32_t number)
{
    return sd_hash(a->seed, &number, sizeof number);
}

static uint64_t hash_remote(const struct srtp *a, const struct sd_addr *remote)
{
    return sd_hash(hash_number(a, remote->port), remote->ip, remote->family == 6 ? 16 : 4);
}

struct sr_session *sr_session_by_sid(const struct srtp *a, sd_sid sid)
{
    uint32_t cursor = 0;
    struct sr_session *s;
    while ((s = sd_index_find(&a->by_sid, hash_number(a, sid), &cursor)) && s->sid != sid)
        ;
    return s;
}

struct sr_session *sr_session_by_association(const struct srtp *a, sd_sid association)
{
    uint32_t cursor = 0;
    struct sr_session *s;
    while ((s = sd_index_find(&a->by_association, hash_number(a, association), &cursor)) &&
           s->association != association)
        ;
    return s;
}

struct sr_session *sr_session_by_remote(const struct srtp *a, const struct sd_addr *remote)
{
    uint32_t cursor = 0;
    struct sr_session *s;
    while ((s = sd_index_find(&a->by_remote, hash_remote(a, remote), &cursor)) &&
           !sd_addr_equal(&s->path.remote, remote))
        ;
    return s;
}

void sr_session_associate(struct sr_session *s, sd_sid association)
{
    struct srtp *a = s->agent;
    if (s->association)
        sd_index_remove(&a->by_association, hash_number(a, s->association), s);
    s->association = association;
    if (association)
        sd_index_add(&a->by_association, a->env, hash_number(a, association), s);
}

void sr_session_move(struct sr_session *s, const struct sd_path *path)
{
    struct srtp *a = s->agent;
    sd_index_remove(&a->by_remote, hash_remote(a, &s->path.remote), s);
    s->path = *path;
    sd_index_add(&a->by_remote, a->env, hash_remote(a, &path->remote), s);
}

/* -- sources -- */

struct sr_source *sr_source_new(struct srtp *a, uint32_t ssrc, bool receives)
{
    struct sr_source *source = sd_alloc(a->env, sizeof *source);
    if (source && !sr_context_init(&source->context, a->env, ssrc, &a->policy, receives)) {
        sd_free(source);
        return NULL;
    }
    return source;
}

void sr_source_free(struct sr_source *source)
{
    sr_context_fini(&source->context);
    sd_free(source);
}

/* RFC 5764 5.1.2: an SSRC belongs to the call that used it first; but each call has names of its
 * own. */
struct sr_source *sr_source_find(const struct srtp *a, const struct sr_session *here, uint32_t ssrc)
{
    uint32_t cursor = 0;
    struct sr_source *first = NULL, *source;
    while ((source = sd_index_find(&a->by_ssrc, hash_number(a, ssrc), &cursor))) {
        if (source->context.ssrc != ssrc)
            continue;
        if (source->session == here)
            return source;
        if (!first)
            first = source;
    }
    return first;
}

bool sr_session_adopt(struct sr_session *s, struct sr_source *source)
{
    struct srtp *a = s->agent;
    if (s->theirs_count >= SR_SOURCES_MAX ||
        !sd_index_add(&a->by_ssrc, a->env, hash_number(a, source->context.ssrc), source))
        return false;
    source->session = s;
    source->next = s->theirs;
    s->theirs = source;
    s->theirs_count++;
    return true;
}

static void free_sources(struct sr_session *s, struct sr_source *first)
{
    struct srtp *a = s->agent;
    for (struct sr_source *source = first, *next; source; source = next) {
        next = source->next;
        sd_index_remove(&a->by_ssrc, hash_number(a, source->context.ssrc), source);
        sr_source_free(source);
    }
}

/* -- deadlines -- */

static sd_time least(sd_time a, sd_time b)
{
    return a < b ? a : b;
}

void sr_session_timer(struct sr_session *s)
{
    sd_time due = least(s->report_at, least(s->linger_at, s->silent_at));
    if (s->old.there)
        due = least(due, s->old_until);
    sd_agenda_set(&s->agent->agenda, s->agent->env, &s->due, due);
}

static void on_due(struct sr_session *s)
{
    struct srtp *a = s->agent;
    if (s->linger_at <= a->now) {
        sr_session_over(s, SD_EV_CLOSED, "the DTLS association was closed");
        return;
    }
    if (s->silent_at <= a->now && s->heard_at + SR_SILENCE <= a->now) {
        sr_session_over(s, SD_EV_CLOSED, "nothing was heard of the peer for 25 s");
        return;
    }
    if (s->silent_at <= a->now)
        s->silent_at = s->heard_at + SR_SILENCE;
    if (s->old.there && s->old_until <= a->now) {
        s->send_old = false;
        sd_wipe(&s->old, sizeof s->old);
    }
    if (s->report_at <= a->now)
        sr_report_send(s, false);
    sr_session_timer(s);
}

void sr_session_expire(struct srtp *a)
{
    for (struct sd_due *due; (due = sd_agenda_due(&a->agenda, a->now));)
        on_due(sd_due_of(due, struct sr_session, due));
}

/* -- beginning and end -- */

struct sr_session *sr_session_new(struct srtp *a, const struct sd_path *path, bool client)
{
    struct sr_session *s = sd_alloc(a->env, sizeof *s);
    if (!s)
        return NULL;
    s->agent = a;
    s->sid = ++a->last_sid;
    s->client = client;
    s->path = *path;
    s->due.order = s->sid;
    s->due.at = s->report_at = s->linger_at = s->silent_at = SD_NEVER;
    if (!sd_index_add(&a->by_sid, a->env, hash_number(a, s->sid), s) ||
        !sd_index_add(&a->by_remote, a->env, hash_remote(a, &path->remote), s)) {
        sr_session_free(s);
        return NULL;
    }
    return s;
}

void sr_session_free(struct sr_session *s)
{
    struct srtp *a = s->agent;
    sd_agenda_set(&a->agenda, a->env, &s->due, SD_NEVER);
    sr_session_associate(s, 0);
    sd_index_remove(&a->by_sid, hash_number(a, s->sid), s);
    sd_index_remove(&a->by_remote, hash_remote(a, &s->path.remote), s);
    free_sources(s, s->theirs);
    free_sources(s, s->ours);
    a->stats.sessions -= s->phase != SR_HANDSHAKE;
    sd_free(s); /* wipes */
}

void sr_session_tell(struct sr_session *s, enum sd_event_kind kind, uint64_t code,
                     const char *detail)
{
    char *owned = detail ? sd_alloc(s->agent->env, strlen(detail) + 1) : NULL;
    if (owned)
        memcpy(owned, detail, strlen(detail) + 1);
    struct sd_event *e = sd_outbox_event(&s->agent->outbox, kind, s->sid, owned);
    e->code = code;
    e->detail = owned;
    e->path = s->path;
}

void sr_session_over(struct sr_session *s, enum sd_event_kind kind, const char *detail)
{
    struct srtp *a = s->agent;
    sd_sid association = s->association;
    sr_session_tell(s, kind, 0, detail);
    sr_session_free(s);
    if (association)
        sr_dtls_close(a, association);
}

int sr_session_close(struct sr_session *s)
{
    if (s->phase == SR_CLOSING)
        return SD_OK;
    if (s->phase == SR_HANDSHAKE) {
        sr_session_over(s, SD_EV_CLOSED, "given up during the handshake");
        return SD_OK;
    }
    sr_report_send(s, true);
    s->phase = SR_CLOSING;
    s->report_at = s->silent_at = SD_NEVER;
    sr_session_timer(s);
    if (s->association)
        sr_dtls_close(s->agent, s->association);
    else
        sr_session_over(s, SD_EV_CLOSED, "BYE");
    return SD_OK;
}
