/* keys.h - from a master key to session keys (RFC 3711 4.3). */
#ifndef SD_SRTP_KEYS_H
#define SD_SRTP_KEYS_H

#include "protocols/srtp/profile.h"

/* What one direction is protected with. */
struct sr_master {
    const struct sr_profile *profile;
    uint8_t key[SR_KEY_MAX], salt[SR_SALT_MAX];
    uint32_t rate; /* key derivation rate: a power of two up to SR_RATE_MAX; 0: derive once */
    uint32_t mki;  /* names this key among those of its session, from 1 */
};

struct sr_session_keys {
    uint8_t cipher[SR_KEY_MAX], auth[SR_AUTH_KEY], salt[SR_SALT_MAX];
};

enum sr_use { SR_RTP, SR_RTCP, SR_USES };

/* index DIV key_derivation_rate, which is 0 where the rate is. */
uint64_t sr_derivation(const struct sr_master *, uint64_t index);
/* The keys of that derivation; those of SRTCP have labels of their own (4.3.2). */
void sr_derive(const struct sr_master *, enum sr_use, uint64_t derivation,
               struct sr_session_keys *);

#endif
