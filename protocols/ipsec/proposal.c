#include "protocols/ipsec/proposal.h"
#include "protocols/ipsec/cipher.h"
#include <string.h>

enum { MORE_PROPOSALS = 2, MORE_TRANSFORMS = 3 }; /* 3.3.1, 3.3.2: the first byte of each */
#define ATTRIBUTE_TV 0x8000u

/* -- policy -- */

struct word {
    const char *word;
    struct ike_transform transform;
};

static const struct word words_known[] = {
    {"aes128gcm16", {IKE_TRANSFORM_ENCR, CIPHER_AES_GCM_16, 128}},
    {"aes256gcm16", {IKE_TRANSFORM_ENCR, CIPHER_AES_GCM_16, 256}},
    {"chacha20poly1305", {IKE_TRANSFORM_ENCR, CIPHER_CHACHA20_POLY1305, 0}},
    {"aes128", {IKE_TRANSFORM_ENCR, CIPHER_AES_CBC, 128}},
    {"aes256", {IKE_TRANSFORM_ENCR, CIPHER_AES_CBC, 256}},
    {"sha256", {IKE_TRANSFORM_INTEG, CIPHER_HMAC_SHA2_256_128, 0}},
    {"prfsha256", {IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_256, 0}},
    {"prfsha384", {IKE_TRANSFORM_PRF, IKE_PRF_HMAC_SHA2_384, 0}},
    {"x25519", {IKE_TRANSFORM_DH, IKE_DH_X25519, 0}},
    {"ecp256", {IKE_TRANSFORM_DH, IKE_DH_P256, 0}},
    {"modp2048", {IKE_TRANSFORM_DH, IKE_DH_MODP_2048, 0}},
    {"esn", {IKE_TRANSFORM_ESN, 1, 0}},
    {"noesn", {IKE_TRANSFORM_ESN, 0, 0}},
};

static const struct word *find_word(const char *word, size_t len)
{
    for (size_t i = 0; i < sizeof words_known / sizeof words_known[0]; i++)
        if (strlen(words_known[i].word) == len && memcmp(words_known[i].word, word, len) == 0)
            return &words_known[i];
    return NULL;
}

static bool is_aead(uint16_t encr)
{
    return encr != CIPHER_AES_CBC;
}

/* A proposal holds AEADs or ciphers that want an integrity algorithm, never both (RFC 5282 8). */
static size_t count_encr(const struct ike_policy *p, bool aead)
{
    size_t n = 0;
    for (size_t i = 0; i < p->count; i++)
        n += p->at[i].type == IKE_TRANSFORM_ENCR && is_aead(p->at[i].id) == aead;
    return n;
}

uint16_t ike_policy_first(const struct ike_policy *p, uint8_t type)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].type == type)
            return p->at[i].id;
    return 0;
}

bool ike_policy_has(const struct ike_policy *p, uint8_t type, uint16_t id)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].type == type && p->at[i].id == id)
            return true;
    return false;
}

static bool has_type(const struct ike_policy *p, uint8_t type)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].type == type)
            return true;
    return false;
}

static const char *missing(const struct ike_policy *p, enum ike_protocol protocol)
{
    if (!has_type(p, IKE_TRANSFORM_ENCR))
        return "an encryption algorithm, as aes128gcm16";
    if (count_encr(p, false) && !has_type(p, IKE_TRANSFORM_INTEG))
        return "an integrity algorithm, sha256";
    if (protocol == IKE_PROTOCOL_IKE && !has_type(p, IKE_TRANSFORM_PRF))
        return "a pseudorandom function, as prfsha256";
    if (protocol == IKE_PROTOCOL_IKE && !has_type(p, IKE_TRANSFORM_DH))
        return "a Diffie-Hellman group, as x25519";
    return NULL;
}

