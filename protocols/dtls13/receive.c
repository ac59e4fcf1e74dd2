/* receive.c - datagrams in: whose they are, and what their records hold. */
#include "protocols/dtls13/dtls.h"

#include <string.h>

#define HELD_MAX 16384u /* bytes of records whose keys are to come */

/* -- contents -- */

/* 5.2, 5.5: the fragments of a record.  The record is acknowledged if all of it was of use. */
static int take_handshake(struct dtls_session *s, const struct dtls_record *record)
{
    struct sd_reader r = sd_reader_of(record->data, record->len);
    struct dtls_fragment f;
    bool old = false, kept = true;
    while (sd_left(&r) > 0) {
        if (!dtls_fragment_read(&r, &f))
            return dtls_drop(s->agent, SD_DROP_MALFORMED);
        /* Anybody can write plain fragments: once there are keys, only copies come that way. */
        if (record->epoch == 0 && s->reading_epoch > 0 && f.seq >= s->receive_seq)
            return dtls_drop(s->agent, SD_DROP_AUTH);
        enum dtls_place place = dtls_reassemble(s, &f, record->epoch);
        if (place == DTLS_NOWHERE)
            kept = false;
        else if (place == DTLS_OLD)
            old = true;
        else if (s->phase == DTLS_HANDSHAKE) {
            if (dtls_flight_of(s, 0) && dtls_flight_of(s, 0)->sent)
                dtls_flight_drop(s, 0); /* 7.2: it answers our flight */
            s->flight_begun = true;
            if (place == DTLS_AHEAD_OF_TIME && s->ack_due == SD_NEVER)
                s->ack_now = true; /* 7.1: disruption */
        }
    }
    /* 5.8.1: the peer repeats itself, because it does not hear us. */
    struct dtls_flight *ours = dtls_flight_of(s, 0);
    if (old && ours && ours->sent && s->agent->now >= ours->sent_at + ours->timeout / 4)
        dtls_flight_again(s, ours);
    if (kept && record->epoch > 0)
        dtls_ack_note(s, record->epoch, record->sequence);
    int alert = dtls_deliver(s);
    if (alert) {
        const char *why = sd_e13_why(s->engine);
        dtls_session_fail(s, (uint8_t)alert, false, *why ? why : "a message about connection ids");
        return dtls_drop(s->agent, sd_e13_drop_reason((uint8_t)alert));
    }
    /* 7.1: what has no answer of its own is acknowledged. */
    if (s->phase != DTLS_HANDSHAKE && s->acks > 0)
        s->ack_now = true;
    else if (s->flight_begun && s->ack_due == SD_NEVER)
        s->ack_due = s->agent->now + s->agent->timeout / 4;
    return kept ? SD_OK : dtls_drop(s->agent, SD_DROP_STATE);
}

static int take_alert(struct dtls_session *s, const struct dtls_record *record)
{
    if (record->len != 2)
        return dtls_drop(s->agent, SD_DROP_MALFORMED);
    /* Anybody can write a plain alert: it counts while there are no keys. */
    if (record->epoch == 0 && s->reading_epoch > 0)
        return dtls_drop(s->agent, SD_DROP_AUTH);
    uint8_t alert = record->data[1];
    if (alert == E13_CLOSE_NOTIFY && record->epoch > 0) {
        if (s->phase == DTLS_OPEN)
            dtls_send_alert(s, E13_CLOSE_NOTIFY);
        dtls_session_gone(s, "close_notify");
    } else if (alert != E13_CLOSE_NOTIFY) {
        dtls_session_fail(s, alert, true, "the peer refused");
    }
    return SD_OK;
}

static int take_data(struct dtls_session *s, const struct dtls_record *record)
{
    if (record->epoch == 0 || record->epoch == SD_E13_HANDSHAKE)
        return dtls_drop(s->agent, SD_DROP_STATE);
    if (record->epoch == SD_E13_EARLY && s->client)
        return dtls_drop(s->agent, SD_DROP_STATE);
    /* 5.6: early data ends with the first record of what follows it. */
    if (record->epoch >= SD_E13_APPLICATION)
        s->reading[SD_E13_EARLY].known &= s->reading[SD_E13_EARLY].epoch != SD_E13_EARLY;
    if (s->phase == DTLS_CLOSING)
        return SD_OK; /* on its way before the peer heard that we close */
    dtls_tell_with(s, &(struct sd_event){.kind = SD_EV_DATA,
                                         .data = record->data,
                                         .len = record->len,
                                         .early = record->epoch == SD_E13_EARLY});
    return SD_OK;
}

static int take_record(struct dtls_session *s, const struct dtls_record *record)
{
    switch (record->type) {
    case TLS_HANDSHAKE:
        return take_handshake(s, record);
    case TLS_ALERT:
        return take_alert(s, record);
    case TLS_APPLICATION_DATA:
        return take_data(s, record);
    case DTLS13_ACK:
        return dtls_ack_read(s, record);
    default:
        return dtls_drop(s->agent, SD_DROP_UNKNOWN);
    }
}

