/* settle.h - the one loop that drives an agent, for all hosts.
 *
 * A seat is an agent with its env and the host's two callbacks.  Every call enters the env, sets
 * the time, gives the agent its one input and then pulls units and events until there are none.
 * Callbacks run outside the env (in real time).  A callback must not call into the same seat, which
 * answers SD_E_STATE: hosts put what they want to do next aside until the call returns. */
#ifndef SD_SETTLE_H
#define SD_SETTLE_H

#include "sim/core/agent.h"
#include "sim/core/tape.h"

struct sd_sink {
    void (*unit)(void *ctx, const struct sd_unit *);   /* data valid during the call */
    void (*event)(void *ctx, const struct sd_event *); /* likewise */
};

struct sd_seat {
    struct sd_agent *agent;
    struct sd_env *env;
    const struct sd_sink *sink;
    void *ctx;
    bool busy;
    bool stopped; /* the agent ran away: an SD_EV_ERROR said why, it is called no more */
    sd_time expired_at;
    uint32_t expiries;    /* at expired_at */
    struct sd_tape *tape; /* keeps every input; NULL: nobody does.  Set after sd_seat_init() */
};

/* Makes the agent in env and settles it (an agent may have something to send at once). */
int sd_seat_init(struct sd_seat *, const struct sd_agent_ops *, const struct sd_config *,
                 struct sd_env *, const struct sd_sink *, void *ctx, sd_time now,
                 struct sd_error *);
void sd_seat_fini(struct sd_seat *);

int sd_seat_open(struct sd_seat *, sd_time now, const struct sd_open *, sd_sid *);
long sd_seat_app_in(struct sd_seat *, sd_time now, sd_sid, uint64_t stream, const uint8_t *data,
                    size_t len, bool fin);
int sd_seat_net_in(struct sd_seat *, sd_time now, const struct sd_unit *);
int sd_seat_expire(struct sd_seat *, sd_time now);
int sd_seat_control(struct sd_seat *, sd_time now, sd_sid, struct sd_control *);
/* Not settled, because a segment is under way: what the agent says to it comes out after the next
 * input.  0 when the agent is busy. */
size_t sd_seat_tcp_options(struct sd_seat *, sd_time now, const struct sd_path *, enum sd_segment,
                           const uint8_t *received, size_t received_len, uint8_t *out, size_t cap);
sd_time sd_seat_deadline(const struct sd_seat *);
void sd_seat_stats(const struct sd_seat *, struct sd_stats *);

#endif
