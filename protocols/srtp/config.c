/* config.c - what the host says of an agent, and which DTLS it has keys from. */
#include "protocols/srtp/media.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW      128
#define PATH_MTU    1500
#define TIMER_MS    "400" /* RFC 9147 5.8.2: what is advised for DTLS-SRTP */
#define PROFILES_CM "SRTP_AES128_CM_HMAC_SHA1_80:SRTP_AES128_CM_HMAC_SHA1_32"
#define PROFILES    "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:" PROFILES_CM

static bool number(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || n < least || n > most)
        return false;
    *value = (uint32_t)n;
    return true;
}

static bool one_of(const char *text, const char *no, const char *yes, bool *value)
{
    *value = strcmp(text, yes) == 0;
    return *value || strcmp(text, no) == 0;
}

static bool read_window(struct srtp *a, const char *text)
{
    return number(text, SR_WINDOW_LEAST, SR_WINDOW_MOST, &a->policy.window);
}

/* 4.3.1: 0, or a power of two. */
static bool read_rate(struct srtp *a, const char *text)
{
    return number(text, 0, SR_RATE_MAX, &a->rate) && (a->rate & (a->rate - 1)) == 0;
}

static bool read_mki(struct srtp *a, const char *text)
{
    uint32_t len = 0;
    bool good = number(text, 0, SR_MKI_MAX, &len);
    a->policy.mki_len = (uint8_t)len;
    return good;
}

static bool read_rtp_tag(struct srtp *a, const char *text)
{
    return one_of(text, "on", "off", &a->policy.unauthenticated_rtp);
}

static bool read_rtp_cipher(struct srtp *a, const char *text)
{
    return one_of(text, "on", "off", &a->policy.unencrypted_rtp);
}

static bool read_rtcp_cipher(struct srtp *a, const char *text)
{
    return one_of(text, "on", "off", &a->policy.unencrypted_rtcp);
}

static bool read_latch(struct srtp *a, const char *text)
{
    return one_of(text, "off", "on", &a->latch);
}

static bool read_fingerprint(struct srtp *a, const char *text)
{
    a->has_fixed = true;
    return sr_fingerprint_read(text, strlen(text), a->fixed);
}

static bool read_announce(struct srtp *a, const char *text)
{
    return sr_fingerprint_read(text, strlen(text), a->announced);
}

/* Its names are those that the inner agent knows. */
static bool read_profiles(struct srtp *a, const char *text)
{
    a->inner_option[0].value = text;
    for (const char *p = text;; p++) {
        size_t len = strcspn(p, ":");
        const struct sr_profile *known = sr_profiles;
        while (known->name && (strlen(known->name) != len || memcmp(known->name, p, len) != 0))
            known++;
        if (!known->name)
            return false;
        p += len;
        if (!*p)
            return true;
    }
}

static bool read_timer(struct srtp *a, const char *text)
{
    uint32_t ms;
    a->inner_option[1].value = text;
    return number(text, 1, 60000, &ms);
}

static bool read_extension(struct srtp *a, const char *text)
{
    a->inner_option[3].value = text;
    return strcmp(text, "unknown") == 0 || strcmp(text, "none") == 0;
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct srtp *, const char *);
} options[] = {
    {"profiles", "names of SRTP protection profiles with colons between", read_profiles},
    {"window", "64 to 32768 packets that the replay lists look back", read_window},
    {"kdr", "the key derivation rate: 0 or a power of two up to 16777216 packets", read_rate},
    {"mki", "0 to 4 bytes of master key identifier in each packet", read_mki},
    {"rtp_tag", "on or off", read_rtp_tag},
    {"rtp_cipher", "on or off", read_rtp_cipher},
    {"rtcp_cipher", "on or off", read_rtcp_cipher},
    {"latch", "on (answer where authentic media comes from) or off", read_latch},
    {"timer", "1 to 60000 ms until a flight of DTLS goes again", read_timer},
    {"fingerprint", "the SHA-256 of the peer's certificate, for every call", read_fingerprint},
    {"announce", "a SHA-256 to signal in place of the own certificate's", read_announce},
    {"extension", "unknown (DTLS sends one that nobody knows) or none", read_extension},
};
#define OPTIONS (sizeof options / sizeof *options)

static int read_option(struct srtp *a, const struct sd_option *o, struct sd_error *error)
{
    const char *names[OPTIONS + 1] = {0}, *value = o->value ? o->value : "";
    for (size_t i = 0; i < OPTIONS; i++) {
        names[i] = options[i].name;
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        if (options[i].read(a, value))
            return SD_OK;
        return sd_fail(error, SD_E_ARG, "srtp: option %s: expected %s, found '%s'", o->name,
                       options[i].expected, value);
    }
    const char *near = sd_nearest(o->name, names);
    return sd_fail(
        error, SD_E_ARG,
        "srtp: unknown option '%s'%s%s%s; it knows: profiles, window, kdr, mki, rtp_tag, "
        "rtp_cipher, rtcp_cipher, latch, timer, fingerprint, announce, extension",
        o->name, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* RFC 3711 9.5, RFC 7714 7.1: AEAD cannot leave the tag away. */
static int check_profiles(const struct srtp *a, struct sd_error *error)
{
    if (a->policy.unauthenticated_rtp && strstr(a->inner_option[0].value, "AEAD"))
        return sd_fail(error, SD_E_ARG,
                       "srtp: option rtp_tag off: expected profiles that can do without a tag "
                       "(SRTP_AES128_CM_HMAC_SHA1_80, SRTP_AES128_CM_HMAC_SHA1_32), found '%s'",
                       a->inner_option[0].value);
    if (a->policy.unauthenticated_rtp && a->latch)
        return sd_fail(
            error, SD_E_ARG,
            "srtp: option latch on: expected a tag on RTP, found rtp_tag off, with which "
            "anybody could draw the replies away");
    return SD_OK;
}

static int read_identity(struct srtp *a, const struct sd_identity *identity, struct sd_error *error)
{
    if (!identity || !identity->certificate || !identity->private_key ||
        !sd_certificate_fingerprint(identity->certificate, a->own))
        return sd_fail(error, SD_E_ARG,
                       "srtp: both ends of a call show a certificate (RFC 5763): expected an "
                       "identity with certificate and private key");
    memcpy(a->announced, a->own, sizeof a->announced);
    a->name = identity->name;
    return SD_OK;
}

int sr_read_config(struct srtp *a, const struct sd_config *config, struct sd_error *error)
{
    a->role = config->role;
    a->path_mtu = config->path_mtu ? config->path_mtu : PATH_MTU;
    a->policy.window = WINDOW;
    a->inner_option[0] = (struct sd_option){"use_srtp", NULL};
    a->inner_option[1] = (struct sd_option){"timer", TIMER_MS};
    a->inner_option[2] = (struct sd_option){"verify", "application"};
    a->inner_option[3] = (struct sd_option){"extension", "none"};
    a->inner_config = *config;
    a->inner_config.mutual = true; /* RFC 5763 5 */
    a->inner_config.options = a->inner_option;
    int result = read_identity(a, config->identity, error);
    for (const struct sd_option *o = config->options; o && o->name && result == SD_OK; o++)
        result = read_option(a, o, error);
    if (!a->inner_option[0].value)
        a->inner_option[0].value = a->policy.unauthenticated_rtp ? PROFILES_CM : PROFILES;
    return result == SD_OK ? check_profiles(a, error) : result;
}
