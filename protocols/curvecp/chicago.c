/* chicago.c - five parts, in the order in which an acknowledgment goes through them: Jacobson's
 * averages, the marks of the congestion cycle, additive increase, the edge, doubling. */
#include "protocols/curvecp/chicago.h"

#define FIRST_INTERVAL  SD_SECOND
#define FIRST_TIMEOUT   SD_SECOND
#define RTT_MIN         SD_US /* of 0 would come a timeout of 0: the same block for ever */
#define INTERVAL_MAX    (UINT64_C(1) << 53) /* a hundred days: no sum overflows */
#define ADJUST_BLOCKS   16                  /* the rate is looked at once in so many intervals */
#define IDLE_RESTART    (10 * SD_SECOND)    /* unadjusted for so long: begin again, slowly */
#define HIGH_MARGIN     (5 * (int64_t)SD_MS)
#define EDGE_RECENT     (60 * SD_SECOND)
#define DOUBLING_WAIT   (5 * SD_SECOND)
#define DOUBLING_FLOOR  65535u /* ns: no faster than this by doubling */
#define INCREASE_FLOOR  131072u
#define INCREASE_CUBIC  16777216u          /* below: N - cN^3 is near enough to N / (1 + cN^2) */
#define INCREASE_FACTOR 2251799813685248.0 /* 2^51, which is 1/c in ns^2 */

static bool since(sd_time event, sd_time wait, sd_time now)
{
    return event == SD_NEVER || now >= event + wait;
}

static sd_time draw_below(struct sd_env *env, sd_time bound)
{
    uint64_t draw;
    if (bound <= 1)
        return 0;
    sd_random(env, &draw, sizeof draw);
    return draw % bound;
}

void cp_chicago_init(struct cp_chicago *c, sd_time now)
{
    *c = (struct cp_chicago){.interval = FIRST_INTERVAL,
                             .timeout = FIRST_TIMEOUT,
                             .sent_at = SD_NEVER,
                             .adjusted_at = now,
                             .doubled_at = SD_NEVER,
                             .edge_at = SD_NEVER,
                             .panicked_at = SD_NEVER};
}

sd_time cp_chicago_next(const struct cp_chicago *c)
{
    return c->sent_at == SD_NEVER ? 0 : c->sent_at + c->interval;
}

void cp_chicago_sent(struct cp_chicago *c, sd_time now)
{
    c->sent_at = now;
}

void cp_chicago_lost(struct cp_chicago *c, sd_time now)
{
    if (!since(c->panicked_at, 4 * c->timeout + 1, now))
        return;
    if (c->interval < INTERVAL_MAX)
        c->interval *= 2;
    c->panicked_at = now;
    c->edge_at = now;
}

static void average(struct cp_chicago *c, int64_t rtt)
{
    if (!c->average) {
        c->interval = (sd_time)rtt;
        c->average = c->high = c->low = rtt;
        c->deviation = rtt / 2;
    }
    int64_t delta = rtt - c->average;
    c->average += delta / 8;
    c->deviation += ((delta < 0 ? -delta : delta) - c->deviation) / 4;
    c->timeout = (sd_time)(c->average + 4 * c->deviation);
    c->timeout += 8 * c->interval; /* acknowledgments may be delayed */
}

static void mark(struct cp_chicago *c, int64_t rtt)
{
    int64_t above_low = rtt - c->low;
    c->high += (rtt - c->high) / 1024;
    c->low += above_low > 0 ? above_low / 8192 : above_low / 256;
    if (c->average > c->high + HIGH_MARGIN)
        c->seen_high = true;
    else if (c->average < c->low)
        c->seen_low = true;
}

/* The rate 1/N grows by c every nanosecond, that is by cN in the time of a block: N becomes
 * N / (1 + cN^2).  It grows alike for every round-trip time. */
static void increase(struct cp_chicago *c)
{
    if (c->interval < INCREASE_FLOOR)
        return;
    if (c->interval < INCREASE_CUBIC) {
        sd_time n = c->interval / INCREASE_FLOOR;
        c->interval -= n * n * n;
    } else {
        double n = (double)c->interval;
        c->interval = (sd_time)(n / (1 + n * n / INCREASE_FACTOR));
    }
}

/* At the top of the cycle everybody slows down by a random share, so that they do not do so in
 * step. */
static void turn(struct cp_chicago *c, struct sd_env *env, sd_time now)
{
    if (!c->falling && c->older_high) {
        c->falling = true;
        c->edge_at = now;
        c->interval += draw_below(env, c->interval / 4);
    } else if (c->falling && c->older_low) {
        c->falling = false;
    }
    c->older_high = c->seen_high;
    c->older_low = c->seen_low;
    c->seen_high = c->seen_low = false;
}

static void adjust(struct cp_chicago *c, struct sd_env *env, sd_time now)
{
    if (now < c->adjusted_at + ADJUST_BLOCKS * c->interval)
        return;
    if (now - c->adjusted_at > IDLE_RESTART)
        c->interval = FIRST_INTERVAL + draw_below(env, FIRST_INTERVAL / 8);
    c->adjusted_at = now;
    increase(c);
    turn(c, env, now);
}

/* Far from an edge the rate doubles every few round trips, near one only now and then. */
static void double_rate(struct cp_chicago *c, sd_time now)
{
    bool near = c->edge_at != SD_NEVER && now - c->edge_at < EDGE_RECENT;
    sd_time wait = 4 * c->interval + (near ? 64 * c->timeout + DOUBLING_WAIT : 2 * c->timeout);
    if (!since(c->doubled_at, wait, now) || c->interval <= DOUBLING_FLOOR)
        return;
    c->interval /= 2;
    c->doubled_at = now;
    if (c->edge_at != SD_NEVER)
        c->edge_at = now;
}

void cp_chicago_acknowledged(struct cp_chicago *c, struct sd_env *env, sd_time now, sd_time rtt)
{
    if (rtt < RTT_MIN)
        rtt = RTT_MIN;
    average(c, (int64_t)rtt);
    mark(c, (int64_t)rtt);
    adjust(c, env, now);
    double_rate(c, now);
}
