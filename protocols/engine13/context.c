/* context.c - what the configuration says, in the handshake's words. */
#include "protocols/engine13/inside.h"

#include <stdlib.h>
#include <string.h>

/* -- options -- */

static bool read_number(const char *text, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n > most)
        return false;
    *value = (uint32_t)n;
    return true;
}

struct name {
    const char *text;
    uint16_t number;
};

/* "A:B" in order of preference to their numbers. */
static bool read_names(const char *text, const struct name *names, uint16_t *numbers, size_t max)
{
    size_t count = 0;
    for (const char *at = text; at;) {
        size_t len = strcspn(at, ":");
        const struct name *n = names;
        while (n->text && !(strlen(n->text) == len && memcmp(n->text, at, len) == 0))
            n++;
        if (!n->text || count == max)
            return false;
        numbers[count++] = n->number;
        at = at[len] == ':' ? at + len + 1 : NULL;
    }
    while (count < max)
        numbers[count++] = 0;
    return true;
}

static bool read_tickets(struct sd_e13_context *c, const char *value)
{
    return read_number(value, 16, &c->tickets_sent);
}

static bool read_verify(struct sd_e13_context *c, const char *value)
{
    c->application_verifies = strcmp(value, "application") == 0;
    return c->application_verifies || strcmp(value, "agent") == 0;
}

static bool read_groups(struct sd_e13_context *c, const char *value)
{
    static const struct name names[] = {{"X25519", E13_X25519}, {"P-256", E13_SECP256R1}, {0}};
    return read_names(value, names, c->group, sizeof c->group / sizeof *c->group);
}

static bool read_suites(struct sd_e13_context *c, const char *value)
{
    static const struct name names[] = {
        {"TLS_AES_128_GCM_SHA256", TLS_AES_128_GCM_SHA256},
        {"TLS_AES_256_GCM_SHA384", TLS_AES_256_GCM_SHA384},
        {"TLS_CHACHA20_POLY1305_SHA256", TLS_CHACHA20_POLY1305_SHA256},
        {0},
    };
    return read_names(value, names, c->suite, sizeof c->suite / sizeof *c->suite);
}

static bool read_srtp(struct sd_e13_context *c, const char *value)
{
    static const struct name names[] = {{"SRTP_AES128_CM_HMAC_SHA1_80", 1},
                                        {"SRTP_AES128_CM_HMAC_SHA1_32", 2},
                                        {"SRTP_AEAD_AES_128_GCM", 7},
                                        {"SRTP_AEAD_AES_256_GCM", 8},
                                        {0}};
    return read_names(value, names, c->srtp, SD_E13_SRTP_MAX);
}

/* The peer's key as it would have been agreed out of band: that of an identity of the lab. */
static bool read_raw_key(struct sd_e13_context *c, const char *value)
{
    const struct sd_identity *peer = sd_identity(value);
    struct sd_chain chain;
    if (!peer || sd_chain_from_pem(&chain, c->env, peer->certificate) != SD_OK)
        return false;
    sd_free(c->peer_key.der);
    bool good = sd_certificate_public_key(&c->peer_key, c->env, &chain.certificate[0]);
    sd_chain_free(&chain);
    return good;
}

static bool read_extension(struct sd_e13_context *c, const char *value)
{
    c->unknown_extension = strcmp(value, "unknown") == 0;
    return c->unknown_extension || strcmp(value, "none") == 0;
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct sd_e13_context *, const char *value);
} options[] = {
    {"tickets", "0 to 16 tickets after a handshake", read_tickets},
    {"verify", "agent (refuses unknown certificates) or application (only tells)", read_verify},
    {"groups", "X25519 and P-256, separated by colons", read_groups},
    {"suites", "TLS_AES_128_GCM_SHA256 and its kin, separated by colons", read_suites},
    {"use_srtp", "SRTP_AES128_CM_HMAC_SHA1_80 and its kin, separated by colons", read_srtp},
    {"raw_public_key", "an identity of the lab, whose key the peer must show", read_raw_key},
    {"extension", "unknown (a client sends one of private use) or none", read_extension},
};
#define OPTIONS (sizeof options / sizeof *options)

const char *const sd_e13_options[OPTIONS + 1] = {"tickets",  "verify",         "groups",   "suites",
                                                 "use_srtp", "raw_public_key", "extension"};

