#include "protocols/gquic/token.h"
#include "protocols/crypto/aead.h"
#include "sim/core/reader.h"
#include <string.h>

#define ADDRESS_LEN 17u
#define SEALED_LEN  (GQ_TOKEN_LEN - SD_AEAD_NONCE)

static const uint8_t token_label[] = "token", nonce_label[] = "nonce";

static void put_address(uint8_t out[ADDRESS_LEN], const struct sd_addr *a)
{
    out[0] = a->family;
    memcpy(out + 1, a->ip, 16);
}

void gq_token_make(uint8_t token[GQ_TOKEN_LEN], struct sd_env *env, const uint8_t key[32],
                   const struct sd_addr *client, uint32_t now_s, const struct gq_returning *back)
{
    uint8_t text[SEALED_LEN - SD_AEAD_TAG], address[ADDRESS_LEN];
    struct sd_writer w = sd_writer_of(text, sizeof text);
    put_address(address, client);
    sd_put(&w, address, ADDRESS_LEN);
    sd_put32(&w, now_s);
    sd_put64(&w, back->chlo_number);
    sd_put32(&w, back->chlo_len);
    sd_put32(&w, back->rej_len);
    sd_put32(&w, back->packets);
    sd_random(env, token, SD_AEAD_NONCE);
    sd_chachapoly_seal(token + SD_AEAD_NONCE, text, sizeof text, token_label, sizeof token_label,
                       token, key);
}

uint32_t gq_token_check(const uint8_t *token, size_t len, const uint8_t key[32],
                        const struct sd_addr *client, uint32_t now_s, struct gq_returning *back)
{
    uint8_t text[SEALED_LEN], address[ADDRESS_LEN];
    *back = (struct gq_returning){0};
    if (len != GQ_TOKEN_LEN || !sd_chachapoly_open(text, token + SD_AEAD_NONCE, SEALED_LEN,
                                                   token_label, sizeof token_label, token, key))
        return GQ_REJECT_TOKEN_INVALID;
    struct sd_reader r = sd_reader_of(text, SEALED_LEN - SD_AEAD_TAG);
    put_address(address, client);
    if (memcmp(sd_get(&r, ADDRESS_LEN), address, ADDRESS_LEN) != 0)
        return GQ_REJECT_TOKEN_ADDRESS;
    uint32_t made_s = sd_get32(&r);
    if (made_s > now_s + GQ_TOKEN_FUTURE_S || now_s > made_s + GQ_TOKEN_LIFE_S)
        return GQ_REJECT_TOKEN_EXPIRED;
    back->chlo_number = sd_get64(&r);
    back->chlo_len = sd_get32(&r);
    back->rej_len = sd_get32(&r);
    back->packets = sd_get32(&r);
    return 0;
}

void gq_server_nonce_make(uint8_t nonce[GQ_NONCE_LEN], struct sd_env *env, const uint8_t key[32],
                          uint32_t now_s)
{
    uint8_t text[4];
    struct sd_writer w = sd_writer_of(text, sizeof text);
    sd_put32(&w, now_s);
    sd_random(env, nonce, SD_AEAD_NONCE);
    sd_chachapoly_seal(nonce + SD_AEAD_NONCE, text, sizeof text, nonce_label, sizeof nonce_label,
                       nonce, key);
}

bool gq_server_nonce_check(const uint8_t *nonce, size_t len, const uint8_t key[32], uint32_t now_s)
{
    uint8_t text[GQ_NONCE_LEN];
    if (len != GQ_NONCE_LEN ||
        !sd_chachapoly_open(text, nonce + SD_AEAD_NONCE, GQ_NONCE_LEN - SD_AEAD_NONCE, nonce_label,
                            sizeof nonce_label, nonce, key))
        return false;
    struct sd_reader r = sd_reader_of(text, 4);
    uint32_t made_s = sd_get32(&r);
    return made_s <= now_s && now_s - made_s <= GQ_STRIKE_WINDOW_S;
}
