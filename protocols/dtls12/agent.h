/* agent.h - the DTLS 1.2 agent. */
#ifndef SD_DTLS12_AGENT_H
#define SD_DTLS12_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_dtls12_agent;

#endif
