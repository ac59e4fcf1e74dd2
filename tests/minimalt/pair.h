/* pair.h - MinimaLT agents joined in memory (tests/pair/pair.h).  Letters of units: 'F' a packet
 * that shows C', 'S' one with a solution, too, 'P' a puzzle, 'A' an acknowledgment alone, 'T' any
 * other of a tunnel. */
#ifndef SD_TESTS_MINIMALT_PAIR_H
#define SD_TESTS_MINIMALT_PAIR_H

#include "protocols/minimalt/agent.h"
#include "protocols/minimalt/minimalt.h"
#include "tests/pair/pair.h"

struct minimalt *pair_agent(struct pair *, int seat);
/* The seat's only tunnel that carries connections; NULL: none. */
struct mt_tunnel *pair_tunnel(struct pair *, int seat);
/* Both agents, and the client has the server's record: the next tunnel begins without a question.
 * Units and events so far are forgotten. */
void pair_cached(struct pair *, const struct pair_options *);
/* Lets every connection and tunnel of before be over. */
void pair_calm(struct pair *);

#endif
