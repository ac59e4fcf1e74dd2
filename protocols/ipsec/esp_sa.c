#include "protocols/ipsec/esp_sa.h"
#include "sim/core/error.h"
#include "sim/core/reader.h"
#include <string.h>

#define PACKET_MAX 65515u /* of IP's 65535 */

int esp_sa_init(struct esp_sa *sa, struct sd_env *env, const struct cipher_suite *suite, bool esn,
                uint32_t spi, const uint8_t *key, uint32_t window)
{
    *sa = (struct esp_sa){.suite = *suite, .esn = esn, .spi = spi};
    if (!cipher_known(suite))
        return SD_E_ARG;
    memcpy(sa->key, key, cipher_key_len(suite));
    return window ? esp_window_init(&sa->window, env, window) : SD_OK;
}

void esp_sa_fini(struct esp_sa *sa)
{
    esp_window_fini(&sa->window);
    sd_wipe(sa, sizeof *sa);
}

/* 2.4: text ends a word, and a block of the cipher. */
static size_t alignment(const struct cipher_suite *s)
{
    size_t block = cipher_block(s);
    return block > ESP_ALIGN ? block : ESP_ALIGN;
}

/* What is encrypted: payload, both kinds of padding, trailer. */
static size_t text_len_of(const struct cipher_suite *s, size_t len, size_t pad_to)
{
    size_t whole = (len > pad_to ? len : pad_to) + ESP_TRAILER, align = alignment(s);
    return (whole + align - 1) / align * align;
}

size_t esp_sealed_len(const struct cipher_suite *s, size_t len, size_t pad_to)
{
    if (!cipher_known(s) || len > PACKET_MAX || pad_to > PACKET_MAX)
        return 0;
    size_t total = ESP_HEADER + cipher_iv_len(s) + text_len_of(s, len, pad_to) + CIPHER_ICV;
    return total <= PACKET_MAX ? total : 0;
}

/* What the ciphers are told of a packet with that number. */
struct cover {
    struct cipher_message message;
    uint8_t aad[12], high[4];
};

static const struct cipher_message *cover(const struct esp_sa *sa, uint8_t *packet, size_t text_len,
                                          uint64_t sequence, struct cover *c)
{
    /* RFC 4106 5, RFC 7634 2.1: SPI and the whole sequence number, as long as it is. */
    struct sd_writer w = sd_writer_of(c->aad, sizeof c->aad);
    sd_put32(&w, sa->spi);
    if (sa->esn)
        sd_put32(&w, (uint32_t)(sequence >> 32));
    sd_put32(&w, (uint32_t)sequence);
    c->message = (struct cipher_message){.iv = packet + ESP_HEADER,
                                         .text_len = text_len,
                                         .aad = c->aad,
                                         .aad_len = sd_written(&w),
                                         .start = packet};
    if (sa->esn) { /* 2.2.1: a MAC covers the high half behind the packet */
        w = sd_writer_of(c->high, sizeof c->high);
        sd_put32(&w, (uint32_t)(sequence >> 32));
        c->message.behind = c->high;
        c->message.behind_len = sizeof c->high;
    }
    return &c->message;
}

/* -- sealing: 3.3 -- */

static void put_iv(struct sd_writer *w, struct sd_env *env, const struct esp_sa *sa)
{
    if (cipher_is_aead(&sa->suite)) /* RFC 4106 3.1: unique under the key is all that it must be */
        sd_put64(w, sa->sequence);
    else /* RFC 3602 3: unpredictable */
        sd_random(env, sd_put_space(w, cipher_iv_len(&sa->suite)), cipher_iv_len(&sa->suite));
}

int esp_seal(struct esp_sa *sa, struct sd_env *env, uint8_t *packet, const void *payload,
             size_t len, size_t pad_to, uint8_t next_header)
{
    size_t total = esp_sealed_len(&sa->suite, len, pad_to);
    size_t text_len = text_len_of(&sa->suite, len, pad_to);
    size_t whole = len > pad_to ? len : pad_to, pad = text_len - ESP_TRAILER - whole;
    if (!total)
        return SD_E_ARG;
    if (sa->sequence == (sa->esn ? UINT64_MAX : UINT32_MAX))
        return SD_DROP_STATE; /* 3.3.3: numbers must not cycle */
    sa->sequence++;

    struct sd_writer w = sd_writer_of(packet, total);
    sd_put32(&w, sa->spi);
    sd_put32(&w, (uint32_t)sa->sequence);
    put_iv(&w, env, sa);
    sd_put(&w, payload, len);
    sd_put_space(&w, whole - len); /* 2.7 */
    for (size_t i = 1; i <= pad; i++)
        sd_put8(&w, (uint8_t)i); /* 2.4 */
    sd_put8(&w, (uint8_t)pad);
    sd_put8(&w, next_header);

    struct cover c;
    cipher_seal(&sa->suite, sa->key, cover(sa, packet, text_len, sa->sequence, &c));
    sa->packets++;
    sa->bytes += len;
    return SD_OK;
}

/* -- opening: 3.4 -- */

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
    size_t align = alignment(&sa->suite), text = ESP_HEADER + cipher_iv_len(&sa->suite);
    size_t around = text + CIPHER_ICV;
    if (len < around + align || (len - around) % align)
        return SD_DROP_MALFORMED;
    struct sd_reader r = sd_reader_of(packet + 4, 4);
    uint64_t sequence = esp_window_number(&sa->window, sd_get32(&r), sa->esn);
    struct cover c;

    if (!esp_window_fresh(&sa->window, sequence)) /* 3.4.3: before the costly part */
        return SD_DROP_REPLAY;
    if (!cipher_open(&sa->suite, sa->key, cover(sa, packet, len - around, sequence, &c)))
        return SD_DROP_AUTH;
    o->newest = sequence > sa->window.top;
    esp_window_accept(&sa->window, sequence);
    if (!take_trailer(packet + text, len - around, o))
        return SD_DROP_MALFORMED;
    sa->packets++;
    sa->bytes += o->len;
    return SD_OK;
}
