/* srtcp.c - RTCP packets protected and taken out of protection (RFC 3711 3.4, RFC 7714 9): always
 * authenticated, with an index that they carry. */
#include "protocols/crypto/kdf.h"
#include "protocols/srtp/transform.h"
#include "sim/core/reader.h"
#include <string.h>

static void put32(uint8_t *at, uint32_t v)
{
    struct sd_writer w = sd_writer_of(at, 4);
    sd_put32(&w, v);
}

static uint32_t get32(const uint8_t *at)
{
    struct sd_reader r = sd_reader_of(at, 4);
    return sd_get32(&r);
}

/* RFC 7714 9.2, 9.3: the header and the word with E flag and index; all of the packet and that word
 * where nothing is encrypted. */
static size_t associated(uint8_t *data, const uint8_t *packet, size_t clear, uint32_t word)
{
    memcpy(data, packet, clear);
    put32(data + clear, word);
    return clear + SR_RTCP_INDEX;
}

#define PACKET_MAX 2048 /* of RTCP: far below any path MTU */

static size_t seal_aead(const struct sr_master *m, const struct sr_session_keys *keys,
                        uint32_t ssrc, uint32_t word, uint8_t *packet, size_t len)
{
    uint8_t iv[SD_AEAD_NONCE], aad[PACKET_MAX + SR_RTCP_INDEX];
    struct sd_aes_gcm gcm = sr_gcm(m, keys);
    size_t clear = word & SR_RTCP_E ? SR_RTCP_HEADER : len;
    size_t aad_len = associated(aad, packet, clear, word);
    sr_iv_aead(iv, keys, ssrc, word & ~SR_RTCP_E);
    sd_aes_gcm_seal(&gcm, packet + clear, packet + clear, len - clear, aad, aad_len, iv);
    put32(packet + len + SR_TAG_MAX, word);
    return len + SR_TAG_MAX + SR_RTCP_INDEX;
}

static void seal_cm(const struct sr_master *m, const struct sr_session_keys *keys, uint32_t ssrc,
                    uint32_t word, uint8_t *packet, size_t len, uint8_t *tag)
{
    uint8_t iv[SD_AES_CTR_BLOCK], mac[SD_SHA1_LEN];
    if (word & SR_RTCP_E) {
        sr_iv_cm(iv, keys, ssrc, word & ~SR_RTCP_E);
        sd_aes_ctr_seal(packet + SR_RTCP_HEADER, packet + SR_RTCP_HEADER, len - SR_RTCP_HEADER, iv,
                        keys->cipher, m->profile->key_len);
    }
    put32(packet + len, word);
    sd_hmac_sha1(mac, keys->auth, SR_AUTH_KEY, packet, len + SR_RTCP_INDEX, NULL, 0);
    memcpy(tag, mac, m->profile->rtcp_tag);
}

size_t sr_protect_rtcp(struct sr_context *c, const struct sr_master *m,
                       const struct sr_policy *policy, uint8_t *packet, size_t len)
{
    if (len < SR_RTCP_HEADER || len > PACKET_MAX || packet[0] >> 6 != 2 ||
        c->rtcp_index >= SR_RTCP_LIMIT)
        return 0;
    uint32_t ssrc = get32(packet + 4), index = c->rtcp_index++;
    uint32_t word = index | (policy->unencrypted_rtcp ? 0 : SR_RTCP_E);
    const struct sr_session_keys *keys = sr_context_keys(c, m, SR_RTCP, index);
    if (m->profile->aead) {
        len = seal_aead(m, keys, ssrc, word, packet, len);
        sr_put_mki(packet + len, m, policy);
        return len + policy->mki_len;
    }
    size_t mki_at = len + SR_RTCP_INDEX, tag_at = mki_at + policy->mki_len;
    seal_cm(m, keys, ssrc, word, packet, len, packet + tag_at);
    sr_put_mki(packet + mki_at, m, policy);
    return tag_at + m->profile->rtcp_tag;
}

static bool open_aead(const struct sr_master *m, const struct sr_session_keys *keys, uint32_t ssrc,
                      uint32_t word, const uint8_t *packet, size_t len, uint8_t *out)
{
    uint8_t iv[SD_AEAD_NONCE], aad[PACKET_MAX + SR_RTCP_INDEX];
    struct sd_aes_gcm gcm = sr_gcm(m, keys);
    size_t clear = word & SR_RTCP_E ? SR_RTCP_HEADER : len;
    size_t aad_len = associated(aad, packet, clear, word);
    sr_iv_aead(iv, keys, ssrc, word & ~SR_RTCP_E);
    memcpy(out, packet, clear);
    return sd_aes_gcm_open(&gcm, out + clear, packet + clear, len + SR_TAG_MAX - clear, aad,
                           aad_len, iv);
}

static bool open_cm(const struct sr_master *m, const struct sr_session_keys *keys, uint32_t ssrc,
                    uint32_t word, const uint8_t *packet, size_t len, const uint8_t *tag,
                    uint8_t *out)
{
    uint8_t iv[SD_AES_CTR_BLOCK], expected[SD_SHA1_LEN];
    sd_hmac_sha1(expected, keys->auth, SR_AUTH_KEY, packet, len + SR_RTCP_INDEX, NULL, 0);
    if (!sd_equal_ct(expected, tag, m->profile->rtcp_tag))
        return false;
    memcpy(out, packet, len);
    if (word & SR_RTCP_E) {
        sr_iv_cm(iv, keys, ssrc, word & ~SR_RTCP_E);
        sd_aes_ctr_open(out + SR_RTCP_HEADER, packet + SR_RTCP_HEADER, len - SR_RTCP_HEADER, iv,
                        keys->cipher, m->profile->key_len);
    }
    return true;
}

int sr_unprotect_rtcp(struct sr_context *c, const struct sr_master *m,
                      const struct sr_policy *policy, const uint8_t *packet, size_t len,
                      uint8_t *out, size_t *out_len)
{
    const struct sr_profile *p = m->profile;
    size_t trailer = sr_trailer(p, policy, SR_RTCP);
    if (len < SR_RTCP_HEADER + trailer || len > PACKET_MAX + trailer || packet[0] >> 6 != 2)
        return SD_DROP_MALFORMED;
    size_t bare = len - trailer;
    uint32_t ssrc = get32(packet + 4);
    uint32_t word = get32(packet + bare + (p->aead ? SR_TAG_MAX : 0)), index = word & ~SR_RTCP_E;
    if (!sr_replay_is_new(&c->seen[SR_RTCP], index))
        return SD_DROP_REPLAY;
    const struct sr_session_keys *keys = sr_context_keys(c, m, SR_RTCP, index);
    bool good = p->aead
                    ? open_aead(m, keys, ssrc, word, packet, bare, out)
                    : open_cm(m, keys, ssrc, word, packet, bare, packet + len - p->rtcp_tag, out);
    if (!good)
        return SD_DROP_AUTH;
    sr_replay_mark(&c->seen[SR_RTCP], index);
    *out_len = bare;
    return SD_OK;
}
