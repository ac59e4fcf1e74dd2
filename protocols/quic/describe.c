/* describe.c - names for ladders, from bytes alone: packet types, and what is encrypted in the
 * brackets of RFC 8446. */
#include "protocols/quic/quic.h"

#include <stdio.h>

static const char *name_of(const struct quic_packet *p, bool from_client, char *words, size_t cap)
{
    if (!p->is_long)
        return "1-RTT [encrypted]";
    if (p->version == QUIC_VERSION_NEGOTIATION)
        return "Version Negotiation";
    if (p->version != QUIC_VERSION_1)
        return "unknown version";
    switch (p->type) {
    case QUIC_INITIAL:
        if (from_client && quic_initial_words(p, words, cap))
            return words;
        return from_client && p->token_len > 0 ? "Initial (token)" : "Initial";
    case QUIC_0RTT:
        return "(0-RTT early data)";
    case QUIC_HANDSHAKE:
        return "Handshake {encrypted}";
    default:
        return "Retry";
    }
}

size_t quic_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    struct quic_packet p;
    const uint8_t *at = data;
    size_t used = 0, left = len;
    bool bad = false;
    const char *last = NULL;
    char words[160];
    if (cap > 0)
        text[0] = '\0';
    while (quic_packet_next(&at, &left, &p, &bad) && used < cap) {
        const char *name = name_of(&p, from_client, words, sizeof words);
        if (name == last)
            continue;
        int n = snprintf(text + used, cap - used, "%s%s", last ? ", " : "", name);
        used += n > 0 ? (size_t)n : 0;
        last = name;
    }
    if (bad && used < cap) {
        int n = snprintf(text + used, cap - used, "%s", used ? ", malformed" : "malformed");
        used += n > 0 ? (size_t)n : 0;
    }
    return used < cap ? used : cap > 0 ? cap - 1 : 0;
}
