/* receive.c - bytes of TCP connections: put together to Init messages and frames, taken in order.
 */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/core/reader.h"
#include <string.h>

/* What a step did with the bytes before it. */
enum { STEP_MORE = 0, STEP_GONE = -1 }; /* else: how many it took */

int tc_abort(struct tcpcrypt *tc, struct tc_session *s, int reason, const char *why)
{
    sd_outbox_unit_with(&tc->outbox, &s->path, 0, SD_UNIT_RESET);
    if (reason > 0)
        tc->stats.dropped[reason]++;
    tc_tell(tc, s, SD_EV_ERROR, why)->code = (uint64_t)(reason > 0 ? reason : -reason);
    tc_session_free(tc, s);
    return reason;
}

static void closed(struct tcpcrypt *tc, struct tc_session *s, const char *how)
{
    tc_tell(tc, s, SD_EV_CLOSED, how);
    tc_session_free(tc, s);
}

static void deliver(struct tcpcrypt *tc, struct tc_session *s, const struct tc_frame *frame,
                    uint8_t *owned)
{
    struct sd_event *e = sd_outbox_event(&tc->outbox, SD_EV_DATA, s->path.conn, owned);
    e->path = s->path;
    e->data = frame->data;
    e->len = frame->len;
    if (frame->flags & TC_FLAG_URG) {
        e->stream = SD_TCPCRYPT_URGENT;
        e->code = s->stream_in + frame->urgent;
    }
    s->stream_in += frame->len;
}

/* -- messages -- */

static long take_init(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len,
                      int *result)
{
    uint32_t magic = s->state == TC_EXPECT_INIT1 ? TC_INIT1_MAGIC : TC_INIT2_MAGIC;
    struct sd_reader r = sd_reader_of(data, len);
    const char *why;
    if (len < TC_INIT_HEADER)
        return STEP_MORE;
    if (sd_get32(&r) != magic) {
        *result = tc_abort(tc, s, SD_DROP_MALFORMED, "what came is no Init message");
        return STEP_GONE;
    }
    uint32_t message_len = sd_get32(&r);
    if (message_len < TC_INIT_HEADER || message_len > TC_INIT_MAX) {
        *result = tc_abort(tc, s, SD_DROP_MALFORMED, "an Init message of an impossible length");
        return STEP_GONE;
    }
    if (len < message_len)
        return STEP_MORE;
    *result = tc_handshake_receive(tc, s, data, message_len, &why);
    if (*result != SD_OK) {
        tc_abort(tc, s, *result, why);
        return STEP_GONE;
    }
    tc_session_ready(tc, s);
    return (long)message_len;
}

/* 3.7: the authenticated end.  This host has nothing to add once its application is told, so it
 * ends its own direction too. */
static void take_end(struct tcpcrypt *tc, struct tc_session *s)
{
    if (s->state == TC_OPEN)
        tc_frame_send(tc, s, &(struct tc_frame){.flags = TC_FLAG_FIN});
    closed(tc, s, "FINp");
}

static long take_frame(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len,
                       int *result)
{
    struct sd_reader r = sd_reader_of(data, len);
    struct tc_frame frame;
    const char *why;
    uint8_t *plain;
    if (len < TC_FRAME_HEADER)
        return STEP_MORE;
    sd_get8(&r);
    size_t whole = TC_FRAME_HEADER + (size_t)sd_get16(&r);
    if (whole < TC_FRAME_HEADER + TC_CLEN_MIN) {
        *result = tc_abort(tc, s, SD_DROP_MALFORMED, "a frame that is too short");
        return STEP_GONE;
    }
    if (len < whole)
        return STEP_MORE;
    *result = tc_frame_receive(tc, s, data, whole, &frame, &plain, &why);
    if (*result != SD_OK) {
        tc_abort(tc, s, *result, why);
        return STEP_GONE;
    }
    if (frame.len > 0)
        deliver(tc, s, &frame, plain);
    else
        sd_free(plain);
    if (!(frame.flags & TC_FLAG_FIN))
        return (long)whole;
    if (len > whole) /* nothing comes after the end */
        *result = SD_DROP_STATE;
    take_end(tc, s);
    return STEP_GONE;
}

static long take_plain(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len,
                       int *result)
{
    uint8_t *owned = sd_alloc(tc->env, len);
    struct tc_frame frame = {.data = owned, .len = len};
    if (!owned) {
        *result = tc_abort(tc, s, SD_E_NOMEM, "no memory for received bytes");
        return STEP_GONE;
    }
    memcpy(owned, data, len);
    deliver(tc, s, &frame, owned);
    return (long)len;
}

