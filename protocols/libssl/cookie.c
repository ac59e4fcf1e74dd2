/* cookie.c - cookies that prove an address and cost the server no memory: HMAC-SHA256 under a key
 * that lives for a minute and is good for a minute more. */
#include "protocols/libssl/libssl.h"

#include <sodium.h>
#include <string.h>

#define KEY_LIFE (60 * SD_SECOND)

static void rotate(struct sd_ssl_agent *a)
{
    sd_time now = a->env->now;
    if (now < a->cookie_until)
        return;
    bool fresh = a->cookie_until == 0 || now - a->cookie_until >= KEY_LIFE;
    if (fresh)
        sd_random(a->env, a->cookie_key[1], sizeof a->cookie_key[1]);
    else
        memcpy(a->cookie_key[1], a->cookie_key[0], sizeof a->cookie_key[0]);
    sd_random(a->env, a->cookie_key[0], sizeof a->cookie_key[0]);
    a->cookie_until = now + KEY_LIFE;
}

static void mac(const uint8_t key[32], const struct sd_addr *peer, const void *hello,
                size_t hello_len, uint8_t out[SD_SSL_COOKIE])
{
    crypto_auth_hmacsha256_state state;
    uint8_t address[1 + 16 + 2] = {peer->family};
    memcpy(address + 1, peer->ip, peer->family == 6 ? 16 : 4);
    address[17] = (uint8_t)(peer->port >> 8);
    address[18] = (uint8_t)peer->port;
    sd_count(SD_OP_MAC, "HMAC-SHA2-256", sizeof address + hello_len);
    crypto_auth_hmacsha256_init(&state, key, 32);
    crypto_auth_hmacsha256_update(&state, address, sizeof address);
    if (hello_len > 0)
        crypto_auth_hmacsha256_update(&state, hello, hello_len);
    crypto_auth_hmacsha256_final(&state, out);
    sd_wipe(&state, sizeof state);
}

void sd_ssl_cookie_make(struct sd_ssl_agent *a, const struct sd_addr *peer, const void *hello,
                        size_t hello_len, uint8_t cookie[SD_SSL_COOKIE])
{
    rotate(a);
    mac(a->cookie_key[0], peer, hello, hello_len, cookie);
}

bool sd_ssl_cookie_check(struct sd_ssl_agent *a, const struct sd_addr *peer, const void *hello,
                         size_t hello_len, const uint8_t *cookie, size_t cookie_len)
{
    uint8_t expected[SD_SSL_COOKIE];
    rotate(a);
    if (cookie_len != SD_SSL_COOKIE)
        return false;
    for (int generation = 0; generation < 2; generation++) {
        mac(a->cookie_key[generation], peer, hello, hello_len, expected);
        if (sd_equal_ct(expected, cookie, SD_SSL_COOKIE))
            return true;
    }
    return false;
}
