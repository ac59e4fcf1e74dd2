/* profile.h - SRTP protection profiles (RFC 5764 4.1.2, RFC 7714 14.2). */
#ifndef SD_SRTP_PROFILE_H
#define SD_SRTP_PROFILE_H

#include "protocols/srtp/wire.h"
#include "sim/core/base.h"

struct sr_profile {
    uint16_t id;      /* SRTPProtectionProfile */
    const char *name; /* IANA's */
    bool aead;
    size_t key_len, salt_len;
    size_t rtp_tag, rtcp_tag;
};

extern const struct sr_profile sr_profiles[];        /* ends with name NULL */
const struct sr_profile *sr_profile_of(uint64_t id); /* NULL: none */

#endif
