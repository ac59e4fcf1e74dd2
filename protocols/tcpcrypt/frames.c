/* frames.c - encryption frames (RFC 8548 3.6, 4.2) and new generations of keys (3.8). */
#include "protocols/crypto/aead.h"
#include "protocols/tcpcrypt/tcpcrypt.h"
#include "sim/core/reader.h"
#include <string.h>

/* N = frame ID xor NR; the frame ID is the frame's place in the TCP stream (4.2.3). */
static void frame_nonce(uint8_t nonce[TC_AEAD_NONCE], const struct tc_direction *d)
{
    memcpy(nonce, d->randomizer, TC_AEAD_NONCE);
    for (size_t i = 0; i < sizeof d->offset; i++)
        nonce[TC_AEAD_NONCE - 1 - i] ^= (uint8_t)(d->offset >> 8 * i);
}

static void seal(const struct tc_direction *d, enum tc_cipher cipher, uint8_t *text, size_t len,
                 const uint8_t header[TC_FRAME_HEADER])
{
    uint8_t nonce[TC_AEAD_NONCE];
    struct sd_aes_gcm gcm = {d->key, tc_cipher_key_len(cipher), TC_TAG_LEN};
    frame_nonce(nonce, d);
    if (cipher == TC_CHACHA20_POLY1305)
        sd_chachapoly_seal(text, text, len, header, TC_FRAME_HEADER, nonce, d->key);
    else
        sd_aes_gcm_seal(&gcm, text, text, len, header, TC_FRAME_HEADER, nonce);
}

static bool unseal(const struct tc_direction *d, enum tc_cipher cipher, uint8_t *out,
                   const uint8_t *text, size_t len, const uint8_t header[TC_FRAME_HEADER])
{
    uint8_t nonce[TC_AEAD_NONCE];
    struct sd_aes_gcm gcm = {d->key, tc_cipher_key_len(cipher), TC_TAG_LEN};
    frame_nonce(nonce, d);
    if (cipher == TC_CHACHA20_POLY1305)
        return sd_chachapoly_open(out, text, len, header, TC_FRAME_HEADER, nonce, d->key);
    return sd_aes_gcm_open(&gcm, out, text, len, header, TC_FRAME_HEADER, nonce);
}

/* -- out -- */

static void next_generation(struct tc_session *s)
{
    tc_direction_next(&s->send, s->cipher);
    s->rekey_next = true;
}

bool tc_frame_send(struct tcpcrypt *tc, struct tc_session *s, const struct tc_frame *frame)
{
    if (s->send.frames >= tc->set.rekey_frames && !s->rekey_next)
        next_generation(s);
    bool urgent = frame->flags & TC_FLAG_URG;
    size_t plain = 1 + (urgent ? 2 : 0) + frame->len;
    size_t len = TC_FRAME_HEADER + plain + TC_TAG_LEN;
    uint8_t *unit = sd_outbox_unit_with(&tc->outbox, &s->path, len,
                                        frame->flags & TC_FLAG_FIN ? SD_UNIT_FIN : 0);
    if (!unit)
        return false;
    struct sd_writer w = sd_writer_of(unit, len);
    sd_put8(&w, s->rekey_next ? TC_CONTROL_REKEY : 0);
    sd_put16(&w, (uint16_t)(plain + TC_TAG_LEN));
    sd_put8(&w, frame->flags);
    if (urgent)
        sd_put16(&w, frame->urgent);
    sd_put(&w, frame->data, frame->len);
    seal(&s->send, s->cipher, unit + TC_FRAME_HEADER, plain, unit);
    s->rekey_next = false;
    s->send.offset += len;
    s->send.frames++;
    return true;
}

void tc_rekey(struct tcpcrypt *tc, struct tc_session *s)
{
    next_generation(s);
    tc_frame_send(tc, s, &(struct tc_frame){0});
}

/* -- in -- */

/* The peer uses its next key set: this host follows, unless it was the one that began, and shows
 * that it did, unless it has nothing to say any more. */
static void follow(struct tcpcrypt *tc, struct tc_session *s)
{
    if (s->receive.generation > s->send.generation) {
        next_generation(s);
        if (s->state == TC_OPEN)
            tc_frame_send(tc, s, &(struct tc_frame){0});
    }
    if (s->receive.generation == s->send.generation)
        tc_tell(tc, s, SD_EV_KEY_UPDATE, "next generation of both directions")->code =
            s->receive.generation;
}

static bool parse(struct tc_frame *frame, const uint8_t *plain, size_t len)
{
    struct sd_reader r = sd_reader_of(plain, len);
    frame->flags = sd_get8(&r);
    frame->urgent = frame->flags & TC_FLAG_URG ? sd_get16(&r) : 0;
    frame->len = sd_left(&r);
    frame->data = r.at;
    return !r.bad;
}

int tc_frame_receive(struct tcpcrypt *tc, struct tc_session *s, const uint8_t *bytes, size_t len,
                     struct tc_frame *frame, uint8_t **plain, const char **why)
{
    size_t plain_len = len - TC_FRAME_HEADER - TC_TAG_LEN;
    bool rekey = bytes[0] & TC_CONTROL_REKEY;
    *plain = sd_alloc(tc->env, plain_len);
    *why = "no memory for a frame";
    if (!*plain)
        return SD_E_NOMEM;
    if (rekey)
        tc_direction_next(&s->receive, s->cipher);
    int result = SD_DROP_AUTH;
    *why = "a frame does not decrypt: forged, changed or out of place";
    if (unseal(&s->receive, s->cipher, *plain, bytes + TC_FRAME_HEADER, len - TC_FRAME_HEADER,
               bytes)) {
        *why = "a frame has no room for its urgent field";
        result = parse(frame, *plain, plain_len) ? SD_OK : SD_DROP_MALFORMED;
    }
    if (result != SD_OK) {
        sd_free(*plain);
        *plain = NULL;
        return result;
    }
    s->receive.offset += len;
    s->receive.frames++;
    if (rekey)
        follow(tc, s);
    return SD_OK;
}