/* -- records whose keys are to come -- */

static int hold_record(struct dtls_session *s, const struct sd_reader *whole)
{
    size_t len = sd_left(whole);
    /* 7.1: an empty ACK tells a server that its ServerHello got lost. */
    if (s->client && s->reading_epoch == 0 && s->ack_due == SD_NEVER) {
        s->ack_now = true;
        s->ack_due = s->agent->now + s->agent->timeout / 4;
    }
    if (s->held_bytes + len > HELD_MAX || !dtls_hold(s, &s->held, whole->at, len))
        return dtls_drop(s->agent, SD_DROP_FULL);
    s->held_bytes += len;
    return SD_OK;
}

static int take_datagram(struct dtls_session *s, uint8_t *data, size_t len,
                         const struct sd_path *path);

/* Once more, now that there are other keys; what is still too early is held again. */
static void take_held(struct dtls_session *s, const struct sd_path *path)
{
    struct dtls_held *h = s->held;
    s->held = NULL;
    s->held_bytes = 0;
    while (h) {
        struct dtls_held *next = h->next;
        if (!s->ending)
            take_datagram(s, h->data, h->len, path);
        sd_free(h);
        h = next;
    }
}

/* -- datagrams -- */

static const uint8_t *cid_of(const struct dtls13 *a, const uint8_t *data, size_t len)
{
    bool has = len > 1u + a->cid_len && (data[0] & DTLS13_FIXED_MASK) == DTLS13_FIXED &&
               (data[0] & DTLS13_CID) && a->cid_len > 0;
    return has ? data + 1 : NULL;
}

static int take_datagram(struct dtls_session *s, uint8_t *data, size_t len,
                         const struct sd_path *path)
{
    struct dtls_datagram d = {.at = data, .end = data + len};
    int first = SD_OK;
    bool any = false;
    while (d.at < d.end && !s->ending) {
        struct dtls_record record;
        const uint8_t *cid = cid_of(s->agent, d.at, (size_t)(d.end - d.at));
        int result = dtls_record_open(s, &d, &record);
        if (d.held) {
            result = hold_record(s, &d.whole);
        } else if (result == SD_DROP_AUTH && d.tried == DTLS13_FAILURES_MAX) {
            dtls_session_fail(s, E13_BAD_RECORD_MAC, false, "too many forged records");
        } else if (result != SD_OK) {
            dtls_drop(s->agent, result);
        } else {
            if (record.epoch > 0)
                dtls_path_seen(s, path, &record, cid);
            result = take_record(s, &record);
        }
        any |= result == SD_OK;
        if (first == SD_OK)
            first = result;
    }
    return any ? SD_OK : first;
}

int dtls_receive_for(struct dtls_session *s, const struct sd_unit *u)
{
    static uint8_t datagram[65536]; /* records are opened in place */
    size_t len = u->len < sizeof datagram ? u->len : sizeof datagram;
    memcpy(datagram, u->data, len);
    uint64_t epoch = s->reading_epoch;
    enum dtls_phase phase = s->phase;
    int result = take_datagram(s, datagram, len, &u->path);
    while (s->held && !s->ending && (s->reading_epoch != epoch || s->phase != phase)) {
        epoch = s->reading_epoch;
        phase = s->phase;
        take_held(s, &u->path);
    }
    dtls_session_settle(s);
    return result;
}

/* Records of a handshake: plain ones, and those of epoch 2. */
static bool is_handshake(const struct sd_unit *u)
{
    uint8_t first = u->len > 0 ? u->data[0] : 0;
    return (first & DTLS13_FIXED_MASK) != DTLS13_FIXED ||
           (first & DTLS13_EPOCH_MASK) == SD_E13_HANDSHAKE;
}

int dtls_receive(struct dtls13 *a, const struct sd_unit *u)
{
    const uint8_t *cid = cid_of(a, u->data, u->len);
    struct dtls_session *s =
        cid ? dtls_session_by_cid(a, cid) : dtls_session_by_path(a, &u->path, is_handshake(u));
    a->stats.units_in++;
    a->stats.bytes_in += u->len;
    if (u->len == 0)
        return dtls_drop(a, SD_DROP_MALFORMED);
    bool server = a->handshake.config.role & SD_ROLE_SERVER;
    if (server && !(s && (s->client || s->validated)))
        a->stats.bytes_from_unvalidated += u->len;
    uint64_t hello = server ? dtls_hello_id(u->data, u->len) : 0;
    if (hello && !(s && (s->client || s->hello_id == hello)))
        return dtls_knock(a, u, s != NULL);
    return s ? dtls_receive_for(s, u) : dtls_drop(a, SD_DROP_UNKNOWN);
}
