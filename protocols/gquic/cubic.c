#include "protocols/gquic/cubic.h"

/* RFC 8312: C = 0.4 segments/s^3, beta = 0.7. */
#define BETA_TENTHS 7u
#define MS_CUBED    UINT64_C(1000000000) /* (1000 ms)^3 */
#define T_MAX_MS    100000u              /* keeps cubes within 64 bits */

void gq_cubic_init(struct gq_cubic *c)
{
    *c = (struct gq_cubic){.window = GQ_WINDOW_INITIAL, .threshold = UINT64_MAX};
}

bool gq_cubic_slow_start(const struct gq_cubic *c)
{
    return c->window < c->threshold;
}

static uint64_t cube_root(uint64_t v)
{
    uint64_t root = 0;
    for (int bit = 20; bit >= 0; bit--) {
        uint64_t r = root | UINT64_C(1) << bit;
        if (r * r * r <= v)
            root = r;
    }
    return root;
}

static void begin_epoch(struct gq_cubic *c, sd_time now)
{
    c->epoch = now ? now : 1;
    c->friendly = c->window;
    c->origin = c->window > c->most ? c->window : c->most;
    /* K = cbrt((W_max - cwnd) / C) */
    c->k_ms = cube_root((c->origin - c->window) * (MS_CUBED / GQ_MSS) * 10 / 4);
}

/* W(t) = C (t - K)^3 + W_max */
static uint64_t target_at(const struct gq_cubic *c, uint64_t t_ms)
{
    uint64_t t = t_ms < T_MAX_MS ? t_ms : T_MAX_MS;
    uint64_t d = t > c->k_ms ? t - c->k_ms : c->k_ms - t;
    uint64_t off = d * d * d / 1000 * 4 * GQ_MSS / (MS_CUBED / 1000 * 10);
    if (t > c->k_ms)
        return c->origin + off;
    return c->origin > off ? c->origin - off : 0;
}

void gq_cubic_acked(struct gq_cubic *c, sd_time now, sd_time min_rtt, uint64_t bytes, bool full)
{
    if (!full) {
        c->epoch = 0; /* S: time without much to send does not count */
        return;
    }
    if (gq_cubic_slow_start(c)) {
        c->window += bytes;
    } else {
        if (!c->epoch)
            begin_epoch(c, now);
        uint64_t target = target_at(c, (now - c->epoch + min_rtt) / SD_MS);
        /* 3 (1 - beta) / (1 + beta) segments a window, as Reno with this beta. */
        c->friendly += bytes * GQ_MSS * 9 / 17 / c->friendly;
        if (target > c->window + bytes / 2)
            target = c->window + bytes / 2; /* S */
        if (target > c->window)
            c->window = target;
        if (c->friendly > c->window)
            c->window = c->friendly;
    }
    if (c->window > GQ_WINDOW_MAX)
        c->window = GQ_WINDOW_MAX;
}

void gq_cubic_lost(struct gq_cubic *c, uint64_t number, uint64_t last)
{
    if (number <= c->recovered)
        return;
    c->recovered = last;
    /* Fast convergence: who did not get back to W_max leaves room to others. */
    c->most = c->window < c->most ? c->window * (10 + BETA_TENTHS) / 20 : c->window;
    c->window = c->window * BETA_TENTHS / 10;
    if (c->window < GQ_WINDOW_MIN)
        c->window = GQ_WINDOW_MIN;
    c->threshold = c->window;
    c->epoch = 0;
}

void gq_cubic_timed_out(struct gq_cubic *c)
{
    c->threshold = c->window / 2 > GQ_WINDOW_MIN ? c->window / 2 : GQ_WINDOW_MIN;
    c->window = GQ_WINDOW_MIN;
    c->most = 0;
    c->epoch = 0;
}
