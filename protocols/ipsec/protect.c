/* protect.c - messages as they travel: in clear at first, then in an SK payload (RFC 7296 3.14), or
 * in several SKF payloads (RFC 7383). */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/fragment.h"
#include "protocols/ipsec/ike.h"
#include <string.h>

/* -- flights -- */

bool ike_flight_add(struct ike_sa *sa, struct ike_flight *f, const uint8_t *packet, size_t len)
{
    if (len > UINT16_MAX)
        return false;
    uint8_t *more = sd_realloc(sa->ipsec->env, f->packets, f->len + 2 + len);
    if (!more)
        return false;
    more[f->len] = (uint8_t)(len >> 8);
    more[f->len + 1] = (uint8_t)len;
    memcpy(more + f->len + 2, packet, len);
    f->packets = more;
    f->len += 2 + len;
    return true;
}

void ike_flight_free(struct ike_flight *f)
{
    sd_free(f->packets);
    *f = (struct ike_flight){0};
}

void ike_flight_send(struct ike_sa *sa, const struct ike_flight *f, const struct sd_path *path)
{
    struct ipsec *ipsec = sa->ipsec;
    struct sd_reader r = sd_reader_of(f->packets, f->len);
    while (sd_left(&r)) {
        size_t len = sd_get16(&r);
        const uint8_t *packet = sd_get(&r, len);
        uint8_t *out = packet ? encap_ike(&ipsec->out, path, len) : NULL;
        if (!out)
            return;
        memcpy(out, packet, len);
        if (!sa->initiator && sa->setup && !sa->setup->validated)
            ipsec->stats.bytes_to_unvalidated += len;
    }
    if (sa->keepalive_at != SD_NEVER)
        sa->keepalive_at = ipsec->now + IKE_KEEPALIVE;
}

/* -- sealing -- */

static bool is_open(uint8_t exchange)
{
    return exchange == IKE_SA_INIT || exchange == IKE_SESSION_RESUME;
}

/* 2.15: both first messages are signed later. */
static bool remember(struct ike_sa *sa, bool response, const uint8_t *message, size_t len)
{
    struct ike_setup *s = sa->setup;
    uint8_t **kept = response ? &s->init_r : &s->init_i;
    sd_free(*kept);
    *kept = sd_alloc(sa->ipsec->env, len);
    *(response ? &s->init_r_len : &s->init_i_len) = len;
    if (*kept)
        memcpy(*kept, message, len);
    return *kept != NULL;
}

static const uint8_t *own_key(const struct ike_sa *sa)
{
    return sa->initiator ? sa->keys.protect_i : sa->keys.protect_r;
}

static const uint8_t *peer_key(const struct ike_sa *sa)
{
    return sa->initiator ? sa->keys.protect_r : sa->keys.protect_i;
}

/* The part of a chain that goes into one SK or SKF payload. */
struct part {
    const uint8_t *inner;
    size_t len;
    uint8_t first;
    uint16_t number, total; /* total 0: SK */
};

static size_t padding(const struct ike_sa *sa, size_t len)
{
    size_t block = cipher_block(&sa->keys.cipher);
    return (block - (len + 1) % block) % block;
}

static size_t sealed_len(const struct ike_sa *sa, const struct part *p)
{
    return IKE_HEADER + IKE_PAYLOAD_HEADER + (p->total ? IKE_FRAGMENT_HEAD : 0) +
           cipher_iv_len(&sa->keys.cipher) + p->len + padding(sa, p->len) + 1 + CIPHER_ICV;
}

/* 3.14: an AEAD's IV counts (RFC 5282 3.1), CBC's is random. */
static void put_iv(struct ike_sa *sa, struct sd_writer *w)
{
    uint8_t iv[CIPHER_IV_MAX];
    if (cipher_is_aead(&sa->keys.cipher)) {
        sd_put64(w, sa->iv++);
    } else {
        sd_random(sa->ipsec->env, iv, sizeof iv);
        sd_put(w, iv, sizeof iv);
    }
}

static bool seal_part(struct ike_sa *sa, struct ike_flight *f, struct ike_header h,
                      const struct part *p)
{
    static uint8_t message[65536];
    size_t len = sealed_len(sa, p), pad = padding(sa, p->len);
    if (len > UINT16_MAX)
        return false;
    h.next_payload = p->total ? IKE_PAYLOAD_SKF : IKE_PAYLOAD_SK;
    h.length = (uint32_t)len;
    ike_header_write(message, &h);
    struct sd_writer w = sd_writer_of(message + IKE_HEADER, len - IKE_HEADER);
    sd_put8(&w, p->first);
    sd_put8(&w, 0);
    sd_put16(&w, (uint16_t)(len - IKE_HEADER));
    if (p->total) {
        sd_put16(&w, p->number);
        sd_put16(&w, p->total);
    }
    struct cipher_message c = {.iv = w.at, .aad = message, .start = message};
    c.aad_len = (size_t)(w.at - message);
    c.text_len = p->len + pad + 1;
    put_iv(sa, &w);
    sd_put(&w, p->inner, p->len);
    sd_put_space(&w, pad);
    sd_put8(&w, (uint8_t)pad);
    cipher_seal(&sa->keys.cipher, own_key(sa), &c);
    return ike_flight_add(sa, f, message, len);
}

