/* ike_describe.c - names of IKE messages for ladders. */
#include "protocols/ipsec/ike.h"
#include <stdio.h>
#include <string.h>

static const char *payload_name(uint8_t type, bool response)
{
    switch (type) {
    case IKE_PAYLOAD_SA:
        return response ? "SAr1" : "SAi1";
    case IKE_PAYLOAD_KE:
        return response ? "KEr" : "KEi";
    case IKE_PAYLOAD_NONCE:
        return response ? "Nr" : "Ni";
    case IKE_PAYLOAD_PS:
        return "PS";
    case IKE_PAYLOAD_CERTREQ:
        return "CERTREQ";
    default:
        return NULL;
    }
}

/* What is worth a word in a ladder: not the notifications that every first message has. */
static const char *name_of(const struct ike_payload *p, bool response)
{
    struct ike_notify n;
    if (p->type != IKE_PAYLOAD_NOTIFY)
        return payload_name(p->type, response);
    if (!ike_notify_read(&n, p))
        return NULL;
    bool telling = n.type < IKE_N_ERRORS_END || n.type == IKE_N_COOKIE || n.type == IKE_N_PUZZLE ||
                   n.type == IKE_N_TICKET_OPAQUE || n.type == IKE_N_TICKET_NACK;
    return telling ? ike_notify_name(n.type) : NULL;
}

static size_t add(char *text, size_t cap, size_t at, const char *word, const char *before)
{
    int n = at < cap ? snprintf(text + at, cap - at, "%s%s", before, word) : 0;
    return n < 0 ? at : at + (size_t)n;
}

size_t ike_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    static struct ike_chain chain;
    struct ike_header h;
    (void)from_client;
    size_t at = 0;
    if (!cap)
        return 0;
    text[0] = '\0';
    if (!ike_header_read(&h, data, len) ||
        !ike_chain_read(&chain, h.next_payload, data + IKE_HEADER, len - IKE_HEADER))
        return (size_t)snprintf(text, cap, "not IKE [%zu B]", len) < cap ? strlen(text) : cap - 1;
    bool response = h.flags & IKE_FLAG_RESPONSE;
    at = add(text, cap, at, ike_exchange_name(h.exchange), "");
    at = add(text, cap, at, response ? "response" : "request", " ");
    const struct ike_payload *last = chain.count ? &chain.at[chain.count - 1] : NULL;
    char more[64];
    if (last && (last->type == IKE_PAYLOAD_SK || last->type == IKE_PAYLOAD_SKF)) {
        snprintf(more, sizeof more, "%u", h.id);
        at = add(text, cap, at, more, " ");
        if (last->type == IKE_PAYLOAD_SKF && last->len >= 4) {
            snprintf(more, sizeof more, "%u of %u", last->body[0] << 8 | last->body[1],
                     last->body[2] << 8 | last->body[3]);
            at = add(text, cap, at, more, ", fragment ");
        }
        snprintf(more, sizeof more, "[%zu B encrypted]", last->len);
        at = add(text, cap, at, more, " ");
        return at < cap ? at : cap - 1;
    }
    const char *before = " (";
    for (size_t i = 0; i < chain.count; i++) {
        const char *word = name_of(&chain.at[i], response);
        if (!word)
            continue;
        at = add(text, cap, at, word, before);
        before = ", ";
    }
    if (before[0] == ',')
        at = add(text, cap, at, "", ")");
    return at < cap ? at : cap - 1;
}
