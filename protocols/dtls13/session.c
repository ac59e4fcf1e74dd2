/* session.c - sessions: found by address, id or connection id; their timers, application data and
 * end. */
#include "protocols/dtls13/dtls.h"

#include <stdio.h>
#include <string.h>

#define IP_UDP_BYTES 28
#define LINGER       (3 * SD_SECOND) /* for the peer's close_notify, which may be lost */
#define WAITING_MAX  64u             /* datagrams while a path is tested */

/* -- finding -- */

static uint64_t hash_path(const struct dtls13 *a, const struct sd_path *path)
{
    const struct sd_addr *r = &path->remote;
    return sd_hash(sd_hash_u64(a->seed, r->port), r->ip, r->family == 6 ? 16 : 4);
}

struct dtls_session *dtls_session_by_path(const struct dtls13 *a, const struct sd_path *path,
                                          bool handshake)
{
    uint32_t cursor = 0;
    struct dtls_session *s, *other = NULL;
    while ((s = sd_index_find(&a->by_path, hash_path(a, path), &cursor))) {
        if (!sd_addr_equal(&s->path.remote, &path->remote))
            continue;
        if ((s->phase == DTLS_HANDSHAKE) == handshake)
            return s;
        other = s;
    }
    return other;
}

struct dtls_session *dtls_session_by_sid(const struct dtls13 *a, sd_sid sid)
{
    uint32_t cursor = 0;
    struct dtls_session *s;
    while ((s = sd_index_find(&a->by_sid, sd_hash_u64(a->seed, sid), &cursor)))
        if (s->sid == sid)
            return s;
    return NULL;
}

void dtls_session_rename(struct dtls_session *s, const struct sd_path *path)
{
    struct dtls13 *a = s->agent;
    sd_index_remove(&a->by_path, s->path_hash, s);
    s->path = *path;
    s->path_hash = hash_path(a, path);
    sd_index_add(&a->by_path, a->env, s->path_hash, s);
}

/* -- life -- */

static bool link_in(struct dtls_session *s)
{
    struct dtls13 *a = s->agent;
    s->path_hash = hash_path(a, &s->path);
    if (!sd_index_add(&a->by_sid, a->env, sd_hash_u64(a->seed, s->sid), s))
        return false;
    return sd_index_add(&a->by_path, a->env, s->path_hash, s);
}

static size_t address_bytes(const struct sd_path *path, uint8_t out[32])
{
    const struct sd_addr *r = &path->remote;
    struct sd_writer w = sd_writer_of(out, 32);
    sd_put8(&w, r->family);
    sd_put16(&w, r->port);
    sd_put(&w, r->ip, r->family == 6 ? 16 : 4);
    return sd_written(&w);
}

static bool attach(struct dtls_session *s, const struct sd_open *open, bool demand_cookie)
{
    struct dtls13 *a = s->agent;
    uint8_t address[32];
    struct sd_e13_open with = {.carrier = &dtls_carrier,
                               .ctx = s,
                               .client = s->client,
                               .demand_cookie = demand_cookie,
                               .address = address,
                               .address_len = address_bytes(&s->path, address),
                               .offer_cid = s->client || a->offers_cid};
    if (open) {
        with.server_name = open->server_name ? open->server_name : a->handshake.config.server_name;
        with.early = open->early_len > 0;
    }
    if (a->offers_cid && a->cid_len > 0) {
        if (!dtls_cid_new(s, &s->own_cid[0]))
            return false;
        s->own_cids = 1;
        with.cid = s->own_cid[0].bytes;
        with.cid_len = s->own_cid[0].len;
    }
    s->engine = sd_e13_new(&a->handshake, &with);
    return s->engine != NULL;
}

struct dtls_session *dtls_session_new(struct dtls13 *a, const struct sd_path *path, bool client,
                                      const struct sd_open *open, bool demand_cookie)
{
    struct dtls_session *s = sd_alloc(a->env, sizeof *s);
    if (!s)
        return NULL;
    s->agent = a;
    s->sid = ++a->last_sid;
    s->client = client;
    s->path = *path;
    s->ack_due = s->closing_due = SD_NEVER;
    s->due = (struct sd_due){.at = SD_NEVER, .order = s->sid};
    a->stats.half_open++;
    if (!link_in(s) || !attach(s, open, demand_cookie)) {
        dtls_session_free(s);
        return NULL;
    }
    return s;
}

static void free_held(struct dtls_held *h)
{
    while (h) {
        struct dtls_held *next = h->next;
        sd_free(h);
        h = next;
    }
}

