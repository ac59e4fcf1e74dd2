/* receive.c - what a packet is, whose it is, and whether it is new.
 *
 * The nonce says whether it is the newest, and only that moves a tunnel.  A packet that was
 * overtaken is new as long as its sequence number is; what was sent again comes with a new nonce.
 */
#include "protocols/crypto/box.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

bool mt_receive_open(struct minimalt *mt, const struct mt_packet *p,
                     const uint8_t secret[MT_KEY_LEN])
{
    uint8_t nonce[MT_NONCE_LEN];
    mt_nonce(nonce, MT_NONCE_LABEL, p->tid, p->nonce);
    return sd_box_open(mt->text, p->box, p->box_len, nonce, secret);
}

/* -- what a packet brings -- */

static int handle_call(struct minimalt *mt, struct mt_tunnel *t, struct mt_said *said)
{
    if (said->connection == 0)
        return mt_control_handle(mt, t, said);
    struct mt_connection *c = mt_connection_by_id(t, said->connection);
    size_t len = sd_left(&said->arguments);
    if (!c)
        return SD_OK; /* closed by this side, which the other does not know yet */
    return mt_connection_data(mt, c, sd_get(&said->arguments, len), len);
}

/* All calls of a packet, in order; the first that is refused gives the reason. */
static int handle_calls(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader calls)
{
    struct mt_said said;
    int result = SD_OK;
    while (mt_calls_next(&calls, &said)) {
        int one = handle_call(mt, t, &said);
        if (result == SD_OK)
            result = one;
    }
    return result;
}

/* Packets that came too early follow; events point into them. */
static void handle_early(struct minimalt *mt, struct mt_tunnel *t)
{
    for (struct mt_segment *s; (s = mt_transport_early(&t->transport));) {
        s->next = mt->held;
        mt->held = s;
        handle_calls(mt, t, sd_reader_of(s->calls, s->len));
    }
}

/* Whoever does not show C' any more, or acknowledges something, got what was sent there. */
static bool has_heard(const struct mt_tunnel *t, const struct mt_packet *p, uint32_t up_to)
{
    const struct mt_segment *first = t->transport.first;
    return !p->key || (first && up_to >= first->sequence && up_to <= t->transport.last_sequence);
}

static void take_acknowledgment(struct minimalt *mt, struct mt_tunnel *t, const struct mt_packet *p,
                                uint32_t up_to, bool bare)
{
    if (!t->met && has_heard(t, p, up_to))
        mt_tunnel_met(mt, t);
    mt_transport_acknowledged(&t->transport, mt->now, up_to, bare);
    if (t->initiator)
        mt_rekey_acknowledged(mt, t, up_to);
}

int mt_receive_text(struct minimalt *mt, struct mt_tunnel *t, const struct mt_packet *p,
                    const struct sd_path *path, size_t len)
{
    struct sd_reader r = sd_reader_of(mt->text, len);
    uint32_t sequence = sd_get32(&r), up_to = sd_get32(&r);
    bool bare = sequence == 0, newest = p->nonce > t->received_nonce;
    int result = SD_OK;
    if (!mt_calls_valid(r))
        return SD_DROP_MALFORMED;
    enum mt_arrival arrival =
        bare ? MT_AGAIN : mt_transport_take(&t->transport, mt->env, sequence, r.at, sd_left(&r));
    if (!newest && arrival == MT_AGAIN)
        return SD_DROP_REPLAY;
    if (newest)
        t->received_nonce = p->nonce;
    t->transport.owes |= !bare && arrival != MT_FULL;
    mt_tunnel_heard(mt, t, path, newest);
    if (t->initiator && !t->confirmed && p->tid == t->tid)
        mt_rekey_confirmed(mt, t);
    take_acknowledgment(mt, t, p, up_to, bare);
    if (!bare && arrival == MT_AGAIN && !t->initiator && !t->met)
        mt_transport_repeat(&t->transport); /* it did not get the answer */
    if (arrival == MT_NEXT) {
        result = handle_calls(mt, t, r);
        handle_early(mt, t);
    } else if (arrival == MT_FULL) {
        result = SD_DROP_FULL;
    }
    mt_tunnel_pump(mt, t);
    return result;
}

/* -- whose it is -- */

/* What came from an address that nothing was acknowledged from yet. */
static void count_stranger(struct minimalt *mt, struct mt_tunnel *t, size_t len)
{
    if (t->initiator || t->met)
        return;
    t->from_bytes += len;
    mt->stats.bytes_from_unvalidated += len;
}

static int receive_packet(struct minimalt *mt, struct mt_tunnel *t, const struct sd_unit *unit,
                          const struct mt_packet *p)
{
    bool good;
    if (p->tid == t->tid)
        good = mt_receive_open(mt, p, t->secret);
    else if (t->initiator)
        good = p->tid == t->old_tid && mt_receive_open(mt, p, t->old_secret);
    else
        good = mt_rekey_follow(mt, t, p);
    if (!good)
        return SD_DROP_AUTH;
    count_stranger(mt, t, unit->len);
    return mt_receive_text(mt, t, p, &unit->path, p->box_len - MT_TAG_LEN);
}

static int dispatch(struct minimalt *mt, const struct sd_unit *unit)
{
    struct mt_packet p;
    if (!mt_packet_parse(&p, unit->data, unit->len) || p.box_len > sizeof mt->text + MT_TAG_LEN)
        return SD_DROP_MALFORMED;
    bool from_initiator = p.nonce & MT_FROM_INITIATOR;
    struct mt_tunnel *t = mt_tunnel_by_tid(mt, p.tid);
    if (!t)
        return from_initiator ? mt_accept(mt, unit, &p) : SD_DROP_UNKNOWN;
    if (t->initiator == from_initiator)
        return SD_DROP_UNKNOWN;
    if (p.box_len == 0)
        return t->initiator && p.tid == t->tid ? mt_puzzle_solve(mt, t, &p) : SD_DROP_MALFORMED;
    return receive_packet(mt, t, unit, &p);
}

int mt_receive(struct minimalt *mt, const struct sd_unit *unit)
{
    mt->stats.units_in++;
    mt->stats.bytes_in += unit->len;
    int result = dispatch(mt, unit);
    if (result > 0)
        mt->stats.dropped[result]++;
    return result;
}
