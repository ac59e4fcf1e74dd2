/* test_gquic_load.c - strangers in numbers: what they cost in memory, work and answers; and the
 * same bytes every time. */
#include "tests/gquic/pair.h"
#include <string.h>

/* An inchoate CHLO of another client, as `from` sends it. */
static const struct sd_mem_unit *first_message(struct pair *p)
{
    return sd_mem_unit(p->mem, pair_index(p, p->client, "inchoate", 0));
}

static void stranger(struct pair *p, const struct sd_mem_unit *like, uint32_t n)
{
    static uint8_t packet[2048];
    static uint8_t text[2048];
    struct gq_header h;
    assert_true(gq_header_parse(&h, like->data, like->len, true));
    assert_true(gq_open(text, NULL, true, h.number, like->data, h.len, like->data + h.len,
                        like->len - h.len));
    h.cid = 0x1000000 + n;
    struct sd_writer w = sd_writer_of(packet, sizeof packet);
    gq_header_write(&h, &w, true);
    gq_seal(packet + h.len, NULL, true, h.number, packet, h.len, text,
            like->len - h.len - GQ_TAG_LEN);
    struct sd_path path = like->path;
    path.remote = sd_ipv4(198, 51, (uint8_t)(n >> 8), (uint8_t)n, 1024);
    path.remote.proto = SD_PROTO_UDP;
    sd_mem_inject(p->mem, p->server, &path, packet, like->len);
}

static void test_strangers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        uint32_t strangers;
        uint64_t half_open, signs, state_max; /* at most */
        unsigned amplification_percent;       /* at most */
        unsigned ways;                        /* of an honest client, until it may send */
    } rows[] = {
        {.name = "few",
         .options = {.mode = "fresh"},
         .strangers = 100,
         .half_open = 100,
         .signs = 101,
         .state_max = 500000,
         .amplification_percent = 300,
         .ways = 2},
        {.name = "more than there is room for",
         .options = {.mode = "fresh", .half_open_max = 64},
         .strangers = 3000,
         .half_open = 32,
         .signs = 34,
         .state_max = 500000,
         .amplification_percent = 40,
         .ways = 4},
        {.name = "always validated",
         .options = {.mode = "fresh", .validation = SD_VALIDATE_ALWAYS},
         .strangers = 3000,
         .half_open = 0,
         .signs = 1,
         .state_max = 60000,
         .amplification_percent = 40,
         .ways = 4},
        {.name = "cookie",
         .options = {.mode = "cookie"},
         .strangers = 3000,
         .half_open = 0,
         .signs = 1,
         .state_max = 60000,
         .amplification_percent = 40,
         .ways = 4},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p, other;
        print_message("          %s\n", rows[i].name);
        pair_request(&other, &rows[i].options, 0);
        const struct sd_mem_unit *like = first_message(&other);
        pair_make(&p, &rows[i].options);
        struct sd_account *a = &sd_mem_seat(p.mem, p.server)->env->account;
        for (uint32_t n = 0; n < rows[i].strangers; n++) {
            stranger(&p, like, n);
            if (n % 100 == 99)
                pair_run(&p, SD_MS);
        }
        pair_run(&p, SD_MS);
        struct sd_stats s = pair_stats(&p, p.server);
        pair_check(&p, rows[i].half_open, s.half_open, "half open");
        pair_check(&p, 0, sd_account_calls(a, SD_OP_DERIVE), "agreements");
        assert_true(s.state_bytes < rows[i].state_max);
        sd_time start = sd_mem_now(p.mem);
        p.request = 100;
        pair_open(&p, NULL);
        pair_run(&p, 5 * SD_SECOND);
        pair_check(&p, start + rows[i].ways * WAY, pair_when(&p, p.client, SD_EV_READY, 0),
                   "an honest client may send");
        pair_received(&p, p.server, 0, 100);
        assert_true(sd_account_calls(a, SD_OP_SIGN) <= rows[i].signs);
        s = pair_stats(&p, p.server);
        assert_true(s.bytes_to_unvalidated * 100 <=
                    s.bytes_from_unvalidated * rows[i].amplification_percent);
        /* Strangers are forgotten after 10 s. */
        pair_run(&p, GQ_HANDSHAKE_MAX);
        pair_check(&p, 0, pair_stats(&p, p.server).half_open, "half open in the end");
        pair_end(&p);
        pair_end(&other);
    }
}