static long take(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len,
                 int *result)
{
    switch (s->state) {
    case TC_EXPECT_INIT1:
    case TC_EXPECT_INIT2:
        return take_init(tc, s, data, len, result);
    case TC_OPEN:
    case TC_CLOSING:
        return take_frame(tc, s, data, len, result);
    case TC_PLAIN:
    case TC_PLAIN_CLOSING:
        return take_plain(tc, s, data, len, result);
    case TC_OPENING:
        break;
    }
    *result = SD_DROP_STATE;
    return (long)len;
}

/* -- bytes -- */

static bool keep(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len)
{
    if (s->in_len + len > s->in_cap) {
        size_t cap = s->in_len + len;
        if (cap < 2 * s->in_cap)
            cap = 2 * s->in_cap;
        uint8_t *more = sd_realloc(tc->env, s->in, cap);
        if (!more)
            return false;
        s->in = more;
        s->in_cap = cap;
    }
    memcpy(s->in + s->in_len, data, len);
    s->in_len += len;
    return true;
}

/* False when the session is gone. */
static bool receive_bytes(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data,
                          size_t len, int *result)
{
    bool kept = s->in_len > 0;
    if (kept) {
        if (!keep(tc, s, data, len)) {
            *result = tc_abort(tc, s, SD_E_NOMEM, "no memory for received bytes");
            return false;
        }
        data = s->in;
        len = s->in_len;
    }
    size_t taken = 0;
    while (taken < len) {
        long step = take(tc, s, data + taken, len - taken, result);
        if (step == STEP_GONE)
            return false;
        if (step == STEP_MORE)
            break;
        taken += (size_t)step;
    }
    if (kept) {
        s->in_len -= taken;
        memmove(s->in, s->in + taken, s->in_len);
    } else if (taken < len && !keep(tc, s, data + taken, len - taken)) {
        *result = tc_abort(tc, s, SD_E_NOMEM, "no memory for received bytes");
        return false;
    }
    if (s->in_len == 0) { /* a session at rest holds nothing */
        sd_free(s->in);
        s->in = NULL;
        s->in_cap = 0;
    }
    return true;
}

/* The carrier has ended, and no FINp came before. */
static int receive_end(struct tcpcrypt *tc, struct tc_session *s, uint8_t flags)
{
    if (flags & SD_UNIT_RESET) {
        tc_tell(tc, s, SD_EV_ERROR, "the connection was reset");
        tc_session_free(tc, s);
        return SD_OK;
    }
    switch (s->state) {
    case TC_OPEN:
    case TC_CLOSING:
        return tc_abort(tc, s, SD_DROP_AUTH, "truncated: TCP ended without FINp");
    case TC_PLAIN:
        sd_outbox_unit_with(&tc->outbox, &s->path, 0, SD_UNIT_FIN);
        closed(tc, s, "FIN of plain TCP");
        return SD_OK;
    case TC_PLAIN_CLOSING:
        closed(tc, s, "FIN of plain TCP");
        return SD_OK;
    default:
        return tc_abort(tc, s, SD_DROP_STATE, "TCP ended during key exchange");
    }
}

int tc_receive(struct tcpcrypt *tc, const struct sd_unit *unit)
{
    struct tc_session *s = tc_session_find(tc, unit->path.conn);
    int result = SD_OK;
    uint8_t end = unit->flags & (SD_UNIT_FIN | SD_UNIT_RESET);
    bool begin = unit->flags & SD_UNIT_BEGIN && tc->set.role & SD_ROLE_SERVER && unit->path.conn;
    tc->stats.units_in++;
    tc->stats.bytes_in += unit->len;
    if (begin && !s) {
        s = tc_session_new(tc, &unit->path);
        if (!s)
            return SD_E_NOMEM;
    }
    if (begin && s->state == TC_OPENING) {
        s->path = unit->path;
        tc_session_begin(tc, s);
        s = tc_session_find(tc, unit->path.conn);
    }
    if (!s || s->state == TC_OPENING)
        result = unit->len > 0 ? SD_DROP_UNKNOWN : SD_OK;
    else if ((unit->len == 0 || receive_bytes(tc, s, unit->data, unit->len, &result)) && end)
        return receive_end(tc, s, end);
    if (result == SD_DROP_UNKNOWN || result == SD_DROP_STATE)
        tc->stats.dropped[result]++;
    return result;
}
