/* encap.h - how IKE and ESP share a carrier: the non-ESP marker and keepalives of UDP port 4500
 * (RFC 3948), and the messages of a TCP stream (RFC 9329). */
#ifndef ESP_ENCAP_H
#define ESP_ENCAP_H

#include "protocols/ipsec/esp_wire.h"
#include "sim/core/outbox.h"

enum encap_kind { ENCAP_IKE, ENCAP_ESP, ENCAP_KEEPALIVE_BYTE, ENCAP_MALFORMED };
/* What a datagram of port 4500 or a message of a stream is; *data and *len become the IKE message
 * or ESP packet itself. */
enum encap_kind encap_classify(uint8_t **data, size_t *len);

/* Room for an IKE message of len bytes to the path, after what its carrier wants before it: nothing
 * on UDP port 500, the marker on other ports, length and marker on TCP.  NULL: no memory. */
uint8_t *encap_ike(struct sd_outbox *, const struct sd_path *, size_t len);
/* Likewise for an ESP packet: nothing on IP protocol 50 and UDP, a length on TCP. */
uint8_t *encap_esp(struct sd_outbox *, const struct sd_path *, size_t len);
void encap_keepalive(struct sd_outbox *, const struct sd_path *);
void encap_prefix(struct sd_outbox *, const struct sd_path *); /* the originator's first bytes */

/* A TCP stream that is being taken apart.  Zeroed: at its beginning. */
struct encap_stream {
    bool expect_prefix; /* the responder's side: set before the first bytes */
    bool broken;        /* a wrong prefix or length: nothing more is read; close the connection */
    uint8_t *held;      /* the beginning of a message */
    size_t held_len, held_cap, taken;
};
/* More bytes.  SD_OK; SD_DROP_MALFORMED: broken; SD_DROP_FULL: no memory. */
int encap_stream_feed(struct encap_stream *, struct sd_env *, const uint8_t *data, size_t len);
/* The next whole message, valid until the next feed, writable.  False: none. */
bool encap_stream_next(struct encap_stream *, uint8_t **data, size_t *len);
void encap_stream_fini(struct encap_stream *);

#endif