int ike_policy_parse(struct ike_policy *p, enum ike_protocol protocol, const char *words,
                     struct sd_error *error)
{
    const char *which = protocol == IKE_PROTOCOL_IKE ? "ike" : "esp";
    p->count = 0;
    for (const char *at = words; *at;) {
        size_t len = strcspn(at, "-");
        const struct word *w = find_word(at, len);
        if (!w || p->count == IKE_POLICY_MAX)
            return sd_fail(error, SD_E_ARG,
                           "ipsec: option %s: expected algorithms such as "
                           "aes128gcm16-prfsha256-x25519, found '%.*s'",
                           which, (int)len, at);
        p->at[p->count++] = w->transform;
        at += len + (at[len] == '-');
    }
    if (protocol == IKE_PROTOCOL_ESP && !has_type(p, IKE_TRANSFORM_ESN))
        p->at[p->count++] = (struct ike_transform){IKE_TRANSFORM_ESN, 0, 0};
    const char *what = missing(p, protocol);
    return what ? sd_fail(error, SD_E_ARG, "ipsec: option %s: expected %s, found '%s'", which, what,
                          words)
                : SD_OK;
}

/* -- SA payloads -- */

static void put_transform(struct sd_writer *w, const struct ike_transform *t, bool last)
{
    sd_put8(w, last ? 0 : MORE_TRANSFORMS);
    sd_put8(w, 0);
    sd_put16(w, t->key_bits ? 12 : 8);
    sd_put8(w, t->type);
    sd_put8(w, 0);
    sd_put16(w, t->id);
    if (t->key_bits) {
        sd_put16(w, ATTRIBUTE_TV | IKE_ATTRIBUTE_KEY_LEN);
        sd_put16(w, t->key_bits);
    }
}

static void put_proposal(struct sd_writer *w, const struct ike_transform *list, size_t count,
                         enum ike_protocol protocol, uint8_t number, uint64_t spi, size_t spi_len,
                         bool last)
{
    uint8_t *start = w->at;
    sd_put8(w, last ? 0 : MORE_PROPOSALS);
    sd_put8(w, 0);
    sd_put16(w, 0);
    sd_put8(w, number);
    sd_put8(w, (uint8_t)protocol);
    sd_put8(w, (uint8_t)spi_len);
    sd_put8(w, (uint8_t)count);
    for (size_t i = spi_len; i-- > 0;)
        sd_put8(w, (uint8_t)(spi >> (8 * i)));
    for (size_t i = 0; i < count; i++)
        put_transform(w, &list[i], i + 1 == count);
    if (w->bad)
        return;
    size_t len = (size_t)(w->at - start);
    start[2] = (uint8_t)(len >> 8);
    start[3] = (uint8_t)len;
}

void ike_put_offer(struct ike_writer *w, const struct ike_policy *p, enum ike_protocol protocol,
                   uint64_t spi, size_t spi_len, bool dh)
{
    uint8_t number = 0;
    ike_put_begin(w, IKE_PAYLOAD_SA);
    for (int aead = 1; aead >= 0; aead--) {
        struct ike_transform list[IKE_POLICY_MAX];
        size_t count = 0;
        if (!count_encr(p, aead))
            continue;
        for (size_t i = 0; i < p->count; i++) {
            const struct ike_transform *t = &p->at[i];
            if ((t->type == IKE_TRANSFORM_ENCR && is_aead(t->id) != aead) ||
                (t->type == IKE_TRANSFORM_INTEG && aead) || (t->type == IKE_TRANSFORM_DH && !dh))
                continue;
            list[count++] = *t;
        }
        put_proposal(&w->w, list, count, protocol, ++number, spi, spi_len,
                     !aead || !count_encr(p, false));
    }
    ike_put_end(w);
}

