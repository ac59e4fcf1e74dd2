/* fuzz_quic_describe.c - names of datagrams, and the packets in them, from any bytes: the first is
 * the room for the text. */
#include <stdlib.h>
#include <string.h>

#include "protocols/quic/quic.h"
#include "tests/fuzz/fuzz.h"

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t seeds[][40] = {
        /* Initial with token, Handshake, 1-RTT */
        {99, 0xc3, 0, 0, 0, 1, 2, 1, 2, 1, 9,    3, 7, 7, 7, 4, 0,    0, 0,
         0,  0xe3, 0, 0, 0, 1, 1, 1, 1, 9, 0x40, 4, 0, 0, 0, 0, 0x43, 1, 2},
        {99, 0xf0, 0, 0, 0, 1, 1, 1, 1, 9, 1, 2, 3, 4}, /* Retry */
        {99, 0x80, 0, 0, 0, 0, 1, 1, 1, 9, 0, 0, 0, 1}, /* Version Negotiation */
        {99, 0xd0, 0, 0, 0, 1, 1, 1, 1, 9, 0xc0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff}, /* 0-RTT */
        {99, 0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 255, 1, 2, 3},
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        add(seeds[i], sizeof seeds[i]);
}

/* The packets are the datagram, one after the other. */
static void check_packets(const uint8_t *data, size_t len)
{
    const uint8_t *at = data;
    size_t left = len;
    bool bad = false;
    struct quic_packet p;
    while (quic_packet_next(&at, &left, &p, &bad))
        if (p.len == 0 || p.start + p.len != at || left != (size_t)(data + len - at))
            abort();
    if (!bad && left != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[100];
    if (len == 0)
        return 0;
    check_packets(data + 1, len - 1);
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = quic_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
