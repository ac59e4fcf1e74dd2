/* recovery.c - as chromium's QuicSentPacketManager of 2018 did it.
 *
 * One timer, set for the first of these that applies:
 *   handshake   messages of the handshake under way: 1.5 RTT after the last of them, doubling
 *   early       the newest packet was acknowledged, older ones not: 1.25 RTT after they were sent
 *   tail probe  the first two: 2 RTT after the last packet (with half the least time-out where only
 *               one packet is under way, because its acknowledgment may be delayed)
 *   time-out    RTT and four deviations, at least 200 ms, doubling: two packets are sent again and
 *               the window falls to its least
 * A packet is lost when one that was sent three later is acknowledged. */
#include "protocols/gquic/recovery.h"
#include <string.h>

#define FIRST_CAP 8u

void gq_recovery_init(struct gq_recovery *r)
{
    *r = (struct gq_recovery){.first = 1, .loss_at = SD_NEVER};
    gq_cubic_init(&r->cubic);
}

void gq_recovery_fini(struct gq_recovery *r)
{
    sd_free(r->sent);
    r->sent = NULL;
    r->cap = r->count = 0;
}

static struct gq_sent *at(const struct gq_recovery *r, uint64_t number)
{
    return number >= r->first && number < r->first + r->count ? &r->sent[number & (r->cap - 1)]
                                                              : NULL;
}

static bool grow(struct gq_recovery *r, struct sd_env *env)
{
    uint32_t cap = r->cap ? 2 * r->cap : FIRST_CAP;
    struct gq_sent *wider = sd_alloc(env, cap * sizeof *wider);
    if (!wider)
        return false;
    for (uint64_t n = r->first; n < r->first + r->count; n++)
        wider[n & (cap - 1)] = *at(r, n);
    sd_free(r->sent);
    r->sent = wider;
    r->cap = cap;
    return true;
}

struct gq_sent *gq_recovery_next(struct gq_recovery *r, struct sd_env *env)
{
    if (r->count == r->cap && !grow(r, env))
        return NULL;
    struct gq_sent *p = &r->sent[(r->last_number + 1) & (r->cap - 1)];
    *p = (struct gq_sent){.number = r->last_number + 1};
    return p;
}

static void let_go(struct gq_recovery *r)
{
    while (r->count > 0 && !at(r, r->first)->under_way) {
        r->first++;
        r->count--;
    }
    if (r->count == 0) {
        r->first = r->last_number + 1;
        sd_free(r->sent);
        r->sent = NULL;
        r->cap = 0;
    }
}

void gq_recovery_sent(struct gq_recovery *r, struct gq_sent *p, sd_time now, size_t size)
{
    r->last_number = p->number;
    r->count++;
    p->at = now;
    p->size = (uint16_t)size;
    p->under_way = size > 0;
    if (!p->under_way) {
        let_go(r);
        return;
    }
    r->in_flight += size;
    r->packets++;
    r->crypto += p->crypto;
    r->last_at = now;
    if (p->crypto)
        r->last_crypto_at = now;
    if (r->probes > 0)
        r->probes--;
}

static void settle(struct gq_recovery *r, struct gq_sent *p)
{
    p->under_way = false;
    r->in_flight -= p->size;
    r->packets--;
    r->crypto -= p->crypto;
}

/* -- round-trip times (RFC 6298) -- */

static sd_time rtt_or_first(const struct gq_recovery *r)
{
    return r->srtt ? r->srtt : GQ_INITIAL_RTT;
}

static void measure(struct gq_recovery *r, sd_time rtt, sd_time delay)
{
    if (rtt == 0)
        rtt = 1;
    if (!r->min_rtt || rtt < r->min_rtt)
        r->min_rtt = rtt;
    /* What the other side waited, unless it says more than can be. */
    if (delay < rtt && rtt - delay >= r->min_rtt)
        rtt -= delay;
    r->latest = rtt;
    if (!r->srtt) {
        r->srtt = rtt;
        r->rttvar = rtt / 2;
        return;
    }
    sd_time off = rtt > r->srtt ? rtt - r->srtt : r->srtt - rtt;
    r->rttvar = (3 * r->rttvar + off) / 4;
    r->srtt = (7 * r->srtt + rtt) / 8;
}

/* -- losses -- */

static sd_time loss_delay(const struct gq_recovery *r)
{
    sd_time rtt = r->latest > r->srtt ? r->latest : r->srtt;
    sd_time delay = rtt + rtt / 4;
    return delay > GQ_LOSS_DELAY_MIN ? delay : GQ_LOSS_DELAY_MIN;
}

static void lose(struct gq_recovery *r, struct gq_sent *p, const struct gq_fates *f)
{
    settle(r, p);
    gq_cubic_lost(&r->cubic, p->number, r->last_number);
    f->lost(f->ctx, p);
}

static void find_losses(struct gq_recovery *r, sd_time now, const struct gq_fates *f)
{
    bool newest = r->largest_acked == r->last_number;
    r->loss_at = SD_NEVER;
    for (uint64_t n = r->first; n < r->first + r->count && n < r->largest_acked; n++) {
        struct gq_sent *p = at(r, n);
        if (!p->under_way)
            continue;
        bool late = newest && now >= p->at + loss_delay(r);
        if (late || r->largest_acked - n >= GQ_NACKS)
            lose(r, p, f);
        else if (newest && r->loss_at == SD_NEVER)
            r->loss_at = p->at + loss_delay(r);
    }
    let_go(r);
}

/* -- acknowledgments -- */

