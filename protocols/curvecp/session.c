/* session.c - the two streams of a connection: what a message brings, what may be sent, and when.
 *
 * A message with an ID is acknowledged at once: by the next block where one may go at the same
 * moment, else by a message of its own.  Blocks say besides what has been received so far.  The
 * reference's blocks do neither.
 *
 * Timers, in the order of cp_session_deadline():
 *   Hello            until a Cookie comes, CP_HELLOS times
 *   over             a lingering or half-closed connection is forgotten
 *   speak            a client that has no data yet, or asks whether the other is there
 *   block            new data, at Chicago's pace
 *   again            the block sent longest ago, after Chicago's timeout
 *   probe, silence   the other has not been heard; neither is the reference's */
#include "protocols/curvecp/curvecp.h"
#include <string.h>

static sd_time earlier(sd_time a, sd_time b)
{
    return a < b ? a : b;
}

static sd_time later(sd_time a, sd_time b)
{
    return a > b ? a : b;
}

/* -- events -- */

static struct sd_event *tell(struct curvecp *cp, const struct cp_connection *c,
                             enum sd_event_kind kind, void *owned)
{
    struct sd_event *e = sd_outbox_event(&cp->outbox, kind, c->sid, owned);
    e->path = c->path;
    return e;
}

void cp_session_ended(struct curvecp *cp, struct cp_connection *c, enum sd_event_kind kind,
                      uint64_t code, const char *detail)
{
    if (c->ended)
        return;
    c->ended = true;
    if (c->state == CP_EXPECT_COOKIE)
        cp->stats.half_open--;
    else
        cp->stats.sessions--;
    struct sd_event *e = tell(cp, c, kind, NULL);
    e->code = code;
    e->detail = detail;
}

static void fail(struct curvecp *cp, struct cp_connection *c, uint64_t code, const char *detail)
{
    cp_session_ended(cp, c, SD_EV_ERROR, code, detail);
    cp_connection_free(cp, c);
}

/* -- what comes in -- */

static void take_acknowledgments(struct curvecp *cp, struct cp_connection *c,
                                 const struct cp_message *m)
{
    const struct cp_block *b = cp_outgoing_find(&c->out, m->acked_id);
    if (b)
        cp_chicago_acknowledged(&c->chicago, cp->env, cp->now, cp->now - b->sent_at);
    bool room = cp_outgoing_acknowledge(&c->out, m->acked_id, m->acked, CP_RANGES);
    if (room && !c->closing)
        tell(cp, c, SD_EV_WRITABLE, NULL);
}

static int take_data(struct curvecp *cp, struct cp_connection *c, const struct cp_message *m)
{
    const uint8_t *run;
    size_t run_len;
    bool ended_before = cp_incoming_ended(&c->in);
    int result = cp_incoming_take(&c->in, cp->env, m, &run, &run_len);
    if (result != SD_OK)
        return result;
    struct sd_event *last = NULL;
    if (run_len > 0 && !c->closing) {
        last = tell(cp, c, SD_EV_DATA, NULL);
        last->data = run; /* in curvecp.text, which stays as it is until the next input */
        last->len = run_len;
    }
    for (struct cp_segment *s; (s = cp_incoming_next(&c->in));) {
        if (c->closing) {
            sd_free(s);
            continue;
        }
        last = tell(cp, c, SD_EV_DATA, s);
        last->data = s->data;
        last->len = s->len;
    }
    if (!ended_before && cp_incoming_ended(&c->in) && c->in.stop == CP_STOP_SUCCESS && !c->closing)
        (last ? last : tell(cp, c, SD_EV_DATA, NULL))->fin = true;
    if (m->len > 0)
        c->probe_after = CP_PROBE_FIRST;
    else if (m->id && !m->stop) /* the other asks: neither has much to say */
        c->probe_after = earlier(2 * c->probe_after, CP_PROBE_LAST);
    return SD_OK;
}

/* Both streams over: what is left is to acknowledge the other's last messages again, should it
 * repeat them.  The reference leaves at once. */
static void look_for_end(struct curvecp *cp, struct cp_connection *c)
{
    bool theirs = cp_incoming_ended(&c->in), ours = c->out.stop_acked;
    if (theirs && c->in.stop == CP_STOP_FAILURE && !c->closing) {
        cp_session_ended(cp, c, SD_EV_ERROR, CP_STOP_FAILURE, "the other side's stream failed");
        c->closing = true;
        cp_outgoing_stop(&c->out, CP_STOP_FAILURE);
    }
    if (theirs && ours && c->state != CP_LINGERING) {
        cp_session_ended(cp, c, SD_EV_CLOSED, 0, "both streams have ended");
        c->state = CP_LINGERING;
        c->speak_at = SD_NEVER;
        c->over_at = cp->now + (cp->reference ? 0 : CP_LINGER);
    } else if (ours && c->closing && c->over_at == SD_NEVER && !cp->reference) {
        c->over_at = cp->now + CP_HALF_CLOSED_MAX;
    }
}

int cp_session_receive(struct curvecp *cp, struct cp_connection *c, const uint8_t *message,
                       size_t len)
{
    struct cp_message m;
    int result = SD_DROP_MALFORMED;
    if (cp_message_parse(&m, message, len)) {
        take_acknowledgments(cp, c, &m);
        result = take_data(cp, c, &m);
        if (result == SD_OK)
            c->ack_id = m.id;
        look_for_end(cp, c);
    }
    cp_session_pump(cp, c);
    return result;
}

/* -- what goes out -- */

