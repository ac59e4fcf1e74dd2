/* session.c - a connection from when TCP has opened it: its beginning, the application's bytes, its
 * end. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include <string.h>

/* -- beginning -- */

static void begin_plain(struct tcpcrypt *tc, struct tc_session *s, const char *why)
{
    tc_tell(tc, s, SD_EV_NOTE, why);
    tc_opening_end(tc, s);
    s->state = TC_PLAIN;
    tc_tell(tc, s, SD_EV_READY, "plain TCP: nothing is encrypted");
}

void tc_session_begin(struct tcpcrypt *tc, struct tc_session *s)
{
    const char *why = tc_opening_objection(s->opening);
    if (why && tc->set.required) {
        tc_abort(tc, s, SD_DROP_POLICY, why);
        return;
    }
    if (why) {
        begin_plain(tc, s, why);
        return;
    }
    tc_opening_arrived(tc, s->opening);
    if (s->opening->resumed) {
        tc_handshake_resume(tc, s);
        tc_session_ready(tc, s);
    } else if (s->host_b) {
        s->state = TC_EXPECT_INIT1;
    } else {
        s->state = TC_EXPECT_INIT2;
        if (!tc_handshake_begin(tc, s))
            tc_abort(tc, s, SD_E_NOMEM, "no memory for Init1");
    }
}

void tc_session_ready(struct tcpcrypt *tc, struct tc_session *s)
{
    bool resumed = s->opening->resumed;
    tc_opening_end(tc, s);
    s->state = TC_OPEN;
    tc->stats.sessions++;
    tc->stats.handshakes++;
    if (resumed)
        tc_tell(tc, s, SD_EV_RESUMED, "from a cached session secret");
    tc_tell_ready(tc, s, resumed);
    if (tc->set.cache && s->lineage)
        tc_tell(tc, s, SD_EV_TICKET, "the next session secret is cached");
    if (s->writable_wanted)
        tc_tell(tc, s, SD_EV_WRITABLE, NULL);
    s->writable_wanted = false;
}

/* -- the application's bytes -- */

static bool send_plain(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *data, size_t len,
                       bool fin)
{
    uint8_t *unit = sd_outbox_unit_with(&tc->outbox, &s->path, len, fin ? SD_UNIT_FIN : 0);
    if (!unit)
        return false;
    if (len > 0)
        memcpy(unit, data, len);
    return true;
}

/* Up to TC_CHUNK bytes; the last of urgent data is marked. */
static bool send_chunk(struct tcpcrypt *tc, struct tc_session *s, bool urgent, const uint8_t *data,
                       size_t len, bool fin)
{
    if (s->state == TC_PLAIN)
        return send_plain(tc, s, data, len, fin);
    struct tc_frame frame = {
        .flags = (uint8_t)((fin ? TC_FLAG_FIN : 0) | (urgent ? TC_FLAG_URG : 0)),
        .urgent = (uint16_t)(urgent ? len - 1 : 0),
        .data = data,
        .len = len,
    };
    return tc_frame_send(tc, s, &frame);
}

long tc_session_write(struct tcpcrypt *tc, struct tc_session *s, uint64_t stream,
                      const uint8_t *data, size_t len, bool fin)
{
    if (s->state == TC_EXPECT_INIT1 || s->state == TC_EXPECT_INIT2) {
        s->writable_wanted |= len > 0;
        return 0;
    }
    if (s->state != TC_OPEN && s->state != TC_PLAIN)
        return SD_E_STATE;
    if (len == 0 && !fin)
        return 0;
    size_t taken = 0, limit = len < TC_WRITE_MAX ? len : TC_WRITE_MAX;
    bool ends = fin && limit == len;
    do {
        size_t piece = limit - taken < TC_CHUNK ? limit - taken : TC_CHUNK;
        bool last = taken + piece == len;
        bool urgent = stream == SD_TCPCRYPT_URGENT && last && len > 0;
        if (!send_chunk(tc, s, urgent, len ? data + taken : NULL, piece, ends && last))
            return taken > 0 ? (long)taken : SD_E_NOMEM;
        taken += piece;
    } while (taken < limit);
    if (ends)
        s->state = s->state == TC_OPEN ? TC_CLOSING : TC_PLAIN_CLOSING;
    if (taken < len) /* the host takes it all at once: there is room when this call is over */
        tc_tell(tc, s, SD_EV_WRITABLE, NULL);
    return (long)taken;
}

/* -- the end -- */

int tc_session_close(struct tcpcrypt *tc, struct tc_session *s)
{
    switch (s->state) {
    case TC_EXPECT_INIT1:
    case TC_EXPECT_INIT2: /* there is no frame for FINp yet, so that only an abort is left */
        sd_outbox_unit_with(&tc->outbox, &s->path, 0, SD_UNIT_RESET);
        tc_tell(tc, s, SD_EV_CLOSED, "given up during key exchange");
        tc_session_free(tc, s);
        return SD_OK;
    case TC_OPEN:
    case TC_PLAIN:
        return tc_session_write(tc, s, 0, NULL, 0, true) < 0 ? SD_E_NOMEM : SD_OK;
    case TC_CLOSING:
    case TC_PLAIN_CLOSING:
        return SD_OK;
    case TC_OPENING:
        break;
    }
    return SD_E_STATE;
}
