/* addr.c - addresses: making, comparing, printing and parsing them. */
#include "sim/core/base.h"

#include <stdio.h>
#include <string.h>

struct sd_addr sd_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    return (struct sd_addr){.family = 4, .port = port, .ip = {a, b, c, d}};
}

struct sd_addr sd_ipv4_word(uint32_t host_order, uint16_t port)
{
    return sd_ipv4((uint8_t)(host_order >> 24), (uint8_t)(host_order >> 16),
                   (uint8_t)(host_order >> 8), (uint8_t)host_order, port);
}

uint32_t sd_addr_ipv4(const struct sd_addr *a)
{
    if (a->family != 4)
        return 0;
    return (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 | (uint32_t)a->ip[2] << 8 | a->ip[3];
}

bool sd_addr_equal(const struct sd_addr *a, const struct sd_addr *b)
{
    if (a->family != b->family || a->port != b->port)
        return false;
    if (a->family == 0)
        return true;
    return memcmp(a->ip, b->ip, a->family == 4 ? 4 : 16) == 0;
}

/* Plain groups of RFC 4291 2.2 form 1; the lab has no need of the "::" abbreviation. */
static int ipv6_text(const uint8_t ip[16], char *text, size_t cap)
{
    unsigned g[8];
    for (int i = 0; i < 8; i++)
        g[i] = (unsigned)ip[2 * i] << 8 | ip[2 * i + 1];
    return snprintf(text, cap, "%x:%x:%x:%x:%x:%x:%x:%x", g[0], g[1], g[2], g[3], g[4], g[5], g[6],
                    g[7]);
}

const char *sd_addr_text(const struct sd_addr *a, char text[SD_ADDR_TEXT])
{
    char ip[48];
    switch (a->family) {
    case 4:
        snprintf(ip, sizeof ip, "%u.%u.%u.%u", a->ip[0], a->ip[1], a->ip[2], a->ip[3]);
        break;
    case 6:
        ipv6_text(a->ip, ip, sizeof ip);
        break;
    default:
        snprintf(text, SD_ADDR_TEXT, "-");
        return text;
    }
    if (a->port == 0)
        snprintf(text, SD_ADDR_TEXT, "%s", ip);
    else
        snprintf(text, SD_ADDR_TEXT, a->family == 6 ? "[%s]:%u" : "%s:%u", ip, a->port);
    return text;
}

/* Digits up to max; false without any, with a superfluous zero in front, or above max. */
static bool parse_number(const char **at, unsigned max, unsigned *value)
{
    const char *p = *at;
    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    unsigned v = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        v = v * 10 + (unsigned)(*p - '0');
        if (v > max)
            return false;
    }
    *at = p;
    *value = v;
    return true;
}

bool sd_addr_parse(const char *text, struct sd_addr *a)
{
    unsigned part[4], port = 0;
    const char *p = text;
    for (int i = 0; i < 4; i++) {
        if (i > 0 && *p++ != '.')
            return false;
        if (!parse_number(&p, 255, &part[i]))
            return false;
    }
    if (*p == ':') {
        p++;
        if (!parse_number(&p, 65535, &port))
            return false;
    }
    if (*p != '\0')
        return false;
    *a = sd_ipv4((uint8_t)part[0], (uint8_t)part[1], (uint8_t)part[2], (uint8_t)part[3],
                 (uint16_t)port);
    return true;
}
