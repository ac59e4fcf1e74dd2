/* payload.h - the chains of payloads that IKE messages are made of (RFC 7296 section 3): taking
 * them apart and putting them together. */
#ifndef IKE_PAYLOAD_H
#define IKE_PAYLOAD_H

#include "protocols/ipsec/esp_selector.h"
#include "protocols/ipsec/ike_wire.h"
#include "sim/core/reader.h"

struct ike_header { /* 3.1 */
    uint64_t spi_i, spi_r;
    uint8_t next_payload, version, exchange, flags;
    uint32_t id, length;
};
/* False: shorter than a header, or the length it states is not len. */
bool ike_header_read(struct ike_header *, const uint8_t *message, size_t len);
void ike_header_write(uint8_t message[IKE_HEADER], const struct ike_header *);

/* -- taking apart -- */

struct ike_payload {
    uint8_t type;
    const uint8_t *body; /* behind the generic header */
    size_t len;
};
#define IKE_PAYLOADS_MAX 48
struct ike_chain {
    struct ike_payload at[IKE_PAYLOADS_MAX];
    size_t count;
    uint8_t unknown_critical; /* 2.5: a type we do not know, marked critical; 0: none */
};
/* The chain that begins with a payload of type `first`.  An SK or SKF payload ends it.  False:
 * lengths do not fit, or too many payloads. */
bool ike_chain_read(struct ike_chain *, uint8_t first, const uint8_t *data, size_t len);
const struct ike_payload *ike_find(const struct ike_chain *, uint8_t type); /* or NULL */
const struct ike_payload *ike_find_nth(const struct ike_chain *, uint8_t type, size_t nth);

struct ike_notify { /* 3.10 */
    uint16_t type;
    uint8_t protocol;
    const uint8_t *spi, *data;
    size_t spi_len, len;
};
bool ike_notify_read(struct ike_notify *, const struct ike_payload *);
/* The nth notification of that type.  False: there is none. */
bool ike_find_notify(const struct ike_chain *, uint16_t type, size_t nth, struct ike_notify *);
bool ike_has_notify(const struct ike_chain *, uint16_t type);
/* The first notification of an error.  0: none. */
uint16_t ike_find_error(const struct ike_chain *);

/* 3.4.  False: malformed. */
bool ike_ke_read(const struct ike_payload *, uint16_t *group, const uint8_t **data, size_t *len);
/* 3.13: the IPv4 selectors among them.  False: malformed. */
bool ike_ts_read(const struct ike_payload *, struct esp_selectors *);

/* -- putting together -- */

/* Payloads in a row; what does not fit sets w.bad. */
struct ike_writer {
    struct sd_writer w;
    uint8_t first;  /* type of the first payload: what goes before the chain names it */
    uint8_t *next;  /* where the last payload names its successor */
    uint8_t *begun; /* of the payload that is being written */
};
struct ike_writer ike_writer_of(uint8_t *data, size_t cap);
size_t ike_written(const struct ike_writer *);
void ike_put_begin(struct ike_writer *, uint8_t type); /* body follows with sd_put...(&w.w) */
void ike_put_end(struct ike_writer *);
void ike_put_payload(struct ike_writer *, uint8_t type, const void *body, size_t len);
void ike_put_notify(struct ike_writer *, uint16_t type, const void *data, size_t len);
/* About the ESP SA with that SPI. */
void ike_put_notify_esp(struct ike_writer *, uint16_t type, uint32_t spi);
void ike_put_ke(struct ike_writer *, uint16_t group, const uint8_t *data, size_t len);
void ike_put_ts(struct ike_writer *, uint8_t type, const struct esp_selectors *);
void ike_put_delete_ike(struct ike_writer *);
void ike_put_delete_esp(struct ike_writer *, uint32_t spi);

/* "IKE_AUTH", "NO_PROPOSAL_CHOSEN"; numbers without a name: "exchange", "notification". */
const char *ike_exchange_name(uint8_t exchange);
const char *ike_notify_name(uint16_t type);

#endif
