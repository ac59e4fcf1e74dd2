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

/* -- replay.c: which packets are meant -- */

/* Whether a packet that passes is one of those that the tap keeps. */
bool lab_tap_wants(const struct sd_lab *, const struct sd_tap *, const struct sd_packet *);
/* SD_OK, SD_E_ARG for a machine that is none, SD_E_STATE before the lab has started. */
int lab_tap_check(const struct sd_lab *, const struct sd_tap *);
struct sd_ip;
/* What a packet carries behind TCP's or UDP's header, or IP's; its length. */
size_t lab_cargo(const struct sd_ip *, uint8_t **cargo);

/* -- visit.c: a TCP connection of the attacker's own, which says some bytes and waits -- */

/* False: there is no route or no free port. */
bool lab_visit(struct machine *from, const struct sd_addr *to, const uint8_t *bytes, size_t len);

#endif
