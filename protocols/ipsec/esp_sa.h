/* esp_sa.h - one security association: a direction's keys, its sequence numbers and its replay
 * window, and the packets that it seals and opens (RFC 4303 section 3). */
#ifndef ESP_SA_H
#define ESP_SA_H

#include "protocols/ipsec/esp_window.h"
#include "protocols/ipsec/esp_wire.h"
#include "sim/core/env.h"

/* What the peers agreed on; transforms by number (esp_wire.h). */
struct esp_suite {
    uint16_t encryption, key_bits; /* key_bits: 128 or 256; ChaCha20-Poly1305 has 256 only */
    uint16_t integrity;            /* ESP_NO_INTEGRITY with an AEAD */
    bool esn;                      /* sequence numbers of 64 bits */
};
/* Whether packets can be protected so. */
bool esp_suite_known(const struct esp_suite *);
/* Bytes of KEYMAT for one direction: key and salt, or key and integrity key.  0: unknown. */
size_t esp_key_len(const struct esp_suite *);
/* "AES-GCM-128", "AES-CBC-256 with HMAC-SHA2-256-128"; never NULL. */
const char *esp_suite_name(const struct esp_suite *);

struct esp_sa {
    struct esp_suite suite;
    uint32_t spi;
    uint8_t key[ESP_KEY_MAX];
    uint64_t sequence;        /* outbound: of the last packet sent */
    struct esp_window window; /* inbound */
    uint64_t packets, bytes;  /* protected so far */
};

/* window 0: an outbound SA.  SD_OK, SD_E_ARG: an unknown suite or too large a window; SD_E_NOMEM.
 */
int esp_sa_init(struct esp_sa *, struct sd_env *, const struct esp_suite *, uint32_t spi,
                const uint8_t *key, uint32_t window);
void esp_sa_fini(struct esp_sa *); /* wipes the keys */

/* Length of the packet that carries len bytes of payload, which is then padded as far as `pad_to`
 * bytes with zeros (2.7); 0: too long for a packet. */
size_t esp_sealed_len(const struct esp_suite *, size_t len, size_t pad_to);
/* Writes that packet.  SD_OK; SD_DROP_STATE: the sequence numbers are used up (3.3.3). */
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
