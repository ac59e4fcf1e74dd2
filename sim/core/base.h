/* base.h - the few types that every room shares: time, session ids, addresses, paths.
 *
 * Units everywhere in C: time in unsigned nanoseconds, sizes in bytes, rates in bit/s,
 * probabilities in parts per million, host byte order. */
#ifndef SD_BASE_H
#define SD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t sd_time; /* ns since the run began */
#define SD_NEVER  UINT64_MAX
#define SD_US     UINT64_C(1000)
#define SD_MS     UINT64_C(1000000)
#define SD_SECOND UINT64_C(1000000000)
#define SD_PPM    1000000u /* a probability of one */

typedef uint32_t sd_sid; /* a session of an agent; 0 = none */

/* IANA protocol numbers that carry units. */
enum { SD_PROTO_ICMP = 1, SD_PROTO_TCP = 6, SD_PROTO_UDP = 17, SD_PROTO_ESP = 50 };

/* An endpoint address.  family is 4 or 6 (0: none); IPv4 uses the first four bytes of ip. */
struct sd_addr {
    uint8_t family;
    uint8_t proto;
    uint16_t port;
    uint8_t ip[16];
};

/* Where a unit came from or goes to, seen from the agent.  conn names one TCP connection of
 * the host (never reused within a run); 0 on datagram and IP carriers. */
struct sd_path {
    struct sd_addr local, remote;
    uint32_t conn;
};

#define SD_ADDR_TEXT 64 /* enough for any sd_addr_text() */

struct sd_addr sd_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
struct sd_addr sd_ipv4_word(uint32_t host_order, uint16_t port);
uint32_t sd_addr_ipv4(const struct sd_addr *a); /* host order; 0 unless family is 4 */
bool sd_addr_equal(const struct sd_addr *a, const struct sd_addr *b);       /* family, ip, port */
const char *sd_addr_text(const struct sd_addr *a, char text[SD_ADDR_TEXT]); /* "10.0.0.1:443" */
/* Parses "1.2.3.4", "1.2.3.4:443".  False, *a unchanged, when it is neither. */
bool sd_addr_parse(const char *text, struct sd_addr *a);

#endif
