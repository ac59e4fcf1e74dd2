/* test_curvecp_packets.c - what agents put on the wire: sizes, names, and every box against a
 * second derivation (spec.h); what happens when a bit is changed. */
#include "tests/curvecp/pair.h"
#include "tests/curvecp/spec.h"
#include <string.h>

/* -- sizes and names -- */

static void check_unit(struct pair *p, int from, char kind, size_t nth, size_t len,
                       const char *name)
{
    char text[100];
    const struct sd_mem_unit *u = pair_unit(p, from, kind, nth);
    pair_check(p, true, u != NULL, name);
    pair_check(p, len, u->len, name);
    size_t n = sd_curvecp_agent.describe(u->data, u->len, from == p->client, text, sizeof text);
    assert_string_equal(text, name);
    assert_int_equal(n, strlen(text));
    n = sd_curvecp_agent.describe(u->data, u->len, true, text, 6);
    assert_int_equal(n, 5);
    assert_int_equal(strlen(text), 5);
}

static void test_handshake_sizes(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    pair_run(&p, SD_SECOND);
    check_unit(&p, p.client, 'H', 0, 224, "Hello (C')");
    check_unit(&p, p.server, 'K', 0, 200, "Cookie [S' and cookie encrypted]");
    check_unit(&p, p.client, 'I', 0, 544 + 192,
               "Initiate (C', cookie) [vouch, 192 B message encrypted]");
    check_unit(&p, p.server, 'M', 0, 64 + 192, "Message [192 B encrypted]");
    pair_check(&p, 0, pair_sent(&p, p.client, 'M'), "client Messages");
    pair_end(&p);
}

/* R: a message has one of four lengths; before the server's first Message at most 640. */
static void test_message_sizes(void **state)
{
    (void)state;
    static const struct {
        size_t request, initiate; /* message of the first Initiate */
        size_t reply, message;    /* of the server's first reply */
    } rows[] = {
        {1, 192, 1, 192},      {128, 192, 128, 192},    {129, 320, 129, 320},
        {256, 320, 256, 320},  {257, 576, 257, 576},    {512, 576, 512, 576},
        {513, 576, 513, 1088}, {5000, 576, 1024, 1088}, {5000, 576, 1025, 1088},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_request(&p, &(struct pair_options){0}, rows[i].request);
        pair_run(&p, 5 * SD_SECOND);
        pair_received(&p, p.server, rows[i].request);
        pair_check(&p, 544 + rows[i].initiate, pair_unit(&p, p.client, 'I', 0)->len, "Initiate");
        size_t before = pair_sent(&p, p.server, 'M');
        pair_send(&p, p.server, rows[i].reply, false);
        pair_run(&p, 5 * SD_SECOND);
        pair_received(&p, p.client, rows[i].reply);
        pair_check(&p, 64 + rows[i].message, pair_unit(&p, p.server, 'M', before)->len, "Message");
        /* Everything else that the client says once the server has spoken. */
        for (size_t n = 0; n < pair_sent(&p, p.client, 'M'); n++) {
            size_t len = pair_unit(&p, p.client, 'M', n)->len;
            bool known = len == 96 + 192 || len == 96 + 320 || len == 96 + 576 || len == 96 + 1088;
            pair_check(&p, true, known, "length of a client Message");
        }
        pair_end(&p);
    }
}

/* A narrow path gets shorter blocks, down to the shortest. */
static void test_path_mtu(void **state)
{
    (void)state;
    static const struct {
        uint16_t mtu;
        size_t initiate, message;
    } rows[] = {
        {1500, 576, 1088}, {1212, 576, 1088}, {1211, 576, 576}, {1148, 576, 576}, {1147, 320, 576},
        {892, 320, 576},   {891, 192, 576},   {699, 192, 320},  {443, 192, 192},  {100, 192, 192},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        size_t longest[2] = {0};
        pair_request(&p, &(struct pair_options){.path_mtu = rows[i].mtu}, 20000);
        pair_run(&p, 60 * SD_SECOND);
        pair_received(&p, p.server, 20000);
        for (size_t n = 0; n < sd_mem_units(p.mem); n++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, n);
            size_t beside = u->data[7] == 'I' ? 544 : 96, *most = &longest[u->data[7] == 'M'];
            if (u->from == p.client && u->data[7] != 'H' && u->len - beside > *most)
                *most = u->len - beside;
        }
        print_message("          path MTU %u\n", rows[i].mtu);
        pair_check(&p, rows[i].initiate, longest[0], "longest message of an Initiate");
        pair_check(&p, rows[i].message, longest[1], "longest message of a Message");
        pair_end(&p);
    }
}

