#include "protocols/minimalt/transport.h"
#include <string.h>

#define NO_THRESHOLD MT_FLIGHT

void mt_transport_init(struct mt_transport *t)
{
    *t = (struct mt_transport){.window = MT_WINDOW,
                               .threshold = NO_THRESHOLD,
                               .timeout = MT_TIMEOUT_FIRST,
                               .again_at = SD_NEVER};
}

static void free_all(struct mt_segment *s)
{
    while (s) {
        struct mt_segment *next = s->next;
        sd_free(s);
        s = next;
    }
}

void mt_transport_fini(struct mt_transport *t)
{
    free_all(t->first);
    free_all(t->early);
    t->first = t->early = NULL;
}

static struct mt_segment *segment(struct sd_env *env, uint32_t sequence, const uint8_t *calls,
                                  size_t len)
{
    struct mt_segment *s = sd_alloc(env, sizeof *s + len);
    if (!s)
        return NULL;
    s->sequence = sequence;
    s->len = (uint16_t)len;
    if (len > 0)
        memcpy(s->calls, calls, len);
    return s;
}

/* -- sending -- */

bool mt_transport_may_send(const struct mt_transport *t)
{
    uint32_t kept = t->first ? t->last_sequence - t->first->sequence + 1 : 0;
    return t->under_way < t->window && kept < MT_FLIGHT && t->last_sequence < UINT32_MAX;
}

struct mt_segment *mt_transport_add(struct mt_transport *t, struct sd_env *env,
                                    const uint8_t *calls, size_t len)
{
    struct mt_segment *s = segment(env, t->last_sequence + 1, calls, len);
    if (!s)
        return NULL;
    t->last_sequence++;
    if (t->first)
        t->last->next = s;
    else
        t->first = s;
    t->last = s;
    return s;
}

struct mt_segment *mt_transport_lost(const struct mt_transport *t)
{
    struct mt_segment *s = t->first;
    if (!t->urgent && t->under_way >= t->window)
        return NULL;
    while (s && !s->lost)
        s = s->next;
    return s;
}

void mt_transport_sent(struct mt_transport *t, struct mt_segment *s, sd_time now)
{
    s->lost = false;
    s->sent_at = now;
    s->measures = s->transmissions++ == 0; /* Karn */
    t->under_way++;
    t->urgent = false;
    if (t->again_at == SD_NEVER)
        t->again_at = now + t->timeout;
}

/* RFC 6298 2: a round trip was measured. */
static void measure(struct mt_transport *t, sd_time trip)
{
    if (t->smoothed == 0) {
        t->smoothed = trip;
        t->variation = trip / 2;
    } else {
        sd_time off = trip > t->smoothed ? trip - t->smoothed : t->smoothed - trip;
        t->variation = (3 * t->variation + off) / 4;
        t->smoothed = (7 * t->smoothed + trip) / 8;
    }
}

/* What is acknowledged ends the doubling, as Linux has it: else a few losses in a row would make
 * every further one wait for a minute.  But not before there is a measure (RFC 6298 5). */
static void set_timeout(struct mt_transport *t)
{
    if (!t->smoothed)
        return;
    t->timeout = t->smoothed + 4 * t->variation;
    if (t->timeout < MT_TIMEOUT_LEAST)
        t->timeout = MT_TIMEOUT_LEAST;
    if (t->timeout > MT_TIMEOUT_MOST)
        t->timeout = MT_TIMEOUT_MOST;
}

/* RFC 9406 4.2: a longer round trip shows that a queue fills, before it overflows.  The paper's
 * acknowledgment has no room to say which packets of many are lost. */
static void watch_queue(struct mt_transport *t, sd_time trip)
{
    if (!t->least || trip < t->least)
        t->least = trip;
    sd_time longer = t->least / 8;
    if (longer < MT_DELAY_LEAST)
        longer = MT_DELAY_LEAST;
    if (longer > MT_DELAY_MOST)
        longer = MT_DELAY_MOST;
    if (t->window < t->threshold && t->window >= MT_DELAY_WINDOW && trip >= t->least + longer)
        t->threshold = t->window;
}

/* RFC 5681 3.1: slow start, or one packet more for each window. */
static void grow(struct mt_transport *t, uint32_t packets)
{
    t->grown += packets;
    if (t->window < t->threshold) {
        t->window += packets;
        t->grown = 0;
    } else if (t->grown >= t->window) {
        t->window++;
        t->grown = 0;
    }
    if (t->window > MT_FLIGHT)
        t->window = MT_FLIGHT;
}

static uint32_t half_under_way(const struct mt_transport *t)
{
    return t->under_way / 2 > 2 ? t->under_way / 2 : 2;
}

