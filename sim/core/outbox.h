/* outbox.h - units and events that an agent has ready, until the host pulls them.
 *
 * One growing block for units, one for events; both are given back when they are empty and were
 * large, so that an agent at rest holds next to nothing. */
#ifndef SD_OUTBOX_H
#define SD_OUTBOX_H

#include "sim/core/agent.h"

struct sd_outbox_event; /* outbox.c */

struct sd_outbox {
    struct sd_env *env;
    uint8_t *units;
    size_t unit_cap, unit_end, unit_at;
    struct sd_outbox_event *events;
    size_t event_cap, event_end, event_at;
    void *owned; /* of the event pulled last */
};

void sd_outbox_init(struct sd_outbox *, struct sd_env *);
void sd_outbox_fini(struct sd_outbox *);

/* Room for a unit of len bytes, to be filled before the next call; NULL: no memory, the unit is
 * lost as on a network. */
uint8_t *sd_outbox_unit(struct sd_outbox *, const struct sd_path *path, size_t len);
/* The same with SD_UNIT_* flags: the end of a stream, or its reset. */
uint8_t *sd_outbox_unit_with(struct sd_outbox *, const struct sd_path *path, size_t len,
                             uint8_t flags);
/* For net_out(): 1 and the oldest unit, cut to its cap; or 0. */
int sd_outbox_pull_unit(struct sd_outbox *, struct sd_unit *unit);

/* An event to be filled in before the next call; what it points to must live until it is pulled.
 * owned (NULL: none) is a block of sd_alloc() that is freed once the event is over.  Never NULL: a
 * dummy when there is no memory. */
struct sd_event *sd_outbox_event(struct sd_outbox *, enum sd_event_kind kind, sd_sid sid,
                                 void *owned);
/* For event(): 1 and the oldest event, or 0. */
int sd_outbox_pull_event(struct sd_outbox *, struct sd_event *event);

#endif
