/* describe.c - names of packets for ladders. */
#include "protocols/curvecp/curvecp.h"
#include <stdio.h>
#include <string.h>

static bool is(const uint8_t *data, size_t len, const char *magic, size_t least)
{
    return len >= least && memcmp(data, magic, CP_MAGIC_LEN) == 0;
}

size_t cp_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    (void)from_client;
    int n;
    if (is(data, len, CP_MAGIC_HELLO, sizeof(struct cp_hello)))
        n = snprintf(text, cap, "Hello (C')");
    else if (is(data, len, CP_MAGIC_COOKIE, sizeof(struct cp_cookie_packet)))
        n = snprintf(text, cap, "Cookie [S' and cookie encrypted]");
    else if (is(data, len, CP_MAGIC_INITIATE, CP_INITIATE_OVERHEAD))
        n = snprintf(text, cap, "Initiate (C', cookie) [vouch, %zu B message encrypted]",
                     len - CP_INITIATE_OVERHEAD);
    else if (is(data, len, CP_MAGIC_CLIENT_MESSAGE, CP_CLIENT_OVERHEAD))
        n = snprintf(text, cap, "Message (C') [%zu B encrypted]", len - CP_CLIENT_OVERHEAD);
    else if (is(data, len, CP_MAGIC_SERVER_MESSAGE, CP_SERVER_OVERHEAD))
        n = snprintf(text, cap, "Message [%zu B encrypted]", len - CP_SERVER_OVERHEAD);
    else
        n = snprintf(text, cap, "not CurveCP [%zu B]", len);
    return n < 0 || !cap ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}
