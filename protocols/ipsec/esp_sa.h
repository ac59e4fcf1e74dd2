/* esp_sa.h - one security association: a direction's keys, its sequence numbers and its replay
 * window, and the packets that it seals and opens (RFC 4303 section 3). */
#ifndef ESP_SA_H
#define ESP_SA_H

#include "protocols/ipsec/cipher.h"
#include "protocols/ipsec/esp_window.h"
#include "protocols/ipsec/esp_wire.h"
#include "sim/core/env.h"

struct esp_sa {
    struct cipher_suite suite;
    bool esn; /* 2.2.1: sequence numbers of 64 bits */
    uint32_t spi;
    uint8_t key[CIPHER_KEY_MAX];
    uint64_t sequence;        /* outbound: of the last packet sent */
    struct esp_window window; /* inbound */
    uint64_t packets, bytes;  /* protected so far */
};

/* window 0: an outbound SA.  SD_OK, SD_E_ARG: an unknown suite or too large a window; SD_E_NOMEM.
 */
int esp_sa_init(struct esp_sa *, struct sd_env *, const struct cipher_suite *, bool esn,
                uint32_t spi, const uint8_t *key, uint32_t window);
void esp_sa_fini(struct esp_sa *); /* wipes the keys */

/* Length of the packet that carries len bytes of payload, which is then padded as far as `pad_to`
 * bytes with zeros (2.7); 0: too long for a packet. */
size_t esp_sealed_len(const struct cipher_suite *, size_t len, size_t pad_to);
/* Writes that packet; payload lies elsewhere.  SD_OK; SD_DROP_STATE: the sequence numbers are used
 * up (3.3.3). */
int esp_seal(struct esp_sa *, struct sd_env *, uint8_t *packet, const void *payload, size_t len,
             size_t pad_to, uint8_t next_header);

/* Decrypts in place.  Payload includes padding of 2.7.  SD_OK; SD_DROP_MALFORMED,
 * SD_DROP_REPLAY, SD_DROP_AUTH. */
struct esp_opened {
    uint8_t *payload;
    size_t len;
    uint8_t next_header;
    bool newest; /* greatest sequence number so far */
};
int esp_open(struct esp_sa *, uint8_t *packet, size_t len, struct esp_opened *);

#endif
