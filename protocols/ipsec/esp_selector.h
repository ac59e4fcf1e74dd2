/* esp_selector.h - traffic selectors (RFC 7296 3.13.1, RFC 4301 4.4.1.1): which inner packets a
 * child carries.  IPv4, as the rest of the lab. */
#ifndef ESP_SELECTOR_H
#define ESP_SELECTOR_H

#include "sim/core/base.h"

#define ESP_SELECTORS_MAX 8

struct esp_selector {
    uint8_t proto; /* 0: any */
    uint16_t first_port, last_port;
    uint32_t first_ip, last_ip; /* host order */
};
struct esp_selectors {
    struct esp_selector at[ESP_SELECTORS_MAX];
    uint8_t count;
};

/* All protocols and ports of a network. */
struct esp_selector esp_selector_of(uint32_t net, uint8_t prefix);
/* Whether both are one single address, the same in every selector; what transport mode needs. */
bool esp_selectors_address(const struct esp_selectors *, uint32_t *ip);
/* RFC 7296 2.9: what both want, pair by pair, at most ESP_SELECTORS_MAX; count 0: nothing. */
struct esp_selectors esp_selectors_narrow(const struct esp_selectors *,
                                          const struct esp_selectors *);

/* What selectors look at in an inner packet. */
struct esp_flow {
    uint32_t source, destination;
    uint8_t proto;
    bool has_ports; /* else, in a later fragment, only selectors for any port match */
    uint16_t source_port, destination_port;
    size_t header, total; /* lengths of the IP header and of the packet */
    bool fragment;
};
/* False: not a whole IPv4 packet, which may have zeros behind it. */
bool esp_flow_of(struct esp_flow *, const uint8_t *packet, size_t len);
bool esp_selectors_match(const struct esp_selectors *, uint32_t ip, uint16_t port, uint8_t proto,
                         bool has_ports);

#endif
