/* test_gquic_session.c - handshakes: round trips, what is refused, versions, timers, new server
 * configs, and connections that move. */
#include "tests/gquic/pair.h"
#include <string.h>

static const struct sd_option q043[] = {{"versions", "Q043"}, {0}};
static const struct sd_option q046[] = {{"versions", "Q046"}, {0}};
static const struct sd_option q046_first[] = {{"versions", "Q046,Q043"}, {0}};
static const struct sd_option chacha[] = {{"aead", "CC20"}, {0}};

/* -- round trips -- */

static void test_round_trips(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        unsigned ways[3]; /* until the client is READY, the request has come, the reply */
        bool earlier;     /* there was a session before */
        uint64_t again;   /* packets of the client that go twice */
    } rows[] = {
        {.name = "fresh", .options = {.mode = "fresh"}, .ways = {2, 3, 4}},
        {.name = "fresh, ChaCha20",
         .options = {.mode = "fresh", .client_options = chacha},
         .ways = {2, 3, 4}},
        {.name = "cookie", .options = {.mode = "cookie"}, .ways = {4, 5, 6}},
        {.name = "always validated",
         .options = {.mode = "fresh", .validation = SD_VALIDATE_ALWAYS},
         .ways = {4, 5, 6}},
        {.name = "never validated",
         .options = {.mode = "fresh", .validation = SD_VALIDATE_NEVER},
         .ways = {2, 3, 4}},
        {.name = "q046", .options = {.mode = "q046"}, .ways = {2, 3, 4}},
        {.name = "resumed", .options = {.mode = "resumed"}, .ways = {2, 3, 4}, .earlier = true},
        {.name = "early", .options = {.mode = "early"}, .ways = {0, 1, 2}, .earlier = true},
        {.name = "another version first",
         .options = {.mode = "fresh", .client_options = q046_first, .server_options = q043},
         .ways = {4, 5, 6},
         .again = 1},
        {.name = "a path too narrow for a CHLO",
         .options = {.mode = "fresh", .path_mtu = 900},
         .ways = {2, 3, 4}},
        {.name = "an RSA certificate",
         .options = {.mode = "fresh", .identity = "server.rsa.example"},
         .ways = {2, 3, 4}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        struct pair_options o = rows[i].options;
        o.reply = 100;
        if (rows[i].earlier)
            pair_prepare(&p, &o);
        else
            pair_make(&p, &o);
        sd_time start = sd_mem_now(p.mem);
        struct sd_account *a = &sd_mem_seat(p.mem, p.server)->env->account;
        uint64_t signs = sd_account_calls(a, SD_OP_SIGN);
        uint64_t derives = sd_account_calls(a, SD_OP_DERIVE);
        uint64_t handshakes = pair_stats(&p, p.server).handshakes;
        p.request = 200;
        pair_open(&p, NULL);
        pair_run(&p, SD_SECOND);
        pair_check(&p, start + rows[i].ways[0] * WAY, pair_when(&p, p.client, SD_EV_READY, 0),
                   "client READY");
        pair_check(&p, start + rows[i].ways[1] * WAY, pair_when(&p, p.server, SD_EV_DATA, 0),
                   "request at the server");
        pair_check(&p, start + rows[i].ways[2] * WAY, pair_when(&p, p.client, SD_EV_DATA, 0),
                   "reply at the client");
        pair_check(&p, 1, pair_count(&p, p.server, SD_EV_READY), "server READY");
        pair_check(&p, 1, pair_count(&p, p.server, SD_EV_VALIDATED), "server VALIDATED");
        pair_check(&p, !rows[i].earlier, pair_count(&p, p.client, SD_EV_PEER_AUTH), "proofs");
        pair_check(&p, rows[i].earlier, pair_count(&p, p.client, SD_EV_RESUMED), "client RESUMED");
        pair_check(&p, 1, pair_count(&p, p.client, SD_EV_TICKET), "configs and tokens to keep");
        pair_check(&p, handshakes + 1, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_check(&p, signs + !rows[i].earlier, sd_account_calls(a, SD_OP_SIGN), "signatures");
        pair_check(&p, derives + 2, sd_account_calls(a, SD_OP_DERIVE), "agreements of the server");
        pair_check(&p, rows[i].again, pair_stats(&p, p.client).retransmits, "retransmits");
        pair_check(&p, 0, pair_stats(&p, p.server).retransmits, "retransmits of the server");
        pair_check(&p, 0, pair_stats(&p, p.server).half_open, "half open at the server");
        pair_received(&p, p.server, 0, 200);
        pair_received(&p, p.client, 0, 100);
        pair_end(&p);
    }
}

/* Data given with open goes first, is early at the server, and its fate is told. */
static void test_early_data(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "early", .reply = 50};
    pair_prepare(&p, &o);
    sd_time start = sd_mem_now(p.mem);
    pair_open(&p, "early words");
    pair_run(&p, SD_SECOND);
    const struct sd_mem_event *data = sd_mem_find(p.mem, p.server, SD_EV_DATA, 0);
    pair_check(&p, start + WAY, data->at, "early data at the server");
    pair_check(&p, true, data->early, "it is early");
    assert_memory_equal(data->data, "early words", 11);
    pair_check(&p, 1, pair_count(&p, p.client, SD_EV_EARLY_OK), "EARLY_OK");
    pair_check(&p, start + RTT, pair_when(&p, p.client, SD_EV_DATA, 0), "reply");
    pair_end(&p);
}

