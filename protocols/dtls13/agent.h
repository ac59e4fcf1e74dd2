/* agent.h - the DTLS 1.3 agent. */
#ifndef SD_DTLS13_AGENT_H
#define SD_DTLS13_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_dtls13_agent;

#endif
