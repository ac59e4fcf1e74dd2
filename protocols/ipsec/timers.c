/* timers.c - everything that an IKE SA does because time has passed.
 *
 * REQUESTS    Each request that is out is sent again after 4 s, 7.2 s, 13 s, ... ; after the sixth
 *             sending and its wait the peer is gone and the SA ends (RFC 7296 2.4; numbers of
 *             strongSwan, as the RFC leaves them open).
 * DIES        Half open too long, or replaced and not deleted by the peer: ends without a word.
 * REKEY       The IKE SA is old: makes another (2.8).  Children tell through esp_due().
 * RETRY       What was refused with TEMPORARY_FAILURE is tried again (2.25).
 * LIVENESS    Something was sent into a child and nothing at all has come since, for a minute: an
 *             empty INFORMATIONAL asks whether the peer is there (2.4).
 * KEEPALIVE   We are behind a NAT and have been silent for 20 s: one byte keeps its binding
 *             (RFC 3948 4). */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ike.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/rekey.h"

static sd_time sooner(sd_time a, sd_time b)
{
    return a < b ? a : b;
}

void ike_plan(struct ike_sa *sa)
{
    if (sa->state == IKE_DEAD)
        return;
    sd_time at = sooner(sooner(sa->dies_at, sa->rekey_at), sooner(sa->retry_at, sa->liveness_at));
    at = sooner(at, sa->keepalive_at);
    for (const struct ike_request *q = sa->requests; q; q = q->next)
        if (q->sent)
            at = sooner(at, q->due);
    sd_agenda_set(&sa->ipsec->agenda, sa->ipsec->env, &sa->due, at);
}

void ike_heard(struct ike_sa *sa)
{
    sa->liveness_at = SD_NEVER;
}

/* True, and it stops. */
static bool is_due(sd_time *timer, sd_time now)
{
    if (*timer > now)
        return false;
    *timer = SD_NEVER;
    return true;
}

static void give_up(struct ike_sa *sa)
{
    if (sa->closing && !sa->silent) {
        ike_event(sa, SD_EV_CLOSED, "the peer does not answer");
        sa->silent = true;
    }
    ike_fail(sa, 0,
             sa->state == IKE_ESTABLISHED ? "the peer does not answer: gave up"
                                          : "no answer to the handshake: gave up");
    ike_sa_kill(sa);
}

void ike_expire(struct ike_sa *sa)
{
    sd_time now = sa->ipsec->now;
    if (is_due(&sa->dies_at, now)) {
        if (sa->state != IKE_REPLACED)
            ike_fail(sa, 0, "the handshake took too long");
        ike_sa_kill(sa);
        return;
    }
    for (struct ike_request *q = sa->requests; q; q = q->next) {
        if (!q->sent || q->due > now)
            continue;
        if (q->sendings >= IKE_SENDINGS) {
            give_up(sa);
            return;
        }
        ike_retransmit(sa, q);
    }
    if (is_due(&sa->rekey_at, now))
        ike_rekey(sa);
    if (is_due(&sa->retry_at, now))
        ike_rekey_again(sa);
    if (is_due(&sa->liveness_at, now))
        ike_ask_liveness(sa);
    if (sa->keepalive_at <= now) {
        encap_keepalive(&sa->ipsec->out, &sa->path);
        sa->keepalive_at = now + IKE_KEEPALIVE;
    }
    ike_go(sa);
    ike_plan(sa);
}