/* What the server cannot take it rejects: the first flight is void, the handshake goes on. */
static void forget_configs(struct gquic *server)
{
    gq_server_rotate(server);
    gq_server_rotate(server);
}
static void new_token_key(struct gquic *server)
{
    server->token_key[0] ^= 1;
}
static void new_orbit(struct gquic *server)
{
    server->strike.orbit[0] ^= 1;
}

static void test_early_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*spoil)(struct gquic *);
    } rows[] = {
        {"the config is not known any more", forget_configs},
        {"the token does not open", new_token_key},
        {"another strike register's orbit", new_orbit},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const struct pair_options o = {.mode = "early", .reply = 50};
        print_message("          %s\n", rows[i].name);
        pair_prepare(&p, &o);
        rows[i].spoil(pair_agent(&p, p.server));
        p.request = 300; /* what the application says again */
        sd_time start = sd_mem_now(p.mem);
        pair_open(&p, "early words");
        pair_run(&p, SD_SECOND);
        pair_check(&p, start + RTT, pair_when(&p, p.client, SD_EV_EARLY_REFUSED, 0), "refused");
        pair_check(&p, start + RTT, pair_when(&p, p.client, SD_EV_READY, 0), "client READY");
        pair_check(&p, start + 3 * WAY, pair_when(&p, p.server, SD_EV_DATA, 0), "request");
        pair_check(&p, 0, pair_count(&p, p.client, SD_EV_EARLY_OK), "EARLY_OK");
        pair_received(&p, p.server, 0, 300);
        pair_received(&p, p.client, 0, 50);
        pair_end(&p);
    }
}

/* Without bytes at open the application need not know: what it wrote goes again. */
static void test_written_early_and_refused(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "early", .reply = 50};
    pair_prepare(&p, &o);
    forget_configs(pair_agent(&p, p.server));
    p.request = 5000;
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_EARLY_REFUSED), "EARLY_REFUSED");
    pair_received(&p, p.server, 0, 5000);
    pair_received(&p, p.client, 0, 50);
    pair_end(&p);
}

/* -- what a client does not believe -- */

static void test_not_believed(void **state)
{
    (void)state;
    struct sd_option none[] = {{0}};
    const struct {
        const char *name;
        struct pair_options options;
        uint64_t code;
    } rows[] = {
        {"another name", {.mode = "fresh", .name = "mallory.example"}, GQ_PROOF_INVALID},
        {"another authority",
         {.mode = "fresh", .ca = sd_identity("client.example")->certificate},
         GQ_PROOF_INVALID},
        {"no version in common",
         {.mode = "fresh", .client_options = q046, .server_options = q043},
         GQ_INVALID_VERSION},
        {"none of that", {.mode = "fresh", .client_options = none}, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_request(&p, &rows[i].options, 100);
        pair_run(&p, SD_SECOND);
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0);
        pair_check(&p, rows[i].code, e ? e->code : 0, "error code");
        pair_check(&p, rows[i].code == 0, pair_count(&p, p.client, SD_EV_READY), "client READY");
        pair_end(&p);
    }
}

