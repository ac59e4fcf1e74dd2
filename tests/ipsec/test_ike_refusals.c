/* test_ike_refusals.c - what does not lead to an SA, and what each side says then; what it takes to
 * get there all the same. */
#include "protocols/ipsec/payload.h"
#include "tests/ipsec/pair.h"
#include <stdio.h>
#include <string.h>

static const struct sd_option aes256[] = {{"ike", "aes256gcm16-prfsha384-ecp256"}, {0}};
static const struct sd_option aes128[] = {{"ike", "aes128gcm16-prfsha256-x25519-ecp256"}, {0}};
static const struct sd_option ecp256[] = {{"ike", "aes128gcm16-prfsha256-ecp256"}, {0}};
static const struct sd_option modp[] = {{"ike", "chacha20poly1305-prfsha384-modp2048"}, {0}};
static const struct sd_option modp_last[] = {{"ike", "chacha20poly1305-prfsha384-x25519-modp2048"},
                                             {0}};
static const struct sd_option esp_cbc[] = {{"esp", "aes128-sha256"}, {0}};
static const struct sd_option esp_gcm[] = {{"esp", "aes256gcm16"}, {0}};
static const struct sd_option stranger[] = {{"id", "somebody.else"}, {0}};
static const struct sd_option expects_other[] = {{"peer_id", "another.example"}, {0}};
static const struct sd_option md5[] = {{"eap_md5", "yes"}, {0}};

static size_t other_secret(void *ctx, const char *identity, uint8_t *secret, size_t cap)
{
    (void)ctx, (void)identity, (void)cap;
    memcpy(secret, "other", 5);
    return 5;
}
static const struct sd_delegate knows_other = {.secret = other_secret};

static size_t nobody(void *ctx, const char *identity, uint8_t *secret, size_t cap)
{
    (void)ctx, (void)identity, (void)secret, (void)cap;
    return 0;
}
static const struct sd_delegate knows_nobody = {.secret = nobody};