bool gq_recovery_acked(struct gq_recovery *r, sd_time now, const struct gq_frame *ack,
                       const struct gq_fates *f, bool *news)
{
    uint64_t largest = ack->acked[0].to - 1, bytes = 0;
    bool full = r->in_flight + 2 * GQ_MSS >= r->cubic.window ||
                (gq_cubic_slow_start(&r->cubic) && 2 * r->in_flight >= r->cubic.window);
    *news = false;
    if (largest > r->last_number)
        return false;
    const struct gq_sent *top = at(r, largest);
    if (top && top->under_way)
        measure(r, now - top->at, ack->delay_us * SD_US);
    if (largest > r->largest_acked)
        r->largest_acked = largest;
    for (size_t i = 0; i < ack->ranges; i++) {
        uint64_t from = ack->acked[i].from > r->first ? ack->acked[i].from : r->first;
        for (uint64_t n = from; n < ack->acked[i].to && n < r->first + r->count; n++) {
            struct gq_sent *p = at(r, n);
            if (!p->under_way)
                continue;
            bytes += p->size;
            *news = true;
            settle(r, p);
            f->arrived(f->ctx, p);
        }
    }
    if (*news) {
        r->crypto_timeouts = r->tlps = r->rtos = 0;
        r->probes = 0;
        gq_cubic_acked(&r->cubic, now, r->min_rtt, bytes, full);
        find_losses(r, now, f);
    }
    return true;
}

void gq_recovery_answered(struct gq_recovery *r, const struct gq_fates *f)
{
    for (uint64_t n = r->first; n < r->first + r->count; n++) {
        struct gq_sent *p = at(r, n);
        if (p->under_way && p->crypto) {
            settle(r, p);
            f->arrived(f->ctx, p);
        }
    }
    r->crypto_timeouts = 0;
    let_go(r);
}

void gq_recovery_abandon(struct gq_recovery *r, const struct gq_fates *f)
{
    for (uint64_t n = r->first; n < r->first + r->count; n++) {
        struct gq_sent *p = at(r, n);
        if (p->under_way) {
            settle(r, p);
            f->lost(f->ctx, p);
        }
    }
    r->loss_at = SD_NEVER;
    let_go(r);
}

/* -- timers -- */

static sd_time at_least(sd_time t, sd_time least)
{
    return t > least ? t : least;
}

static sd_time handshake_delay(const struct gq_recovery *r)
{
    sd_time rtt = rtt_or_first(r);
    uint32_t doublings = r->crypto_timeouts < 10 ? r->crypto_timeouts : 10;
    return at_least(rtt + rtt / 2, GQ_HANDSHAKE_RTO_MIN) << doublings;
}

static sd_time tlp_delay(const struct gq_recovery *r)
{
    sd_time rtt = rtt_or_first(r);
    return r->packets > 1 ? at_least(2 * rtt, GQ_TLP_MIN)
                          : at_least(2 * rtt, rtt + rtt / 2 + GQ_RTO_MIN / 2);
}

static sd_time rto_delay(const struct gq_recovery *r)
{
    sd_time rto = r->srtt ? at_least(r->srtt + 4 * r->rttvar, GQ_RTO_MIN) : GQ_RTO_INITIAL;
    rto <<= r->rtos < 10 ? r->rtos : 10;
    return rto < GQ_RTO_MAX ? rto : GQ_RTO_MAX;
}

sd_time gq_recovery_deadline(const struct gq_recovery *r)
{
    if (r->packets == 0 || r->probes > 0)
        return SD_NEVER;
    if (r->crypto > 0)
        return r->last_crypto_at + handshake_delay(r);
    if (r->loss_at != SD_NEVER)
        return r->loss_at;
    return r->last_at + (r->tlps < GQ_TLPS ? tlp_delay(r) : at_least(rto_delay(r), tlp_delay(r)));
}

/* All handshake messages under way, or the oldest packets: lost without a word to the window. */
static void send_again(struct gq_recovery *r, const struct gq_fates *f, bool crypto, uint32_t most)
{
    for (uint64_t n = r->first; most > 0 && n < r->first + r->count; n++) {
        struct gq_sent *p = at(r, n);
        if (!p->under_way || p->crypto != crypto)
            continue;
        settle(r, p);
        f->lost(f->ctx, p);
        most--;
    }
    let_go(r);
}

void gq_recovery_moved(struct gq_recovery *r, bool network, const struct gq_fates *f)
{
    r->tlps = r->rtos = 0;
    if (network) {
        gq_cubic_init(&r->cubic);
        r->cubic.recovered = r->last_number;
        r->srtt = r->rttvar = r->latest = r->min_rtt = 0;
    }
    r->probes = 2;
    send_again(r, f, false, 2);
}

void gq_recovery_expire(struct gq_recovery *r, sd_time now, const struct gq_fates *f)
{
    if (r->crypto > 0) {
        r->crypto_timeouts++;
        send_again(r, f, true, UINT32_MAX);
    } else if (r->loss_at != SD_NEVER) {
        find_losses(r, now, f);
    } else if (r->tlps < GQ_TLPS) {
        r->tlps++;
        r->probes = 1;
        send_again(r, f, false, 1);
    } else {
        if (r->rtos++ == 0)
            gq_cubic_timed_out(&r->cubic);
        r->probes = 2;
        send_again(r, f, false, 2);
    }
}

bool gq_recovery_may_send(const struct gq_recovery *r, size_t size)
{
    return r->probes > 0 || r->in_flight + size <= r->cubic.window;
}

uint64_t gq_recovery_least(const struct gq_recovery *r)
{
    return r->first;
}