/* A signature over another config, or over another CHLO, is none. */
static bool change_proof(void *ctx, struct sd_mem_unit *u)
{
    struct pair *p = ctx;
    struct gq_header h;
    static uint8_t text[GQ_TEXT_MAX];
    if (u->to != p->client || !gq_header_parse(&h, u->data, u->len, false) ||
        !gq_open(text, NULL, false, h.number, u->data, h.len, u->data + h.len, u->len - h.len))
        return true;
    text[u->len - h.len - GQ_TAG_LEN - 3] ^= 1; /* the last value of a REJ is the chain, */
    gq_seal(u->data + h.len, NULL, false, h.number, u->data, h.len, text,
            u->len - h.len - GQ_TAG_LEN);
    return true;
}

static void test_changed_rejection(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_make(&p, &o);
    sd_mem_on_unit(p.mem, change_proof, &p);
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 1, pair_count(&p, p.client, SD_EV_ERROR), "errors");
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_READY), "client READY");
    pair_end(&p);
}

/* A server that denies a version it has, or whose list was changed on the way, is found out. */
static void test_downgrade(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh", .client_options = q046_first};
    pair_make(&p, &o);
    pair_open(&p, NULL);
    /* Somebody tells the client that there is Q043 only. */
    const struct sd_mem_unit *u = sd_mem_unit(p.mem, 0);
    uint8_t lie[18] = {0xc0, 0, 0, 0, 0, 0x05};
    memcpy(lie + 6, u->data + 6, 8);
    memcpy(lie + 14, "Q043", 4);
    struct sd_path path = {.local = u->path.remote, .remote = u->path.local};
    sd_mem_inject(p.mem, p.client, &path, lie, sizeof lie);
    pair_run(&p, 2 * SD_SECOND);
    pair_check(&p, 0, pair_count(&p, p.server, SD_EV_READY), "server READY");
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_TICKET), "handshakes over");
    pair_end(&p);
}

/* -- losses -- */

/* The handshake's timer is 1.5 round trips, of 100 ms until one is measured. */
static void test_handshake_losses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t client[4], server[4]; /* packets lost, by number */
        sd_time ready;                 /* of the client */
    } rows[] = {
        {"nothing", {0}, {0}, RTT},
        {"inchoate CHLO", {1}, {0}, 150 * SD_MS + RTT},
        {"inchoate CHLO twice", {1, 2}, {0}, 450 * SD_MS + RTT},
        {"inchoate CHLO three times", {1, 2, 3}, {0}, 1050 * SD_MS + RTT},
        {"REJ", {0}, {1}, 150 * SD_MS + RTT},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        const struct pair_options o = {.mode = "fresh", .reply = 100};
        pair_make(&p, &o);
        p.request = 100;
        sd_mem_drop(p.mem, p.client, rows[i].client);
        sd_mem_drop(p.mem, p.server, rows[i].server);
        pair_open(&p, NULL);
        pair_run(&p, 5 * SD_SECOND);
        pair_check(&p, rows[i].ready, pair_when(&p, p.client, SD_EV_READY, 0), "client READY");
        pair_received(&p, p.client, 0, 100);
        pair_end(&p);
    }
}

/* Any two packets lost: the request and its answer get there all the same. */
static void test_any_two_lost(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "cookie", "early", "q046"};
    for (size_t m = 0; m < SD_ROWS(modes); m++)
        for (uint32_t a = 0; a <= 5; a++)
            for (uint32_t b = 0; b <= 5; b++) {
                struct pair p;
                const struct pair_options o = {.mode = modes[m], .reply = 4000};
                if (strcmp(modes[m], "early") == 0)
                    pair_prepare(&p, &o);
                else
                    pair_make(&p, &o);
                uint32_t lost_client[] = {a, 0}, lost_server[] = {b, 0};
                if (strcmp(modes[m], "early") != 0) {
                    sd_mem_drop(p.mem, p.client, lost_client);
                    sd_mem_drop(p.mem, p.server, lost_server);
                }
                p.request = 4000;
                pair_open(&p, NULL);
                pair_run(&p, 8 * SD_SECOND);
                pair_received(&p, p.server, 0, 4000);
                pair_received(&p, p.client, 0, 4000);
                pair_end(&p);
            }
}

