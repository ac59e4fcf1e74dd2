/* config.c - what an agent is told: its mode, and its options by name. */
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/ipsec.h"
#include "protocols/ipsec/puzzle.h"
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define IKE_DEFAULT                                                                                \
    "aes128gcm16-aes256gcm16-chacha20poly1305-aes128-aes256-sha256-prfsha256-prfsha384-"           \
    "x25519-ecp256-modp2048"
#define ESP_DEFAULT "aes128gcm16-aes256gcm16-chacha20poly1305-aes128-aes256-sha256-noesn-esn"

#define IKE_CBC "aes128-sha256-prfsha256-x25519-ecp256-modp2048"
#define ESP_CBC "aes128-sha256-noesn"

#define PATH_MTU      1500u
#define OUTER_HEADERS 28u /* IPv4, UDP */

/* -- options -- */

enum kind { SWITCH, NUMBER, TEXT };

static const struct knob {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct ike_settings */
    uint32_t least, most;
} knobs[] = {
    {"id", TEXT, offsetof(struct ike_settings, id), 0, 0},
    {"peer_id", TEXT, offsetof(struct ike_settings, peer_id), 0, 0},
    {"ike", TEXT, offsetof(struct ike_settings, ike_words), 0, 0},
    {"esp", TEXT, offsetof(struct ike_settings, esp_words), 0, 0},
    {"extension", TEXT, offsetof(struct ike_settings, extension), 0, 0},
    {"mobike", SWITCH, offsetof(struct ike_settings, mobike), 0, 0},
    {"fragmentation", SWITCH, offsetof(struct ike_settings, fragmentation), 0, 0},
    {"rfc7427", SWITCH, offsetof(struct ike_settings, rfc7427), 0, 0},
    {"encap", SWITCH, offsetof(struct ike_settings, encapsulate), 0, 0},
    {"transport", SWITCH, offsetof(struct ike_settings, transport), 0, 0},
    {"eap_md5", SWITCH, offsetof(struct ike_settings, eap_md5), 0, 0},
    {"cookies_from", NUMBER, offsetof(struct ike_settings, cookies_from), 1, UINT32_MAX},
    {"puzzle_bits", NUMBER, offsetof(struct ike_settings, puzzle_bits), 1, IKE_PUZZLE_BITS_MAX},
    {"fragment_size", NUMBER, offsetof(struct ike_settings, fragment_size), 256, 65000},
    {"rekey_s", NUMBER, offsetof(struct ike_settings, rekey_s), 10, 7 * 86400},
    {"child_rekey_s", NUMBER, offsetof(struct ike_settings, child_rekey_s), 10, 7 * 86400},
    {"child_rekey_kib", NUMBER, offsetof(struct ike_settings, child_rekey_kib), 16, UINT32_MAX},
    {"liveness_s", NUMBER, offsetof(struct ike_settings, liveness_s), 1, 86400},
    {"window", NUMBER, offsetof(struct ike_settings, window), 1, ESP_WINDOW_MAX},
    {"pad_to", NUMBER, offsetof(struct ike_settings, pad_to), 0, 1400},
};
#define KNOBS (sizeof knobs / sizeof knobs[0])

