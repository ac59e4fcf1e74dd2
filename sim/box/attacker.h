/* attacker.h - keeps packets that pass, sends them again, makes floods. */
#ifndef SD_BOX_ATTACKER_H
#define SD_BOX_ATTACKER_H

#include "sim/box/chain.h"

/* -- a store of packets: a box that keeps copies of those that match -- */

struct sd_packet_store;
typedef bool (*sd_packet_match)(void *ctx, const struct sd_packet *);
/* match NULL: every packet; limit: packets kept. */
struct sd_packet_store *sd_packet_store_new(uint32_t limit, sd_packet_match match, void *ctx);
void sd_packet_store_free(struct sd_packet_store *);
enum sd_verdict sd_packet_store_pass(void *store, struct sd_passage *);
uint32_t sd_packet_store_count(const struct sd_packet_store *);
/* NULL: there is none of that index. */
const uint8_t *sd_packet_store_get(const struct sd_packet_store *, uint32_t index, size_t *len,
                                   sd_time *seen);

/* -- injection -- */

/* Sends a copy of an IP packet out of node's interface after `delay`.  source NULL: as it is;
 * else from that address and, unless 0, port.  Checksums are made right.  SD_OK or SD_E_ARG. */
int sd_attack_send(struct sd_net *, int node, int ifindex, const uint8_t *packet, size_t len,
                   const struct sd_addr *source, sd_time delay);

/* Builds an IP packet around a UDP payload (proto UDP) or an IP payload (any other; TCP: a whole
 * segment).  Returns its length, 0 if it does not fit. */
size_t sd_attack_packet(uint8_t *out, size_t cap, const struct sd_addr *source,
                        const struct sd_addr *destination, uint8_t proto, const uint8_t *payload,
                        size_t len);
/* A TCP SYN with the options that Linux sends. */
size_t sd_attack_syn(uint8_t *out, size_t cap, const struct sd_addr *source,
                     const struct sd_addr *destination, uint32_t isn);

/* -- floods -- */

struct sd_paced_flood_settings {
    int node, ifindex;
    uint64_t rate_pps; /* > 0 */
    sd_time start, end;
    uint32_t source_net; /* spoofed sources, host order: address and port drawn for each packet */
    uint8_t source_prefix;
    uint64_t seed;
    /* Yields packet n, whole, from `source`; 0: none this time. */
    size_t (*next)(void *ctx, uint64_t n, const struct sd_addr *source, uint8_t *packet,
                   size_t cap);
    void *ctx;
};
struct sd_paced_flood;
/* Starts at `start`; NULL: a setting is out of its range. */
struct sd_paced_flood *sd_paced_flood_new(struct sd_net *, const struct sd_paced_flood_settings *);
uint64_t sd_paced_flood_sent(const struct sd_paced_flood *);
void sd_paced_flood_free(struct sd_paced_flood *); /* stops it; before sd_net_destroy() */

#endif
