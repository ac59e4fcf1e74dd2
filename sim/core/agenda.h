/* agenda.h - which of many things is next to do something by itself: a binary heap by due time, and
 * by `order` where that is the same.
 *
 * A thing has a struct sd_due as a member; sd_due_of() finds the thing again. */
#ifndef SD_AGENDA_H
#define SD_AGENDA_H

#include "sim/core/env.h"

struct sd_due {
    sd_time at;
    uint64_t order;
    uint32_t place; /* in the heap, from 1; 0: it is not in there */
};
struct sd_agenda {
    struct sd_due **heap;
    uint32_t count, cap;
};
#define sd_due_of(due, type, member) ((type *)(void *)((char *)(due)-offsetof(type, member)))

/* SD_NEVER takes it out.  Without memory the thing sleeps until it is set again. */
void sd_agenda_set(struct sd_agenda *, struct sd_env *, struct sd_due *, sd_time at);
/* The first thing that is due by now; NULL: none. */
struct sd_due *sd_agenda_due(const struct sd_agenda *, sd_time now);
sd_time sd_agenda_deadline(const struct sd_agenda *); /* SD_NEVER: nothing will be due */
void sd_agenda_fini(struct sd_agenda *);

#endif