/* A server sends no more than three times what came from an address without a token, however often
 * it repeats itself. */
static void test_amplification(void **state)
{
    (void)state;
    static const char *const identities[] = {"server.example", "server.rsa.example"};
    for (size_t i = 0; i < SD_ROWS(identities); i++) {
        struct pair p;
        const struct pair_options o = {.mode = "fresh", .identity = identities[i]};
        pair_make(&p, &o);
        static const uint32_t all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0};
        pair_open(&p, NULL);
        pair_run(&p, WAY);
        sd_mem_drop(p.mem, p.client, all);
        sd_mem_link(p.mem)->loss_ppm = SD_PPM;
        pair_run(&p, 30 * SD_SECOND);
        struct sd_stats s = pair_stats(&p, p.server);
        assert_true(s.bytes_to_unvalidated > 0);
        assert_true(s.bytes_to_unvalidated <= 3 * s.bytes_from_unvalidated);
        pair_end(&p);
    }
}

/* Packets of a connection that nobody has: answered in fewer bytes, or not at all. */
static void test_nobody(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    static uint8_t packet[1350];
    pair_make(&p, &o);
    struct sd_path path = {.local = sd_mem_address(p.mem, p.server, SD_PROTO_UDP, GQ_PORT),
                           .remote = sd_ipv4(198, 51, 100, 1, 1024)};
    path.remote.proto = SD_PROTO_UDP;
    for (unsigned first = 0; first < 256; first++) {
        packet[0] = (uint8_t)first;
        memset(packet + 1, 7, sizeof packet - 1);
        sd_mem_inject(p.mem, p.server, &path, packet, sizeof packet);
    }
    pair_run(&p, SD_SECOND);
    struct sd_stats s = pair_stats(&p, p.server);
    pair_check(&p, 0, s.half_open_peak, "connections");
    assert_true(s.bytes_out < 256 * 60);
    pair_end(&p);
}

static void test_many_clients(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    enum { CLIENTS = 300 };
    pair_make(&p, &o);
    for (int n = 0; n < CLIENTS; n++) {
        p.request = 100;
        pair_open(&p, NULL);
        pair_run(&p, 60 * SD_MS);
    }
    pair_run(&p, SD_SECOND);
    pair_check(&p, CLIENTS, pair_stats(&p, p.server).handshakes, "handshakes");
    pair_check(&p, CLIENTS, pair_stats(&p, p.server).sessions, "sessions");
    pair_end(&p);
}

/* The same seed: the same packets, to the byte. */
static uint64_t digest(uint64_t seed)
{
    struct pair p;
    const struct pair_options o = {.mode = "fresh", .seed = seed, .reply = 50000};
    uint64_t h = 0;
    pair_make(&p, &o);
    sd_mem_link(p.mem)->loss_ppm = 50000;
    p.request = 20000;
    pair_open(&p, NULL);
    pair_run(&p, 10 * SD_SECOND);
    for (size_t i = 0; i < sd_mem_units(p.mem); i++)
        h = sd_hash(h, sd_mem_unit(p.mem, i)->data, sd_mem_unit(p.mem, i)->len);
    pair_end(&p);
    return h;
}

static void test_same_bytes(void **state)
{
    (void)state;
    uint64_t first = digest(5);
    assert_true(first == digest(5));
    assert_true(first != digest(6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strangers),  cmocka_unit_test(test_amplification),
        cmocka_unit_test(test_nobody),     cmocka_unit_test(test_many_clients),
        cmocka_unit_test(test_same_bytes),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
