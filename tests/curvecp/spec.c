#include "tests/curvecp/spec.h"
#include <sodium.h>
#include <string.h>

static uint64_t little(const uint8_t *at, size_t len)
{
    uint64_t v = 0;
    while (len-- > 0)
        v = v << 8 | at[len];
    return v;
}

static bool all_zero(const uint8_t *at, size_t len)
{
    while (len > 0 && *at == 0)
        at++, len--;
    return len == 0;
}

/* Box[...](from public key to private key): prefix and compressed nonce make 24 bytes. */
static bool open_box(uint8_t *out, const uint8_t *box, size_t len, const char *prefix,
                     const uint8_t *compressed, const uint8_t *public_key,
                     const uint8_t *private_key)
{
    uint8_t nonce[24];
    size_t n = strlen(prefix);
    memcpy(nonce, prefix, n);
    memcpy(nonce + n, compressed, 24 - n);
    return crypto_box_open_easy(out, box, len, nonce, public_key, private_key) == 0;
}

static const char *short_nonce(const uint8_t *at, uint64_t *last, bool *spoke)
{
    uint64_t nonce = little(at, 8);
    if (*spoke && nonce <= *last)
        return "short-term nonce: not greater than the one before";
    if (!*spoke && nonce > UINT64_C(1) << 48)
        return "first short-term nonce: not below 2^48";
    *last = nonce;
    *spoke = true;
    return NULL;
}

/* Hello: 8 magic, 16 server extension, 16 client extension, 32 C', 64 zeros, 8 nonce, 80 box */
const char *spec_hello(struct spec_view *v, const uint8_t *p, size_t len)
{
    uint8_t text[64];
    if (len != 224 || memcmp(p, "QvnQ5XlH", 8) != 0)
        return "Hello: length or magic";
    if (memcmp(p + 8, v->server_extension, 16) != 0 || memcmp(p + 24, v->client_extension, 16) != 0)
        return "Hello: extensions";
    memcpy(v->client_short, p + 40, 32);
    if (!all_zero(p + 72, 64))
        return "Hello: padding outside the box";
    if (!open_box(text, p + 144, 80, "CurveCP-client-H", p + 136, v->client_short, v->s))
        return "Hello: Box[0'](C'->S)";
    if (!all_zero(text, 64))
        return "Hello: padding in the box";
    return short_nonce(p + 136, &v->client_nonce, &v->client_spoke);
}

/* Cookie: 8 magic, 16 client extension, 16 server extension, 16 nonce, 144 box of 32 S' and the
 * 96 bytes of K: 16 nonce and an 80-byte secretbox of C' and s' */
const char *spec_cookie(struct spec_view *v, const uint8_t *p, size_t len)
{
    uint8_t text[128], inside[64], nonce[24], base[32];
    if (len != 200 || memcmp(p, "RL3aNMXK", 8) != 0)
        return "Cookie: length or magic";
    if (memcmp(p + 8, v->client_extension, 16) != 0 || memcmp(p + 24, v->server_extension, 16) != 0)
        return "Cookie: extensions";
    /* the client opens it with c' and S; the key is that of s and C' */
    if (!open_box(text, p + 56, 144, "CurveCPK", p + 40, v->client_short, v->s))
        return "Cookie: Box[S',K](S->C')";
    memcpy(v->server_short, text, 32);
    memcpy(nonce, "minute-k", 8);
    memcpy(nonce + 8, text + 32, 16);
    if (crypto_secretbox_open_easy(inside, text + 48, 80, nonce, v->t) != 0)
        return "cookie: Box[C',s'](t)";
    if (memcmp(inside, v->client_short, 32) != 0)
        return "cookie: C'";
    memcpy(v->s_short, inside + 32, 32);
    crypto_scalarmult_base(base, v->s_short);
    return memcmp(base, v->server_short, 32) == 0 ? NULL : "cookie: s' is not that of S'";
}

/* Initiate: 8 magic, 16 + 16 extensions, 32 C', 96 K, 8 nonce, box of 32 C, 16 nonce, 48 vouch,
 * 256 name and the message */
