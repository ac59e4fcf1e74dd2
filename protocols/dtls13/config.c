/* config.c - modes and options. */
#include "protocols/dtls13/dtls.h"

#include <stdlib.h>
#include <string.h>

#define HALF_OPEN_MAX 1024
#define MTU_MIN       256
#define SPARE_CIDS    1 /* for a client that moves, and does not want to be recognized by it */
#define CID_LEN       8 /* of the ids we give: long enough not to be guessed */

const struct dtls_mode dtls_modes[] = {
    {.name = "fresh"},
    {.name = "resumed", .resume = true},
    {.name = "early", .resume = true, .early = true},
    {.name = "cookie", .cookie = true},
    {.name = "psk", .psk = true},
    {.name = "cid", .cid = true},
    {0},
};

static bool read_number(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n < least || n > most)
        return false;
    *value = (uint32_t)n;
    return true;
}

static bool read_cid(struct dtls13 *a, const char *value)
{
    uint32_t len;
    if (!read_number(value, 0, SD_E13_CID_MAX, &len))
        return false;
    a->offers_cid = true;
    a->cid_len = (uint8_t)len;
    return true;
}

static bool read_spare(struct dtls13 *a, const char *value)
{
    uint32_t count;
    if (!read_number(value, 0, DTLS13_CIDS - 1, &count))
        return false;
    a->spare_cids = (uint8_t)count;
    return true;
}

static bool read_timer(struct dtls13 *a, const char *value)
{
    uint32_t ms;
    if (!read_number(value, 1, 60000, &ms))
        return false;
    a->timeout = ms * SD_MS;
    return true;
}

static bool read_padding(struct dtls13 *a, const char *value)
{
    return read_number(value, 0, TLS_RECORD_MAX, &a->padding);
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct dtls13 *, const char *value);
} options[] = {
    {"cid", "0 to 20, the length of the connection ids it gives", read_cid},
    {"spare_cids", "0 to 3, how many more of the peer's ids it asks for at once", read_spare},
    {"timer", "1 to 60000, milliseconds until a flight is first sent again", read_timer},
    {"padding", "0 to 16384, to a multiple of which records of data are filled", read_padding},
};
#define OPTIONS (sizeof options / sizeof *options)

static int refuse_unknown(const struct sd_option *o, struct sd_error *error)
{
    const char *known[16] = {0};
    char list[160] = "";
    size_t n = 0;
    for (size_t i = 0; i < OPTIONS; i++)
        known[n++] = options[i].name;
    for (size_t i = 0; sd_e13_options[i]; i++)
        known[n++] = sd_e13_options[i];
    for (size_t i = 0; i < n; i++) {
        strcat(list, i ? ", " : "");
        strcat(list, known[i]);
    }
    const char *near = sd_nearest(o->name, known);
    return sd_fail(error, SD_E_ARG, "dtls13: unknown option '%s'%s%s%s; it knows: %s", o->name,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

static int read_option(struct dtls13 *a, const struct sd_option *o, struct sd_error *error)
{
    const char *value = o->value ? o->value : "";
    for (size_t i = 0; i < OPTIONS; i++) {
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        if (options[i].read(a, value))
            return SD_OK;
        return sd_fail(error, SD_E_ARG, "dtls13: option %s: expected %s, found '%s'", o->name,
                       options[i].expected, value);
    }
    int result = sd_e13_option(&a->handshake, o, error);
    return result == SD_E_UNSUPPORTED ? refuse_unknown(o, error) : result;
}

static const struct dtls_mode *find_mode(const char *name)
{
    for (const struct dtls_mode *m = dtls_modes; m->name; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

int dtls_config(struct dtls13 *a, const struct sd_config *config, struct sd_error *error)
{
    a->mode = find_mode(config->mode ? config->mode : "fresh");
    if (!a->mode)
        return sd_fail(error, SD_E_ARG,
                       "dtls13: there is no mode '%s'; see `shakedown list protocols`",
                       config->mode);
    a->half_open_max = config->half_open_max ? config->half_open_max : HALF_OPEN_MAX;
    a->path_mtu = config->path_mtu ? config->path_mtu : 1500;
    if (a->path_mtu < MTU_MIN)
        return sd_fail(error, SD_E_ARG, "dtls13: path_mtu: expected at least %d, found %u", MTU_MIN,
                       a->path_mtu);
    a->timeout = DTLS13_TIMEOUT;
    a->spare_cids = SPARE_CIDS;
    a->offers_cid = a->mode->cid;
    a->cid_len = a->mode->cid ? CID_LEN : 0;
    a->handshake.psk = a->mode->psk;
    a->handshake.resume = a->mode->resume;
    a->handshake.early = a->mode->early;
    int result = sd_e13_context_init(&a->handshake, &sd_e13_dtls, config, a->env, &a->stats, error);
    for (const struct sd_option *o = config->options; result == SD_OK && o && o->name; o++)
        result = read_option(a, o, error);
    return result;
}
