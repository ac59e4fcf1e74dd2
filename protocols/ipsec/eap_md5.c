/* eap_md5.c - MD5-Challenge (RFC 3748 5.4): MD5(identifier | secret | challenge).  It agrees on no
 * key, so that both AUTH payloads are made with SK_p. */
#include "protocols/crypto/legacy.h"
#include "protocols/ipsec/eap.h"
#include <string.h>

static void digest(const struct ike_eap *eap, uint8_t identifier, const uint8_t *challenge,
                   size_t len, uint8_t out[SD_MD5_LEN])
{
    uint8_t data[1 + EAP_SECRET_MAX + 255];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put8(&w, identifier);
    sd_put(&w, eap->secret, eap->secret_len);
    sd_put(&w, challenge, len);
    sd_md5(out, data, sd_written(&w));
    sd_wipe(data, sizeof data);
}

static enum eap_verdict serve(struct ike_eap *eap, struct sd_env *env, struct sd_reader *in,
                              struct sd_writer *out)
{
    uint8_t expected[SD_MD5_LEN];
    if (!in) {
        sd_random(env, eap->challenge, sizeof eap->challenge);
        sd_put8(out, sizeof eap->challenge);
        sd_put(out, eap->challenge, sizeof eap->challenge);
        return EAP_MORE;
    }
    digest(eap, eap->identifier, eap->challenge, sizeof eap->challenge, expected);
    size_t len = sd_get8(in);
    const uint8_t *value = sd_get(in, len);
    bool good = value && len == sizeof expected && sd_equal_ct(value, expected, sizeof expected);
    return good ? EAP_GOOD : EAP_BAD;
}

static bool respond(struct ike_eap *eap, struct sd_env *env, struct sd_reader *in,
                    struct sd_writer *out)
{
    uint8_t value[SD_MD5_LEN];
    size_t len = sd_get8(in);
    const uint8_t *challenge = sd_get(in, len);
    (void)env;
    if (!challenge || !len)
        return false;
    digest(eap, eap->identifier, challenge, len, value);
    sd_put8(out, sizeof value);
    sd_put(out, value, sizeof value);
    eap->done = true;
    return true;
}

const struct eap_method eap_md5 = {
    .name = "EAP-MD5", .type = EAP_MD5, .serve = serve, .respond = respond};
