/* config.c - what an agent is told: modes, options, names. */
#include "protocols/quic/quic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HALF_OPEN_MAX 1024u
#define IDLE          (30 * SD_SECOND)

const struct sd_mode quic_modes[] = {
    {"fresh", "full handshake, one round trip", false},
    {"resumed", "ticket: PSK with (EC)DHE, no certificate", true},
    {"early", "0-RTT: application data in the first flight, under a ticket's key", true},
    {"cookie", "Retry: the client shows a token before the server keeps state", false},
    {"token", "as cookie, but the client has a token (NEW_TOKEN) of a connection before", true},
    {"psk", "external pre-shared key with (EC)DHE, no certificate", false},
    {0},
};

static const struct quic_mode modes[] = {
    {.name = "fresh"},
    {.name = "resumed", .resume = true},
    {.name = "early", .resume = true, .early = true},
    {.name = "cookie", .retry = true},
    {.name = "token", .retry = true, .token = true},
    {.name = "psk", .psk = true},
};

/* -- options -- */

static bool read_number(const char *text, int base, uint64_t least, uint64_t most, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, base);
    return !errno && end != text && !*end && *text != '-' && *value >= least && *value <= most;
}

static bool read_idle(struct quic *q, const char *text)
{
    uint64_t seconds;
    if (!read_number(text, 10, 1, 86400, &seconds))
        return false;
    q->idle = seconds * SD_SECOND;
    return true;
}

static bool read_static_key(struct quic *q, const char *text)
{
    for (size_t i = 0; i < sizeof q->static_key; i += 8) {
        uint64_t part = sd_hash_u64(sd_hash_text(0, text), i);
        memcpy(q->static_key + i, &part, 8);
    }
    return *text != '\0';
}

static bool read_version(struct quic *q, const char *text)
{
    uint64_t version;
    if (!read_number(text, 16, 1, UINT32_MAX, &version))
        return false;
    q->version = (uint32_t)version;
    return true;
}

static bool read_verify(struct quic *q, const char *text)
{
    q->application_verifies = strcmp(text, "application") == 0;
    return q->application_verifies || strcmp(text, "agent") == 0;
}

static bool read_pacing(struct quic *q, const char *text)
{
    q->pacing = strcmp(text, "on") == 0;
    return q->pacing || strcmp(text, "off") == 0;
}

static bool read_suites(struct quic *q, const char *text)
{
    q->suites = text;
    return *text != '\0';
}

static bool read_extension(struct quic *q, const char *text)
{
    q->unknown_extension = strcmp(text, "unknown") == 0;
    return q->unknown_extension || strcmp(text, "none") == 0;
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct quic *, const char *text);
} options[] = {
    {"idle", "1 to 86400 seconds", read_idle},
    {"static_key", "a text", read_static_key},
    {"version", "a version in hexadecimal, such as 1a2a3a4a", read_version},
    {"verify", "agent (refuses an unknown peer) or application (only tells)", read_verify},
    {"pacing", "on or off", read_pacing},
    {"suites", "ciphers by GnuTLS's names with colons between, as AES-128-GCM", read_suites},
    {"extension", "unknown (a client sends one that nobody knows) or none", read_extension},
};
#define OPTIONS (sizeof options / sizeof *options)

static int read_option(struct quic *q, const struct sd_option *o, struct sd_error *error)
{
    const char *names[OPTIONS + 1] = {0};
    for (size_t i = 0; i < OPTIONS; i++) {
        names[i] = options[i].name;
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        const char *text = o->value ? o->value : "";
        return options[i].read(q, text)
                   ? SD_OK
                   : sd_fail(error, SD_E_ARG, "quic: option %s: expected %s, found '%s'", o->name,
                             options[i].expected, text);
    }
    const char *near = sd_nearest(o->name, names);
    return sd_fail(error, SD_E_ARG,
                   "quic: unknown option '%s'%s%s%s; it knows: idle, static_key, version, verify, "
                   "pacing, suites, extension",
                   o->name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* "h3,hq-interop" to the names GnuTLS wants, by preference.  RFC 9001 8.1: there must be one. */
static int read_alpn(struct quic *q, const char *text, struct sd_error *error)
{
    for (const char *p = text; p;) {
        size_t len = strcspn(p, ",");
        if (len == 0 || len > 255 || q->alpns == sizeof q->alpn / sizeof *q->alpn)
            return sd_fail(error, SD_E_ARG,
                           "quic: alpn: expected at most 16 names of 1 to 255 bytes, separated by "
                           "commas; found '%s'",
                           text);
        q->alpn[q->alpns].data = (unsigned char *)(uintptr_t)p;
        q->alpn[q->alpns++].size = (unsigned)len;
        p = p[len] == ',' ? p + len + 1 : NULL;
    }
    return SD_OK;
}

static int check_identity(const struct quic *q, struct sd_error *error)
{
    const struct sd_config *c = &q->config;
    const struct sd_identity *id = c->identity;
    if (q->mode->psk)
        return c->psk && c->psk_len > 0 && c->psk_len <= 64
                   ? SD_OK
                   : sd_fail(error, SD_E_ARG,
                             "quic: mode psk needs a pre-shared key of 1 to 64 bytes");
    if ((c->role & SD_ROLE_SERVER) && (!id || !id->certificate || !id->private_key))
        return sd_fail(error, SD_E_ARG,
                       "quic: a server needs an identity with certificate and private key");
    return SD_OK;
}

static int check(struct quic *q, const char *mode, struct sd_error *error)
{
    const struct sd_config *c = &q->config;
    if (!(c->role & SD_ROLE_BOTH))
        return sd_fail(error, SD_E_ARG, "quic: expected role client, server or both, found %d",
                       (int)c->role);
    if (!q->mode)
        return sd_fail(error, SD_E_ARG,
                       "quic: there is no mode '%s'; see `shakedown list protocols`", mode);
    if (c->server_name && strlen(c->server_name) >= sizeof((struct quic_connection *)0)->name)
        return sd_fail(error, SD_E_ARG, "quic: server_name is longer than 79 bytes");
    if (q->path_mtu < QUIC_DATAGRAM_MIN + QUIC_UDP_IPV4)
        return sd_fail(error, SD_E_ARG, "quic: path_mtu: expected at least %u, found %u",
                       QUIC_DATAGRAM_MIN + QUIC_UDP_IPV4, q->path_mtu);
    return check_identity(q, error);
}

int quic_config(struct quic *q, const struct sd_config *config, struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    q->config = *config;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, mode) == 0)
            q->mode = &modes[i];
    q->half_open_max = config->half_open_max ? config->half_open_max : HALF_OPEN_MAX;
    q->path_mtu = config->path_mtu ? config->path_mtu : 1500;
    q->idle = IDLE;
    q->version = QUIC_VERSION_1;
    int r = check(q, mode, error);
    if (r == SD_OK)
        r = read_alpn(q, config->alpn ? config->alpn : "shakedown", error);
    for (const struct sd_option *o = config->options; o && o->name && r == SD_OK; o++)
        r = read_option(q, o, error);
    return r;
}