struct row {
    const char *what;
    struct pair_options options;
    bool ready;
    uint16_t code;       /* of the client's error */
    const char *says[2]; /* what each side's error is; NULL: none */
    unsigned inits;      /* IKE_SA_INIT requests; 0: one */
};
static const struct row rows[] = {
    {"no algorithm in common",
     {.options = {aes128, modp}},
     .code = IKE_N_NO_PROPOSAL_CHOSEN,
     .says = {"NO_PROPOSAL_CHOSEN", NULL}},
    {"other groups",
     {.options = {aes256, aes128}},
     .code = IKE_N_NO_PROPOSAL_CHOSEN,
     .says = {"NO_PROPOSAL_CHOSEN", NULL}},
    {"P-256 after INVALID_KE_PAYLOAD", {.options = {aes128, ecp256}}, .ready = true, .inits = 2},
    {"modp2048 after INVALID_KE_PAYLOAD",
     {.options = {modp_last, modp}},
     .ready = true,
     .inits = 2},
    {"modp2048, ChaCha20 and SHA-384", {.options = {modp, modp}}, .ready = true},
    {"AES-256, SHA-384 and P-256", {.options = {aes256, aes256}}, .ready = true},
    {"no child's algorithm in common",
     {.options = {esp_cbc, esp_gcm}},
     .code = IKE_N_NO_PROPOSAL_CHOSEN,
     .says = {"NO_PROPOSAL_CHOSEN", "NO_PROPOSAL_CHOSEN"}},
    {"another shared key",
     {.mode = "psk", .psk = {"one", "other"}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", "the shared key is another"}},
    {"a name that the certificate has not",
     {.options = {stranger}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", ""}},
    {"another responder than expected",
     {.options = {expects_other}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"not whom we expect", "does not believe"}},
    {"EAP-MSCHAPv2 with another secret",
     {.mode = "eap", .delegate = {NULL, &knows_other}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", "EAP failed"}},
    {"EAP-MD5 with another secret",
     {.mode = "eap", .options = {md5, md5}, .delegate = {NULL, &knows_other}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", "EAP failed"}},
    {"EAP of an unknown identity",
     {.mode = "eap", .delegate = {NULL, &knows_nobody}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", "EAP cannot begin"}},
    {"EAP with secrets that the application knows",
     {.mode = "eap", .delegate = {&knows_other, &knows_other}},
     .ready = true},
    {"another EAP method",
     {.mode = "eap", .options = {md5, NULL}},
     .code = IKE_N_AUTHENTICATION_FAILED,
     .says = {"AUTHENTICATION_FAILED", "EAP failed"}},
};

static void check_errors(struct pair *p, const struct row *r)
{
    for (int seat = 0; seat < 2; seat++)
        if (r->says[seat])
            pair_check(p, true, pair_said(p, seat, SD_EV_ERROR, r->says[seat]), r->says[seat]);
    if (r->code)
        pair_check(p, r->code, sd_mem_find(p->mem, p->client, SD_EV_ERROR, 0)->code, "code");
}

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *r = &rows[i];
        struct pair p;
        printf("%s\n", r->what);
        pair_make(&p, &r->options);
        pair_open(&p);
        sd_mem_run(p.mem, 5 * SD_SECOND);
        pair_check(&p, r->ready, sd_mem_count(p.mem, p.client, SD_EV_READY), r->what);
        pair_check(&p, r->inits ? r->inits : 1, pair_sent(&p, p.client, IKE_SA_INIT, 0),
                   "first messages");
        check_errors(&p, r);
        sd_mem_run(p.mem, 200 * SD_SECOND);
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 0, pair_stats(&p, seat).half_open, "half open at the end");
            pair_check(&p, r->ready, pair_stats(&p, seat).sessions, "sessions at the end");
        }
        pair_end(&p);
    }
}

/* -- RFC 8019: a key that solves nothing; RFC 7296 2.6: a cookie that is none -- */

struct spoil {
    size_t at; /* byte of the second first message that is changed, once */
    bool done;
};

static bool spoil(void *ctx, struct sd_mem_unit *u)
{
    struct spoil *s = ctx;
    bool second = u->from == 0 && u->number == 2 && u->data[18] == IKE_SA_INIT;
    if (second && !s->done) {
        u->data[s->at] ^= 1;
        s->done = true;
    }
    return true;
}

/* Behind the header: N(COOKIE) of 8 and 34 bytes, then PS of 4 and 16. */
#define COOKIE_BYTE   (IKE_HEADER + 8 + 20)
#define SOLUTION_BYTE (IKE_HEADER + 8 + 34 + 4 + 3)

static void spoilt_proofs(void **state)
{
    (void)state;
    struct pair p;
    struct spoil solution = {SOLUTION_BYTE, false}, cookie = {COOKIE_BYTE, false};
    pair_make(&p, &(struct pair_options){.mode = "puzzle"});
    sd_mem_on_unit(p.mem, spoil, &solution);
    pair_open(&p);
    sd_mem_run(p.mem, SD_SECOND);
    pair_check(&p, 1, pair_stats(&p, p.server).dropped[SD_DROP_POLICY], "wrong solutions");
    pair_check(&p, 0, pair_calls(&p, p.server, SD_OP_KEYGEN), "key pairs for one");
    sd_mem_run(p.mem, 5 * SD_SECOND);
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready when sent again");
    pair_check(&p, 0, pair_calls(&p, p.server, SD_OP_PUZZLE), "tries of the server");
    pair_check(&p, true, pair_calls(&p, p.client, SD_OP_PUZZLE) > 1000, "tries of the client");
    pair_end(&p);

    pair_make(&p, &(struct pair_options){.mode = "cookie"});
    sd_mem_on_unit(p.mem, spoil, &cookie);
    pair_open(&p);
    sd_mem_run(p.mem, SD_SECOND);
    pair_check(&p, 3, pair_sent(&p, p.client, IKE_SA_INIT, 0), "first messages");
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready with another cookie");
    pair_end(&p);
}

/* -- configuration -- */

static const struct sd_option no_such[] = {{"mobik", "yes"}, {0}};
static const struct sd_option bad_switch[] = {{"mobike", "maybe"}, {0}};
static const struct sd_option bad_number[] = {{"window", "0"}, {0}};
static const struct sd_option bad_word[] = {{"ike", "aes128gcm16-rot13"}, {0}};
static const struct sd_option no_prf[] = {{"ike", "aes128gcm16-x25519"}, {0}};
static const struct sd_option no_mac[] = {{"esp", "aes128"}, {0}};

static const struct {
    const struct sd_option *options;
    const char *mode, *says;
} bad[] = {
    {no_such, NULL, "did you mean mobike?"},
    {bad_switch, NULL, "expected yes or no, found 'maybe'"},
    {bad_number, NULL, "expected a number from 1"},
    {bad_word, NULL, "found 'rot13'"},
    {no_prf, NULL, "expected a pseudorandom function"},
    {no_mac, NULL, "expected an integrity algorithm"},
    {NULL, "fast", "there is no mode 'fast'"},
};

static void configurations(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(bad); i++) {
        struct sd_mem *m = sd_mem_new(1);
        struct sd_config c = {.role = SD_ROLE_CLIENT,
                              .identity = sd_identity("client.example"),
                              .mode = bad[i].mode,
                              .options = bad[i].options};
        assert_int_equal(sd_mem_add(m, &sd_ipsec_agent, &c, 1), SD_E_ARG);
        if (!strstr(sd_mem_error(m), bad[i].says))
            fail_msg("expected words with \"%s\", found: %s", bad[i].says, sd_mem_error(m));
        sd_mem_free(m);
    }
}

/* -- loss: each message of the handshake, and then any -- */

static const struct {
    const char *mode;
    uint32_t messages; /* of each side */
} flights[] = {{"fresh", 2}, {"psk", 2}, {"cookie", 3}, {"puzzle", 3}, {"eap", 5}, {"cbc", 2}};

static void a_lost_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(flights); i++)
        for (uint32_t number = 1; number <= 2 * flights[i].messages; number++) {
            struct pair p;
            pair_make(&p, &(struct pair_options){.mode = flights[i].mode});
            sd_mem_drop(p.mem, number % 2, (const uint32_t[]){(number + 1) / 2, 0});
            pair_open(&p);
            sd_mem_run(p.mem, 10 * SD_SECOND);
            pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), flights[i].mode);
            sd_time ready = sd_mem_find(p.mem, p.client, SD_EV_READY, 0)->at;
            pair_check(&p, 4 * SD_SECOND + flights[i].messages * 20 * SD_MS, ready,
                       "the client is ready after one wait");
            pair_check(&p, 1, pair_stats(&p, p.client).retransmits, "retransmissions");
            pair_end(&p);
        }
}

static bool lose_all(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx, (void)u;
    return false;
}

static void silence(void **state)
{
    (void)state;
    /* 4 s x 1.8^n, six sendings: the end is 4 x (1 + 1.8 + ... + 1.8^5) = 165.05 s on. */
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, lose_all, NULL);
    pair_open(&p);
    sd_mem_run(p.mem, 300 * SD_SECOND);
    pair_check(&p, IKE_SENDINGS, pair_sent(&p, p.client, IKE_SA_INIT, 0), "sendings in UDP");
    const struct sd_mem_event *error = sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0);
    assert_non_null(error);
    pair_check(&p, 165, error->at / SD_SECOND, "seconds until it gives up");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refusals), cmocka_unit_test(configurations),
                                       cmocka_unit_test(spoilt_proofs),
                                       cmocka_unit_test(a_lost_message), cmocka_unit_test(silence)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
