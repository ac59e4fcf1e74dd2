/* keylog.c - what Wireshark's wg.keylog_file wants to know, in its order. */
#include "protocols/wireguard/wireguard.h"
#include <stdio.h>

#define BASE64_LEN ((WG_KEY_LEN + 2) / 3 * 4)

static void base64(char text[BASE64_LEN + 1], const uint8_t key[WG_KEY_LEN])
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *at = text;
    for (size_t i = 0; i < WG_KEY_LEN; i += 3) {
        size_t left = WG_KEY_LEN - i;
        uint32_t v = (uint32_t)key[i] << 16 | (left > 1 ? (uint32_t)key[i + 1] << 8 : 0) |
                     (left > 2 ? key[i + 2] : 0);
        *at++ = digit[v >> 18];
        *at++ = digit[v >> 12 & 63];
        *at++ = left > 1 ? digit[v >> 6 & 63] : '=';
        *at++ = left > 2 ? digit[v & 63] : '=';
    }
    *at = 0;
}

static void line(struct wireguard *wg, const char *name, const uint8_t key[WG_KEY_LEN])
{
    char value[BASE64_LEN + 1], text[96];
    base64(value, key);
    snprintf(text, sizeof text, "%s=%s", name, value);
    sd_keylog(wg->env, SD_KEYS_WIREGUARD, text);
    sd_wipe(value, sizeof value);
    sd_wipe(text, sizeof text);
}

void wg_keylog(struct wireguard *wg, const struct wg_peer *peer,
               const uint8_t ephemeral[WG_KEY_LEN])
{
    if (!wg->env->keylog)
        return;
    line(wg, "LOCAL_STATIC_PRIVATE_KEY", wg->private_key);
    line(wg, "REMOTE_STATIC_PUBLIC_KEY", peer->public_key);
    line(wg, "LOCAL_EPHEMERAL_PRIVATE_KEY", ephemeral);
    line(wg, "PRESHARED_KEY", peer->psk);
}
