#include "protocols/ipsec/esp_sa.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/cbc.h"
#include "protocols/crypto/kdf.h"
#include "sim/core/error.h"
#include "sim/core/reader.h"
#include <string.h>

_Static_assert(ESP_AEAD_ICV == SD_AEAD_TAG && ESP_SALT + ESP_AEAD_IV == SD_AEAD_NONCE, "RFC 4106");
_Static_assert(ESP_CBC_BLOCK == SD_AES_BLOCK && ESP_HMAC_ICV < SD_KDF_LEN, "RFC 3602, RFC 4868");

#define PACKET_MAX 65515u /* of IP's 65535 */

/* -- suites -- */

static const struct transform {
    uint16_t encryption, key_bits, integrity;
    uint8_t iv, align, icv;
    const char *name;
} transforms[] = {
    {ESP_AES_GCM_16, 128, ESP_NO_INTEGRITY, 8, ESP_ALIGN, 16, "AES-GCM-128"},
    {ESP_AES_GCM_16, 256, ESP_NO_INTEGRITY, 8, ESP_ALIGN, 16, "AES-GCM-256"},
    {ESP_CHACHA20_POLY1305, 256, ESP_NO_INTEGRITY, 8, ESP_ALIGN, 16, "ChaCha20-Poly1305"},
    {ESP_AES_CBC, 128, ESP_HMAC_SHA2_256_128, 16, 16, 16, "AES-CBC-128 with HMAC-SHA2-256-128"},
    {ESP_AES_CBC, 256, ESP_HMAC_SHA2_256_128, 16, 16, 16, "AES-CBC-256 with HMAC-SHA2-256-128"},
};

static const struct transform *transform_of(const struct esp_suite *s)
{
    for (size_t i = 0; i < sizeof transforms / sizeof *transforms; i++) {
        const struct transform *t = &transforms[i];
        if (t->encryption == s->encryption && t->key_bits == s->key_bits &&
            t->integrity == s->integrity)
            return t;
    }
    return NULL;
}

static bool is_aead(const struct esp_suite *s)
{
    return s->integrity == ESP_NO_INTEGRITY;
}

bool esp_suite_known(const struct esp_suite *s)
{
    return transform_of(s) != NULL;
}

size_t esp_key_len(const struct esp_suite *s)
{
    if (!esp_suite_known(s))
        return 0;
    return s->key_bits / 8u + (is_aead(s) ? ESP_SALT : ESP_HMAC_KEY);
}

const char *esp_suite_name(const struct esp_suite *s)
{
    const struct transform *t = transform_of(s);
    return t ? t->name : "unknown";
}

/* -- one direction -- */

int esp_sa_init(struct esp_sa *sa, struct sd_env *env, const struct esp_suite *suite, uint32_t spi,
                const uint8_t *key, uint32_t window)
{
    *sa = (struct esp_sa){.suite = *suite, .spi = spi};
    if (!esp_suite_known(suite))
        return SD_E_ARG;
    memcpy(sa->key, key, esp_key_len(suite));
    return window ? esp_window_init(&sa->window, env, window) : SD_OK;
}

void esp_sa_fini(struct esp_sa *sa)
{
    esp_window_fini(&sa->window);
    sd_wipe(sa, sizeof *sa);
}

/* -- parts of a packet -- */

struct layout {
    size_t iv, text, text_len, icv; /* where they begin; text includes padding and trailer */
    size_t pad, total;
};

static bool lay_out(const struct transform *t, size_t len, size_t pad_to, struct layout *l)
{
    size_t whole = len > pad_to ? len : pad_to;
    if (whole > PACKET_MAX)
        return false;
    l->iv = ESP_HEADER;
    l->text = l->iv + t->iv;
    l->text_len = (whole + ESP_TRAILER + t->align - 1) / t->align * t->align;
    l->pad = l->text_len - ESP_TRAILER - whole;
    l->icv = l->text + l->text_len;
    l->total = l->icv + t->icv;
    return l->total <= PACKET_MAX;
}

