#include "protocols/ipsec/esp_keylog.h"
#include <stdio.h>

/* The names that tshark 4.0 has for them. */
static const char *encryption_name(const struct cipher_suite *s)
{
    switch (s->encryption) {
    case CIPHER_AES_GCM_16:
        return "AES-GCM with 16 octet ICV [RFC4106]";
    case CIPHER_CHACHA20_POLY1305:
        return "ChaCha20 with Poly1305 [RFC7634]";
    default:
        return "AES-CBC [RFC3602]";
    }
}

static void hex(char *text, const uint8_t *key, size_t len)
{
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", key[i]);
    text[2 * len] = '\0';
}

void esp_keylog(struct sd_env *env, const struct esp_sa *sa)
{
    char line[512], cipher[2 * CIPHER_KEY_MAX + 1], mac[2 * CIPHER_MAC_KEY + 1] = "";
    size_t bytes = sa->suite.key_bits / 8u;
    bool aead = cipher_is_aead(&sa->suite);
    if (!env->keylog)
        return;
    hex(cipher, sa->key, aead ? bytes + CIPHER_SALT : bytes);
    if (!aead)
        hex(mac, sa->key + bytes, CIPHER_MAC_KEY);
    snprintf(line, sizeof line, "\"IPv4\",\"*\",\"*\",\"0x%08x\",\"%s\",\"0x%s\",\"%s\",\"%s%s\"",
             sa->spi, encryption_name(&sa->suite), cipher,
             aead ? "NULL" : "HMAC-SHA-256-128 [RFC4868]", aead ? "" : "0x", mac);
    sd_keylog(env, SD_KEYS_ESP, line);
    sd_wipe(line, sizeof line);
    sd_wipe(cipher, sizeof cipher);
    sd_wipe(mac, sizeof mac);
}
