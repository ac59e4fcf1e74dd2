/* agent.h - CurveCP for hosts: sim/core/agent.h says the rest. */
#ifndef SD_CURVECP_AGENT_H
#define SD_CURVECP_AGENT_H

#include "sim/core/agent.h"

/* Options: "server_extension" and "client_extension" (32 hexadecimal digits, zeros by default);
 * "clients": connections a server holds; "first": who speaks first: without data, a client waits a
 * second for some before it sends its Initiate ("client"), not at all ("server"), or 10 ms
 * ("either", the default).
 *
 * peers, if any, hold a client's servers by endpoint (otherwise S is the X25519 key of the server's
 * name) and, with `mutual`, the clients a server lets in.  SD_CLOSE with a text ends the stream
 * with failure instead of success. */
extern const struct sd_agent_ops sd_curvecp_agent;

#endif
