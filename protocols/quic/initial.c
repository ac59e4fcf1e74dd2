/* initial.c - what a client's first packet says to everybody: Initial packets are sealed with keys
 * that follow from the connection id in their own header (RFC 9001 5.2), so that whoever sees one
 * can open it.  Only ladders and eavesdroppers look here. */
#include "protocols/crypto/aead.h"
#include "protocols/crypto/kdf.h"
#include "protocols/crypto/mask.h"
#include "protocols/quic/quic.h"
#include "sim/core/reader.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { KEY_LEN = 16, DCID_MIN = 8, PACKET_MAX = 2048, RANDOM_LEN = 32 };
enum { FRAME_PADDING = 0, FRAME_PING = 1, FRAME_CRYPTO = 6 };        /* RFC 9000 19 */
enum { CLIENT_HELLO = 1, EXTENSION_SERVER_NAME = 0, HOST_NAME = 0 }; /* RFC 8446 4, RFC 6066 3 */

struct initial_keys {
    uint8_t key[KEY_LEN], iv[SD_AEAD_NONCE], hp[KEY_LEN];
};

/* 5.2: the client's, of version 1. */
static void derive(struct initial_keys *k, const uint8_t *dcid, size_t len)
{
    static const uint8_t salt[] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                   0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
    uint8_t initial[SD_KDF_LEN], client[SD_KDF_LEN];
    struct sd_expand_label x = {.hash = SD_SHA256, .prefix = "tls13 ", .secret = initial};
    sd_hkdf_sha256_extract(initial, salt, sizeof salt, dcid, len);
    x.label = "client in";
    sd_hkdf_expand_label(client, sizeof client, &x);
    x.secret = client;
    x.label = "quic key";
    sd_hkdf_expand_label(k->key, sizeof k->key, &x);
    x.label = "quic iv";
    sd_hkdf_expand_label(k->iv, sizeof k->iv, &x);
    x.label = "quic hp";
    sd_hkdf_expand_label(k->hp, sizeof k->hp, &x);
}

/* Where the packet number begins; 0: the packet is too short. */
static size_t number_at(const struct quic_packet *p)
{
    struct sd_reader r = sd_reader_of(p->start, p->len);
    sd_get(&r, 1 + 4 + 1 + p->dcid_len + 1 + p->scid_len);
    quic_get_varint(&r);
    sd_get(&r, p->token_len);
    quic_get_varint(&r); /* the length, which ends the packet */
    return r.bad || sd_left(&r) < 4 + SD_MASK_LEN ? 0 : (size_t)(r.at - p->start);
}

/* 5.4, 5.3: its frames into plain; their length, 0 if these are not its keys. */
static size_t open_packet(const struct quic_packet *p, uint8_t plain[PACKET_MAX])
{
    uint8_t packet[PACKET_MAX], mask[SD_MASK_LEN];
    struct initial_keys k;
    size_t at = number_at(p);
    if (at == 0 || p->len > sizeof packet || p->dcid_len < DCID_MIN)
        return 0;
    derive(&k, p->dcid, p->dcid_len);
    memcpy(packet, p->start, p->len);
    sd_aes_mask(mask, packet + at + 4, k.hp, sizeof k.hp);
    packet[0] ^= mask[0] & 0x0f;
    size_t number_len = (packet[0] & 3u) + 1;
    for (size_t i = 0; i < number_len; i++) {
        packet[at + i] ^= mask[1 + i];
        k.iv[sizeof k.iv - number_len + i] ^= packet[at + i];
    }
    size_t header = at + number_len, sealed = p->len - header;
    const struct sd_aes_gcm gcm = {k.key, sizeof k.key, SD_AEAD_TAG};
    bool good = sd_aes_gcm_open(&gcm, plain, packet + header, sealed, packet, header, k.iv);
    return good ? sealed - SD_AEAD_TAG : 0;
}

/* The beginning of the handshake, if this packet has it. */
static struct sd_reader crypto_of(const uint8_t *frames, size_t len)
{
    struct sd_reader r = sd_reader_of(frames, len);
    while (!r.bad && sd_left(&r) > 0) {
        uint8_t type = sd_get8(&r);
        if (type == FRAME_PADDING || type == FRAME_PING)
            continue;
        uint64_t offset = type == FRAME_CRYPTO ? quic_get_varint(&r) : 1;
        uint64_t size = type == FRAME_CRYPTO ? quic_get_varint(&r) : sd_left(&r);
        struct sd_reader data = sd_get_sub(&r, size <= sd_left(&r) ? (size_t)size : sd_left(&r));
        if (type == FRAME_CRYPTO && offset == 0)
            return data;
    }
    return sd_reader_of(frames, 0);
}

static void skip(struct sd_reader *r, size_t len)
{
    if (len <= sd_left(r))
        sd_get(r, len);
    else
        r->bad = true;
}

/* RFC 6066 3: whom it asks for; the length, 0 if it is not there. */
static size_t server_name(struct sd_reader *hello, char *name, size_t cap)
{
    skip(hello, 3 + 2 + RANDOM_LEN);
    skip(hello, sd_get8(hello));
    skip(hello, sd_get16(hello));
    skip(hello, sd_get8(hello));
    sd_get16(hello);
    while (!hello->bad && sd_left(hello) >= 4) {
        uint16_t type = sd_get16(hello);
        size_t len = sd_get16(hello);
        struct sd_reader x = sd_get_sub(hello, len <= sd_left(hello) ? len : sd_left(hello));
        if (type != EXTENSION_SERVER_NAME)
            continue;
        sd_get16(&x);
        if (sd_get8(&x) != HOST_NAME)
            return 0;
        size_t size = sd_get16(&x), used = 0;
        for (; used < size && used + 1 < cap && sd_left(&x) > 0; used++) {
            uint8_t c = sd_get8(&x);
            name[used] = isgraph(c) ? (char)c : '?';
        }
        name[used] = '\0';
        return used;
    }
    return 0;
}

bool quic_initial_words(const struct quic_packet *p, char *text, size_t cap)
{
    uint8_t plain[PACKET_MAX];
    char name[128];
    size_t len = open_packet(p, plain);
    struct sd_reader hello = crypto_of(plain, len);
    if (len == 0 || sd_get8(&hello) != CLIENT_HELLO)
        return false;
    const char *token = p->token_len > 0 ? "token, " : "";
    if (server_name(&hello, name, sizeof name) > 0)
        snprintf(text, cap, "Initial (%sClientHello, SNI %s)", token, name);
    else
        snprintf(text, cap, "Initial (%sClientHello)", token);
    return true;
}
