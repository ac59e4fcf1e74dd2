/* eap_mschapv2.c - MS-CHAP version 2 (RFC 2759) in EAP (draft-kamath-pppext-eap-mschapv2-02), and
 * the key it agrees on (RFC 3079 section 3).
 *
 *   request   opcode 1, id, length, 16, authenticator challenge 16, name
 *   response  opcode 2, id, length, 49, peer challenge 16, zero 8, NT response 24, flags 1, name
 *   request   opcode 3, id, length, "S=" authenticator response in hex, " M=" words
 *   response  opcode 3                                                                        */
#include "protocols/crypto/hash.h"
#include "protocols/crypto/legacy.h"
#include "protocols/ipsec/eap.h"
#include <stdio.h>
#include <string.h>

enum { CHALLENGE = 1, RESPONSE = 2, SUCCESS = 3 };
#define HEADER        4u /* opcode, id, length */
#define CHALLENGE_LEN 16u
#define NT_LEN        24u
#define VALUE_LEN     49u /* peer challenge, reserved, NT response, flags */
#define HASH_LEN      8u
#define PROOF_LEN     42u /* "S=" and 40 hexadecimal digits */

/* -- RFC 2759 section 8 -- */

static void password_hash(const struct ike_eap *eap, uint8_t out[SD_MD4_LEN])
{
    uint8_t wide[2 * EAP_SECRET_MAX] = {0}; /* UTF-16, little endian */
    for (size_t i = 0; i < eap->secret_len; i++)
        wide[2 * i] = eap->secret[i];
    sd_md4(out, wide, 2 * eap->secret_len);
    sd_wipe(wide, sizeof wide);
}

/* 8.2: ChallengeHash. */
static void challenge_hash(const uint8_t *peer, const uint8_t *authenticator, const char *name,
                           uint8_t out[HASH_LEN])
{
    uint8_t data[2 * CHALLENGE_LEN + 64], digest[SD_SHA1_LEN];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put(&w, peer, CHALLENGE_LEN);
    sd_put(&w, authenticator, CHALLENGE_LEN);
    sd_put(&w, name, strlen(name));
    sd_sha1(digest, data, sd_written(&w));
    memcpy(out, digest, HASH_LEN);
}

/* 8.1, 8.5: GenerateNTResponse. */
static void nt_response(const uint8_t hash[HASH_LEN], const uint8_t password[SD_MD4_LEN],
                        uint8_t out[NT_LEN])
{
    uint8_t keys[3 * SD_DES_KEY] = {0};
    memcpy(keys, password, SD_MD4_LEN);
    for (size_t i = 0; i < 3; i++)
        sd_des(out + i * SD_DES_BLOCK, hash, keys + i * SD_DES_KEY);
    sd_wipe(keys, sizeof keys);
}

/* 8.7: GenerateAuthenticatorResponse. */
static void authenticator_response(const uint8_t password_hash_hash[SD_MD4_LEN],
                                   const uint8_t nt[NT_LEN], const uint8_t hash[HASH_LEN],
                                   char out[PROOF_LEN + 1])
{
    static const char magic1[] = "Magic server to client signing constant";
    static const char magic2[] = "Pad to make it do more than one iteration";
    uint8_t data[128], digest[SD_SHA1_LEN];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put(&w, password_hash_hash, SD_MD4_LEN);
    sd_put(&w, nt, NT_LEN);
    sd_put(&w, magic1, sizeof magic1 - 1);
    sd_sha1(digest, data, sd_written(&w));
    w = sd_writer_of(data, sizeof data);
    sd_put(&w, digest, sizeof digest);
    sd_put(&w, hash, HASH_LEN);
    sd_put(&w, magic2, sizeof magic2 - 1);
    sd_sha1(digest, data, sd_written(&w));
    out += sprintf(out, "S=");
    for (size_t i = 0; i < sizeof digest; i++)
        out += sprintf(out, "%02X", digest[i]);
}

/* RFC 3079 3.4: one direction's key out of the master key. */
static void start_key(const uint8_t master[16], const char *magic, uint8_t out[16])
{
    uint8_t data[256], digest[SD_SHA1_LEN], pad[40];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put(&w, master, 16);
    sd_put_space(&w, sizeof pad);
    sd_put(&w, magic, strlen(magic));
    memset(pad, 0xf2, sizeof pad);
    sd_put(&w, pad, sizeof pad);
    sd_sha1(digest, data, sd_written(&w));
    memcpy(out, digest, 16);
}

/* RFC 3079 3.3, 3.4: the MSK is the server's receiving key, its sending key, zeros. */
static void derive_key(struct ike_eap *eap, const uint8_t password_hash_hash[SD_MD4_LEN],
                       const uint8_t nt[NT_LEN])
{
    static const char master_magic[] = "This is the MPPE Master Key";
    static const char towards_server[] = "On the client side, this is the send key; "
                                         "on the server side, it is the receive key.";
    static const char towards_client[] = "On the client side, this is the receive key; "
                                         "on the server side, it is the send key.";
    uint8_t data[128], master[SD_SHA1_LEN];
    struct sd_writer w = sd_writer_of(data, sizeof data);
    sd_put(&w, password_hash_hash, SD_MD4_LEN);
    sd_put(&w, nt, NT_LEN);
    sd_put(&w, master_magic, sizeof master_magic - 1);
    sd_sha1(master, data, sd_written(&w));
    memset(eap->key, 0, sizeof eap->key);
    start_key(master, towards_server, eap->key);
    start_key(master, towards_client, eap->key + 16);
    eap->has_key = true;
    sd_wipe(master, sizeof master);
}