/* -- the boxes -- */

static void check(struct pair *p, const char *wrong)
{
    if (!wrong)
        return;
    sd_mem_print(p->mem);
    fail_msg("expected what the specification says, found a mistake in %s", wrong);
}

static void check_stream(struct pair *p, const struct spec_message *m, uint64_t *end)
{
    if (m->data_len > 0) {
        const uint8_t *bytes = pair_bytes((size_t)(m->position + m->data_len));
        assert_memory_equal(m->data, bytes + m->position, (size_t)m->data_len);
    }
    if (m->position + m->data_len > *end)
        *end = m->position + m->data_len;
    pair_check(p, true, m->position <= *end, "a block begins where the one before ended");
}

static void test_second_derivation(void **state)
{
    (void)state;
    static const struct sd_option extensions[] = {
        {"server_extension", "31415926535897932384626433832795"},
        {"client_extension", "0123456789ABCDEFfedcba9876543210"},
        {0}};
    static const struct {
        const char *name;
        struct pair_options options;
        bool extended;
    } rows[] = {
        {"no extensions", {.seed = 5}, false},
        {"extensions",
         {.seed = 6, .client_options = extensions, .server_options = extensions},
         true},
        {"reference", {.seed = 7, .client_mode = "reference", .server_mode = "reference"}, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_request(&p, &rows[i].options, 3000);
        pair_run(&p, SD_SECOND);
        pair_send(&p, p.server, 5000, true);
        pair_run(&p, 3 * SD_SECOND);
        sd_mem_close(p.mem, p.client, p.client_sid);
        pair_run(&p, 3 * SD_SECOND);
        pair_received(&p, p.server, 3000);
        pair_received(&p, p.client, 5000);

        struct spec_view v = {0};
        memcpy(v.s, p.config[1].identity->x25519_private, 32);
        memcpy(v.S, p.config[1].identity->x25519_public, 32);
        memcpy(v.t, pair_agent(&p, p.server)->minute[0].key, 32);
        if (rows[i].extended) {
            memcpy(v.server_extension,
                   "\x31\x41\x59\x26\x53\x58\x97\x93\x23\x84\x62\x64\x33\x83\x27\x95", 16);
            memcpy(v.client_extension,
                   "\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10", 16);
        }
        uint64_t ends[2] = {0}, stops[2] = {0}, acked[2] = {0}, initiates = 0;
        for (size_t n = 0; n < sd_mem_units(p.mem); n++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, n);
            uint8_t message[1088];
            size_t len = 0;
            struct spec_message m;
            if (u->data[7] == 'H')
                check(&p, spec_hello(&v, u->data, u->len));
            else if (u->data[7] == 'K')
                check(&p, spec_cookie(&v, u->data, u->len));
            else if (u->data[7] == 'I')
                check(&p, spec_initiate(&v, u->data, u->len, message, &len));
            else if (u->from == p.client)
                check(&p, spec_client_message(&v, u->data, u->len, message, &len));
            else
                check(&p, spec_server_message(&v, u->data, u->len, message, &len));
            initiates += u->data[7] == 'I';
            if (len == 0)
                continue;
            check(&p, spec_message(message, len, &m));
            check_stream(&p, &m, &ends[u->from]);
            stops[u->from] |= m.stop;
            if (m.ranges[0][1] > acked[u->from])
                acked[u->from] = m.ranges[0][1];
            pair_check(&p, true, m.id != 0 || (!m.data_len && !m.stop), "data has an ID");
        }
        print_message("          %s\n", rows[i].name);
        assert_memory_equal(v.C, p.config[0].identity->x25519_public, 32);
        assert_memory_equal(v.name,
                            "\x06server\x07"
                            "example\0",
                            16);
        for (int k = 16; k < 256; k++)
            assert_int_equal(v.name[k], 0);
        pair_check(&p, 3000, ends[0], "length of the client's stream");
        pair_check(&p, 5000, ends[1], "length of the server's stream");
        pair_check(&p, 2048, stops[0], "the client's stop");
        pair_check(&p, 2048, stops[1], "the server's stop");
        pair_check(&p, 5001, acked[0], "acknowledged by the client, the stop included");
        pair_check(&p, 3001, acked[1], "acknowledged by the server, the stop included");
        pair_check(&p, true, initiates >= 1, "Initiates");
        pair_end(&p);
    }
}

