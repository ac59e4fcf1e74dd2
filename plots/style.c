#include "plots/style.h"
#include <string.h>

/* Chosen by measure: any two differ by at least 12 (CIE76) also with protanopia, deuteranopia or
 * tritanopia, and stand out from the paper by a contrast of 3 or more; relatives share a hue, and
 * differ in lightness, shape and dash. */
const struct sd_style sd_styles[] = {
    {"tls12", "TLS 1.2", "#7f8df0", "#6c56f5", 4, "(12,5)"},
    {"tls13", "TLS 1.3", "#1d2fd6", "#3696ef", 5, "solid"},
    {"dtls12", "DTLS 1.2", "#e37800", "#f57300", 8, "(12,5)"},
    {"dtls13", "DTLS 1.3", "#7d1500", "#efac86", 9, "solid"},
    {"quic", "QUIC", "#2a8064", "#1e7c6e", 7, "solid"},
    {"gquic", "gQUIC", "#85974f", "#a1dc5c", 6, "(12,5)"},
    {"minimalt", "MinimaLT", "#6f1eb8", "#bc2ab6", 10, "(12,4,3,4)"},
    {"curvecp", "CurveCP", "#e81a9e", "#f572bc", 11, "(3,3)"},
    {"tcpcrypt", "tcpcrypt", "#805e00", "#f0da30", 12, "(12,4,3,4)"},
    {"ipsec", "IKEv2 + ESP", "#4a536c", "#dbd8d4", 14, "(3,3)"},
    {"wireguard", "WireGuard", "#b8002f", "#f50038", 13, "solid"},
    {"srtp", "DTLS-SRTP", "#00a2c2", "#12dcf5", 15, "(12,5)"},
    {NULL, NULL, NULL, NULL, 0, NULL},
};

/* For series that are no protocols, in an order of great differences. */
static const char *const others[] = {"tls13", "dtls12", "quic",    "wireguard", "minimalt",
                                     "srtp",  "ipsec",  "curvecp", "tcpcrypt",  "gquic"};
#define OTHERS (sizeof others / sizeof *others)

const struct sd_style *sd_style_find(const char *protocol)
{
    for (const struct sd_style *style = sd_styles; style->protocol; style++)
        if (!strcmp(style->protocol, protocol))
            return style;
    return NULL;
}

const struct sd_style *sd_style_nth(size_t n)
{
    return sd_style_find(others[n % OTHERS]);
}

static const struct {
    const char *light, *dark;
} rest[] = {
    {SD_PAPER, SD_PAPER_DARK}, {SD_INK, "#e8ebee"},  {SD_MUTED, "#a3adb8"},
    {SD_FAINT, "#3a424b"},     {SD_WASH, "#20252b"}, {SD_ENCRYPTED, "#c3a5ff"},
    {SD_GOOD, "#4fd1b2"},      {SD_BAD, "#ff8478"},  {SD_OTHER, "#f0c264"},
};

static void rule(FILE *to, const char *light, const char *dark)
{
    static const char *const properties[] = {"fill", "stroke", "color"};
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        fprintf(to, "[%s=\"%s\"]{%s:%s}", properties[i], light, properties[i], dark);
    fputc('\n', to);
}

void sd_style_sheet(FILE *to)
{
    fputs("@media screen and (prefers-color-scheme:dark){\n", to);
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        rule(to, rest[i].light, rest[i].dark);
    for (const struct sd_style *style = sd_styles; style->protocol; style++)
        rule(to, style->light, style->dark);
    fputs("}\n", to);
}
