/* describe.c - names of messages for ladders. */
#include "protocols/wireguard/wireguard.h"
#include "sim/core/reader.h"
#include <stdio.h>

size_t wg_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    (void)from_client;
    struct sd_reader r = sd_reader_of(data, len);
    uint32_t type = sd_get32le(&r);
    int n;
    if (!r.bad && type == WG_INITIATION && len == sizeof(struct wg_initiation))
        n = snprintf(text, cap, "Handshake Initiation");
    else if (!r.bad && type == WG_RESPONSE && len == sizeof(struct wg_response))
        n = snprintf(text, cap, "Handshake Response");
    else if (!r.bad && type == WG_COOKIE_REPLY && len == sizeof(struct wg_cookie_reply))
        n = snprintf(text, cap, "Cookie Reply");
    else if (!r.bad && type == WG_DATA && len == WG_DATA_MIN)
        n = snprintf(text, cap, "Keepalive");
    else if (!r.bad && type == WG_DATA && len > WG_DATA_MIN)
        n = snprintf(text, cap, "Transport Data [%zu B encrypted]", len - WG_DATA_MIN);
    else
        n = snprintf(text, cap, "not WireGuard [%zu B]", len);
    return n < 0 || !cap ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}