/* N: neither key pairs nor short-term nonces are used twice, and cookies differ. */
static void test_nothing_repeats(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    for (int i = 0; i < 20; i++)
        sd_mem_connect(p.mem, p.client, p.server);
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, 20, pair_sent(&p, p.client, 'H'), "Hellos");
    pair_check(&p, 20, pair_sent(&p, p.server, 'K'), "Cookies");
    for (size_t i = 0; i < 20; i++)
        for (size_t k = 0; k < i; k++) {
            const struct sd_mem_unit *a = pair_unit(&p, p.client, 'H', i),
                                     *b = pair_unit(&p, p.client, 'H', k);
            assert_memory_not_equal(a->data + 40, b->data + 40, 32);  /* C' */
            assert_memory_not_equal(a->data + 136, b->data + 136, 8); /* nonce */
            a = pair_unit(&p, p.server, 'K', i);
            b = pair_unit(&p, p.server, 'K', k);
            assert_memory_not_equal(a->data + 40, b->data + 40, 16); /* nonce */
        }
    pair_end(&p);
}

/* -- changed bits -- */

struct flip {
    int from;
    char kind;
    size_t bit;
    uint64_t changed;
};

static bool flip_bit(void *ctx, struct sd_mem_unit *u)
{
    struct flip *f = ctx;
    if (u->from == f->from && u->data[7] == f->kind) {
        u->data[f->bit / 8] ^= (uint8_t)(1u << f->bit % 8);
        f->changed++;
    }
    return true;
}

/* No bit of a packet may be changed but those that nothing covers: the padding of a Hello outside
 * its box, and the client's extension, which like its address is where it is taken to be. */
static void test_every_bit_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from;
        char kind;
        size_t len, open_from, open_to; /* bytes not covered */
        size_t handshakes, received;    /* of the server, of the client: what is still possible */
    } rows[] = {
        {"Hello", 0, 'H', 224, 72, 136, 0, 0},
        {"Cookie", 1, 'K', 200, 0, 0, 0, 0},
        {"Initiate", 0, 'I', 736, 24, 40, 0, 0},
        {"server Message", 1, 'M', 256, 0, 0, 1, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        for (size_t bit = 0; bit < 8 * rows[i].len; bit += 13) {
            if (bit / 8 >= rows[i].open_from && bit / 8 < rows[i].open_to)
                continue;
            struct flip f = {rows[i].from, rows[i].kind, bit, 0};
            struct pair p;
            pair_make(&p, &(struct pair_options){.seed = 9});
            sd_mem_on_unit(p.mem, flip_bit, &f);
            pair_open(&p, &(struct pair_options){0});
            pair_send(&p, p.client, 100, false);
            sd_mem_run(p.mem, 900 * SD_MS);
            if (p.server_sid)
                pair_send(&p, p.server, 100, false);
            sd_mem_run(p.mem, 990 * SD_MS);
            size_t received;
            sd_mem_received(p.mem, p.client, &received);
            pair_check(&p, true, f.changed > 0, "units changed");
            pair_check(&p, rows[i].handshakes, pair_stats(&p, p.server).handshakes, rows[i].name);
            pair_check(&p, rows[i].received, received, rows[i].name);
            pair_end(&p);
        }
    }
}

/* The same for the client's Message, which must be the second that it says. */
static void test_every_bit_of_a_client_message_counts(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * 288; bit += 13) {
        if (bit / 8 >= 24 && bit / 8 < 40)
            continue;
        struct pair p;
        struct flip f = {0, 'M', bit, 0};
        pair_request(&p, &(struct pair_options){.seed = 9}, 100);
        sd_mem_run(p.mem, 200 * SD_MS);
        sd_mem_on_unit(p.mem, flip_bit, &f);
        sd_mem_send(p.mem, p.client, p.client_sid, 0, pair_bytes(200) + 100, 100, false);
        pair_run(&p, 100 * SD_MS);
        pair_check(&p, 1, f.changed, "units changed");
        pair_received(&p, p.server, 100);
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake_sizes),
        cmocka_unit_test(test_message_sizes),
        cmocka_unit_test(test_path_mtu),
        cmocka_unit_test(test_second_derivation),
        cmocka_unit_test(test_nothing_repeats),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_every_bit_of_a_client_message_counts),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
