/* agent.h - the TLS 1.3 agent. */
#ifndef SD_TLS13_AGENT_H
#define SD_TLS13_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_tls13_agent;

#endif
