/* transform.h - private to context.c, srtp.c and srtcp.c: what the two transforms share. */
#ifndef SD_SRTP_TRANSFORM_H
#define SD_SRTP_TRANSFORM_H

#include "protocols/crypto/aead.h"
#include "protocols/crypto/ctr.h"
#include "protocols/srtp/context.h"

/* The packet of this index was sent, or came and is authentic: s_l and ROC follow. */
void sr_context_advance(struct sr_context *, uint64_t index);
/* Valid until the next call for the same use. */
const struct sr_session_keys *sr_context_keys(struct sr_context *, const struct sr_master *,
                                              enum sr_use, uint64_t index);
size_t sr_tag_len(const struct sr_profile *, const struct sr_policy *, enum sr_use);
void sr_put_mki(uint8_t *at, const struct sr_master *, const struct sr_policy *);
void sr_iv_cm(uint8_t iv[SD_AES_CTR_BLOCK], const struct sr_session_keys *, uint32_t ssrc,
              uint64_t index);
void sr_iv_aead(uint8_t iv[SD_AEAD_NONCE], const struct sr_session_keys *, uint32_t ssrc,
                uint64_t index);

static inline struct sd_aes_gcm sr_gcm(const struct sr_master *m,
                                       const struct sr_session_keys *keys)
{
    return (struct sd_aes_gcm){keys->cipher, m->profile->key_len, SR_TAG_MAX};
}

#endif
