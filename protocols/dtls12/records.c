/* records.c - libssl drops replayed, forged and untimely records without a word (RFC 6347 4.1.2.7).
 * To count them, every record is fed to libssl alone, beside a replay window of our own: libssl
 * decides, the window only explains what it decided. */
#include "protocols/dtls12/dtls.h"

#include <sys/time.h>

#include "sim/core/reader.h"

static bool seen(const struct sd_ssl_window *w, uint64_t sequence)
{
    if (sequence >= w->top)
        return false;
    uint64_t age = w->top - 1 - sequence;
    return age >= DTLS_WINDOW || (w->bits >> age & 1);
}

static void mark(struct sd_ssl_window *w, uint64_t sequence)
{
    if (sequence >= w->top) {
        uint64_t ahead = sequence + 1 - w->top;
        w->bits = ahead < DTLS_WINDOW ? w->bits << ahead : 0;
        w->top = sequence + 1;
    }
    uint64_t age = w->top - 1 - sequence;
    if (age < DTLS_WINDOW)
        w->bits |= UINT64_C(1) << age;
}

/* gettimeofday is the agent's clock here, in whole microseconds; libssl answers 0 when less than
 * 15 ms are left, which is no new deadline. */
void dtls_timer(struct sd_ssl_session *s)
{
    struct timeval left;
    sd_time now = s->agent->env->now;
    if (s->phase == SD_SSL_CLOSING)
        return;
    if (DTLSv1_get_timeout(s->ssl, &left) != 1) {
        sd_ssl_timer(s, SD_NEVER);
        return;
    }
    sd_time wait = (sd_time)left.tv_sec * SD_SECOND + (sd_time)left.tv_usec * SD_US;
    if (wait == 0 && s->deadline != SD_NEVER && s->deadline > now)
        return;
    sd_ssl_timer(s, now - now % SD_US + wait);
}

struct record {
    uint8_t type;
    uint16_t epoch;
    uint64_t sequence;
};

/* Why libssl would refuse this record, judged by what it has taken so far; SD_OK: it should not. */
static int expectation(const struct sd_ssl_session *s, const struct record *r)
{
    if (r->epoch == s->epoch)
        return seen(&s->window, r->sequence) ? SD_DROP_REPLAY : SD_OK;
    if (r->epoch + 1 == s->epoch)
        return seen(&s->old_window, r->sequence) ? SD_DROP_REPLAY : SD_DROP_STATE;
    if (r->epoch < s->epoch)
        return SD_DROP_REPLAY;
    if (r->epoch == s->epoch + 1 && s->phase == SD_SSL_HANDSHAKE)
        return seen(&s->next_window, r->sequence) ? SD_DROP_REPLAY : SD_OK;
    return SD_DROP_STATE;
}

static int feed(struct sd_ssl_session *s, const struct record *r, const uint8_t *data, size_t len,
                bool *alive)
{
    int expected = expectation(s, r), result = SD_OK;
    uint16_t epoch = s->epoch;
    const struct sd_ssl_out *last_out = s->agent->out_tail;
    bool open = s->phase == SD_SSL_OPEN;
    if (r->epoch == 0 && epoch == 0)
        mark(&s->window, r->sequence); /* nothing authenticates it: libssl takes it */
    if (r->epoch == epoch + 1)
        mark(&s->next_window, r->sequence); /* kept until its keys are there */
    s->content_seen = s->resent = false;
    s->in = data;
    s->in_len = len;
    *alive = sd_ssl_advance(s, &result);
    if (!*alive)
        return SD_OK; /* the session's end says more than a drop; sd_ssl_fail has counted it */
    s->in = NULL;
    s->in_len = 0;
    const struct sd_ssl_out *out = last_out ? last_out->next : s->agent->out_head;
    if (open && !s->resent && out && out->data[0] != TLS_ALERT)
        s->agent->stats.retransmits++; /* 4.2.4: the last flight again, because it got lost */
    if (s->resent || out || s->content_seen) {
        if (r->epoch == epoch && epoch > 0)
            mark(&s->window, r->sequence);
        return SD_OK;
    }
    if (expected == SD_OK && r->epoch == epoch && epoch > 0)
        return SD_DROP_AUTH;
    return expected;
}

int dtls_records(struct sd_ssl_session *s, const uint8_t *data, size_t len, bool *alive)
{
    struct sd_ssl_agent *a = s->agent;
    struct sd_reader r = sd_reader_of(data, len);
    int first = SD_DROP_MALFORMED;
    bool any = false, taken = false;
    *alive = true;
    while (sd_left(&r) > 0 && *alive) {
        const uint8_t *start = r.at;
        struct record record = {.type = sd_get8(&r)};
        sd_get16(&r);
        record.epoch = sd_get16(&r);
        record.sequence = (uint64_t)sd_get16(&r) << 32;
        record.sequence |= sd_get32(&r);
        sd_get(&r, sd_get16(&r));
        if (r.bad)
            break; /* RFC 6347 4.1.2.7: an invalid record is dropped, the session goes on */
        int result = feed(s, &record, start, (size_t)(r.at - start), alive);
        taken |= result == SD_OK;
        if (!any)
            first = result;
        any = true;
    }
    return taken ? SD_OK : sd_ssl_drop(a, first);
}
