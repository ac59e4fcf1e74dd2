/* describe.c - names a packet for ladders: what TCP or ICMP says of itself, and what the agents'
 * protocol says of the rest. */
#include "sim/box/ip.h"
#include "sim/node/trace.h"

#include <stdio.h>
#include <string.h>

struct words {
    char *at;
    size_t len, cap;
};

static void say(struct words *w, const char *word)
{
    size_t len = strlen(word);
    if (w->len + 2 + len + 1 > w->cap)
        return;
    if (w->len > 0) {
        memcpy(w->at + w->len, ", ", 2);
        w->len += 2;
    }
    memcpy(w->at + w->len, word, len + 1);
    w->len += len;
}

/* The protocol that has a carrier at one of the two ports. */
static const struct sd_agent_ops *protocol_of(const struct sd_lab *lab, const struct sd_ip *v,
                                              bool *from_client)
{
    for (uint32_t i = 0; i < lab->machines; i++) {
        const struct host *h = lab->machine[i]->host;
        if (h == NULL || h->ops->describe == NULL)
            continue;
        for (const struct sd_carrier *c = h->ops->carriers; c->proto != 0; c++) {
            if (c->proto != v->proto ||
                (c->port != 0 && c->port != v->source_port && c->port != v->destination_port))
                continue;
            *from_client = c->port == v->destination_port;
            return h->ops;
        }
    }
    return NULL;
}

static void say_payload(struct words *w, const struct sd_lab *lab, const struct sd_ip *v,
                        const uint8_t *data, size_t len)
{
    bool from_client;
    char text[200];
    const struct sd_agent_ops *ops = protocol_of(lab, v, &from_client);
    if (ops == NULL || ops->describe(data, len, from_client, text, sizeof text) == 0)
        snprintf(text, sizeof text, "%zu B", len);
    say(w, text);
}

static void say_tcp(struct words *w, const struct sd_lab *lab, const struct sd_ip *v)
{
    uint8_t flags = v->payload[SD_TCP_FLAGS];
    size_t header = (size_t)(v->payload[SD_TCP_OFFSET] >> 4) * 4;
    if (flags & SD_TCP_SYN)
        say(w, flags & SD_TCP_ACK ? "SYN-ACK" : "SYN");
    if (flags & SD_TCP_RST)
        say(w, "RST");
    if (header < v->payload_len)
        say_payload(w, lab, v, v->payload + header, v->payload_len - header);
    if (flags & SD_TCP_FIN)
        say(w, "FIN");
    if (w->len == 0)
        say(w, "ACK");
}

static void say_icmp(struct words *w, const struct sd_ip *v)
{
    char text[64];
    uint8_t type = v->payload_len > 0 ? v->payload[0] : 0;
    uint8_t code = v->payload_len > 1 ? v->payload[1] : 0;
    if (type == SD_ICMP_UNREACHABLE && code == SD_ICMP_FRAGMENTATION_NEEDED &&
        v->payload_len >= SD_ICMP_HEADER)
        snprintf(text, sizeof text, "fragmentation needed (mtu %u)",
                 sd_read16(v->payload + SD_ICMP_MTU));
    else if (type == SD_ICMP_UNREACHABLE)
        snprintf(text, sizeof text, "unreachable (code %u)", code);
    else if (type == SD_ICMP_TIME_EXCEEDED)
        snprintf(text, sizeof text, "time exceeded");
    else
        snprintf(text, sizeof text, "ICMP type %u code %u", type, code);
    say(w, text);
}

size_t lab_describe(const struct sd_lab *lab, const uint8_t *ip, size_t len, char *text, size_t cap)
{
    struct words w = {text, 0, cap};
    struct sd_ip v;
    text[0] = '\0';
    if (!sd_ip_view(&v, (uint8_t *)(uintptr_t)ip, len)) {
        say(&w, "malformed");
    } else if (v.fragment_offset > 0) {
        char words[48];
        snprintf(words, sizeof words, "fragment from byte %u", v.fragment_offset);
        say(&w, words);
    } else if (v.proto == SD_PROTO_TCP && v.has_ports) {
        say_tcp(&w, lab, &v);
    } else if (v.proto == SD_PROTO_UDP && v.has_ports) {
        say_payload(&w, lab, &v, v.payload + SD_UDP_HEADER, v.payload_len - SD_UDP_HEADER);
    } else if (v.proto == SD_PROTO_ICMP) {
        say_icmp(&w, &v);
    } else {
        say_payload(&w, lab, &v, v.payload, v.payload_len);
    }
    return w.len;
}
