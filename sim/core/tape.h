/* tape.h - what an agent was told and what it drew, kept so that another can be told the same.
 *
 * It answers whether a session is forward secret by trying: who recorded the traffic and came by
 * the long-term keys later plays the agent's part again.  The second agent has the configuration
 * (certificates, static and pre-shared keys), hears the same units at the same times and draws what
 * the first drew wherever that stood on the wire for all to see (nonces, identifiers, randoms);
 * whatever was secret it has to draw anew.  If it still opens what the peer said, long-term keys
 * open recorded traffic. */
#ifndef SD_TAPE_H
#define SD_TAPE_H

#include "sim/core/agent.h"

struct sd_tape;

struct sd_tape *sd_tape_new(void); /* NULL: no memory */
void sd_tape_free(struct sd_tape *);

/* -- what the seat and the host write down -- */

void sd_tape_drew(struct sd_tape *, const void *bytes, size_t len);
void sd_tape_open(struct sd_tape *, sd_time, const struct sd_open *);
void sd_tape_app_in(struct sd_tape *, sd_time, sd_sid, uint64_t stream, const uint8_t *, size_t,
                    bool fin);
void sd_tape_net_in(struct sd_tape *, sd_time, const struct sd_unit *);
void sd_tape_net_out(struct sd_tape *, const struct sd_unit *);
void sd_tape_expire(struct sd_tape *, sd_time);
void sd_tape_control(struct sd_tape *, sd_time, sd_sid, const struct sd_control *);
void sd_tape_tcp_options(struct sd_tape *, sd_time, const struct sd_path *, enum sd_segment,
                         const uint8_t *received, size_t received_len, const uint8_t *sent,
                         size_t sent_len);

/* -- playing it -- */

/* Tells a new agent of that configuration all of it; *opened gets the bytes of application data
 * that it opened.  The env's epoch and the time of the first agent's making are given; other draws
 * follow the seed.  SD_OK; SD_E_NOMEM; else what create() says. */
int sd_tape_play(const struct sd_tape *, const struct sd_agent_ops *, const struct sd_config *,
                 sd_time made, uint64_t seed, uint64_t *opened, struct sd_error *);

#endif
