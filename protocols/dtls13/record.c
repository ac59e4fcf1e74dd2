/* record.c - RFC 9147 4.2 and 4.5: records sealed and opened, their numbers hidden and found
 * again. */
#include "protocols/dtls13/dtls.h"

#include "protocols/crypto/aead.h"
#include "protocols/crypto/mask.h"
#include <string.h>

void dtls_keys_set(struct dtls_keys *k, uint64_t epoch, const struct sd_e13_suite *suite,
                   const uint8_t *secret)
{
    *k = (struct dtls_keys){.known = true, .epoch = epoch, .suite = suite};
    sd_e13_traffic_key(&sd_e13_dtls, suite, secret, "key", k->key, suite->key_len);
    sd_e13_traffic_key(&sd_e13_dtls, suite, secret, "iv", k->iv, sizeof k->iv);
    sd_e13_traffic_key(&sd_e13_dtls, suite, secret, "sn", k->sn, suite->key_len);
}

/* RFC 8446 5.3 */
static void nonce_of(const struct dtls_keys *k, uint64_t sequence, uint8_t nonce[SD_AEAD_NONCE])
{
    memcpy(nonce, k->iv, SD_AEAD_NONCE);
    for (int i = 0; i < 8; i++)
        nonce[4 + i] ^= (uint8_t)(sequence >> 8 * (7 - i));
}

/* 4.2.3: the same to hide and to find. */
static void mask_number(const struct dtls_keys *k, uint8_t *number, size_t len,
                        const uint8_t sample[DTLS13_SAMPLE])
{
    uint8_t mask[SD_MASK_LEN];
    if (k->suite->aead == SD_E13_AES_GCM)
        sd_aes_mask(mask, sample, k->sn, k->suite->key_len);
    else
        sd_chacha20_mask(mask, sample, k->sn);
    for (size_t i = 0; i < len; i++)
        number[i] ^= mask[i];
}

/* -- out -- */

static const struct dtls_cid *sending_cid(const struct dtls_session *s)
{
    return s->cids && s->peer_cids > 0 && s->peer_cid[0].len > 0 ? &s->peer_cid[0] : NULL;
}

size_t dtls_record_overhead(const struct dtls_session *s, uint64_t epoch, bool with_length)
{
    const struct dtls_cid *cid = sending_cid(s);
    if (epoch == 0)
        return DTLS_RECORD_HEADER;
    return 1 + (cid ? cid->len : 0) + 2u + (with_length ? 2 : 0) + 1 + DTLS13_TAG;
}

static size_t put_plain(struct dtls_session *s, uint8_t type, const void *data, size_t len,
                        uint8_t *out, uint64_t *sequence)
{
    struct sd_writer w = sd_writer_of(out, DTLS_RECORD_HEADER + len);
    *sequence = s->plain_next++;
    sd_put8(&w, type);
    sd_put16(&w, DTLS_VERSION_12);
    sd_put16(&w, 0);
    sd_put16(&w, (uint16_t)(*sequence >> 32));
    sd_put32(&w, (uint32_t)*sequence);
    sd_put16(&w, (uint16_t)len);
    sd_put(&w, data, len);
    return sd_written(&w);
}

size_t dtls_record_padding(const struct dtls_session *s, uint64_t epoch, uint8_t type, size_t len)
{
    size_t multiple = s->agent->padding;
    size_t taken = dtls_record_overhead(s, epoch, false) + len, most = dtls_payload_max(s);
    if (multiple == 0 || type != TLS_APPLICATION_DATA || taken >= most)
        return 0;
    size_t padding = (multiple - (len + 1) % multiple) % multiple;
    return padding < most - taken ? padding : most - taken;
}

size_t dtls_record_seal(struct dtls_session *s, uint64_t epoch, uint8_t type, const void *data,
                        size_t len, bool with_length, uint8_t *out, uint64_t *sequence)
{
    struct dtls_keys *k = &s->writing[epoch & DTLS13_EPOCH_MASK];
    const struct dtls_cid *cid = sending_cid(s);
    uint8_t nonce[SD_AEAD_NONCE];
    if (epoch == 0)
        return put_plain(s, type, data, len, out, sequence);
    size_t padding = dtls_record_padding(s, epoch, type, len);
    size_t inner = len + 1 + padding;
    size_t total = dtls_record_overhead(s, epoch, with_length) + len + padding;
    struct sd_writer w = sd_writer_of(out, total);
    sd_put8(&w, (uint8_t)(DTLS13_FIXED | (cid ? DTLS13_CID : 0) | DTLS13_SEQUENCE_16 |
                          (with_length ? DTLS13_LENGTH : 0) | (epoch & DTLS13_EPOCH_MASK)));
    if (cid)
        sd_put(&w, cid->bytes, cid->len);
    uint8_t *number = w.at;
    *sequence = k->next++;
    sd_put16(&w, (uint16_t)*sequence);
    if (with_length)
        sd_put16(&w, (uint16_t)(inner + DTLS13_TAG));
    size_t header = sd_written(&w);
    uint8_t *body = w.at;
    memcpy(body, data, len);
    body[len] = type;
    memset(body + len + 1, 0, padding);
    nonce_of(k, *sequence, nonce);
    const struct sd_aes_gcm gcm = {k->key, k->suite->key_len, DTLS13_TAG};
    if (k->suite->aead == SD_E13_AES_GCM)
        sd_aes_gcm_seal(&gcm, body, body, inner, out, header, nonce);
    else
        sd_chachapoly_seal(body, body, inner, out, header, nonce, k->key);
    mask_number(k, number, 2, body);
    return total;
}

