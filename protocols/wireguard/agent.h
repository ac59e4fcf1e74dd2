/* agent.h - WireGuard for hosts: sim/core/agent.h says the rest. */
#ifndef SD_WIREGUARD_AGENT_H
#define SD_WIREGUARD_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_wireguard_agent;

#endif
