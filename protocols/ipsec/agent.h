/* agent.h - IKEv2 and ESP as a protocol of the lab. */
#ifndef IPSEC_AGENT_H
#define IPSEC_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_ipsec_agent;

#endif
