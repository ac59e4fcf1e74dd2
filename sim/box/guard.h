/* guard.h - what ns-3 may see.  ns-3 trusts its own headers: an option of length 0 makes it loop
 * for ever, an MSS option of the wrong length aborts the process.  So every packet that a hook
 * changed, that is injected or that comes out of a tunnel passes here first, and every reassembled
 * TCP segment again. */
#ifndef SD_BOX_GUARD_H
#define SD_BOX_GUARD_H

#include "sim/core/base.h"

enum sd_guard_verdict {
    SD_GUARD_GOOD,
    SD_GUARD_IP_HEADER,   /* version, header length (options are not carried) or total length */
    SD_GUARD_IP_LENGTH,   /* fragments that would add up to more than 65535 bytes */
    SD_GUARD_FRAGMENT,    /* a fragment not a multiple of 8, or with a TCP header cut in two */
    SD_GUARD_TTL,         /* arrived dead */
    SD_GUARD_ADDRESS,     /* an address that no unicast packet has */
    SD_GUARD_TCP_HEADER,  /* shorter than it says */
    SD_GUARD_TCP_OPTIONS, /* an option of length 0, 1, too long, or wrong for its kind */
    SD_GUARD_UDP,
    SD_GUARD_ICMP,
    SD_GUARD_VERDICTS
};
const char *sd_guard_name(enum sd_guard_verdict verdict); /* never NULL */

/* A whole IPv4 packet. */
enum sd_guard_verdict sd_guard_packet(const uint8_t *ip, size_t len);
/* A TCP segment, reassembled: header and options. */
enum sd_guard_verdict sd_guard_tcp(const uint8_t *segment, size_t len);

/* TCP options alone, for an agent's. */
bool sd_guard_tcp_options(const uint8_t *options, size_t len);

/* Walks TCP options: from *at (an offset into options, 0 at first) returns the next option other
 * than NOP and moves *at past it; NULL at the end or at one that does not fit. */
const uint8_t *sd_tcp_option_next(const uint8_t *options, size_t len, size_t *at);

#endif
