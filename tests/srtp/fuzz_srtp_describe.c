/* fuzz_srtp_describe.c - names of packets and session descriptions, from any bytes: the first is
 * the room for a name, or 255 for a description. */
#include "protocols/srtp/media.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

#define DESCRIPTION 255

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const uint8_t packets[][16] = {
        {99, 128, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 'x'}, /* RTP */
        {99, 144, 224, 0, 1},
        {99, 128, RTCP_SR, 0, 2, 0, 0, 0, 7, 1, 2, 3},             /* RTCP */
        {99, 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 1},  /* DTLS */
        {99, 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 47, 1}, /* then a record of DTLS 1.3 */
        {99, 0, 1, 0, 0},                                          /* STUN */
    };
    char text[1 + SR_DESCRIPTION_MAX];
    struct sr_description d = {.call = 1, .address = sd_ipv4(10, 0, 0, 1, 5004), .rate = 16};
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
        add(packets[i], sizeof packets[i]);
    text[0] = (char)DESCRIPTION;
    d.policy = (struct sr_policy){.mki_len = 4, .unencrypted_rtp = true, .unencrypted_rtcp = true};
    add(text, 1 + sr_description_write(&d, text + 1, sizeof text - 1));
}

/* What was read can be written, and reads the same. */
static void try_description(const uint8_t *data, size_t len)
{
    struct sr_description d, again;
    char text[SR_DESCRIPTION_MAX];
    if (!sr_description_read((const char *)data, len, &d))
        return;
    size_t n = sr_description_write(&d, text, sizeof text);
    if (!n || !sr_description_read(text, n, &again) || again.call != d.call ||
        again.rate != d.rate || again.setup != d.setup ||
        memcmp(again.fingerprint, d.fingerprint, sizeof d.fingerprint) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char text[100];
    if (len == 0)
        return 0;
    if (data[0] == DESCRIPTION) {
        try_description(data + 1, len - 1);
        return 0;
    }
    size_t cap = data[0] < sizeof text ? data[0] : sizeof text;
    memset(text, 1, sizeof text);
    size_t n = sr_describe(data + 1, len - 1, data[0] & 1, text, cap);
    /* terminated, as long as it says, never past its room */
    if (cap > 0 ? n >= cap || strlen(text) != n : n != 0)
        abort();
    for (size_t i = cap; i < sizeof text; i++)
        if (text[i] != 1)
            abort();
    return 0;
}
