/* attack.h - private to sim/node: what floods and replays share. */
#ifndef SD_NODE_ATTACK_H
#define SD_NODE_ATTACK_H

#include "sim/node/inside.h"

/* -- maker.c: first messages of a protocol, each from an agent that knows nothing -- */

struct maker;
/* For messages to that server.  NULL: *error says why its protocol cannot. */
struct maker *lab_maker_new(struct host *server, uint64_t seed, struct sd_error *error);
void lab_maker_free(struct maker *);
/* The first unit of a new session from `source`; 0: the agent said nothing.  Valid until the next
 * call. */
size_t lab_maker_next(struct maker *, const struct sd_addr *source, const uint8_t **message);

/* -- visit.c: a TCP connection of the attacker's own, which says some bytes and waits -- */

/* False: there is no route or no free port. */
bool lab_visit(struct machine *from, const struct sd_addr *to, const uint8_t *bytes, size_t len);

#endif