static void test_gives_up(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_make(&p, &o);
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    pair_open(&p, NULL);
    pair_run(&p, 60 * SD_SECOND);
    pair_check(&p, GQ_HANDSHAKE_MAX, pair_when(&p, p.client, SD_EV_ERROR, 0), "gives up");
    pair_check(&p, 7, pair_sent(&p, p.client, "inchoate"), "CHLOs at 0, 150, 450, ... ms");
    pair_end(&p);
}

/* -- server configs change -- */

static void test_rotation(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "early", .reply = 10};
    pair_prepare(&p, &o);
    struct sd_control rekey = {.verb = SD_REKEY};
    /* The config before the present one is still taken. */
    pair_check(&p, SD_OK, sd_mem_control(p.mem, p.server, 0, &rekey), "result of SD_REKEY");
    p.request = 10;
    sd_time start = sd_mem_now(p.mem);
    pair_open(&p, NULL);
    pair_run(&p, SD_SECOND);
    pair_check(&p, start + RTT, pair_when(&p, p.client, SD_EV_DATA, 0), "reply by the old config");
    /* A client that is connected hears of the next. */
    pair_check(&p, SD_OK, sd_mem_control(p.mem, p.server, 0, &rekey), "result of SD_REKEY");
    pair_run(&p, SD_SECOND);
    pair_check(&p, 2, pair_count(&p, p.client, SD_EV_TICKET), "SHLO's token, SCUP");
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_ERROR), "errors");
    const struct gq_server *known = pair_agent(&p, p.client)->servers;
    assert_memory_equal(known->config.id, pair_agent(&p, p.server)->config[0].config.id,
                        GQ_SCID_LEN);
    assert_true(known->proved);
    pair_check(&p, SD_E_UNSUPPORTED, sd_mem_control(p.mem, p.client, p.client_sid, &rekey),
               "SD_REKEY at a client");
    pair_end(&p);
}

/* -- who moves stays connected -- */

static void test_rebinding(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned what;
    } rows[] = {
        {"another port", SD_MEM_PORT},
        {"another address", SD_MEM_ADDRESS},
        {"both", SD_MEM_PORT | SD_MEM_ADDRESS},
    };
    static const char *const modes[] = {"fresh", "q046"};
    for (size_t m = 0; m < SD_ROWS(modes); m++)
        for (size_t i = 0; i < SD_ROWS(rows); i++) {
            struct pair p;
            const struct pair_options o = {.mode = modes[m], .reply = 1000000};
            print_message("          %s, %s\n", modes[m], rows[i].name);
            pair_request(&p, &o, 100);
            pair_run(&p, 70 * SD_MS);
            sd_mem_rebind(p.mem, p.client, rows[i].what);
            pair_run(&p, 40 * SD_SECOND);
            pair_received(&p, p.client, 0, 1000000);
            pair_check(&p, 1, pair_count(&p, p.client, SD_EV_READY), "handshakes");
            assert_true(pair_count(&p, p.server, SD_EV_MIGRATED) > 0);
            pair_end(&p);
        }
}

/* A client that knows that it moved says so at once. */
static void test_move(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh", .reply = 10};
    pair_request(&p, &o, 10);
    pair_run(&p, SD_SECOND);
    sd_time start = sd_mem_now(p.mem);
    sd_mem_move(p.mem, p.client, p.client_sid, p.server);
    pair_run(&p, SD_SECOND);
    pair_check(&p, start + WAY, pair_when(&p, p.server, SD_EV_MIGRATED, 0), "server MIGRATED");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),   cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_early_refused), cmocka_unit_test(test_written_early_and_refused),
        cmocka_unit_test(test_not_believed),  cmocka_unit_test(test_changed_rejection),
        cmocka_unit_test(test_downgrade),     cmocka_unit_test(test_handshake_losses),
        cmocka_unit_test(test_any_two_lost),  cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_rotation),      cmocka_unit_test(test_rebinding),
        cmocka_unit_test(test_move),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
