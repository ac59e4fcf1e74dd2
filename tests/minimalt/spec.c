#include "tests/minimalt/spec.h"
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static uint64_t number(const uint8_t *at, size_t len)
{
    uint64_t n = 0;
    for (size_t i = 0; i < len; i++)
        n = n << 8 | at[i];
    return n;
}

static void put(uint8_t *at, uint64_t n)
{
    for (int i = 7; i >= 0; i--, n >>= 8)
        at[i] = (uint8_t)n;
}

void spec_secret(uint8_t secret[32], const uint8_t their_public[32], const uint8_t our_private[32])
{
    static const uint8_t zeros[16];
    uint8_t shared[32];
    if (crypto_scalarmult(shared, our_private, their_public) != 0)
        memset(shared, 0, sizeof shared);
    crypto_core_hsalsa20(secret, zeros, shared, NULL);
}

void spec_rekey(uint8_t secret[32])
{
    uint8_t hash[64];
    crypto_hash_sha512(hash, secret, 32);
    memcpy(secret, hash, 32);
}

/* The first 32 bytes of XSalsa20's stream are Poly1305's key; the tag stands first. */
bool spec_unbox(uint8_t *text, const uint8_t *box, size_t len, const uint8_t nonce[24],
                const uint8_t key[32])
{
    uint8_t padded[32 + 4096] = {0}, tag[16];
    if (len < 16 || len - 16 > 4096)
        return false;
    crypto_stream_xsalsa20(padded, 32, nonce, key);
    crypto_onetimeauth_poly1305(tag, box + 16, len - 16, padded);
    if (memcmp(tag, box, 16) != 0)
        return false;
    memset(padded, 0, 32);
    memcpy(padded + 32, box + 16, len - 16);
    crypto_stream_xsalsa20_xor(padded, padded, 32 + len - 16, nonce, key);
    memcpy(text, padded + 32, len - 16);
    return true;
}

bool spec_read(struct spec_packet *p, const uint8_t *data, size_t len, size_t *box)
{
    *box = 16;
    if (len < 16)
        return false;
    memset(p, 0, sizeof *p);
    p->shows_key = data[0] & 0x80;
    p->has_puzzle = data[0] & 0x40;
    p->tid = number(data, 8) & (UINT64_MAX >> 2);
    p->nonce = number(data + 8, 8);
    if (len < 16 + (p->shows_key ? 32u : 0) + (p->has_puzzle ? 148u : 0))
        return false;
    if (p->shows_key) {
        memcpy(p->key, data + *box, 32);
        *box += 32;
    }
    if (p->has_puzzle) {
        memcpy(p->puzzle, data + *box, 148);
        *box += 148;
    }
    return true;
}

bool spec_open(struct spec_packet *p, const uint8_t *data, size_t len, const uint8_t secret[32])
{
    uint8_t nonce[24] = "minimaLT", text[2056];
    size_t box;
    if (!spec_read(p, data, len, &box) || len < box + 24 || len - box > sizeof text)
        return false;
    put(nonce + 8, p->tid);
    put(nonce + 16, p->nonce);
    if (!spec_unbox(text, data + box, len - box, nonce, secret))
        return false;
    p->sequence = (uint32_t)number(text, 4);
    p->acknowledged = (uint32_t)number(text + 4, 4);
    p->calls_len = len - box - 16 - 8;
    memcpy(p->calls, text + 8, p->calls_len);
    return true;
}

/* -- calls -- */

static const char *const names[] = {
    "",        "next-tid", "rekey-now", "create", "create-auth", "ack",         "refuse", "close",
    "request", "give",     "ok",        "puzzle", "solution",    "window-size", "beside", "data",
};

/* The call at *at, which moves behind it; NULL at the end. */
static const uint8_t *next_call(const struct spec_packet *p, size_t *at, uint8_t *call, size_t *len)
{
    const uint8_t *c = p->calls + *at;
    if (*at + 7 > p->calls_len || c[4] == 0)
        return NULL;
    *call = c[4];
    *len = number(c + 5, 2);
    *at += 7 + *len;
    return *at <= p->calls_len ? c + 7 : NULL;
}

const char *spec_calls(const struct spec_packet *p)
{
    static char text[512];
    uint8_t call;
    size_t at = 0, len, n = 0;
    text[0] = 0;
    while (next_call(p, &at, &call, &len) && n + 16 < sizeof text)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? " " : "",
                              call < sizeof names / sizeof *names ? names[call] : "?");
    return text;
}

const uint8_t *spec_call(const struct spec_packet *p, uint8_t wanted, size_t *len)
{
    const uint8_t *arguments;
    uint8_t call;
    size_t at = 0;
    while ((arguments = next_call(p, &at, &call, len)))
        if (call == wanted)
            return arguments;
    return NULL;
}

bool spec_authenticator(const uint8_t x[48], uint32_t connection, const uint8_t first_key[32],
                        const uint8_t user[32], const uint8_t server_private[32])
{
    uint8_t nonce[24] = "mLT-user", key[32], text[32];
    memcpy(nonce + 8, first_key, 8);
    put(nonce + 16, connection);
    spec_secret(key, user, server_private);
    return spec_unbox(text, x, 48, nonce, key) && memcmp(text, first_key, 32) == 0;
}
