/* srtp.c - RTP packets protected and taken out of protection (RFC 3711 3.3, RFC 7714 8). */
#include "protocols/crypto/kdf.h"
#include "protocols/srtp/transform.h"
#include "sim/core/reader.h"
#include <string.h>

/* 4.2: over the packet and its rollover counter. */
static void tag_of(uint8_t tag[SD_SHA1_LEN], const struct sr_session_keys *keys,
                   const uint8_t *packet, size_t len, uint64_t index)
{
    uint32_t roc = (uint32_t)(index >> 16);
    uint8_t counter[4] = {(uint8_t)(roc >> 24), (uint8_t)(roc >> 16), (uint8_t)(roc >> 8),
                          (uint8_t)roc};
    sd_hmac_sha1(tag, keys->auth, SR_AUTH_KEY, packet, len, counter, sizeof counter);
}

static void fields(const uint8_t *packet, uint16_t *seq, uint32_t *ssrc)
{
    struct sd_reader r = sd_reader_of(packet, SR_RTP_HEADER);
    sd_get16(&r);
    *seq = sd_get16(&r);
    sd_get32(&r);
    *ssrc = sd_get32(&r);
}

size_t sr_protect_rtp(struct sr_context *c, const struct sr_master *m,
                      const struct sr_policy *policy, uint8_t *packet, size_t len)
{
    /* 3.3 step 1 to 3: context, index, session keys */
    size_t at = sr_rtp_payload(packet, len);
    uint16_t seq;
    uint32_t ssrc;
    uint64_t index;
    if (!at)
        return 0;
    fields(packet, &seq, &ssrc);
    if (!sr_context_index(c, seq, &index))
        return 0;
    const struct sr_session_keys *keys = sr_context_keys(c, m, SR_RTP, index);
    if (m->profile->aead) {
        /* RFC 7714 8.2, 8.3: without encryption everything is associated data */
        uint8_t iv[SD_AEAD_NONCE];
        struct sd_aes_gcm gcm = sr_gcm(m, keys);
        size_t clear = policy->unencrypted_rtp ? len : at;
        sr_iv_aead(iv, keys, ssrc, index);
        sd_aes_gcm_seal(&gcm, packet + clear, packet + clear, len - clear, packet, clear, iv);
        len += SR_TAG_MAX;
        sr_put_mki(packet + len, m, policy);
    } else {
        /* step 4: encrypt */
        if (!policy->unencrypted_rtp) {
            uint8_t iv[SD_AES_CTR_BLOCK];
            sr_iv_cm(iv, keys, ssrc, index);
            sd_aes_ctr_seal(packet + at, packet + at, len - at, iv, keys->cipher,
                            m->profile->key_len);
        }
        /* step 5, 6: MKI, tag */
        size_t tag_len = sr_tag_len(m->profile, policy, SR_RTP);
        uint8_t tag[SD_SHA1_LEN];
        sr_put_mki(packet + len, m, policy);
        if (tag_len) {
            tag_of(tag, keys, packet, len, index);
            memcpy(packet + len + policy->mki_len, tag, tag_len);
        }
        len += tag_len;
    }
    /* step 7: ROC */
    sr_context_advance(c, index);
    return len + policy->mki_len;
}

static bool open_aead(const struct sr_master *m, const struct sr_session_keys *keys,
                      const struct sr_policy *policy, uint32_t ssrc, uint64_t index, size_t at,
                      const uint8_t *packet, size_t len, uint8_t *out)
{
    uint8_t iv[SD_AEAD_NONCE];
    struct sd_aes_gcm gcm = sr_gcm(m, keys);
    size_t clear = policy->unencrypted_rtp ? len - SR_TAG_MAX : at;
    sr_iv_aead(iv, keys, ssrc, index);
    memcpy(out, packet, clear);
    return sd_aes_gcm_open(&gcm, out + clear, packet + clear, len - clear, packet, clear, iv);
}

static bool open_cm(const struct sr_master *m, const struct sr_session_keys *keys,
                    const struct sr_policy *policy, uint32_t ssrc, uint64_t index, size_t at,
                    const uint8_t *packet, size_t len, const uint8_t *tag, uint8_t *out)
{
    size_t tag_len = sr_tag_len(m->profile, policy, SR_RTP);
    uint8_t expected[SD_SHA1_LEN], iv[SD_AES_CTR_BLOCK];
    if (tag_len) {
        tag_of(expected, keys, packet, len, index);
        if (!sd_equal_ct(expected, tag, tag_len))
            return false;
    }
    memcpy(out, packet, policy->unencrypted_rtp ? len : at);
    if (!policy->unencrypted_rtp) {
        sr_iv_cm(iv, keys, ssrc, index);
        sd_aes_ctr_open(out + at, packet + at, len - at, iv, keys->cipher, m->profile->key_len);
    }
    return true;
}

int sr_unprotect_rtp(struct sr_context *c, const struct sr_master *m,
                     const struct sr_policy *policy, const uint8_t *packet, size_t len,
                     uint8_t *out, size_t *out_len)
{
    const struct sr_profile *p = m->profile;
    size_t tag_len = sr_tag_len(p, policy, SR_RTP), trailer = tag_len + policy->mki_len;
    size_t at = len < trailer ? 0 : sr_rtp_payload(packet, len - trailer);
    uint16_t seq;
    uint32_t ssrc;
    uint64_t index;
    if (!at)
        return SD_DROP_MALFORMED;
    /* 3.3 step 2: index; 5: replay list, which only means something with authentication (3.3.2) */
    fields(packet, &seq, &ssrc);
    if (!sr_context_index(c, seq, &index))
        return SD_DROP_REPLAY;
    if (tag_len && !sr_replay_is_new(&c->seen[SR_RTP], index))
        return SD_DROP_REPLAY;
    /* step 3 to 6: keys, tag, decryption */
    const struct sr_session_keys *keys = sr_context_keys(c, m, SR_RTP, index);
    bool good =
        p->aead ? open_aead(m, keys, policy, ssrc, index, at, packet, len - policy->mki_len, out)
                : open_cm(m, keys, policy, ssrc, index, at, packet, len - trailer,
                          packet + len - tag_len, out);
    if (!good)
        return SD_DROP_AUTH;
    /* step 7: ROC, s_l, replay list */
    sr_context_advance(c, index);
    if (tag_len)
        sr_replay_mark(&c->seen[SR_RTP], index);
    *out_len = len - trailer;
    return SD_OK;
}
