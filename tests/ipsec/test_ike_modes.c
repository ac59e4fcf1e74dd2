/* test_ike_modes.c - every mode and proof: how many exchanges, how much work, who is who. */
#include "tests/ipsec/pair.h"
#include <stdio.h>

static const struct sd_option no_rfc7427[] = {{"rfc7427", "no"}, {0}};
static const struct sd_option md5[] = {{"eap_md5", "yes"}, {0}};

/* dh, signs: operations of both ends together after the measured handshake. */
struct row {
    const char *what, *mode;
    const struct sd_option *options[2];
    const char *identity[2];
    unsigned rtts; /* until the client is ready */
    unsigned dh, signs;
    const char *proof[2]; /* what each side heard of the other */
};
static const struct row rows[] = {
    {"P-256 certificates", "fresh", .rtts = 2, .dh = 4, .signs = 2,
     .proof = {"server.example, by ECDSA", "client.example, by ECDSA"}},
    {"Ed25519 certificates", "fresh",
     .identity = {"client.ed25519.example", "server.ed25519.example"}, .rtts = 2, .dh = 4,
     .signs = 2, .proof = {"by Ed25519", "by Ed25519"}},
    {"RSA certificate", "fresh", .identity = {NULL, "server.rsa.example"}, .rtts = 2, .dh = 4,
     .signs = 2, .proof = {"server.rsa.example, by RSA-PSS", "by ECDSA"}},
    {"P-256 certificates without RFC 7427", "fresh", .options = {no_rfc7427, no_rfc7427}, .rtts = 2,
     .dh = 4, .signs = 2, .proof = {"by ECDSA", "by ECDSA"}},
    {"shared key", "psk", .rtts = 2, .dh = 4, .signs = 0,
     .proof = {"by shared key", "by shared key"}},
    {"cookie", "cookie", .rtts = 3, .dh = 4, .signs = 2, .proof = {"ECDSA", "ECDSA"}},
    {"puzzle", "puzzle", .rtts = 3, .dh = 4, .signs = 2, .proof = {"ECDSA", "ECDSA"}},
    {"EAP-MSCHAPv2", "eap", .rtts = 5, .dh = 4, .signs = 1,
     .proof = {"by ECDSA", "somebody, by EAP-MSCHAPv2"}},
    {"EAP-MD5", "eap", .options = {md5, md5}, .rtts = 4, .dh = 4, .signs = 1,
     .proof = {"by ECDSA", "somebody, by EAP-MD5"}},
    {"CBC", "cbc", .rtts = 2, .dh = 4, .signs = 2, .proof = {"ECDSA", "ECDSA"}},
};

static uint64_t dh_of(struct pair *p)
{
    uint64_t n = 0;
    for (int seat = 0; seat < 2; seat++)
        n += pair_calls(p, seat, SD_OP_KEYGEN) + pair_calls(p, seat, SD_OP_DERIVE);
    return n;
}

static void modes(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *r = &rows[i];
        struct pair p;
        printf("%s\n", r->what);
        pair_ready(&p, &(struct pair_options){.mode = r->mode,
                                              .options = {r->options[0], r->options[1]},
                                              .identity = {r->identity[0], r->identity[1]}});
        sd_time ready = sd_mem_find(p.mem, p.client, SD_EV_READY, 0)->at;
        pair_check(&p, r->rtts, ready / (20 * SD_MS), r->what);
        pair_check(&p, r->dh, dh_of(&p), "Diffie-Hellman operations");
        pair_check(&p, r->signs, pair_calls(&p, 0, SD_OP_SIGN) + pair_calls(&p, 1, SD_OP_SIGN),
                   "signatures");
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, true, pair_said(&p, seat, SD_EV_PEER_AUTH, r->proof[seat]),
                       r->proof[seat]);
        pair_send(&p, p.client, 100);
        pair_send(&p, p.server, 1400);
        sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
        pair_check(&p, 1, pair_delivered(&p, p.server), "packets at the server");
        pair_check(&p, 1, pair_delivered(&p, p.client), "packets at the client");
        pair_end(&p);
    }
}

/* The two numbers of an ECDSA signature are of any length up to 32 bytes. */
static void signatures_of_any_length(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct pair p;
        pair_ready(&p, &(struct pair_options){.options = {no_rfc7427, no_rfc7427}, .seed = seed});
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(modes),
                                       cmocka_unit_test(signatures_of_any_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
