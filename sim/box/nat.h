/* nat.h - a NAPT between inside interfaces and one outside interface (RFC 4787, RFC 5382): UDP,
 * TCP, protocols without ports, ICMP errors, fragments.  Hairpinning is off.
 *
 * Filtering is of the same kind as mapping.  Ports are drawn from the seed. */
#ifndef SD_BOX_NAT_H
#define SD_BOX_NAT_H

#include "sim/box/chain.h"

enum sd_nat_mapping { SD_NAT_ENDPOINT_INDEPENDENT, SD_NAT_ADDRESS, SD_NAT_ADDRESS_PORT };
enum { SD_REBIND_PORT = 1, SD_REBIND_ADDRESS = 2 };

struct sd_nat_settings {
    enum sd_nat_mapping mapping;
    sd_time udp_timeout; /* of an idle binding; 0: 30 s */
    sd_time tcp_timeout; /* 0: 2 h 4 min (RFC 5382); 4 min while opening and after closing */
    uint32_t external_ip;
    int outside; /* ifindex */
    uint64_t seed;
};
struct sd_nat_counters {
    uint64_t bindings;  /* made so far */
    uint64_t filtered;  /* came from outside without a binding, or from the wrong peer */
    uint64_t hairpins;  /* inside to the external address */
    uint64_t exhausted; /* no port was free */
};

struct sd_nat;
struct sd_nat *sd_nat_new(const struct sd_nat_settings *);
void sd_nat_free(struct sd_nat *);
/* A box for every interface (-1), in both directions. */
enum sd_verdict sd_nat_pass(void *nat, struct sd_passage *);
/* Every binding gets a new port, address (external_ip), or both; the old ones are dead.  TCP
 * connections break: their peers answer with RST. */
int sd_nat_rebind(struct sd_nat *, unsigned what, uint32_t external_ip);
/* What `inside` looks like from `remote`.  False: no binding. */
bool sd_nat_external(const struct sd_nat *, uint8_t proto, const struct sd_addr *inside,
                     const struct sd_addr *remote, struct sd_addr *external);
/* The other way: whom `remote` reaches by that external address.  False: no binding. */
bool sd_nat_inside(const struct sd_nat *, uint8_t proto, const struct sd_addr *external,
                   const struct sd_addr *remote, struct sd_addr *inside);
const struct sd_nat_counters *sd_nat_counters_of(const struct sd_nat *);

#endif