void dtls_session_free(struct dtls_session *s)
{
    struct dtls13 *a = s->agent;
    sd_index_remove(&a->by_sid, sd_hash_u64(a->seed, s->sid), s);
    sd_index_remove(&a->by_path, s->path_hash, s);
    dtls_cids_forget(s);
    sd_agenda_set(&a->agenda, a->env, &s->due, SD_NEVER);
    --*(s->phase == DTLS_HANDSHAKE ? &a->stats.half_open : &a->stats.sessions);
    sd_e13_free(s->engine);
    dtls_flights_free(s);
    dtls_reassembly_fini(s);
    free_held(s->held);
    free_held(s->waiting);
    sd_free(s);
}

/* 5.11: a client that began anew has proved that it is there; what it left behind ends. */
static void end_predecessors(struct dtls_session *s)
{
    struct dtls_session *old;
    while ((old = dtls_session_by_path(s->agent, &s->path, false)) && old != s &&
           old->phase != DTLS_HANDSHAKE) {
        dtls_session_gone(old, "the client began anew");
        dtls_session_free(old);
    }
}

void dtls_session_open(struct dtls_session *s)
{
    struct dtls13 *a = s->agent;
    if (!s->client)
        end_predecessors(s);
    s->phase = DTLS_OPEN;
    a->stats.half_open--;
    a->stats.sessions++;
    a->stats.handshakes++;
    if (!s->client) {
        dtls_flight_drop(s, 0); /* the client's Finished answers it */
        if (!s->validated)
            dtls_tell(s, SD_EV_VALIDATED, 0, "Finished");
        s->validated = true;
    }
    s->flight_begun = false;
    s->ack_due = SD_NEVER;
    if (s->client && s->cids && s->peer_cid[0].len > 0)
        dtls_cid_request(s); /* 9: to spare, for the day we move */
}

/* -- the end -- */

void dtls_send_alert(struct dtls_session *s, uint8_t alert)
{
    const uint8_t bytes[] = {alert == E13_CLOSE_NOTIFY || alert == E13_USER_CANCELED ? 1 : 2,
                             alert};
    dtls_send_record(s, &s->path, s->writing_epoch, TLS_ALERT, bytes, sizeof bytes);
}

void dtls_session_fail(struct dtls_session *s, uint8_t alert, bool received, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s (alert %u %s %s)", why, alert, sd_e13_alert_name(alert),
             received ? "received" : "sent");
    if (!received)
        dtls_send_alert(s, alert);
    dtls_tell(s, SD_EV_ERROR, alert, text);
    s->ending = true;
}

void dtls_session_gone(struct dtls_session *s, const char *detail)
{
    dtls_tell(s, SD_EV_CLOSED, 0, detail);
    s->ending = true;
}

void dtls_session_close(struct dtls_session *s)
{
    if (s->phase == DTLS_CLOSING)
        return;
    if (s->phase == DTLS_HANDSHAKE) {
        if (s->writing_epoch > 0)
            dtls_send_alert(s, E13_USER_CANCELED);
        dtls_session_gone(s, "given up during the handshake");
        return;
    }
    dtls_send_alert(s, E13_CLOSE_NOTIFY);
    s->phase = DTLS_CLOSING;
    s->closing_due = s->agent->now + LINGER;
    dtls_flights_free(s);
}

/* -- time -- */

void dtls_session_settle(struct dtls_session *s)
{
    if (!s->ending)
        dtls_flight_flush(s);
    if (!s->ending && s->ack_now)
        dtls_ack_send(s);
    /* 5.1: a HelloRetryRequest went, and nothing is kept. */
    if (s->ending || sd_e13_retried(s->engine)) {
        dtls_session_free(s);
        return;
    }
    struct sd_stats *stats = &s->agent->stats;
    if (stats->half_open > stats->half_open_peak)
        stats->half_open_peak = stats->half_open;
    sd_time due = s->ack_due < s->closing_due ? s->ack_due : s->closing_due;
    for (const struct dtls_flight *f = s->flights; f; f = f->next)
        if (f->due < due)
            due = f->due;
    sd_agenda_set(&s->agent->agenda, s->agent->env, &s->due, due);
}

/* 5.8.1: the timer of a flight.  False: it was given up. */
static bool flight_expired(struct dtls_session *s, struct dtls_flight *f)
{
    if (++f->tries > DTLS13_TRIES) {
        if (f->kind == DTLS13_NEW_CONNECTION_ID && dtls_path_pending(s)) {
            dtls_path_given_up(s);
            return true;
        }
        dtls_tell(s, SD_EV_ERROR, 0, "the peer does not answer: gave up after 12 retransmissions");
        s->ending = true;
        return false;
    }
    f->timeout = f->timeout * 2 < DTLS13_TIMEOUT_MAX ? f->timeout * 2 : DTLS13_TIMEOUT_MAX;
    dtls_flight_again(s, f);
    return true;
}