static void lose(struct mt_transport *t, struct mt_segment *s)
{
    if (s->lost)
        return;
    s->lost = true;
    t->under_way--;
}

/* RFC 6582 3.2: the first packet is lost, and perhaps more of what was sent by now. */
static void duplicate(struct mt_transport *t)
{
    t->duplicates++;
    if (t->recovering) {
        t->window++; /* another packet has left the network */
    } else if (t->duplicates == MT_DUPLICATES) {
        t->threshold = half_under_way(t);
        t->window = t->threshold + MT_DUPLICATES;
        t->recovering = t->urgent = true;
        t->recover_to = t->last_sequence;
        lose(t, t->first);
    }
}

/* RFC 6582 3.2: an acknowledgment of some of what was sent before the loss shows the next one. */
static void recover(struct mt_transport *t, uint32_t up_to, uint32_t packets)
{
    if (up_to >= t->recover_to) {
        t->recovering = false;
        t->window = t->threshold;
        return;
    }
    t->window = t->window > packets ? t->window - packets + 1 : 1;
    if (t->first) {
        lose(t, t->first);
        t->urgent = true;
    }
}

void mt_transport_acknowledged(struct mt_transport *t, sd_time now, uint32_t up_to, bool bare)
{
    if (!t->first || up_to > t->last_sequence)
        return;
    if (up_to < t->first->sequence) {
        if (bare && up_to == t->first->sequence - 1)
            duplicate(t);
        return;
    }
    uint32_t packets = 0;
    sd_time trip = 0;
    bool measures = true; /* what waited behind a lost one shows how long that took, not the path */
    for (struct mt_segment *s; (s = t->first) && s->sequence <= up_to; packets++) {
        measures &= s->measures;
        trip = now - s->sent_at;
        if (!s->lost)
            t->under_way--;
        t->first = s->next;
        sd_free(s);
    }
    t->duplicates = 0;
    if (measures && trip > 0) {
        measure(t, trip);
        watch_queue(t, trip);
    }
    set_timeout(t);
    if (t->recovering)
        recover(t, up_to, packets);
    else
        grow(t, packets);
    t->again_at = t->first ? now + t->timeout : SD_NEVER;
}

static void lose_all(struct mt_transport *t)
{
    for (struct mt_segment *s = t->first; s; s = s->next)
        lose(t, s);
    t->again_at = SD_NEVER;
    t->recovering = false;
    t->duplicates = 0;
}

void mt_transport_expired(struct mt_transport *t)
{
    t->threshold = half_under_way(t);
    t->window = 1;
    t->grown = 0;
    t->timeout = 2 * t->timeout < MT_TIMEOUT_MOST ? 2 * t->timeout : MT_TIMEOUT_MOST;
    lose_all(t);
}

void mt_transport_repeat(struct mt_transport *t)
{
    lose_all(t);
    t->window = MT_WINDOW;
    t->timeout = MT_TIMEOUT_FIRST;
}

void mt_transport_unmeasured(struct mt_transport *t)
{
    for (struct mt_segment *s = t->first; s; s = s->next)
        s->measures = false;
}

void mt_transport_restart(struct mt_transport *t)
{
    t->window = MT_WINDOW;
    t->threshold = NO_THRESHOLD;
    t->grown = 0;
    t->recovering = false;
}

/* -- receiving -- */

static enum mt_arrival keep_early(struct mt_transport *t, struct sd_env *env, uint32_t sequence,
                                  const uint8_t *calls, size_t len)
{
    struct mt_segment **at = &t->early;
    while (*at && (*at)->sequence < sequence)
        at = &(*at)->next;
    if (*at && (*at)->sequence == sequence)
        return MT_AGAIN;
    struct mt_segment *s = segment(env, sequence, calls, len);
    if (!s)
        return MT_FULL;
    s->next = *at;
    *at = s;
    t->earlies++;
    return MT_EARLY;
}

enum mt_arrival mt_transport_take(struct mt_transport *t, struct sd_env *env, uint32_t sequence,
                                  const uint8_t *calls, size_t len)
{
    enum mt_arrival arrival;
    if (sequence <= t->received)
        arrival = MT_AGAIN;
    else if (sequence - t->received > MT_FLIGHT)
        arrival = MT_FULL;
    else if (sequence == t->received + 1)
        arrival = MT_NEXT;
    else
        arrival = keep_early(t, env, sequence, calls, len);
    if (arrival == MT_NEXT)
        t->received = sequence;
    return arrival;
}

struct mt_segment *mt_transport_early(struct mt_transport *t)
{
    struct mt_segment *s = t->early;
    if (!s || s->sequence > t->received + 1)
        return NULL;
    t->early = s->next;
    t->earlies--;
    t->received = s->sequence;
    return s;
}
