/* esp.h - ESP's databases and data path: child SAs, which packets go through which, and their
 * lifetimes (RFC 4303, RFC 4301 section 4.4).
 *
 * A child is the pair of SAs that one exchange of IKE makes.  Whoever negotiates adds and removes
 * children; the data path seals into the agent's outbox and delivers from where a packet lies. */
#ifndef ESP_ESP_H
#define ESP_ESP_H

#include "protocols/ipsec/esp_sa.h"
#include "protocols/ipsec/esp_selector.h"
#include "sim/core/index.h"
#include "sim/core/outbox.h"

/* What a child has carried or how old it is when something must happen; 0: no such limit. */
struct esp_limit {
    sd_time age;
    uint64_t bytes, packets; /* of inner packets, each direction for itself */
};

struct esp_child_config {
    struct cipher_suite suite;
    bool esn;                        /* sequence numbers of 64 bits */
    bool transport;                  /* else tunnel mode */
    uint32_t spi_in, spi_out;        /* host order; spi_in from esp_spi_new() */
    const uint8_t *key_in, *key_out; /* cipher_key_len() bytes each, in the order of KEYMAT */
    struct esp_selectors local, remote;
    uint32_t window; /* packets; 0: ESP_WINDOW */
    uint16_t pad_to; /* traffic-flow confidentiality: inner packets as long as this; 0: none */
    struct esp_limit soft, hard;
    bool hold; /* do not send with it before the peer does, while another serves (RFC 7296 2.8) */
    const struct sd_path *path; /* where the peer is now: ESP, UDP or TCP by path->remote.proto */
    sd_sid sid;                 /* of the application's session */
    void *owner;                /* the IKE SA */
};

struct esp_child {
    struct esp_child_config set; /* without the keys */
    struct esp_sa in, out;
    sd_time born;
    bool held;                  /* not sent with while another serves */
    bool retired;               /* nor at all, because the peer is told that it goes */
    bool soft_told, hard_told;  /* by esp_due() */
    bool one_peer;              /* the remote selectors are one address: */
    uint32_t local_ip, peer_ip; /* in transport mode, both */
    uint64_t serial;
    struct esp_child *newer, *older;
};

struct esp_sad {
    struct sd_env *env;
    struct sd_outbox *outbox;
    struct sd_stats *stats; /* what is dropped is booked here */
    struct esp_child *newest, *oldest;
    struct sd_index by_spi, by_peer; /* inbound; by the address of the peer, if it has only one */
    uint64_t serial;                 /* of the last child */
    sd_time next_age;                /* the next limit by age */
    bool over;                       /* a child has reached a limit of bytes or packets */
    uint16_t ip_id;                  /* of headers that transport mode makes anew */
};

/* outbox and stats are the agent's and outlive the database. */
void esp_sad_init(struct esp_sad *, struct sd_env *, struct sd_outbox *outbox, struct sd_stats *);
void esp_sad_fini(struct esp_sad *); /* wipes every key */

/* An SPI that no child here has, from the env's random stream. */
uint32_t esp_spi_new(struct esp_sad *);
/* NULL: no memory, an unknown suite, or transport mode with selectors that are no single address.
 */
struct esp_child *esp_child_add(struct esp_sad *, sd_time now, const struct esp_child_config *);
void esp_child_remove(struct esp_sad *, struct esp_child *);
struct esp_child *esp_child_find(const struct esp_sad *, uint32_t spi_in); /* NULL: none */
/* The child that a packet leaves through: the newest whose selectors match, one that is not held
 * before one that is.  NULL: none. */
struct esp_child *esp_child_for(const struct esp_sad *, const struct esp_flow *);
/* Whether one of its directions has carried that much. */
bool esp_child_over(const struct esp_child *, const struct esp_limit *);

/* One inner IP packet on its way out; *used is the child that it left through (NULL when it was
 * dropped).  SD_OK; SD_DROP_MALFORMED; SD_DROP_POLICY: no child's
 * selectors match; SD_DROP_FULL; SD_DROP_STATE: the child's hard limit is reached. */
int esp_out(struct esp_sad *, sd_time now, const uint8_t *inner, size_t len,
            struct esp_child **used);
/* A dummy packet (RFC 4303 2.6) of len bytes: hides that nothing is said. */
int esp_out_dummy(struct esp_sad *, sd_time now, struct esp_child *, size_t len);

/* One ESP packet, without what encapsulated it; it is decrypted in place, and an SD_EV_DATA points
 * into it.  SD_OK, or why it was dropped. */
struct esp_received {
    struct esp_child *child; /* NULL unless the packet was authentic */
    bool newest; /* it has the greatest number so far: where it came from, the peer is */
    bool first;  /* the peer now uses a child that was held */
};
int esp_in(struct esp_sad *, sd_time now, uint8_t *packet, size_t len, struct esp_received *);

/* A child whose limit has come, each told once: soft, make another and remove this one; hard,
 * remove it now.  NULL: none. */
enum esp_due { ESP_DUE_SOFT, ESP_DUE_HARD };
struct esp_child *esp_due(struct esp_sad *, sd_time now, enum esp_due *what);
/* When esp_due() is to be asked: the next limit by age, a time that has passed when one of bytes or
 * packets was reached, or SD_NEVER. */
sd_time esp_deadline(const struct esp_sad *);

#endif