static bool seal_fragments(struct ike_sa *sa, struct ike_flight *f, const struct ike_header *h,
                           const struct ike_writer *w)
{
    size_t limit = sa->ipsec->set.fragment_size, len = ike_written(w);
    struct part p = {.total = 1};
    size_t room = limit - sealed_len(sa, &p) - cipher_block(&sa->keys.cipher);
    p.total = (uint16_t)((len + room - 1) / room);
    if (p.total > IKE_FRAGMENTS_MAX)
        return false;
    for (size_t at = 0; at < len; at += p.len) {
        p.inner = w->w.start + at;
        p.len = len - at < room ? len - at : room;
        p.first = at ? IKE_PAYLOAD_NONE : w->first;
        p.number++;
        if (!seal_part(sa, f, *h, &p))
            return false;
    }
    return true;
}

static bool send_in_clear(struct ike_sa *sa, struct ike_flight *f, struct ike_header h,
                          const struct ike_writer *w)
{
    size_t len = IKE_HEADER + ike_written(w);
    uint8_t *message = sd_alloc(sa->ipsec->env, len);
    if (!message)
        return false;
    h.next_payload = w->first;
    h.length = (uint32_t)len;
    ike_header_write(message, &h);
    memcpy(message + IKE_HEADER, w->w.start, len - IKE_HEADER);
    bool good = ike_flight_add(sa, f, message, len) &&
                (!sa->setup || remember(sa, h.flags & IKE_FLAG_RESPONSE, message, len));
    sd_free(message);
    return good;
}

bool ike_seal(struct ike_sa *sa, struct ike_flight *f, const struct ike_header *h,
              const struct ike_writer *w)
{
    if (w->w.bad)
        return false;
    if (is_open(h->exchange))
        return send_in_clear(sa, f, *h, w);
    struct part all = {.inner = w->w.start, .len = ike_written(w), .first = w->first};
    if (sa->fragments_ok && sealed_len(sa, &all) > sa->ipsec->set.fragment_size)
        return seal_fragments(sa, f, h, w);
    return seal_part(sa, f, *h, &all);
}

/* -- opening -- */

/* The contents of one SK or SKF payload. */
static int open_part(struct ike_sa *sa, const struct ike_message *m, const struct ike_payload *p,
                     uint8_t *raw, struct part *out)
{
    uint8_t *body = raw + (p->body - m->raw);
    size_t head = out->total ? IKE_FRAGMENT_HEAD : 0;
    size_t iv_len = cipher_iv_len(&sa->keys.cipher), block = cipher_block(&sa->keys.cipher);
    if (p->len < head + iv_len + CIPHER_ICV + 1)
        return SD_DROP_MALFORMED;
    struct cipher_message c = {.iv = body + head,
                               .text_len = p->len - head - iv_len - CIPHER_ICV,
                               .aad = raw,
                               .aad_len = (size_t)(body + head - raw),
                               .start = raw};
    if (c.text_len % block)
        return SD_DROP_MALFORMED;
    if (!cipher_open(&sa->keys.cipher, peer_key(sa), &c))
        return SD_DROP_AUTH;
    const uint8_t *text = c.iv + iv_len;
    size_t pad = text[c.text_len - 1];
    if (pad + 1 > c.text_len)
        return SD_DROP_MALFORMED;
    out->inner = text;
    out->len = c.text_len - pad - 1;
    return SD_OK;
}

static int open_fragment(struct ike_sa *sa, struct ike_message *m, const struct ike_payload *p,
                         uint8_t *raw, struct ike_whole *out)
{
    struct sd_reader r = sd_reader_of(p->body, p->len);
    struct part part = {.number = sd_get16(&r)};
    part.total = sd_get16(&r);
    if (r.bad || !part.total)
        return SD_DROP_MALFORMED;
    int result = open_part(sa, m, p, raw, &part);
    if (result != SD_OK)
        return result;
    return ike_fragment_take(sa,
                             &(struct ike_fragment){.message_id = m->header.id,
                                                    .response = m->header.flags & IKE_FLAG_RESPONSE,
                                                    .number = part.number,
                                                    .total = part.total,
                                                    .first = p->body[-(int)IKE_PAYLOAD_HEADER],
                                                    .content = part.inner,
                                                    .len = part.len},
                             out);
}

int ike_open(struct ike_sa *sa, struct ike_message *m, uint8_t *raw, bool *whole)
{
    const struct ike_payload *p = m->chain.count ? &m->chain.at[m->chain.count - 1] : NULL;
    if (!p || (p->type != IKE_PAYLOAD_SK && p->type != IKE_PAYLOAD_SKF))
        return SD_DROP_MALFORMED;
    struct ike_whole in = {.whole = true, .first = p->body[-(int)IKE_PAYLOAD_HEADER]};
    int result;
    if (p->type == IKE_PAYLOAD_SKF) {
        result = open_fragment(sa, m, p, raw, &in);
    } else {
        struct part part = {0};
        result = open_part(sa, m, p, raw, &part);
        in.inner = (uint8_t *)(uintptr_t)part.inner;
        in.len = part.len;
    }
    *whole = in.whole;
    if (result != SD_OK || !in.whole)
        return result;
    m->garbled = !ike_chain_read(&m->chain, in.first, in.inner, in.len);
    return SD_OK;
}
