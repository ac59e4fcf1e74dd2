/* agent.h - the SRTP agent, keyed by DTLS. */
#ifndef SD_SRTP_AGENT_H
#define SD_SRTP_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_srtp_agent;

#endif
