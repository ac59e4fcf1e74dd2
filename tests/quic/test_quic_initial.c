/* What anybody can read in a client's Initial packet: the published one of RFC 9001 A.2, whole, cut
 * and changed. */
#include "protocols/quic/quic.h"
#include "sim/core/env.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char client_initial[] =
    "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92"
    "ec356c0bab7df5976d27cd449f63300099f3991c260ec4c60d17b31f8429157bb35a1282a643a8d2262cad6750"
    "0cadb8e7378c8eb7539ec4d4905fed1bee1fc8aafba17c750e2c7ace01e6005f80fcb7df621230c83711b39343"
    "fa028cea7f7fb5ff89eac2308249a02252155e2347b63d58c5457afd84d05dfffdb20392844ae812154682e9cf"
    "012f9021a6f0be17ddd0c2084dce25ff9b06cde535d0f920a2db1bf362c23e596d11a4f5a6cf3948838a3aec4e"
    "15daf8500a6ef69ec4e3feb6b1d98e610ac8b7ec3faf6ad760b7bad1db4ba3485e8a94dc250ae3fdb41ed15fb6"
    "a8e5eba0fc3dd60bc8e30c5c4287e53805db059ae0648db2f64264ed5e39be2e20d82df566da8dd5998ccabdae"
    "053060ae6c7b4378e846d29f37ed7b4ea9ec5d82e7961b7f25a9323851f681d582363aa5f89937f5a67258bf63"
    "ad6f1a0b1d96dbd4faddfcefc5266ba6611722395c906556be52afe3f565636ad1b17d508b73d8743eeb524be2"
    "2b3dcbc2c7468d54119c7468449a13d8e3b95811a198f3491de3e7fe942b330407abf82a4ed7c1b311663ac698"
    "90f4157015853d91e923037c227a33cdd5ec281ca3f79c44546b9d90ca00f064c99e3dd97911d39fe9c5d0b23a"
    "229a234cb36186c4819e8b9c5927726632291d6a418211cc2962e20fe47feb3edf330f2c603a9d48c0fcb5699d"
    "bfe5896425c5bac4aee82e57a85aaf4e2513e4f05796b07ba2ee47d80506f8d2c25e50fd14de71e6c418559302"
    "f939b0e1abd576f279c4b2e0feb85c1f28ff18f58891ffef132eef2fa09346aee33c28eb130ff28f5b76695333"
    "4113211996d20011a198e3fc433f9f2541010ae17c1bf202580f6047472fb36857fe843b19f5984009ddc32404"
    "4e847a4f4a0ab34f719595de37252d6235365e9b84392b061085349d73203a4a13e96f5432ec0fd4a1ee65accd"
    "d5e3904df54c1da510b0ff20dcc0c77fcb2c0e0eb605cb0504db87632cf3d8b4dae6e705769d1de354270123cb"
    "11450efc60ac47683d7b8d0f811365565fd98c4c8eb936bcab8d069fc33bd801b03adea2e1fbc5aa463d08ca19"
    "896d2bf59a071b851e6c239052172f296bfb5e72404790a2181014f3b94a4e97d117b438130368cc39dbb2d198"
    "065ae3986547926cd2162f40a29f0c3c8745c0f50fba3852e566d44575c29d39a03f0cda721984b6f440591f35"
    "5e12d439ff150aab7613499dbd49adabc8676eef023b15b65bfc5ca06948109f23f350db82123535eb8a7433bd"
    "abcb909271a6ecbcb58b936a88cd4e8f2e6ff5800175f113253d8fa9ca8885c2f552e657dc603f252e1a8e308f"
    "76f0be79e2fb8f5d5fbbe2e30ecadd220723c8c0aea8078cdfcb3868263ff8f0940054da48781893a7e49ad5af"
    "f4af300cd804a6b6279ab3ff3afb64491c85194aab760d58a606654f9f4400e8b38591356fbf6425aca26dc852"
    "44259ff2b19c41b9f96f3ca9ec1dde434da7d2d392b905ddf3d1f9af93d1af5950bd493f5aa731b4056df31bd2"
    "67b6b90a079831aaf579be0a39013137aac6d404f518cfd46840647e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c"
    "8d169a44e55c88d4a9a7f9474241e221af44860018ab0856972e194cd934";

enum { PACKET_LEN = 1200, NOWHERE = -1 };

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return len;
}

static const struct {
    int changed; /* the byte in which a bit is turned */
    bool from_client;
    const char *words;
} rows[] = {
    {NOWHERE, true, "Initial (ClientHello, SNI example.com)"},
    {NOWHERE, false, "Initial"}, /* a server's keys are others */
    {10, true, "Initial"},       /* of the connection id, and so of the keys */
    {0, true, "Initial"},        /* of what is authenticated */
    {20, true, "Initial"},       /* of the packet number */
    {700, true, "Initial"},      /* of the sealed frames */
    {PACKET_LEN - 1, true, "Initial"},
};

static void published_packet_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t packet[PACKET_LEN];
        char text[200];
        assert_int_equal(unhex(client_initial, packet), PACKET_LEN);
        if (rows[i].changed != NOWHERE)
            packet[rows[i].changed] ^= 1;
        quic_describe(packet, sizeof packet, rows[i].from_client, text, sizeof text);
        if (strcmp(text, rows[i].words) != 0)
            fail_msg("row %zu: expected %s, found %s", i, rows[i].words, text);
    }
}

static void cut_packets_are_not_read(void **state)
{
    (void)state;
    uint8_t packet[PACKET_LEN];
    char text[200];
    unhex(client_initial, packet);
    for (size_t len = 0; len < PACKET_LEN; len++) {
        uint8_t cut[PACKET_LEN];
        memcpy(cut, packet, len);
        quic_describe(cut, len, true, text, sizeof text);
        assert_null(strstr(text, "SNI"));
    }
}

static int begin(void **state)
{
    (void)state;
    return sd_core_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_packet_is_read),
        cmocka_unit_test(cut_packets_are_not_read),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
