/* queue.h - what a toy wants to say: units and events in order, on its env's heap. */
#ifndef SD_TOY_QUEUE_H
#define SD_TOY_QUEUE_H

#include "sim/core/agent.h"

struct toy_unit;
struct toy_event;
struct toy_out {
    struct sd_env *env;
    struct toy_unit *unit, **unit_end;
    struct toy_event *event, **event_end, *told; /* told: whose data the host still looks at */
};

void toy_out_init(struct toy_out *, struct sd_env *);
void toy_out_fini(struct toy_out *);
/* A unit of room bytes to fill in, or NULL: no memory. */
uint8_t *toy_send(struct toy_out *, const struct sd_path *, size_t room, uint8_t flags);
/* data and detail are copied. */
void toy_tell(struct toy_out *, const struct sd_event *);
int toy_net_out(struct toy_out *, struct sd_unit *);
int toy_event(struct toy_out *, struct sd_event *);

#endif
