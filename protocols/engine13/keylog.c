/* keylog.c - secrets for Wireshark, in the format of NSS. */
#include "protocols/engine13/inside.h"

#include <stdio.h>
#include <string.h>

static size_t put_hex(char *text, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", data[i]);
    return 2 * len;
}

void e13_keylog(struct sd_e13_session *s, const char *label, const uint8_t *secret)
{
    char line[64 + 2 * TLS_RANDOM + 2 * SD_HASH_MAX];
    if (!s->context->env->keylog)
        return;
    size_t at = (size_t)snprintf(line, 64, "%s ", label);
    at += put_hex(line + at, s->opening->random, TLS_RANDOM);
    line[at++] = ' ';
    put_hex(line + at, secret, sd_hash_len(s->suite->hash));
    sd_keylog(s->context->env, SD_KEYS_TLS, line);
    sd_wipe(line, sizeof line);
}
