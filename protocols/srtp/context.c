/* context.c - contexts, packet indices, and how long things are; srtp.c and srtcp.c do the rest. */
#include "protocols/srtp/transform.h"
#include "sim/core/reader.h"

bool sr_context_init(struct sr_context *c, struct sd_env *env, uint32_t ssrc,
                     const struct sr_policy *policy, bool receives)
{
    *c = (struct sr_context){.ssrc = ssrc};
    for (int use = 0; use < SR_USES && receives; use++)
        if (!sr_replay_init(&c->seen[use], env, policy->window)) {
            sr_context_fini(c);
            return false;
        }
    return true;
}

void sr_context_fini(struct sr_context *c)
{
    for (int use = 0; use < SR_USES; use++)
        sr_replay_fini(&c->seen[use]);
    sd_wipe(c->cache, sizeof c->cache);
}

bool sr_context_index(const struct sr_context *c, uint16_t seq, uint64_t *index)
{
    int64_t roc = c->roc;
    if (c->begun && c->s_l < 0x8000 && seq - c->s_l > 0x8000)
        roc--;
    else if (c->begun && c->s_l >= 0x8000 && c->s_l - 0x8000 > seq)
        roc++;
    *index = (uint64_t)roc << 16 | seq;
    return roc >= 0 && *index < SR_RTP_LIMIT;
}

void sr_context_advance(struct sr_context *c, uint64_t index)
{
    if (c->begun && index <= ((uint64_t)c->roc << 16 | c->s_l))
        return;
    c->roc = (uint32_t)(index >> 16);
    c->s_l = (uint16_t)index;
    c->begun = true;
}

const struct sr_session_keys *sr_context_keys(struct sr_context *c, const struct sr_master *m,
                                              enum sr_use use, uint64_t index)
{
    uint64_t derivation = sr_derivation(m, index);
    if (c->cache[use].mki != m->mki || c->cache[use].derivation != derivation) {
        sr_derive(m, use, derivation, &c->cache[use].keys);
        c->cache[use].mki = m->mki;
        c->cache[use].derivation = derivation;
    }
    return &c->cache[use].keys;
}

/* -- lengths -- */

size_t sr_tag_len(const struct sr_profile *p, const struct sr_policy *policy, enum sr_use use)
{
    if (use == SR_RTCP)
        return p->rtcp_tag;
    return policy->unauthenticated_rtp ? 0 : p->rtp_tag;
}

size_t sr_trailer(const struct sr_profile *p, const struct sr_policy *policy, enum sr_use use)
{
    return sr_tag_len(p, policy, use) + policy->mki_len + (use == SR_RTCP ? SR_RTCP_INDEX : 0);
}

size_t sr_rtp_payload(const uint8_t *packet, size_t len)
{
    struct sd_reader r = sd_reader_of(packet, len);
    uint8_t first = sd_get8(&r);
    sd_get(&r, SR_RTP_HEADER - 1);
    sd_get(&r, (first & 0x0f) * 4u);
    if (first & SR_RTP_EXTENSION) {
        sd_get16(&r);
        sd_get(&r, sd_get16(&r) * 4u);
    }
    return r.bad || first >> 6 != 2 ? 0 : (size_t)(r.at - packet);
}

bool sr_mki(const struct sr_profile *p, const struct sr_policy *policy, enum sr_use use,
            const uint8_t *packet, size_t len, uint32_t *mki)
{
    size_t behind = p->aead ? 0 : sr_tag_len(p, policy, use);
    *mki = 0;
    if (len < behind + policy->mki_len)
        return false;
    for (size_t i = 0; i < policy->mki_len; i++)
        *mki = *mki << 8 | packet[len - behind - policy->mki_len + i];
    return true;
}

void sr_put_mki(uint8_t *at, const struct sr_master *m, const struct sr_policy *policy)
{
    for (size_t i = 0; i < policy->mki_len; i++)
        at[i] = (uint8_t)(m->mki >> 8 * (policy->mki_len - 1 - i));
}

/* -- initialisation vectors -- */

/* 4.1.1: (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16) */
void sr_iv_cm(uint8_t iv[SD_AES_CTR_BLOCK], const struct sr_session_keys *keys, uint32_t ssrc,
              uint64_t index)
{
    for (size_t i = 0; i < SD_AES_CTR_BLOCK; i++)
        iv[i] = i < SR_SALT_CM ? keys->salt[i] : 0;
    for (size_t i = 0; i < 4; i++)
        iv[4 + i] ^= (uint8_t)(ssrc >> 8 * (3 - i));
    for (size_t i = 0; i < 6; i++)
        iv[8 + i] ^= (uint8_t)(index >> 8 * (5 - i));
}

/* RFC 7714 8.1, 9.1: (0 || SSRC || index of 48 bits) XOR salt; SRTCP's index has 31. */
void sr_iv_aead(uint8_t iv[SD_AEAD_NONCE], const struct sr_session_keys *keys, uint32_t ssrc,
                uint64_t index)
{
    for (size_t i = 0; i < SD_AEAD_NONCE; i++)
        iv[i] = keys->salt[i];
    for (size_t i = 0; i < 4; i++)
        iv[2 + i] ^= (uint8_t)(ssrc >> 8 * (3 - i));
    for (size_t i = 0; i < 6; i++)
        iv[6 + i] ^= (uint8_t)(index >> 8 * (5 - i));
}