/* Everything that follows from both challenges and the secret. */
struct exchange {
    uint8_t nt[NT_LEN];
    char proof[PROOF_LEN + 1];
};

static void compute(struct ike_eap *eap, const uint8_t *peer, const uint8_t *authenticator,
                    struct exchange *x)
{
    uint8_t hash[HASH_LEN], password[SD_MD4_LEN], twice[SD_MD4_LEN];
    challenge_hash(peer, authenticator, eap->identity, hash);
    password_hash(eap, password);
    sd_md4(twice, password, sizeof password);
    nt_response(hash, password, x->nt);
    authenticator_response(twice, x->nt, hash, x->proof);
    derive_key(eap, twice, x->nt);
    sd_wipe(password, sizeof password);
    sd_wipe(twice, sizeof twice);
}

/* -- responder -- */

static void put_header(struct sd_writer *w, uint8_t opcode, uint8_t id, size_t rest)
{
    sd_put8(w, opcode);
    sd_put8(w, id);
    sd_put16(w, (uint16_t)(HEADER + rest));
}

static enum eap_verdict serve_challenge(struct ike_eap *eap, struct sd_env *env,
                                        struct sd_writer *out)
{
    static const char name[] = "shakedown";
    sd_random(env, eap->challenge, sizeof eap->challenge);
    put_header(out, CHALLENGE, (uint8_t)(eap->identifier + 1), 1 + CHALLENGE_LEN + sizeof name - 1);
    sd_put8(out, CHALLENGE_LEN);
    sd_put(out, eap->challenge, CHALLENGE_LEN);
    sd_put(out, name, sizeof name - 1);
    return EAP_MORE;
}

static enum eap_verdict check_response(struct ike_eap *eap, struct sd_reader *in,
                                       struct sd_writer *out)
{
    static const char words[] = " M=welcome";
    struct exchange x;
    uint8_t opcode = sd_get8(in), id = sd_get8(in);
    sd_get16(in);
    uint8_t value_len = sd_get8(in);
    const uint8_t *value = sd_get(in, VALUE_LEN);
    if (!value || opcode != RESPONSE || value_len != VALUE_LEN)
        return EAP_BAD;
    compute(eap, value, eap->challenge, &x);
    if (!sd_equal_ct(x.nt, value + CHALLENGE_LEN + 8, NT_LEN))
        return EAP_BAD;
    put_header(out, SUCCESS, id, PROOF_LEN + sizeof words - 1);
    sd_put(out, x.proof, PROOF_LEN);
    sd_put(out, words, sizeof words - 1);
    return EAP_MORE;
}

static enum eap_verdict serve(struct ike_eap *eap, struct sd_env *env, struct sd_reader *in,
                              struct sd_writer *out)
{
    switch (eap->step++) {
    case 0:
        return serve_challenge(eap, env, out);
    case 1:
        return check_response(eap, in, out);
    default:
        return sd_get8(in) == SUCCESS ? EAP_GOOD : EAP_BAD;
    }
}

/* -- initiator -- */

static bool answer_challenge(struct ike_eap *eap, struct sd_env *env, uint8_t id,
                             struct sd_reader *in, struct sd_writer *out)
{
    struct exchange x;
    uint8_t peer[CHALLENGE_LEN], value_len = sd_get8(in);
    const uint8_t *challenge = sd_get(in, CHALLENGE_LEN);
    size_t name_len = strlen(eap->identity);
    if (!challenge || value_len != CHALLENGE_LEN)
        return false;
    sd_random(env, peer, sizeof peer);
    compute(eap, peer, challenge, &x);
    memcpy(eap->expected, x.proof, PROOF_LEN);
    put_header(out, RESPONSE, id, 1 + VALUE_LEN + name_len);
    sd_put8(out, VALUE_LEN);
    sd_put(out, peer, sizeof peer);
    sd_put_space(out, 8);
    sd_put(out, x.nt, NT_LEN);
    sd_put8(out, 0);
    sd_put(out, eap->identity, name_len);
    eap->step = 1;
    return true;
}

static bool respond(struct ike_eap *eap, struct sd_env *env, struct sd_reader *in,
                    struct sd_writer *out)
{
    uint8_t opcode = sd_get8(in), id = sd_get8(in);
    sd_get16(in);
    if (opcode == CHALLENGE)
        return answer_challenge(eap, env, id, in, out);
    const uint8_t *proof = sd_get(in, PROOF_LEN);
    if (opcode != SUCCESS || eap->step != 1 || !proof ||
        !sd_equal_ct(proof, eap->expected, PROOF_LEN))
        return false;
    sd_put8(out, SUCCESS);
    eap->done = true;
    return true;
}

const struct eap_method eap_mschapv2 = {
    .name = "EAP-MSCHAPv2", .type = EAP_MSCHAPV2, .serve = serve, .respond = respond};
