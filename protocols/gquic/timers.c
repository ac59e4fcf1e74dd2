/* timers.c - what a connection does by itself, in the order in which it is looked for:
 *   handshake   over after 10 s
 *   idle        nothing heard for as long as both sides said
 *   recovery    recovery.c
 *   ping        a client with open streams asks after 15 s of silence, for the NATs on the way
 *   ack, pace   send.c, by itself */
#include "protocols/gquic/gquic.h"

static void expire(struct gquic *gq, struct gq_connection *c)
{
    struct gq_recovery *r = &c->recovery;
    struct gq_fates fates = gq_fates_of(gq, c);
    bool handshake = c->state != GQ_OPEN;
    if (handshake && gq->now >= c->opened_at + GQ_HANDSHAKE_MAX) {
        gq_over(gq, c, GQ_HANDSHAKE_TIMEOUT, "the handshake took too long");
    } else if (!handshake && gq->now >= c->heard_at + c->idle) {
        gq_over(gq, c, GQ_NETWORK_IDLE_TIMEOUT, "nothing was heard for too long");
    } else {
        if (gq_recovery_deadline(r) <= gq->now)
            gq_recovery_expire(r, gq->now, &fates);
        sd_time quiet = c->heard_at > r->last_at ? c->heard_at : r->last_at;
        if (c->client && !handshake && c->streams && r->packets == 0 &&
            gq->now >= quiet + GQ_PING_AFTER)
            c->tell_ping = true;
    }
    gq_settle(gq, c);
}

void gq_expire(struct gquic *gq)
{
    gq_graves_expire(gq);
    for (struct sd_due *due; (due = sd_agenda_due(&gq->agenda, gq->now));)
        expire(gq, sd_due_of(due, struct gq_connection, due));
}

sd_time gq_next(const struct gquic *gq)
{
    sd_time connection = sd_agenda_deadline(&gq->agenda), grave = gq_graves_deadline(gq);
    return connection < grave ? connection : grave;
}