static int unknown(const char *name, struct sd_error *error)
{
    const char *names[KNOBS + 1] = {0};
    for (size_t i = 0; i < KNOBS; i++)
        names[i] = knobs[i].name;
    const char *near = sd_nearest(name, names);
    return sd_fail(error, SD_E_ARG,
                   "ipsec: there is no option '%s'%s%s%s; see protocols/ipsec/"
                   "README.md",
                   name, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool number_of(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
    char *end;
    errno = 0;
    unsigned long long v = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || v < least || v > most)
        return false;
    *value = (uint32_t)v;
    return true;
}

static int read_option(struct ike_settings *set, const struct sd_option *o, struct sd_error *error)
{
    const struct knob *k = knobs;
    const char *value = o->value ? o->value : "";
    while (k < knobs + KNOBS && strcmp(k->name, o->name) != 0)
        k++;
    if (k == knobs + KNOBS)
        return unknown(o->name, error);
    void *at = (char *)set + k->offset;
    switch (k->kind) {
    case TEXT:
        *(const char **)at = value;
        return SD_OK;
    case SWITCH:
        *(bool *)at = strcmp(value, "yes") == 0;
        if (*(bool *)at || strcmp(value, "no") == 0)
            return SD_OK;
        return sd_fail(error, SD_E_ARG, "ipsec: option %s: expected yes or no, found '%s'", k->name,
                       value);
    default:
        if (number_of(value, k->least, k->most, at))
            return SD_OK;
        return sd_fail(error, SD_E_ARG,
                       "ipsec: option %s: expected a number from %u to %u, found '%s'", k->name,
                       k->least, k->most, value);
    }
}

/* -- modes -- */

static void read_mode(struct ike_settings *set, const char *mode, bool client)
{
    set->own_proof = set->peer_proof = IKE_PROOF_CERTIFICATE;
    if (strcmp(mode, "psk") == 0)
        set->own_proof = set->peer_proof = IKE_PROOF_SHARED_KEY;
    if (strcmp(mode, "eap") == 0)
        *(client ? &set->own_proof : &set->peer_proof) = IKE_PROOF_EAP;
    set->puzzle = strcmp(mode, "puzzle") == 0;
    set->cookie = set->puzzle || strcmp(mode, "cookie") == 0;
    set->resume = set->tickets = strcmp(mode, "resumed") == 0;
    set->tcp = strcmp(mode, "tcp") == 0;
}

static int check(const struct ipsec *ipsec, struct sd_error *error)
{
    const struct sd_config *c = ipsec->config;
    const struct ike_settings *set = &ipsec->set;
    bool shared = set->own_proof == IKE_PROOF_SHARED_KEY || set->own_proof == IKE_PROOF_EAP;
    if (shared && (!c->psk || !c->psk_len) && !c->delegate)
        return sd_fail(error, SD_E_ARG, "ipsec: mode %s: expected a shared key, found none",
                       c->mode);
    if (set->own_proof == IKE_PROOF_CERTIFICATE &&
        (!c->identity || !c->identity->certificate || !c->identity->private_key))
        return sd_fail(error, SD_E_ARG,
                       "ipsec: expected an identity with a certificate, found none; mode psk needs "
                       "no certificate");
    if (!set->id)
        return sd_fail(
            error, SD_E_ARG,
            "ipsec: expected a name to go by, found none; give an identity or option id");
    if (strlen(set->id) > 63 || (set->peer_id && strlen(set->peer_id) > 63))
        return sd_fail(error, SD_E_ARG, "ipsec: expected names of at most 63 bytes, found '%s'",
                       set->id);
    return SD_OK;
}

int ipsec_read_config(struct ipsec *ipsec, const struct sd_config *c, struct sd_error *error)
{
    struct ike_settings *set = &ipsec->set;
    const char *mode = c->mode ? c->mode : "fresh";
    bool client = c->role == SD_ROLE_CLIENT;
    uint32_t mtu = c->path_mtu ? c->path_mtu : PATH_MTU;
    if (!sd_mode_find(ipsec->base.ops, mode))
        return sd_fail(error, SD_E_ARG, "ipsec: there is no mode '%s'", mode);
    ipsec->config = c;
    *set = (struct ike_settings){
        .id = c->identity ? c->identity->name : NULL,
        .peer_id = client ? c->server_name : NULL,
        .ike_words = IKE_DEFAULT,
        .esp_words = ESP_DEFAULT,
        .mobike = true,
        .fragmentation = true,
        .rfc7427 = true,
        .half_open_max = c->half_open_max ? c->half_open_max : IKE_HALF_OPEN_MAX,
        .cookies_from = IKE_COOKIES_FROM,
        .puzzle_bits = IKE_PUZZLE_BITS,
        .fragment_size = mtu - OUTER_HEADERS - ENCAP_MARKER,
        .rekey_s = IKE_REKEY_AFTER / SD_SECOND,
        .child_rekey_s = IKE_CHILD_AFTER / SD_SECOND,
        .liveness_s = IKE_LIVENESS / SD_SECOND,
        .window = ESP_WINDOW,
    };
    if (strcmp(mode, "cbc") == 0) {
        set->ike_words = IKE_CBC;
        set->esp_words = ESP_CBC;
    }
    read_mode(set, mode, client);
    if (set->own_proof == IKE_PROOF_EAP && c->psk_identity)
        set->id = c->psk_identity;
    for (const struct sd_option *o = c->options; o && o->name; o++) {
        int result = read_option(set, o, error);
        if (result != SD_OK)
            return result;
    }
    int result = ike_policy_parse(&set->ike, IKE_PROTOCOL_IKE, set->ike_words, error);
    if (result == SD_OK)
        result = ike_policy_parse(&set->esp, IKE_PROTOCOL_ESP, set->esp_words, error);
    return result == SD_OK ? check(ipsec, error) : result;
}