size_t esp_sealed_len(const struct esp_suite *s, size_t len, size_t pad_to)
{
    const struct transform *t = transform_of(s);
    struct layout l;
    return t && lay_out(t, len, pad_to, &l) ? l.total : 0;
}

/* RFC 4106 section 5, RFC 7634 section 2.1: SPI and the whole sequence number, as long as it is. */
static size_t associated_data(const struct esp_sa *sa, uint64_t sequence, uint8_t aad[12])
{
    struct sd_writer w = sd_writer_of(aad, 12);
    sd_put32(&w, sa->spi);
    if (sa->suite.esn)
        sd_put64(&w, sequence);
    else
        sd_put32(&w, (uint32_t)sequence);
    return sd_written(&w);
}

static void nonce_of(const struct esp_sa *sa, const uint8_t *iv, uint8_t nonce[SD_AEAD_NONCE])
{
    memcpy(nonce, sa->key + sa->suite.key_bits / 8, ESP_SALT);
    memcpy(nonce + ESP_SALT, iv, ESP_AEAD_IV);
}

static struct sd_aes_gcm gcm_of(const struct esp_sa *sa)
{
    return (struct sd_aes_gcm){
        .key = sa->key, .key_len = sa->suite.key_bits / 8u, .tag_len = ESP_AEAD_ICV};
}

static void seal_aead(const struct esp_sa *sa, uint8_t *packet, const struct layout *l)
{
    uint8_t aad[12], nonce[SD_AEAD_NONCE], *text = packet + l->text;
    size_t aad_len = associated_data(sa, sa->sequence, aad);
    nonce_of(sa, packet + l->iv, nonce);
    if (sa->suite.encryption == ESP_AES_GCM_16) {
        struct sd_aes_gcm g = gcm_of(sa);
        sd_aes_gcm_seal(&g, text, text, l->text_len, aad, aad_len, nonce);
    } else {
        sd_chachapoly_seal(text, text, l->text_len, aad, aad_len, nonce, sa->key);
    }
}

static bool open_aead(const struct esp_sa *sa, uint8_t *packet, const struct layout *l,
                      uint64_t sequence)
{
    uint8_t aad[12], nonce[SD_AEAD_NONCE], *text = packet + l->text;
    size_t aad_len = associated_data(sa, sequence, aad), sealed = l->text_len + ESP_AEAD_ICV;
    nonce_of(sa, packet + l->iv, nonce);
    if (sa->suite.encryption == ESP_AES_GCM_16) {
        struct sd_aes_gcm g = gcm_of(sa);
        return sd_aes_gcm_open(&g, text, text, sealed, aad, aad_len, nonce);
    }
    return sd_chachapoly_open(text, text, sealed, aad, aad_len, nonce, sa->key);
}

/* 3.4.4.1, with 2.2.1: the upper half of an extended number is authenticated behind the packet,
 * where the ICV then stands. */
static void icv_of(const struct esp_sa *sa, uint8_t *packet, const struct layout *l,
                   uint64_t sequence, uint8_t icv[ESP_HMAC_ICV])
{
    uint8_t mac[SD_KDF_LEN];
    size_t len = l->icv;
    if (sa->suite.esn) {
        struct sd_writer w = sd_writer_of(packet + len, 4);
        sd_put32(&w, (uint32_t)(sequence >> 32));
        len += 4;
    }
    sd_hmac_sha256(mac, sa->key + sa->suite.key_bits / 8, ESP_HMAC_KEY, packet, len);
    memcpy(icv, mac, ESP_HMAC_ICV);
}

/* -- sealing: 3.3 -- */

