/* firewall.h - a middlebox that knows better: drops what is not TCP, or takes out of TCP segments
 * the options that it does not know. */
#ifndef SD_BOX_FIREWALL_H
#define SD_BOX_FIREWALL_H

#include "sim/box/chain.h"

enum {
    SD_BLOCK_UDP = 1,
    SD_BLOCK_ESP = 2,         /* IP protocol 50, as a NAT that only knows ports does */
    SD_BLOCK_TCP_OPTIONS = 4, /* all but MSS, window scale, SACK and timestamps become NOPs */
    SD_BLOCK_ALL = 7,
};

struct sd_firewall {
    unsigned blocks; /* SD_BLOCK_* */
    uint64_t dropped, stripped;
};
/* A box for packets that come in, at every interface (-1).  What is dropped is dropped in silence.
 */
enum sd_verdict sd_firewall_pass(void *firewall, struct sd_passage *);

#endif
