/* agent.h - QUIC for hosts: sim/core/agent.h says the rest.
 *
 * A session is a connection.  An application's stream number n is the nth bidirectional stream: the
 * side that first says something on n begins it (client: stream id 4n, server: 4n + 1), the other
 * answers on it.  Streams that a peer begins in one direction arrive as n | SD_QUIC_UNI.
 *
 * Options: "idle" (seconds until a silent connection is over, 30), "static_key" (a text that
 * stateless resets and tokens derive from, so that they outlive the agent; RFC 9000 10.3.2),
 * "version" (of a client's first packet, hexadecimal; an unknown one brings version negotiation),
 * "verify" ("agent" refuses a peer that cannot be verified, "application" only tells), "pacing"
 * ("on": RFC 9002 7.7; "off" as the lab's TCP), "suites" (ciphers by GnuTLS's names, with colons
 * between), "extension" ("unknown": a client sends one that nobody knows). */
#ifndef SD_QUIC_AGENT_H
#define SD_QUIC_AGENT_H

#include "sim/core/agent.h"

#define SD_QUIC_UNI (UINT64_C(1) << 63)

extern const struct sd_agent_ops sd_quic_agent;

#endif