int esp_seal(struct esp_sa *sa, struct sd_env *env, uint8_t *packet, const void *payload,
             size_t len, size_t pad_to, uint8_t next_header)
{
    const struct transform *t = transform_of(&sa->suite);
    struct layout l;
    if (!t || !lay_out(t, len, pad_to, &l))
        return SD_E_ARG;
    if (sa->sequence == (sa->suite.esn ? UINT64_MAX : UINT32_MAX))
        return SD_DROP_STATE; /* 3.3.3: they must not cycle */
    sa->sequence++;

    struct sd_writer w = sd_writer_of(packet, l.total);
    sd_put32(&w, sa->spi);
    sd_put32(&w, (uint32_t)sa->sequence);
    if (is_aead(&sa->suite)) /* RFC 4106 3.1: unique under the key is all that an IV must be */
        sd_put64(&w, sa->sequence);
    else /* RFC 3602 3: unpredictable */
        sd_random(env, sd_put_space(&w, t->iv), t->iv);
    sd_put(&w, payload, len);
    if (pad_to > len)
        sd_put_space(&w, pad_to - len);
    for (size_t i = 1; i <= l.pad; i++)
        sd_put8(&w, (uint8_t)i);
    sd_put8(&w, (uint8_t)l.pad);
    sd_put8(&w, next_header);

    if (is_aead(&sa->suite)) {
        seal_aead(sa, packet, &l);
    } else { /* encrypt, then authenticate */
        uint8_t *text = packet + l.text;
        sd_aes_cbc_seal(text, text, l.text_len, packet + l.iv, sa->key, sa->suite.key_bits / 8u);
        icv_of(sa, packet, &l, sa->sequence, packet + l.icv);
    }
    sa->packets++;
    sa->bytes += len;
    return SD_OK;
}

/* -- opening: 3.4 -- */

static int decrypt(const struct esp_sa *sa, uint8_t *packet, const struct layout *l,
                   uint64_t sequence)
{
    if (is_aead(&sa->suite))
        return open_aead(sa, packet, l, sequence) ? SD_OK : SD_DROP_AUTH;
    uint8_t sent[ESP_HMAC_ICV], icv[ESP_HMAC_ICV], *text = packet + l->text;
    memcpy(sent, packet + l->icv, sizeof sent);
    icv_of(sa, packet, l, sequence, icv);
    if (!sd_equal_ct(sent, icv, sizeof icv))
        return SD_DROP_AUTH;
    sd_aes_cbc_open(text, text, l->text_len, packet + l->iv, sa->key, sa->suite.key_bits / 8u);
    return SD_OK;
}

/* 2.4: the receiver should inspect the padding. */
static bool take_trailer(uint8_t *text, size_t len, struct esp_opened *o)
{
    size_t pad = text[len - 2];
    if (pad + ESP_TRAILER > len)
        return false;
    o->payload = text;
    o->len = len - ESP_TRAILER - pad;
    o->next_header = text[len - 1];
    for (size_t i = 0; i < pad; i++)
        if (text[o->len + i] != i + 1)
            return false;
    return true;
}

int esp_open(struct esp_sa *sa, uint8_t *packet, size_t len, struct esp_opened *o)
{
    const struct transform *t = transform_of(&sa->suite);
    struct layout l = {.iv = ESP_HEADER};
    size_t around = ESP_HEADER + (t ? (size_t)t->iv + t->icv : 0);
    if (!t || len < around + t->align || (len - around) % t->align)
        return SD_DROP_MALFORMED;
    l.text = l.iv + t->iv;
    l.text_len = len - around;
    l.icv = l.text + l.text_len;
    struct sd_reader r = sd_reader_of(packet + 4, 4);
    uint64_t sequence = esp_window_number(&sa->window, sd_get32(&r), sa->suite.esn);

    if (!esp_window_fresh(&sa->window, sequence)) /* 3.4.3: before the costly part */
        return SD_DROP_REPLAY;
    int result = decrypt(sa, packet, &l, sequence);
    if (result != SD_OK)
        return result;
    o->newest = sequence > sa->window.top;
    esp_window_accept(&sa->window, sequence);
    if (!take_trailer(packet + l.text, l.text_len, o))
        return SD_DROP_MALFORMED;
    sa->packets++;
    sa->bytes += o->len;
    return SD_OK;
}