void ike_put_choice(struct ike_writer *w, const struct ike_suite *s, enum ike_protocol protocol,
                    uint8_t number, uint64_t spi, size_t spi_len)
{
    struct ike_transform list[IKE_TRANSFORM_TYPES];
    size_t count = 0;
    list[count++] = (struct ike_transform){IKE_TRANSFORM_ENCR, s->encr, s->key_bits};
    if (s->prf)
        list[count++] = (struct ike_transform){IKE_TRANSFORM_PRF, s->prf, 0};
    if (s->integ)
        list[count++] = (struct ike_transform){IKE_TRANSFORM_INTEG, s->integ, 0};
    if (s->dh)
        list[count++] = (struct ike_transform){IKE_TRANSFORM_DH, s->dh, 0};
    if (protocol == IKE_PROTOCOL_ESP)
        list[count++] = (struct ike_transform){IKE_TRANSFORM_ESN, s->esn, 0};
    ike_put_begin(w, IKE_PAYLOAD_SA);
    put_proposal(&w->w, list, count, protocol, number, spi, spi_len, true);
    ike_put_end(w);
}

/* -- negotiation -- */

/* One proposal taken apart: of each transform type, the place in the policy of the best that both
 * have. */
struct offer {
    struct ike_proposal result;
    size_t best[IKE_TRANSFORM_TYPES]; /* place + 1; 0: nothing acceptable */
    size_t offered[IKE_TRANSFORM_TYPES];
    bool none[IKE_TRANSFORM_TYPES]; /* the type's "no algorithm" was offered: INTEG and DH */
    bool unknown;                   /* a transform type that we do not know (3.3.6) */
};

static void consider(struct offer *o, const struct ike_policy *p, const struct ike_transform *t,
                     uint16_t ke_group)
{
    if (t->type == 0 || t->type >= IKE_TRANSFORM_TYPES) {
        o->unknown = true;
        return;
    }
    o->offered[t->type]++;
    if ((t->type == IKE_TRANSFORM_INTEG || t->type == IKE_TRANSFORM_DH) && t->id == 0)
        o->none[t->type] = true;
    for (size_t i = 0; i < p->count; i++) {
        const struct ike_transform *ours = &p->at[i];
        if (ours->type != t->type || ours->id != t->id || ours->key_bits != t->key_bits)
            continue;
        size_t *best = &o->best[t->type];
        bool wanted = t->type == IKE_TRANSFORM_DH && t->id == ke_group;
        bool settled = t->type == IKE_TRANSFORM_DH && *best && p->at[*best - 1].id == ke_group;
        if (!*best || wanted || (!settled && i + 1 < *best))
            *best = i + 1;
    }
}

/* False: malformed.  A transform with an attribute that we do not know is passed over. */
static bool read_transforms(struct sd_reader *r, size_t count, struct offer *o,
                            const struct ike_policy *p, uint16_t ke_group)
{
    for (size_t i = 0; i < count; i++) {
        sd_get16(r);
        size_t len = sd_get16(r);
        if (r->bad || len < 8)
            return false;
        struct sd_reader body = sd_get_sub(r, len - 4);
        struct ike_transform t = {.type = sd_get8(&body)};
        bool strange = false;
        sd_get8(&body);
        t.id = sd_get16(&body);
        while (!body.bad && sd_left(&body)) {
            uint16_t type = sd_get16(&body), value = sd_get16(&body);
            if (type == (ATTRIBUTE_TV | IKE_ATTRIBUTE_KEY_LEN))
                t.key_bits = value;
            else
                strange = true;
            if (!(type & ATTRIBUTE_TV))
                sd_get(&body, value);
        }
        if (body.bad)
            return false;
        if (t.type == IKE_TRANSFORM_ENCR && t.id == CIPHER_CHACHA20_POLY1305 && t.key_bits == 256)
            t.key_bits = 0; /* RFC 7634 says none; some say it all the same */
        if (!strange)
            consider(o, p, &t, ke_group);
    }
    return !r->bad;
}