int sd_e13_option(struct sd_e13_context *c, const struct sd_option *o, struct sd_error *error)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        const char *value = o->value ? o->value : "";
        if (options[i].read(c, value))
            return SD_OK;
        return sd_fail(error, SD_E_ARG, "option %s: expected %s, found '%s'", o->name,
                       options[i].expected, value);
    }
    return SD_E_UNSUPPORTED;
}

/* -- configuration -- */

/* "h2,http/1.1" to length-prefixed names (RFC 7301 3.1). */
static int read_alpn(struct sd_e13_context *c, const char *text, struct sd_error *error)
{
    for (const char *p = text; p;) {
        size_t len = strcspn(p, ",");
        if (len == 0 || len > 255 || c->alpn_len + 1 + len > sizeof c->alpn - 1)
            return sd_fail(error, SD_E_ARG,
                           "alpn: expected names of 1 to 255 bytes, together below 255, "
                           "separated by commas; found '%s'",
                           text);
        c->alpn[c->alpn_len++] = (uint8_t)len;
        memcpy(c->alpn + c->alpn_len, p, len);
        c->alpn_len += len;
        p = p[len] == ',' ? p + len + 1 : NULL;
    }
    return SD_OK;
}

static int read_identity(struct sd_e13_context *c, struct sd_error *error)
{
    const struct sd_identity *id = c->config.identity;
    if (c->psk || !id || !id->certificate || !id->private_key)
        return SD_OK;
    if (sd_chain_from_pem(&c->chain, c->env, id->certificate) != SD_OK ||
        !sd_certificate_public_key(&c->own_key, c->env, &c->chain.certificate[0]))
        return sd_fail(error, SD_E_ARG, "identity '%s': expected a certificate, found none",
                       id->name);
    c->scheme = sd_certificate_scheme(&c->chain.certificate[0], false);
    if (!c->scheme)
        return sd_fail(error, SD_E_ARG,
                       "identity '%s': expected a P-256, Ed25519 or RSA key, found another",
                       id->name);
    return SD_OK;
}

static int check(const struct sd_e13_context *c, struct sd_error *error)
{
    const struct sd_config *k = &c->config;
    if (!(k->role & SD_ROLE_BOTH))
        return sd_fail(error, SD_E_ARG, "expected role client, server or both, found %d",
                       (int)k->role);
    if (c->psk && (!k->psk || k->psk_len == 0 || k->psk_len > SD_HASH_MAX))
        return sd_fail(error, SD_E_ARG, "mode psk needs a pre-shared key of 1 to 64 bytes");
    if (c->psk && k->psk_identity && strlen(k->psk_identity) > 128)
        return sd_fail(error, SD_E_ARG, "the PSK identity is longer than 128 bytes");
    if ((k->role & SD_ROLE_SERVER) && !c->psk && !c->scheme)
        return sd_fail(error, SD_E_ARG,
                       "a server needs an identity with certificate and private key");
    if (k->server_name && strlen(k->server_name) >= sizeof((struct sd_e13_session *)0)->server_name)
        return sd_fail(error, SD_E_ARG, "server_name is longer than 79 bytes");
    return SD_OK;
}

int sd_e13_context_init(struct sd_e13_context *c, const struct sd_e13_flavour *flavour,
                        const struct sd_config *config, struct sd_env *env, struct sd_stats *stats,
                        struct sd_error *error)
{
    static const uint16_t suites[] = {TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256,
                                      TLS_AES_256_GCM_SHA384};
    static const uint16_t groups[] = {E13_X25519, E13_SECP256R1};
    c->flavour = flavour;
    c->config = *config;
    c->env = env;
    c->stats = stats;
    c->tickets_sent = 1;
    memcpy(c->suite, suites, sizeof suites);
    memcpy(c->group, groups, sizeof groups);
    if (config->role & SD_ROLE_SERVER)
        sd_random(env, c->ticket_key, sizeof c->ticket_key);
    int result = read_identity(c, error);
    if (result == SD_OK)
        result = check(c, error);
    return result == SD_OK && config->alpn ? read_alpn(c, config->alpn, error) : result;
}

void sd_e13_context_fini(struct sd_e13_context *c)
{
    sd_chain_free(&c->chain);
    sd_free(c->own_key.der);
    sd_free(c->peer_key.der);
    e13_tickets_fini(c);
    e13_early_fini(c);
    sd_wipe(c, sizeof *c);
}
