/* pair.h - CurveCP agents joined in memory (tests/pair/pair.h); the letters of units are those of
 * their magic: 'H', 'K', 'I', 'M'. */
#ifndef SD_TESTS_CURVECP_PAIR_H
#define SD_TESTS_CURVECP_PAIR_H

#include "protocols/curvecp/agent.h"
#include "protocols/curvecp/curvecp.h"
#include "tests/pair/pair.h"

/* The seat's agent, and its only connection or NULL. */
struct curvecp *pair_agent(struct pair *, int seat);
struct cp_connection *pair_connection(struct pair *, int seat);

#endif