int dtls_session_expire(struct dtls_session *s)
{
    sd_time now = s->agent->now;
    if (s->closing_due <= now)
        dtls_session_gone(s, "no close_notify came back");
    if (s->ack_due <= now)
        s->ack_now = true;
    for (struct dtls_flight *f = s->flights, *next; f && !s->ending; f = next) {
        next = f->next;
        if (f->due <= now && !flight_expired(s, f))
            break;
    }
    dtls_session_settle(s);
    return SD_OK;
}

/* -- records out -- */

size_t dtls_payload_max(const struct dtls_session *s)
{
    return s->agent->path_mtu - IP_UDP_BYTES;
}

uint8_t *dtls_unit(struct dtls_session *s, const struct sd_path *path, size_t len)
{
    if (!s->client && !s->validated)
        s->agent->stats.bytes_to_unvalidated += len;
    return sd_outbox_unit_with(&s->agent->outbox, path, len, SD_UNIT_DONT_FRAGMENT);
}

void dtls_send_record(struct dtls_session *s, const struct sd_path *path, uint64_t epoch,
                      uint8_t type, const void *data, size_t len)
{
    uint64_t sequence;
    size_t total =
        dtls_record_overhead(s, epoch, false) + len + dtls_record_padding(s, epoch, type, len);
    uint8_t *unit = dtls_unit(s, path, total);
    if (unit)
        dtls_record_seal(s, epoch, type, data, len, false, unit, &sequence);
}

/* -- application data -- */

bool dtls_hold(struct dtls_session *s, struct dtls_held **list, const void *data, size_t len)
{
    while (*list)
        list = &(*list)->next;
    struct dtls_held *h = sd_alloc(s->agent->env, sizeof *h + len);
    if (!h)
        return false;
    h->len = len;
    memcpy(h->data, data, len);
    *list = h;
    return true;
}

static long put_aside(struct dtls_session *s, const uint8_t *data, size_t len)
{
    if (s->waiting_count == WAITING_MAX || !dtls_hold(s, &s->waiting, data, len))
        return 0;
    s->waiting_count++;
    return (long)len;
}

long dtls_session_write(struct dtls_session *s, const uint8_t *data, size_t len, bool early)
{
    uint64_t epoch = early ? SD_E13_EARLY : s->writing_epoch;
    if (len == 0)
        return 0;
    if (len > TLS_RECORD_MAX || len + dtls_record_overhead(s, epoch, false) > dtls_payload_max(s))
        return SD_E_ARG;
    if (dtls_path_pending(s))
        return put_aside(s, data, len);
    dtls_send_record(s, &s->path, epoch, TLS_APPLICATION_DATA, data, len);
    /* 4.5.3: new keys before the old ones have sealed too much. */
    if (!early && s->writing[epoch & DTLS13_EPOCH_MASK].next == DTLS13_RECORDS_MAX)
        dtls_update_keys(s, false);
    return (long)len;
}

void dtls_session_write_waiting(struct dtls_session *s)
{
    struct dtls_held *h = s->waiting;
    s->waiting = NULL;
    s->waiting_count = 0;
    for (struct dtls_held *at = h; at; at = at->next)
        dtls_session_write(s, at->data, at->len, false);
    free_held(h);
}

/* -- events up -- */

void dtls_tell_with(struct dtls_session *s, const struct sd_event *news)
{
    size_t text = news->detail ? strlen(news->detail) + 1 : 0;
    uint8_t *copy = sd_alloc(s->agent->env, text + news->len + 1);
    struct sd_event *e = sd_outbox_event(&s->agent->outbox, news->kind, s->sid, copy);
    e->code = news->code;
    e->early = news->early;
    e->path = s->path;
    if (copy && text > 0) {
        memcpy(copy, news->detail, text);
        e->detail = (const char *)copy;
    }
    if (copy && news->len > 0) {
        memcpy(copy + text, news->data, news->len);
        e->data = copy + text;
        e->len = news->len;
    }
}

void dtls_tell(struct dtls_session *s, enum sd_event_kind kind, uint64_t code, const char *detail)
{
    dtls_tell_with(s, &(struct sd_event){.kind = kind, .code = code, .detail = detail});
}

int dtls_drop(struct dtls13 *a, int reason)
{
    a->stats.dropped[reason]++;
    return reason;
}