const char *spec_initiate(struct spec_view *v, const uint8_t *p, size_t len, uint8_t *message,
                          size_t *message_len)
{
    uint8_t text[2048], vouched[32];
    if (len < 544 + 16 || len > 544 + 640 || len % 16 != 0 || memcmp(p, "QvnQ5XlI", 8) != 0)
        return "Initiate: length or magic";
    if (memcmp(p + 8, v->server_extension, 16) != 0 || memcmp(p + 24, v->client_extension, 16) != 0)
        return "Initiate: extensions";
    if (memcmp(p + 40, v->client_short, 32) != 0)
        return "Initiate: C'";
    if (!open_box(text, p + 176, len - 176, "CurveCP-client-I", p + 168, v->client_short,
                  v->s_short))
        return "Initiate: Box[C,V,N,...](C'->S')";
    memcpy(v->C, text, 32);
    if (!open_box(vouched, text + 48, 48, "CurveCPV", text + 32, v->C, v->s))
        return "vouch: Box[C'](C->S)";
    if (memcmp(vouched, v->client_short, 32) != 0)
        return "vouch: C'";
    memcpy(v->name, text + 96, 256);
    *message_len = len - 544;
    memcpy(message, text + 352, *message_len);
    return short_nonce(p + 168, &v->client_nonce, &v->client_spoke);
}

/* Message from the client: 8 magic, 16 + 16 extensions, 32 C', 8 nonce, box */
const char *spec_client_message(struct spec_view *v, const uint8_t *p, size_t len, uint8_t *message,
                                size_t *message_len)
{
    if (len < 96 + 16 || len > 96 + 1088 || len % 16 != 0 || memcmp(p, "QvnQ5XlM", 8) != 0)
        return "client Message: length or magic";
    if (memcmp(p + 8, v->server_extension, 16) != 0 || memcmp(p + 24, v->client_extension, 16) != 0)
        return "client Message: extensions";
    if (memcmp(p + 40, v->client_short, 32) != 0)
        return "client Message: C'";
    if (!open_box(message, p + 80, len - 80, "CurveCP-client-M", p + 72, v->client_short,
                  v->s_short))
        return "client Message: Box[...](C'->S')";
    *message_len = len - 96;
    return short_nonce(p + 72, &v->client_nonce, &v->client_spoke);
}

/* Message from the server: 8 magic, 16 + 16 extensions, 8 nonce, box */
const char *spec_server_message(struct spec_view *v, const uint8_t *p, size_t len, uint8_t *message,
                                size_t *message_len)
{
    if (len < 64 + 16 || len > 64 + 1088 || len % 16 != 0 || memcmp(p, "RL3aNMXM", 8) != 0)
        return "server Message: length or magic";
    if (memcmp(p + 8, v->client_extension, 16) != 0 || memcmp(p + 24, v->server_extension, 16) != 0)
        return "server Message: extensions";
    /* the client opens it with c' and S'; the key is that of s' and C' */
    if (!open_box(message, p + 48, len - 48, "CurveCP-server-M", p + 40, v->client_short,
                  v->s_short))
        return "server Message: Box[...](S'->C')";
    *message_len = len - 64;
    return short_nonce(p + 40, &v->server_nonce, &v->server_spoke);
}

const char *spec_message(const uint8_t *m, size_t len, struct spec_message *out)
{
    if (len < 48 || len > 1088 || len % 16 != 0)
        return "message: length";
    out->id = little(m, 4);
    out->acked_id = little(m + 4, 4);
    out->ranges[0][0] = 0;
    out->ranges[0][1] = little(m + 8, 8);
    for (size_t i = 1; i < 6; i++) {
        const uint8_t *at = i == 1 ? m + 16 : m + 22 + 4 * (i - 2);
        size_t gap = i == 1 ? 4 : 2;
        out->ranges[i][0] = out->ranges[i - 1][1] + little(at, gap);
        out->ranges[i][1] = out->ranges[i][0] + little(at + gap, 2);
    }
    uint64_t d = little(m + 38, 2);
    out->stop = d & (2048 + 4096);
    out->data_len = d & 2047;
    out->position = little(m + 40, 8);
    if (d > 1024 + 4096 || out->data_len > 1024 || out->stop == 2048 + 4096 ||
        48 + out->data_len > len)
        return "message: D";
    if (!all_zero(m + 48, len - 48 - out->data_len))
        return "message: padding";
    out->data = m + len - out->data_len;
    return NULL;
}
