/* transcript.c - RFC 8446 4.4.1: the hash over all handshake messages. */
#include "protocols/engine13/inside.h"

bool e13_transcript_begin(struct sd_e13_session *s)
{
    sd_hashing_end(&s->opening->transcript);
    return sd_hashing_begin(&s->opening->transcript, s->suite->hash);
}

void e13_transcript_add(struct sd_e13_session *s, const void *message, size_t len)
{
    sd_hashing_add(&s->opening->transcript, message, len);
}

void e13_transcript_hash(const struct sd_e13_session *s, uint8_t *out)
{
    sd_hashing_peek(&s->opening->transcript, out);
}

void e13_transcript_add_message_hash(struct sd_e13_session *s, const uint8_t *hello_hash)
{
    size_t len = sd_hash_len(s->suite->hash);
    const uint8_t header[TLS_HANDSHAKE_HEADER] = {E13_MESSAGE_HASH, 0, 0, (uint8_t)len};
    e13_transcript_add(s, header, sizeof header);
    e13_transcript_add(s, hello_hash, len);
}
