/* agent.h - MinimaLT for hosts: sim/core/agent.h says the rest.
 *
 * A session is a connection, and so is every further stream of it (app_in with a stream that is not
 * 0, of the client's choice); connections to one server share a tunnel.  A client is ready at once
 * where it has its server's record, and its first data go with the first packet.
 *
 * Options: "service": what a client asks for and a server offers; "puzzle_bits": how hard a
 * server's puzzles are; "user": "key" (the default where there is an identity: createAuth) or
 * "anonymous" (create).
 *
 * A client's peers hold its servers by endpoint (otherwise S is the X25519 key of the server's
 * name), a server's, with `mutual`, the users it lets in.  config.directory is the directory, for
 * servers, which publish there, and for clients; without one every server is its own. */
#ifndef SD_MINIMALT_AGENT_H
#define SD_MINIMALT_AGENT_H

#include "sim/core/agent.h"

extern const struct sd_agent_ops sd_minimalt_agent;

#endif
