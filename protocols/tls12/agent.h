/* agent.h - the TLS 1.2 agent. */
#ifndef SD_TLS12_AGENT_H
#define SD_TLS12_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_tls12_agent;

#endif
