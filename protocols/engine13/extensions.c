/* extensions.c - RFC 8446 4.2: which extensions there are, and in which messages they may be. */
#include "protocols/engine13/inside.h"

static const struct {
    uint16_t type;
    uint8_t in; /* enum e13_message */
} known[X_MAX] = {
    [X_SERVER_NAME] = {E13_EXT_SERVER_NAME, E13_IN_CH | E13_IN_EE},
    [X_SUPPORTED_GROUPS] = {E13_EXT_SUPPORTED_GROUPS, E13_IN_CH | E13_IN_EE},
    [X_SIGNATURE_ALGORITHMS] = {E13_EXT_SIGNATURE_ALGORITHMS, E13_IN_CH | E13_IN_CR},
    [X_USE_SRTP] = {E13_EXT_USE_SRTP, E13_IN_CH | E13_IN_EE},
    [X_ALPN] = {E13_EXT_ALPN, E13_IN_CH | E13_IN_EE},
    [X_CLIENT_CERTIFICATE_TYPE] = {E13_EXT_CLIENT_CERTIFICATE_TYPE, E13_IN_CH | E13_IN_EE},
    [X_SERVER_CERTIFICATE_TYPE] = {E13_EXT_SERVER_CERTIFICATE_TYPE, E13_IN_CH | E13_IN_EE},
    [X_PRE_SHARED_KEY] = {E13_EXT_PRE_SHARED_KEY, E13_IN_CH | E13_IN_SH},
    [X_EARLY_DATA] = {E13_EXT_EARLY_DATA, E13_IN_CH | E13_IN_EE | E13_IN_NST},
    [X_SUPPORTED_VERSIONS] = {E13_EXT_SUPPORTED_VERSIONS, E13_IN_CH | E13_IN_SH | E13_IN_HRR},
    [X_COOKIE] = {E13_EXT_COOKIE, E13_IN_CH | E13_IN_HRR},
    [X_PSK_KEY_EXCHANGE_MODES] = {E13_EXT_PSK_KEY_EXCHANGE_MODES, E13_IN_CH},
    [X_KEY_SHARE] = {E13_EXT_KEY_SHARE, E13_IN_CH | E13_IN_SH | E13_IN_HRR},
    [X_CONNECTION_ID] = {E13_EXT_CONNECTION_ID, E13_IN_CH | E13_IN_SH},
};

static int find(uint16_t type)
{
    for (int i = 0; i < X_MAX; i++)
        if (known[i].type == type)
            return i;
    return -1;
}

/* 4.2: what answers an offer must have been offered; a cookie is nobody's answer. */
static bool unsolicited(const struct sd_e13_session *s, enum e13_message in, int i)
{
    return (in & (E13_IN_SH | E13_IN_HRR | E13_IN_EE)) && i != X_COOKIE &&
           (i < 0 || !(s->opening->offered & 1u << i));
}

int e13_read_extensions(struct sd_e13_session *s, struct sd_reader *r, enum e13_message in,
                        struct e13_extensions *x)
{
    struct sd_reader all = sd_get_sub(r, sd_get16(r));
    bool psk_seen = false;
    x->has = 0;
    while (sd_left(&all) > 0) {
        int i = find(sd_get16(&all));
        struct sd_reader body = sd_get_sub(&all, sd_get16(&all));
        if (all.bad)
            return e13_fail(s, E13_DECODE_ERROR, "an extension runs past its message");
        if (psk_seen)
            return e13_fail(s, E13_ILLEGAL_PARAMETER, "pre_shared_key is not the last extension");
        if (unsolicited(s, in, i))
            return e13_fail(s, E13_UNSUPPORTED_EXTENSION, "an extension answers no offer");
        if (i < 0)
            continue;
        if (!(known[i].in & in))
            return e13_fail(s, E13_ILLEGAL_PARAMETER, "an extension in the wrong message");
        if (x->has & 1u << i)
            return e13_fail(s, E13_ILLEGAL_PARAMETER, "an extension comes twice");
        psk_seen = in == E13_IN_CH && i == X_PRE_SHARED_KEY;
        x->has |= 1u << i;
        x->body[i] = body;
    }
    return r->bad ? e13_fail(s, E13_DECODE_ERROR, "extensions run past their message") : 0;
}

bool e13_has(const struct e13_extensions *x, enum e13_extension i)
{
    return x->has >> i & 1;
}

struct e13_vector e13_open_extension(struct sd_e13_session *s, struct sd_writer *w,
                                     enum e13_extension i)
{
    if (s->client && s->opening)
        s->opening->offered |= 1u << i;
    sd_put16(w, known[i].type);
    return e13_open_vector(w, 2);
}

bool e13_list_has(struct sd_reader list, uint16_t number)
{
    struct sd_reader numbers = sd_get_sub(&list, sd_get16(&list));
    while (sd_left(&numbers) >= 2)
        if (sd_get16(&numbers) == number)
            return true;
    return false;
}

void e13_put_numbers(struct sd_e13_session *s, struct sd_writer *w, enum e13_extension type,
                     const uint16_t *numbers, size_t count)
{
    struct e13_vector x = e13_open_extension(s, w, type);
    struct e13_vector list = e13_open_vector(w, 2);
    for (size_t i = 0; i < count && numbers[i]; i++)
        sd_put16(w, numbers[i]);
    e13_close_vector(w, list);
    e13_close_vector(w, x);
}

void e13_offer_signature_algorithms(struct sd_e13_session *s, struct sd_writer *w)
{
    static const uint16_t schemes[] = {E13_ECDSA_SECP256R1_SHA256, E13_ED25519,
                                       E13_RSA_PSS_RSAE_SHA256};
    e13_put_numbers(s, w, X_SIGNATURE_ALGORITHMS, schemes, sizeof schemes / sizeof *schemes);
}
