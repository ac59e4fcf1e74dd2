/* settle.c - the one loop: an input, then units and events until there are none. */
#include "sim/core/settle.h"

#include <stdlib.h>
#include <string.h>

/* net_out's buffer.  Hosts may call another seat from a callback, so each level has its own. */
#define UNIT_CAP   (64 * 1024 + 1024)
#define LEVELS_MAX 8
static uint8_t *level_buffer[LEVELS_MAX];
static unsigned level;

/* One input that makes more than this, or so many expiries at one instant, is an agent that will
 * never be quiet. */
#define OUTPUTS_MAX  100000u
#define EXPIRIES_MAX 1000u

static void stop(struct sd_seat *s, const char *why)
{
    s->stopped = true;
    struct sd_event e = {.kind = SD_EV_ERROR, .code = SD_E_INTERNAL, .detail = why};
    s->sink->event(s->ctx, &e);
}

/* Pulls what the agent has to say.  The env is entered; callbacks run outside it. */
static void drain(struct sd_seat *s, sd_time now)
{
    const struct sd_agent_ops *ops = s->agent->ops;
    uint8_t *buffer = level_buffer[level - 1];
    uint32_t outputs = 0;
    bool more = true;
    while (more && !s->stopped) {
        more = false;
        for (;;) {
            struct sd_unit u = {.data = buffer, .cap = UNIT_CAP};
            if (ops->net_out(s->agent, now, &u) != 1)
                break;
            more = true;
            struct sd_env *agent_env = sd_enter(NULL);
            if (s->tape != NULL)
                sd_tape_net_out(s->tape, &u);
            s->sink->unit(s->ctx, &u);
            sd_leave(agent_env);
            if (++outputs > OUTPUTS_MAX)
                break;
        }
        for (;;) {
            struct sd_event e = {0};
            if (outputs > OUTPUTS_MAX || ops->event(s->agent, &e) != 1)
                break;
            more = true;
            struct sd_env *agent_env = sd_enter(NULL);
            s->sink->event(s->ctx, &e);
            sd_leave(agent_env);
            outputs++;
        }
        if (outputs > OUTPUTS_MAX) {
            struct sd_env *agent_env = sd_enter(NULL);
            stop(s, "the agent never stops producing");
            sd_leave(agent_env);
        }
    }
}

/* Every call into an agent stands between begin() and end(). */
static int begin(struct sd_seat *s, sd_time now, struct sd_env **before)
{
    if (s->agent == NULL || s->busy || s->stopped || level == LEVELS_MAX)
        return SD_E_STATE;
    if (level_buffer[level] == NULL && (level_buffer[level] = malloc(UNIT_CAP)) == NULL)
        return SD_E_NOMEM;
    level++;
    s->busy = true;
    s->env->now = now;
    *before = sd_enter(s->env);
    return SD_OK;
}

static void end(struct sd_seat *s, sd_time now, struct sd_env *before)
{
    drain(s, now);
    sd_leave(before);
    s->busy = false;
    level--;
}

int sd_seat_init(struct sd_seat *s, const struct sd_agent_ops *ops, const struct sd_config *config,
                 struct sd_env *env, const struct sd_sink *sink, void *ctx, sd_time now,
                 struct sd_error *error)
{
    *s = (struct sd_seat){.env = env, .sink = sink, .ctx = ctx};
    env->now = now;
    struct sd_env *before = sd_enter(env);
    int result = ops->create(&s->agent, config, env, error);
    sd_leave(before);
    if (result != SD_OK) {
        s->agent = NULL;
        return result;
    }
    if ((result = begin(s, now, &before)) == SD_OK)
        end(s, now, before);
    return result;
}

void sd_seat_fini(struct sd_seat *s)
{
    if (s->agent == NULL)
        return;
    struct sd_env *before = sd_enter(s->env);
    s->agent->ops->destroy(s->agent);
    sd_leave(before);
    s->agent = NULL;
}

int sd_seat_open(struct sd_seat *s, sd_time now, const struct sd_open *open, sd_sid *sid)
{
    struct sd_env *before;
    int result = begin(s, now, &before);
    if (result != SD_OK)
        return result;
    if (s->tape != NULL)
        sd_tape_open(s->tape, now, open);
    result = s->agent->ops->open(s->agent, now, open, sid);
    end(s, now, before);
    return result;
}

long sd_seat_app_in(struct sd_seat *s, sd_time now, sd_sid sid, uint64_t stream,
                    const uint8_t *data, size_t len, bool fin)
{
    struct sd_env *before;
    int result = begin(s, now, &before);
    if (result != SD_OK)
        return result;
    if (s->tape != NULL)
        sd_tape_app_in(s->tape, now, sid, stream, data, len, fin);
    long taken = s->agent->ops->app_in(s->agent, now, sid, stream, data, len, fin);
    end(s, now, before);
    return taken;
}

int sd_seat_net_in(struct sd_seat *s, sd_time now, const struct sd_unit *unit)
{
    struct sd_env *before;
    int result = begin(s, now, &before);
    if (result != SD_OK)
        return result;
    if (s->tape != NULL)
        sd_tape_net_in(s->tape, now, unit);
    result = s->agent->ops->net_in(s->agent, now, unit);
    end(s, now, before);
    return result;
}

int sd_seat_expire(struct sd_seat *s, sd_time now)
{
    struct sd_env *before;
    int result = begin(s, now, &before);
    if (result != SD_OK)
        return result;
    if (s->tape != NULL)
        sd_tape_expire(s->tape, now);
    result = s->agent->ops->expire(s->agent, now);
    end(s, now, before);
    s->expiries = now == s->expired_at ? s->expiries + 1 : 1;
    s->expired_at = now;
    if (s->expiries > EXPIRIES_MAX)
        stop(s, "the agent's timer never moves on");
    return result;
}

int sd_seat_control(struct sd_seat *s, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct sd_env *before;
    int result = begin(s, now, &before);
    if (result != SD_OK)
        return result;
    if (s->tape != NULL)
        sd_tape_control(s->tape, now, sid, control);
    result = s->agent->ops->control(s->agent, now, sid, control);
    end(s, now, before);
    return result;
}

size_t sd_seat_tcp_options(struct sd_seat *s, sd_time now, const struct sd_path *path,
                           enum sd_segment segment, const uint8_t *received, size_t received_len,
                           uint8_t *out, size_t cap)
{
    if (s->agent == NULL || s->busy || s->stopped || s->agent->ops->tcp_options == NULL)
        return 0;
    /* Not settled: a segment is under way, and sending from inside it would re-enter TCP. */
    s->busy = true;
    s->env->now = now;
    struct sd_env *before = sd_enter(s->env);
    size_t len =
        s->agent->ops->tcp_options(s->agent, now, path, segment, received, received_len, out, cap);
    sd_leave(before);
    s->busy = false;
    len = len <= cap ? len : 0;
    if (s->tape != NULL)
        sd_tape_tcp_options(s->tape, now, path, segment, received, received_len, out, len);
    return len;
}

sd_time sd_seat_deadline(const struct sd_seat *s)
{
    if (s->agent == NULL || s->stopped)
        return SD_NEVER;
    return s->agent->ops->deadline(s->agent);
}

void sd_seat_stats(const struct sd_seat *s, struct sd_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    if (s->agent != NULL)
        s->agent->ops->stats(s->agent, stats);
    stats->state_bytes = sd_heap_bytes(s->env);
    stats->state_bytes_peak = sd_heap_peak(s->env);
}