static void acknowledge(struct curvecp *cp, struct cp_connection *c, struct cp_message *m)
{
    m->acked_id = c->ack_id;
    cp_incoming_ranges(&c->in, m->acked, !cp->reference);
    c->ack_id = 0;
}

static void send_acknowledgment(struct curvecp *cp, struct cp_connection *c)
{
    struct cp_message m = {0};
    uint8_t message[CP_ACK_LENGTH];
    acknowledge(cp, c, &m);
    cp_message_write(&m, message, sizeof message);
    cp_send_message(cp, c, message, sizeof message);
}

static uint32_t padded(uint32_t len)
{
    size_t i = 0;
    while (cp_lengths[i] < len + CP_BESIDE_BLOCK)
        i++;
    return cp_lengths[i];
}

static void send_block(struct curvecp *cp, struct cp_connection *c, struct cp_block *b)
{
    uint8_t message[CP_MESSAGE_MAX], data[CP_BLOCK_MAX];
    cp_outgoing_sent(&c->out, b, cp->now);
    struct cp_message m = {
        .id = b->id, .stop = b->stop, .position = b->position, .data = data, .len = b->len};
    cp_outgoing_copy(&c->out, b, data);
    if (!cp->reference)
        acknowledge(cp, c, &m);
    uint32_t len = padded(b->len);
    cp_message_write(&m, message, len);
    cp_send_message(cp, c, message, len);
    cp_chicago_sent(&c->chicago, cp->now);
    c->speak_at = SD_NEVER;
}

/* The block to be sent now, if its pace allows one: an old one first. */
static struct cp_block *next_block(struct curvecp *cp, struct cp_connection *c)
{
    struct cp_block *oldest = cp_outgoing_oldest(&c->out);
    if (oldest && cp->now >= oldest->sent_at + c->chicago.timeout) {
        cp_chicago_lost(&c->chicago, cp->now);
        cp->stats.retransmits++;
        return oldest;
    }
    if (!cp_outgoing_has_new(&c->out) && c->speak_at > cp->now)
        return NULL;
    return cp_outgoing_cut(&c->out, cp->env, cp_send_message_max(cp, c) - CP_BESIDE_BLOCK);
}

void cp_session_pump(struct curvecp *cp, struct cp_connection *c)
{
    struct cp_block *b;
    if (c->state == CP_EXPECT_MESSAGE || c->state == CP_OPEN)
        while (cp_chicago_next(&c->chicago) <= cp->now && (b = next_block(cp, c)))
            send_block(cp, c, b);
    if (c->ack_id)
        send_acknowledgment(cp, c);
    if (c->state == CP_LINGERING && c->over_at <= cp->now)
        cp_connection_free(cp, c);
    else
        cp_connection_wake(cp, c);
}

/* -- timers -- */

/* A client asks first, so that a server need not. */
static sd_time probe_at(const struct cp_connection *c)
{
    return c->heard_at + (c->client ? 1 : 2) * c->probe_after;
}

sd_time cp_session_deadline(const struct curvecp *cp, const struct cp_connection *c)
{
    if (c->state == CP_EXPECT_COOKIE)
        return c->opening->hello_at;
    if (c->state == CP_LINGERING)
        return c->over_at;
    sd_time due = c->over_at, pace = cp_chicago_next(&c->chicago);
    if (c->speak_at != SD_NEVER)
        due = earlier(due, later(c->speak_at, pace));
    if (cp_outgoing_has_new(&c->out))
        due = earlier(due, pace);
    const struct cp_block *oldest = cp_outgoing_oldest(&c->out);
    if (oldest)
        due = earlier(due, later(oldest->sent_at + c->chicago.timeout, pace));
    if (cp->reference)
        return due;
    if (!c->out.blocks && c->speak_at == SD_NEVER)
        due = earlier(due, probe_at(c));
    return earlier(due, c->heard_at + CP_SILENCE_MAX);
}

static void expect_cookie(struct curvecp *cp, struct cp_connection *c)
{
    if (c->opening->hellos == CP_HELLOS) {
        fail(cp, c, CP_HELLOS, "no answer to any Hello");
        return;
    }
    cp_send_hello(cp, c);
    cp_connection_wake(cp, c);
}

void cp_session_expire(struct curvecp *cp, struct cp_connection *c)
{
    if (c->state == CP_EXPECT_COOKIE) {
        expect_cookie(cp, c);
        return;
    }
    if (c->over_at <= cp->now) {
        cp_session_ended(cp, c, SD_EV_CLOSED, 0, "the other side kept its stream open");
        cp_connection_free(cp, c);
        return;
    }
    if (!cp->reference && c->state != CP_LINGERING) {
        if (cp->now >= c->heard_at + CP_SILENCE_MAX) {
            fail(cp, c, 0, "nothing was heard from the other side for too long");
            return;
        }
        if (!c->out.blocks && c->speak_at == SD_NEVER && cp->now >= probe_at(c)) {
            c->speak_at = cp->now;
            c->probe_after = earlier(2 * c->probe_after, CP_PROBE_LAST);
        }
    }
    cp_session_pump(cp, c);
}

void cp_session_close(struct curvecp *cp, struct cp_connection *c, uint16_t stop)
{
    c->closing = true;
    if (c->state == CP_EXPECT_COOKIE) {
        cp_session_ended(cp, c, SD_EV_CLOSED, 0, "before it began");
        cp_connection_free(cp, c);
        return;
    }
    cp_outgoing_stop(&c->out, stop);
    look_for_end(cp, c);
    cp_session_pump(cp, c);
}
