/* toys.h - four agents without cryptography that prove what real protocols will need of a host.
 *
 * They book an X25519 agreement and a hash a message on their account, so that virtual processors
 * have something to charge. */
#ifndef SD_TOYS_H
#define SD_TOYS_H

#include "sim/core/agent.h"

/* TCP 4999.  A TCP option (kind 253, RFC 6994) in SYN, SYN-ACK and ACK; READY says in its detail
 * "option" when all three passed, "plain" otherwise.  With the option, bytes are masked. */
extern const struct sd_agent_ops sd_toy_option;

/* IP protocol 50.  Hello, answer, then datagrams; a hello is sent again after 1 s, doubling. */
extern const struct sd_agent_ops sd_toy_ip;

/* UDP 500 and TCP 4500, one agent: the same messages, with a length in front on the stream. */
extern const struct sd_agent_ops sd_toy_two;

/* UDP 4998.  Carries inner IPv4 packets to the peer whose network has the destination. */
extern const struct sd_agent_ops sd_toy_tunnel;

#endif
