/* record.c - service records (P: section "directory services"): a long-term certificate, which
 * binds a name to S, and an ephemeral one, by which the server says S', where it is, and for how
 * long that holds. */
#include "protocols/crypto/sign.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

_Static_assert(SD_ED25519_SIGNATURE == MT_SIGNATURE, "Ed25519");

/* What is signed begins with what it is. */
static size_t signed_text(uint8_t *text, const char *label, const uint8_t *data, size_t len)
{
    size_t label_len = strlen(label);
    memcpy(text, label, label_len);
    memcpy(text + label_len, data, len);
    return label_len + len;
}

static bool is_signed(const char *label, const uint8_t *data, size_t len,
                      const uint8_t verify_key[MT_KEY_LEN])
{
    uint8_t text[sizeof MT_SIGNED_LONG + MT_RECORD_MAX];
    size_t text_len = signed_text(text, label, data, len - MT_SIGNATURE);
    return sd_ed25519_verify(data + len - MT_SIGNATURE, text, text_len, verify_key);
}

static void sign(struct sd_writer *w, const char *label, const uint8_t *data,
                 const uint8_t seed[MT_KEY_LEN], const uint8_t verify_key[MT_KEY_LEN])
{
    uint8_t text[sizeof MT_SIGNED_LONG + MT_RECORD_MAX];
    size_t text_len = signed_text(text, label, data, (size_t)(w->at - data));
    sd_ed25519_sign(sd_put_space(w, MT_SIGNATURE), text, text_len, seed, verify_key);
}

/* The lab's certification authority: everybody knows its public key.  Both are made once. */
static void authority(uint8_t seed[MT_KEY_LEN], uint8_t verify_key[MT_KEY_LEN])
{
    static uint8_t known_seed[MT_KEY_LEN], known_key[MT_KEY_LEN];
    static bool made;
    if (!made) {
        struct sd_env *before = sd_enter(NULL); /* nobody's work */
        uint8_t unused[MT_KEY_LEN];
        sd_identity_x25519(MT_AUTHORITY, known_seed, unused);
        sd_ed25519_public(known_key, known_seed);
        sd_leave(before);
        made = true;
    }
    memcpy(seed, known_seed, MT_KEY_LEN);
    memcpy(verify_key, known_key, MT_KEY_LEN);
}

/* -- reading -- */

static struct sd_addr address_of(struct sd_reader *r)
{
    uint32_t ip = sd_get32(r);
    uint16_t port = sd_get16(r);
    struct sd_addr a = sd_ipv4_word(ip, port);
    a.proto = SD_PROTO_UDP;
    return ip ? a : (struct sd_addr){0};
}

static bool parse(struct mt_record *record, size_t *certificate_len)
{
    struct sd_reader r = sd_reader_of(record->bytes, record->len);
    size_t name_len = sd_get8(&r);
    sd_get(&r, name_len);
    sd_get_copy(&r, record->server_long, MT_KEY_LEN);
    sd_get_copy(&r, record->verify_key, MT_KEY_LEN);
    sd_get(&r, MT_SIGNATURE);
    *certificate_len = (size_t)(r.at - record->bytes);
    sd_get_copy(&r, record->server_short, MT_KEY_LEN);
    record->address = address_of(&r);
    record->not_before = sd_get64(&r);
    record->not_after = sd_get64(&r);
    record->first_calls = sd_get16(&r);
    sd_get(&r, MT_SIGNATURE);
    return !r.bad && sd_left(&r) == 0 && name_len <= MT_NAME_MAX;
}

bool mt_record_is_valid(const struct minimalt *mt, const struct mt_record *record)
{
    uint64_t now = mt_unix_ns(mt) / SD_SECOND;
    return record->not_before <= now + MT_FRESH / SD_SECOND && now < record->not_after;
}

struct mt_record *mt_record_read(struct minimalt *mt, const uint8_t *bytes, size_t len)
{
    uint8_t seed[MT_KEY_LEN], authority_key[MT_KEY_LEN];
    size_t certificate_len = 0;
    struct mt_record *record = sd_alloc(mt->env, sizeof *record + len);
    if (!record)
        return NULL;
    record->len = (uint16_t)len;
    memcpy(record->bytes, bytes, len);
    authority(seed, authority_key);
    bool good = parse(record, &certificate_len) && mt_record_is_valid(mt, record) &&
                is_signed(MT_SIGNED_LONG, record->bytes, certificate_len, authority_key) &&
                is_signed(MT_SIGNED_SHORT, record->bytes + certificate_len, MT_EPHEMERAL,
                          record->verify_key);
    sd_wipe(seed, sizeof seed);
    if (good)
        return record;
    sd_free(record);
    return NULL;
}

/* -- signing -- */

static void put_certificate(struct sd_writer *w, const struct minimalt *mt)
{
    uint8_t seed[MT_KEY_LEN], authority_key[MT_KEY_LEN], *start = w->at;
    size_t name_len = strlen(mt->name);
    authority(seed, authority_key);
    sd_put8(w, (uint8_t)name_len);
    sd_put(w, mt->name, name_len);
    sd_put(w, mt->long_public, MT_KEY_LEN);
    sd_put(w, mt->verify_key, MT_KEY_LEN);
    sign(w, MT_SIGNED_LONG, start, seed, authority_key);
    sd_wipe(seed, sizeof seed);
}

static void put_ephemeral(struct sd_writer *w, const struct minimalt *mt)
{
    const uint8_t *start = w->at;
    uint64_t now = mt_unix_ns(mt) / SD_SECOND;
    sd_put(w, mt->ephemeral[0].public_key, MT_KEY_LEN);
    sd_put32(w, sd_addr_ipv4(&mt->address));
    sd_put16(w, mt->address.port);
    sd_put64(w, now);
    sd_put64(w, now + MT_EPHEMERAL_LIFE / SD_SECOND);
    sd_put16(w, MT_FIRST_CALLS);
    sign(w, MT_SIGNED_SHORT, start, mt->long_private, mt->verify_key);
}

struct mt_record *mt_record_sign(struct minimalt *mt)
{
    size_t len = MT_CERTIFICATE(strlen(mt->name)) + MT_EPHEMERAL, unused;
    struct mt_record *record = sd_alloc(mt->env, sizeof *record + len);
    if (!record)
        return NULL;
    record->len = (uint16_t)len;
    struct sd_writer w = sd_writer_of(record->bytes, len);
    struct sd_env *before = sd_enter(NULL); /* the authority's work, long ago */
    put_certificate(&w, mt);
    sd_leave(before);
    put_ephemeral(&w, mt);
    parse(record, &unused);
    return record;
}
