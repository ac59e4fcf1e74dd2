/* describe.c - names of packets for ladders. */
#include "protocols/minimalt/minimalt.h"
#include <stdio.h>

static int describe(const struct mt_packet *p, const uint8_t *data, char *text, size_t cap)
{
    size_t calls =
        p->box_len > MT_TAG_LEN + MT_TRANSPORT ? p->box_len - MT_TAG_LEN - MT_TRANSPORT : 0;
    if (p->puzzle && !p->key) {
        struct sd_reader r =
            sd_reader_of(data + MT_HEADER + MT_PUZZLE_R + MT_PUZZLE_HASH, sizeof(uint32_t));
        return snprintf(text, cap, "Puzzle (%u bits)", sd_get32(&r));
    }
    if (p->key)
        return snprintf(text, cap, "Tunnel packet (C'%s) [%zu B of calls encrypted]",
                        p->puzzle ? ", solution" : "", calls);
    if (calls == 0)
        return snprintf(text, cap, "Tunnel packet [acknowledgment encrypted]");
    return snprintf(text, cap, "Tunnel packet [%zu B of calls encrypted]", calls);
}

size_t mt_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    struct mt_packet p;
    (void)from_client;
    int n = mt_packet_parse(&p, (uint8_t *)(uintptr_t)data, len)
                ? describe(&p, data, text, cap)
                : snprintf(text, cap, "not MinimaLT [%zu B]", len);
    return n < 0 || !cap ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}
