/* agent.h - gQUIC for hosts: sim/core/agent.h says the rest. */
#ifndef SD_GQUIC_AGENT_H
#define SD_GQUIC_AGENT_H

#include "sim/core/agent.h"

/* Options: "versions": what this side speaks, the best first ("Q043,Q046"; mode q046: "Q046,Q043");
 * "aead": what a client likes best, "AESG" (the default) or "CC20".
 *
 * SD_CLOSE waits until what was written has arrived, at most 5 s; with a text it says GOAWAY first.
 * SD_REKEY at a server makes a new server config and tells every client (SCUP). */
extern const struct sd_agent_ops sd_gquic_agent;

#endif
