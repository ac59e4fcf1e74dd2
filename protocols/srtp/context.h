/* context.h - a cryptographic context (RFC 3711 3.2): what SRTP and SRTCP know of one SSRC in one
 * direction, and the packets that pass through it.
 *
 * Master keys come and go (rekeying); rollover counter, SRTCP index and replay lists go on (3.3.1).
 */
#ifndef SD_SRTP_CONTEXT_H
#define SD_SRTP_CONTEXT_H

#include "protocols/srtp/keys.h"
#include "protocols/srtp/replay.h"
#include "sim/core/error.h"

/* What both ends agreed on beside the profile, in the words of RFC 4568 6.3. */
struct sr_policy {
    uint32_t window;          /* WSH: packets that the replay lists look back */
    uint8_t mki_len;          /* 0: packets carry no MKI; else up to SR_MKI_MAX */
    bool unauthenticated_rtp; /* UNAUTHENTICATED_SRTP; not with AEAD, never for RTCP */
    bool unencrypted_rtp;     /* UNENCRYPTED_SRTP */
    bool unencrypted_rtcp;    /* UNENCRYPTED_SRTCP */
};

struct sr_context {
    uint32_t ssrc;
    bool begun;          /* roc and s_l mean something */
    uint32_t roc;        /* rollover counter */
    uint16_t s_l;        /* receiver: highest sequence number; sender: last */
    uint32_t rtcp_index; /* sender: of the next SRTCP packet */
    struct sr_replay seen[SR_USES];
    /* Session keys of the master key and derivation used last. */
    struct {
        uint32_t mki; /* 0: none yet */
        uint64_t derivation;
        struct sr_session_keys keys;
    } cache[SR_USES];
};

/* False: no memory.  receives: it keeps replay lists. */
bool sr_context_init(struct sr_context *, struct sd_env *, uint32_t ssrc, const struct sr_policy *,
                     bool receives);
void sr_context_fini(struct sr_context *); /* wipes keys */

/* 3.3.1, appendix A: the index that a packet of this sequence number most probably has.  False: it
 * would be below 0. */
bool sr_context_index(const struct sr_context *, uint16_t seq, uint64_t *index);

/* Bytes that protection adds to a packet. */
size_t sr_trailer(const struct sr_profile *, const struct sr_policy *, enum sr_use);
/* Where the payload of an RTP packet begins; 0: it is none. */
size_t sr_rtp_payload(const uint8_t *packet, size_t len);
/* The MKI in a protected packet's trailer; false: it is too short for one. */
bool sr_mki(const struct sr_profile *, const struct sr_policy *, enum sr_use, const uint8_t *packet,
            size_t len, uint32_t *mki);

/* Protects the packet in place, which has room for sr_trailer() more.  Its new length; 0: it is no
 * packet of this kind, or the key has protected all that it may (9.2). */
size_t sr_protect_rtp(struct sr_context *, const struct sr_master *, const struct sr_policy *,
                      uint8_t *packet, size_t len);
size_t sr_protect_rtcp(struct sr_context *, const struct sr_master *, const struct sr_policy *,
                       uint8_t *packet, size_t len);

/* Writes the packet as it was before protection to out, which has room for len bytes, and its
 * length to *out_len.  SD_OK; SD_DROP_MALFORMED, SD_DROP_REPLAY or SD_DROP_AUTH: the context is as
 * before. */
int sr_unprotect_rtp(struct sr_context *, const struct sr_master *, const struct sr_policy *,
                     const uint8_t *packet, size_t len, uint8_t *out, size_t *out_len);
int sr_unprotect_rtcp(struct sr_context *, const struct sr_master *, const struct sr_policy *,
                      const uint8_t *packet, size_t len, uint8_t *out, size_t *out_len);

#endif
