/* description.h - what signalling carries (RFC 5763 5): a session description in the manner of SDP,
 * with the fingerprint of the certificate that its sender will show.
 *
 *   v=0
 *   o=- 7 1 IN IP4 10.0.0.2              the call's number, and where its sender is
 *   s=-
 *   t=0 0
 *   c=IN IP4 10.0.0.2
 *   m=audio 5004 UDP/TLS/RTP/SAVP 96
 *   a=setup:actpass                      RFC 4145 4: actpass in an offer, active in the answer
 *   a=fingerprint:sha-256 AB:CD:...      RFC 8122 5
 *   a=rtcp-mux                           RFC 5761
 *   a=x-srtp:KDR=0 MKI=0 UNAUTHENTICATED_SRTP
 *
 * The last line is ours: RFC 5763 has no place for parameters that use_srtp does not negotiate; the
 * words are those of RFC 4568 6.3. */
#ifndef SD_SRTP_DESCRIPTION_H
#define SD_SRTP_DESCRIPTION_H

#include "protocols/crypto/certificate.h"
#include "protocols/srtp/context.h"

#define SR_DESCRIPTION_MAX 1024

enum sr_setup { SR_ACTPASS, SR_ACTIVE, SR_PASSIVE };

struct sr_description {
    uint64_t call;
    struct sd_addr address; /* family 0: none was given */
    enum sr_setup setup;
    uint8_t fingerprint[SD_FINGERPRINT_LEN];
    uint32_t rate;           /* key derivation rate */
    struct sr_policy policy; /* its window is not told */
};

/* Its length, without the end of the text; 0: no room. */
size_t sr_description_write(const struct sr_description *, char *text, size_t cap);
/* False: it is no description, or lacks what a call needs. */
bool sr_description_read(const char *text, size_t len, struct sr_description *);

/* "sha-256 AB:CD:..." or "AB:CD:...", or without colons.  False: it is none. */
bool sr_fingerprint_read(const char *text, size_t len, uint8_t fingerprint[SD_FINGERPRINT_LEN]);
#define SR_FINGERPRINT_TEXT (3 * SD_FINGERPRINT_LEN)
const char *sr_fingerprint_text(const uint8_t fingerprint[SD_FINGERPRINT_LEN],
                                char text[SR_FINGERPRINT_TEXT]);

#endif
