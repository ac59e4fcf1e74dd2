/* config.c - what an agent is told: modes, options, keys, and what is wrong with them. */
#include "protocols/crypto/dh.h"
#include "protocols/crypto/sign.h"
#include "protocols/minimalt/minimalt.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MTU 1500u

static bool read_service(struct minimalt *mt, const char *value)
{
    size_t len = strlen(value);
    if (len < 1 || len > MT_SERVICE_MAX)
        return false;
    memcpy(mt->service, value, len + 1);
    return true;
}

static bool read_puzzle_bits(struct minimalt *mt, const char *value)
{
    char *end;
    unsigned long bits = strtoul(value, &end, 10);
    mt->puzzle_bits = (uint8_t)bits;
    return *value >= '0' && *value <= '9' && !*end && bits <= MT_PUZZLE_BITS_MAX;
}

static bool read_user(struct minimalt *mt, const char *value)
{
    mt->has_user = strcmp(value, "key") == 0;
    return mt->has_user || strcmp(value, "anonymous") == 0;
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct minimalt *, const char *value);
} options[] = {
    {"service", "1 to 64 bytes: what a client asks for and a server offers", read_service},
    {"puzzle_bits", "0 to 20: how hard a server's puzzles are", read_puzzle_bits},
    {"user", "key (createAuth) or anonymous (create)", read_user},
};
#define OPTIONS (sizeof options / sizeof *options)

static int read_option(struct minimalt *mt, const struct sd_option *option, struct sd_error *error)
{
    const char *names[OPTIONS + 1] = {0}, *value = option->value ? option->value : "";
    for (size_t i = 0; i < OPTIONS; i++) {
        names[i] = options[i].name;
        if (strcmp(option->name, options[i].name) != 0)
            continue;
        return options[i].read(mt, value)
                   ? SD_OK
                   : sd_fail(error, SD_E_ARG, "minimalt: option %s: expected %s, found '%s'",
                             option->name, options[i].expected, value);
    }
    const char *near = sd_nearest(option->name, names);
    return sd_fail(error, SD_E_ARG,
                   "minimalt: expected the option service, puzzle_bits or user, found '%s'%s%s%s",
                   option->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* A client without an identity is nobody; a server's key also signs, as Ed25519's. */
static int read_identity(struct minimalt *mt, const struct sd_config *config,
                         struct sd_error *error)
{
    static const uint8_t unset[MT_KEY_LEN];
    const struct sd_identity *identity = config->identity;
    if (!identity && config->role & SD_ROLE_SERVER)
        return sd_fail(error, SD_E_ARG,
                       "minimalt: a server: expected an identity with an X25519 key, found none");
    if (!identity)
        return SD_OK;
    mt->has_user = true;
    memcpy(mt->long_private, identity->x25519_private, MT_KEY_LEN);
    memcpy(mt->long_public, identity->x25519_public, MT_KEY_LEN);
    if (sd_equal_ct(mt->long_public, unset, MT_KEY_LEN))
        sd_x25519_public(mt->long_public, mt->long_private);
    if (config->role & SD_ROLE_SERVER)
        sd_ed25519_public(mt->verify_key, mt->long_private);
    return SD_OK;
}

static int read_name(struct minimalt *mt, const struct sd_config *config, struct sd_error *error)
{
    const char *own = config->server_name;
    if (!own && config->identity)
        own = config->identity->name;
    mt->server_name = config->server_name;
    if (!(config->role & SD_ROLE_SERVER))
        return SD_OK;
    if (!own || strlen(own) < 1 || strlen(own) > MT_NAME_MAX)
        return sd_fail(error, SD_E_ARG,
                       "minimalt: a server's name: expected 1 to %u bytes, found '%s'", MT_NAME_MAX,
                       own ? own : "");
    memcpy(mt->name, own, strlen(own) + 1);
    return SD_OK;
}

static int read_mode(struct minimalt *mt, const struct sd_config *config, struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    if (!sd_mode_find(mt->base.ops, mode))
        return sd_fail(error, SD_E_ARG,
                       "minimalt: expected mode fresh, lookup, boot or cookie, found '%s'", mode);
    mt->forget_resolver = strcmp(mode, "boot") == 0;
    mt->forget_records = mt->forget_resolver || strcmp(mode, "lookup") == 0;
    mt->validation = strcmp(mode, "cookie") == 0 ? SD_VALIDATE_ALWAYS : config->validation;
    return SD_OK;
}

int mt_config_read(struct minimalt *mt, const struct sd_config *config, struct sd_error *error)
{
    if (config->peer_count && !config->peers)
        return sd_fail(error, SD_E_ARG, "minimalt: expected %zu peers, found none",
                       config->peer_count);
    mt->role = config->role;
    mt->peers = config->peers;
    mt->peer_count = config->peer_count;
    mt->known_only = config->mutual && config->peer_count > 0;
    mt->directory = config->directory;
    mt->address = config->address;
    mt->half_open_max = config->half_open_max ? config->half_open_max : MT_HALF_OPEN;
    mt->path_mtu = config->path_mtu ? config->path_mtu : PATH_MTU;
    mt->puzzle_bits = MT_PUZZLE_BITS;
    memcpy(mt->service, MT_SERVICE_DEFAULT, sizeof MT_SERVICE_DEFAULT);
    int result = read_mode(mt, config, error);
    if (result == SD_OK)
        result = read_identity(mt, config, error);
    if (result == SD_OK)
        result = read_name(mt, config, error);
    for (const struct sd_option *o = config->options; result == SD_OK && o && o->name; o++)
        result = read_option(mt, o, error);
    if (result == SD_OK && mt->has_user && !config->identity)
        result = sd_fail(error, SD_E_ARG,
                         "minimalt: option user: expected an identity for key, found none");
    return result;
}
