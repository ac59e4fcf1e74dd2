/* esp_wire.h - ESP on one page: the packet, the transforms, how it travels (RFC 4303, RFC 3948,
 * RFC 9329).  Integers are big endian.
 *
 *   SPI 4 | sequence number 4 | IV | payload, padding, pad length 1, next header 1 | ICV
 *
 * What stands between IV and ICV is encrypted.  Padding is 1, 2, 3, ... (2.4). */
#ifndef ESP_WIRE_H
#define ESP_WIRE_H

#include "sim/core/base.h"

#define ESP_HEADER  8u   /* 2.1, 2.2: SPI, low half of the sequence number */
#define ESP_TRAILER 2u   /* 2.5, 2.6: pad length, next header */
#define ESP_ALIGN   4u   /* 2.4: pad length and next header end a 4-byte word */
#define ESP_SPI_MIN 256u /* 2.1: 1 to 255 are IANA's, 0 is never sent */

enum { ESP_NEXT_IPV4 = 4, ESP_NEXT_IPV6 = 41, ESP_NEXT_NONE = 59 }; /* 2.6; 59: a dummy packet */

/* RFC 3948: both on UDP port 4500; four zero bytes, where ESP has its SPI, mean IKE. */
#define ENCAP_PORT      4500u
#define ENCAP_MARKER    4u    /* 2.2: the non-ESP marker */
#define ENCAP_KEEPALIVE 0xffu /* 2.3: one byte */

/* RFC 9329 section 3: a length that counts itself and what follows, before each message; section 4:
 * the stream begins with this prefix. */
#define ENCAP_PREFIX     "IKETCP"
#define ENCAP_PREFIX_LEN 6u
#define ENCAP_LENGTH     2u

#endif