/* -- in -- */

static int open_plain(struct dtls_datagram *d, struct dtls_record *r)
{
    struct sd_reader in = sd_reader_of(d->at, (size_t)(d->end - d->at));
    r->type = sd_get8(&in);
    if (r->type < TLS_CHANGE_CIPHER_SPEC || r->type > DTLS13_ACK) { /* 4.1 */
        d->at = d->end;
        return SD_DROP_UNKNOWN;
    }
    sd_get16(&in); /* legacy_record_version says nothing */
    r->epoch = sd_get16(&in);
    r->sequence = (uint64_t)sd_get16(&in) << 32;
    r->sequence |= sd_get32(&in);
    r->len = sd_get16(&in);
    r->data = d->at + DTLS_RECORD_HEADER;
    r->newest = false;
    if (!sd_get(&in, r->len) && (in.bad || r->len > 0)) {
        d->at = d->end;
        return SD_DROP_MALFORMED;
    }
    d->at += DTLS_RECORD_HEADER + r->len;
    return r->epoch == 0 ? SD_OK : SD_DROP_UNKNOWN;
}

/* 4.2.2: the number closest to the one that is expected next. */
static uint64_t reconstruct(uint64_t expected, uint64_t low, unsigned bits)
{
    uint64_t span = UINT64_C(1) << bits, number = (expected & ~(span - 1)) | low;
    if (number + span / 2 <= expected)
        number += span;
    else if (number >= span && number > expected + span / 2)
        number -= span;
    return number;
}

/* Opens the body in place.  False: it does not open. */
static bool open_body(const struct dtls_keys *k, const uint8_t *header, size_t header_len,
                      struct dtls_record *r)
{
    uint8_t nonce[SD_AEAD_NONCE];
    const struct sd_aes_gcm gcm = {k->key, k->suite->key_len, DTLS13_TAG};
    nonce_of(k, r->sequence, nonce);
    if (!(k->suite->aead == SD_E13_AES_GCM
              ? sd_aes_gcm_open(&gcm, r->data, r->data, r->len, header, header_len, nonce)
              : sd_chachapoly_open(r->data, r->data, r->len, header, header_len, nonce, k->key)))
        return false;
    r->len -= DTLS13_TAG;
    while (r->len > 0 && r->data[r->len - 1] == 0)
        r->len--;
    if (r->len == 0)
        return false;
    r->type = r->data[--r->len];
    return true;
}

/* Keys that may still come: those of the handshake before ServerHello, those of application data
 * before the peer's Finished, whose records wait until then (5.8.1). */
static bool too_early(const struct dtls_session *s, unsigned epoch_bits)
{
    if (s->phase != DTLS_HANDSHAKE || epoch_bits < SD_E13_HANDSHAKE)
        return false;
    return !s->reading[epoch_bits].known || epoch_bits == SD_E13_APPLICATION;
}

int dtls_record_open(struct dtls_session *s, struct dtls_datagram *d, struct dtls_record *r)
{
    uint8_t *start = d->at;
    uint8_t first = *start;
    d->held = false;
    d->tried = 0;
    if ((first & DTLS13_FIXED_MASK) != DTLS13_FIXED)
        return open_plain(d, r);
    struct sd_reader in = sd_reader_of(start, (size_t)(d->end - start));
    sd_get8(&in);
    bool has_cid = first & DTLS13_CID;
    if (has_cid)
        sd_get(&in, s->agent->cid_len);
    uint8_t *number = start + (in.at - start);
    size_t number_len = first & DTLS13_SEQUENCE_16 ? 2 : 1;
    sd_get(&in, number_len);
    r->len = first & DTLS13_LENGTH ? sd_get16(&in) : sd_left(&in);
    size_t header = (size_t)(in.at - start);
    r->data = start + header;
    if ((!sd_get(&in, r->len) && r->len > 0) || in.bad || r->len < DTLS13_SAMPLE) {
        d->at = d->end;
        return SD_DROP_MALFORMED;
    }
    d->at = r->data + r->len;
    d->whole = sd_reader_of(start, header + r->len);
    if (has_cid != (s->cids && s->agent->cid_len > 0))
        return SD_DROP_UNKNOWN; /* 9.1; 4: then it must be contained in all */
    unsigned bits = first & DTLS13_EPOCH_MASK;
    struct dtls_keys *k = &s->reading[bits];
    d->held = too_early(s, bits);
    if (!k->known || d->held)
        return SD_DROP_STATE;
    mask_number(k, number, number_len, r->data);
    uint64_t low = number_len == 2 ? (uint64_t)number[0] << 8 | number[1] : number[0];
    r->epoch = k->epoch;
    r->sequence = reconstruct(k->window.top, low, (unsigned)number_len * 8);
    r->newest = k->epoch == s->reading_epoch && r->sequence >= k->window.top;
    if (!open_body(k, start, header, r)) {
        d->tried = ++k->failures;
        return SD_DROP_AUTH;
    }
    return dtls_window_accept(&k->window, r->sequence) ? SD_OK : SD_DROP_REPLAY;
}
