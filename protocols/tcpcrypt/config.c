/* config.c - what an agent is told: modes, options, and what is wrong with them. */
#include "protocols/tcpcrypt/tcpcrypt.h"
#include <stdlib.h>
#include <string.h>

static bool read_switch(const char *value, bool *on)
{
    *on = strcmp(value, "on") == 0;
    return *on || strcmp(value, "off") == 0;
}

static bool read_number(const char *value, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    *number = strtoull(value, &end, 10);
    return *value >= '0' && *value <= '9' && !*end && *number >= least && *number <= most;
}

/* "b,a" by names to {B, A}; false at an unknown or repeated name. */
struct name {
    const char *name;
    uint16_t number;
};
static bool read_list(const char *value, const struct name *names, size_t count, uint16_t *list,
                      uint8_t *len)
{
    *len = 0;
    for (const char *p = value; p;) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < count && (strlen(names[i].name) != n || strncmp(names[i].name, p, n) != 0))
            i++;
        if (i == count)
            return false;
        for (uint8_t k = 0; k < *len; k++)
            if (list[k] == names[i].number)
                return false;
        list[(*len)++] = names[i].number;
        p = p[n] == ',' ? p + n + 1 : NULL;
    }
    return true;
}

static bool read_teps(struct tc_settings *s, const char *value)
{
    struct name names[TC_OWN_TEPS];
    uint16_t list[TC_OWN_TEPS];
    for (size_t i = 0; i < TC_OWN_TEPS; i++)
        names[i] = (struct name){tc_schemes[i].option, tc_schemes[i].tep};
    bool good = read_list(value, names, TC_OWN_TEPS, list, &s->teps);
    for (uint8_t i = 0; i < s->teps; i++)
        s->tep[i] = (uint8_t)list[i];
    return good;
}

static bool read_ciphers(struct tc_settings *s, const char *value)
{
    static const struct name names[TC_OWN_CIPHERS] = {{"aes-128-gcm", TC_AES_128_GCM},
                                                      {"aes-256-gcm", TC_AES_256_GCM},
                                                      {"chacha20-poly1305", TC_CHACHA20_POLY1305}};
    return read_list(value, names, TC_OWN_CIPHERS, s->cipher, &s->ciphers);
}

static bool read_aware(struct tc_settings *s, const char *value)
{
    s->need_aware = strcmp(value, "required") == 0;
    s->aware = s->need_aware;
    return s->need_aware || read_switch(value, &s->aware);
}

static bool read_role(struct tc_settings *s, const char *value)
{
    s->passive_role = strcmp(value, "b") == 0;
    return s->passive_role || strcmp(value, "a") == 0;
}

static bool read_encryption(struct tc_settings *s, const char *value)
{
    s->required = strcmp(value, "required") == 0;
    s->speaks = strcmp(value, "off") != 0;
    return s->required || !s->speaks || strcmp(value, "opportunistic") == 0;
}

static bool read_resume(struct tc_settings *s, const char *value)
{
    return read_switch(value, &s->resume);
}

static bool read_cache(struct tc_settings *s, const char *value)
{
    return read_switch(value, &s->cache);
}

static bool read_nonce(struct tc_settings *s, const char *value)
{
    uint64_t n;
    bool good = read_number(value, 0, TC_RESUME_NONCE, &n);
    s->nonce_len = (uint8_t)n;
    return good;
}

static bool read_extension(struct tc_settings *s, const char *value)
{
    s->offers_more = strcmp(value, "unknown") == 0;
    return s->offers_more || strcmp(value, "none") == 0;
}

static bool read_rekey(struct tc_settings *s, const char *value)
{
    return read_number(value, 1, TC_REKEY_FRAMES, &s->rekey_frames);
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct tc_settings *, const char *value);
} options[] = {
    {"teps", "x25519, p256, x448 and p521, the preferred one first", read_teps},
    {"ciphers", "aes-128-gcm, aes-256-gcm and chacha20-poly1305, the preferred one first",
     read_ciphers},
    {"encryption", "opportunistic, required (else the connection is aborted) or off",
     read_encryption},
    {"aware", "on, off or required: the application-aware bit", read_aware},
    {"role", "a or b: of an active opener, b for one of the two of a simultaneous open", read_role},
    {"resume", "on or off: offers and takes resumption", read_resume},
    {"cache", "on or off: keeps session secrets", read_cache},
    {"nonce", "0 to 8 bytes of resumption nonce", read_nonce},
    {"rekey_frames", "1 to 16777216 frames, after which keys change", read_rekey},
    {"extension", "unknown (offers TEPs that nobody knows) or none", read_extension},
};
#define OPTIONS (sizeof options / sizeof *options)

static int read_option(struct tc_settings *s, const struct sd_option *o, struct sd_error *error)
{
    const char *names[OPTIONS + 1] = {0};
    const char *value = o->value ? o->value : "";
    for (size_t i = 0; i < OPTIONS; i++) {
        names[i] = options[i].name;
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        return options[i].read(s, value)
                   ? SD_OK
                   : sd_fail(error, SD_E_ARG, "tcpcrypt: option %s: expected %s, found '%s'",
                             o->name, options[i].expected, value);
    }
    const char *near = sd_nearest(o->name, names);
    return sd_fail(error, SD_E_ARG,
                   "tcpcrypt: expected the option teps, ciphers, encryption, aware, role, resume, "
                   "cache, nonce, rekey_frames or extension, found '%s'%s%s%s",
                   o->name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

int tc_config_read(struct tc_settings *s, const struct sd_agent_ops *ops,
                   const struct sd_config *config, struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    bool resumed = strcmp(mode, "resumed") == 0, plain = strcmp(mode, "plain") == 0;
    if (!sd_mode_find(ops, mode))
        return sd_fail(error, SD_E_ARG,
                       "tcpcrypt: expected mode fresh, resumed, p256 or plain, found '%s'", mode);
    if (!(config->role & SD_ROLE_BOTH))
        return sd_fail(error, SD_E_ARG, "tcpcrypt: expected role client, server or both, found %d",
                       (int)config->role);
    *s = (struct tc_settings){
        .role = config->role,
        .tep = {tc_schemes[0].tep, tc_schemes[1].tep},
        .teps = TC_USUAL_TEPS,
        .cipher = {TC_AES_128_GCM, TC_AES_256_GCM, TC_CHACHA20_POLY1305},
        .ciphers = TC_OWN_CIPHERS,
        .speaks = !plain || !(config->role & SD_ROLE_SERVER),
        .resume = resumed,
        .cache = resumed,
        .nonce_len = TC_RESUME_NONCE,
        .rekey_frames = TC_REKEY_FRAMES,
        .openings_max = config->half_open_max ? config->half_open_max : TC_OPENINGS_MAX,
    };
    if (strcmp(mode, "p256") == 0) {
        s->tep[0] = TC_TEP_P256;
        s->teps = 1;
    }
    int result = SD_OK;
    for (const struct sd_option *o = config->options; o && o->name && result == SD_OK; o++)
        result = read_option(s, o, error);
    return result;
}