/* Whether each type that the protocol needs has something acceptable, and which. */
static bool complete(struct offer *o, const struct ike_policy *p, enum ike_protocol protocol,
                     bool dh)
{
    struct ike_suite *s = &o->result.suite;
    if (o->unknown || !o->best[IKE_TRANSFORM_ENCR])
        return false;
    const struct ike_transform *encr = &p->at[o->best[IKE_TRANSFORM_ENCR] - 1];
    *s = (struct ike_suite){.encr = encr->id, .key_bits = encr->key_bits};
    if (!is_aead(s->encr)) {
        if (!o->best[IKE_TRANSFORM_INTEG])
            return false;
        s->integ = p->at[o->best[IKE_TRANSFORM_INTEG] - 1].id;
    } else if (o->offered[IKE_TRANSFORM_INTEG] && !o->none[IKE_TRANSFORM_INTEG]) {
        return false;
    }
    if (protocol == IKE_PROTOCOL_IKE) {
        if (!o->best[IKE_TRANSFORM_PRF] || !o->best[IKE_TRANSFORM_DH])
            return false;
        s->prf = p->at[o->best[IKE_TRANSFORM_PRF] - 1].id;
    } else {
        if (!o->best[IKE_TRANSFORM_ESN])
            return false;
        s->esn = p->at[o->best[IKE_TRANSFORM_ESN] - 1].id;
    }
    if (dh && o->best[IKE_TRANSFORM_DH])
        s->dh = p->at[o->best[IKE_TRANSFORM_DH] - 1].id;
    else if (dh && o->offered[IKE_TRANSFORM_DH] && !o->none[IKE_TRANSFORM_DH])
        return false;
    return true;
}

/* The next proposal of an SA payload.  False: malformed. */
static bool read_proposal(struct sd_reader *r, struct offer *o, const struct ike_policy *p,
                          enum ike_protocol protocol, size_t spi_len, uint16_t ke_group, bool *fits)
{
    *o = (struct offer){0};
    sd_get16(r);
    size_t len = sd_get16(r);
    if (r->bad || len < 8)
        return false;
    struct sd_reader body = sd_get_sub(r, len - 4);
    o->result.number = sd_get8(&body);
    uint8_t its_protocol = sd_get8(&body);
    size_t its_spi_len = sd_get8(&body), transforms = sd_get8(&body);
    for (size_t i = 0; i < its_spi_len; i++)
        o->result.spi = o->result.spi << 8 | sd_get8(&body);
    *fits = its_protocol == protocol && its_spi_len == spi_len;
    return read_transforms(&body, transforms, o, p, ke_group) && !sd_left(&body);
}

bool ike_choose(struct ike_proposal *result, const struct ike_payload *sa,
                const struct ike_policy *p, enum ike_protocol protocol, size_t spi_len,
                uint16_t ke_group, bool dh)
{
    if (!sa)
        return false;
    struct sd_reader r = sd_reader_of(sa->body, sa->len);
    while (sd_left(&r)) {
        struct offer o;
        bool fits;
        if (!read_proposal(&r, &o, p, protocol, spi_len, ke_group, &fits))
            return false;
        if (fits && complete(&o, p, protocol, dh)) {
            *result = o.result;
            return true;
        }
    }
    return false;
}

bool ike_chosen(struct ike_proposal *result, const struct ike_payload *sa,
                const struct ike_policy *p, enum ike_protocol protocol, size_t spi_len, bool dh)
{
    struct offer o;
    bool fits;
    if (!sa)
        return false;
    struct sd_reader r = sd_reader_of(sa->body, sa->len);
    if (!read_proposal(&r, &o, p, protocol, spi_len, 0, &fits) || sd_left(&r) || !fits)
        return false;
    for (size_t i = 0; i < IKE_TRANSFORM_TYPES; i++)
        if (o.offered[i] > 1)
            return false;
    if (!complete(&o, p, protocol, dh))
        return false;
    *result = o.result;
    return true;
}
