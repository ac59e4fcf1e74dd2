/* test_tcpcrypt_resume.c - which connections resume (RFC 8548 3.5), and that no secret is used
 * twice. */
#include "tests/tcpcrypt/pair.h"
#include <string.h>

static struct tc_cache *cache(struct pair *p, int seat)
{
    return &pair_agent(p, seat)->cache;
}

static void close_talk(struct pair *p, int talk)
{
    sd_mem_close(p->mem, CLIENT, pair_conn(p, talk, CLIENT));
    pair_run(p, SD_SECOND);
}

/* Connects, says something both ways and closes; whether it resumed. */
static bool resumes(struct pair *p, int from)
{
    size_t before = sd_mem_count(p->mem, from, SD_EV_RESUMED);
    size_t ready = sd_mem_count(p->mem, from, SD_EV_READY);
    size_t heard, again;
    sd_mem_received(p->mem, from, &heard);
    int talk = pair_connect(p, from, !from);
    assert_int_equal(sd_mem_count(p->mem, from, SD_EV_READY), ready + 1);
    pair_say(p, from, talk, "ping");
    pair_say(p, !from, talk, "pong");
    sd_mem_received(p->mem, from, &again);
    assert_int_equal(again, heard + 4);
    close_talk(p, talk);
    assert_int_equal(sd_mem_count(p->mem, -1, SD_EV_ERROR), 0);
    size_t client = sd_mem_count(p->mem, CLIENT, SD_EV_RESUMED);
    assert_int_equal(client, sd_mem_count(p->mem, SERVER, SD_EV_RESUMED)); /* both, or neither */
    return sd_mem_count(p->mem, from, SD_EV_RESUMED) > before;
}

static const struct {
    const char *what;
    struct pair_setup setup;
    bool second; /* the second connection resumes */
} rows[] = {
    {"both", {.mode = "resumed"}, true},
    {"both, P-256", {.mode = "resumed", .server = {{"teps", "p256"}}}, true},
    {"by options alone",
     {.client = {{"resume", "on"}, {"cache", "on"}}, .server = {{"resume", "on"}, {"cache", "on"}}},
     true},
    {"no nonces",
     {.mode = "resumed", .client = {{"nonce", "0"}}, .server = {{"nonce", "0"}}},
     true},
    {"one nonce", {.mode = "resumed", .client = {{"nonce", "0"}}}, true},
    {"another, of three bytes", {.mode = "resumed", .server = {{"nonce", "3"}}}, true},
    {"neither: mode fresh", {.mode = "fresh"}, false},
    {"the server ignores it", {.mode = "resumed", .server = {{"resume", "off"}}}, false},
    {"the server keeps nothing", {.mode = "resumed", .server = {{"cache", "off"}}}, false},
    {"the client does not ask", {.mode = "resumed", .client = {{"resume", "off"}}}, false},
    {"the client keeps nothing", {.mode = "resumed", .client = {{"cache", "off"}}}, false},
};

static void policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &rows[i].setup);
        assert_false(resumes(&p, CLIENT));
        for (int k = 0; k < 3; k++)
            if (resumes(&p, CLIENT) != rows[i].second)
                fail_msg("%s: connection %d: expected %s", rows[i].what, k + 2,
                         rows[i].second ? "resumption" : "key exchange");
        pair_free(&p);
    }
}

static void from_either_side(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){.mode = "resumed", .role = SD_ROLE_BOTH});
    assert_false(resumes(&p, SERVER));
    for (int i = 0; i < 6; i++)
        assert_true(resumes(&p, i / 2 % 2 ? SERVER : CLIENT));
    /* Keys are those of the first roles throughout. */
    assert_true(cache(&p, CLIENT)->newest->is.was_b);
    assert_false(cache(&p, SERVER)->newest->is.was_b);
    assert_memory_equal(cache(&p, CLIENT)->newest->is.secret, cache(&p, SERVER)->newest->is.secret,
                        TC_KEY_LEN);
    assert_int_equal(cache(&p, CLIENT)->entries, 1);
    pair_free(&p);
}

/* A host that lost its secrets makes new ones; the other forgets the old lineage. */
static void a_forgotten_secret_costs_a_key_exchange(void **state)
{
    (void)state;
    for (int seat = 0; seat < 2; seat++) {
        struct pair p;
        pair_make(&p, &(struct pair_setup){.mode = "resumed"});
        resumes(&p, CLIENT);
        tc_cache_forget(cache(&p, seat), cache(&p, seat)->newest->is.lineage);
        assert_false(resumes(&p, CLIENT));
        assert_true(resumes(&p, CLIENT));
        assert_int_equal(cache(&p, CLIENT)->entries, 1);
        pair_free(&p);
    }
}

static void an_application_can_flush(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){.mode = "resumed"});
    resumes(&p, CLIENT);
    int talk = pair_connect(&p, CLIENT, SERVER);
    struct sd_control forget = {.verb = SD_CLOSE, .text = SD_TCPCRYPT_FORGET};
    sd_mem_control(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), &forget);
    pair_run(&p, SD_SECOND);
    assert_int_equal(cache(&p, CLIENT)->entries, 0);
    assert_false(resumes(&p, CLIENT));
    pair_free(&p);
}

/* A SYN-ACK names another session: it counts as none (3.5), and the connection is not encrypted. */
static void name_another(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (u->segment == SD_SEGMENT_SYN_ACK + 1 && u->len > 10)
        u->data[5] ^= 1;
}

static void another_identifier_is_ignored(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){.mode = "resumed"});
    resumes(&p, CLIENT);
    p.edit = name_another;
    pair_connect(&p, CLIENT, SERVER);
    assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_RESUMED), 0);
    pair_expect(&p, CLIENT, SD_EV_NOTE, "no TEP that fits");
    pair_expect(&p, SERVER, SD_EV_NOTE, "ACK has no ENO");
    pair_free(&p);
}

/* What a passive opener answers to suboptions of any length for a TEP that it likes. */
static void lengths_of_data(void **state)
{
    (void)state;
    static const struct {
        size_t data;
        bool known;
        int answer; /* the SYN-ACK's TEP byte, 0: no option */
    } lengths[] = {
        {0, true, 0x23}, {8, true, 0x23},  {9, true, 0xa3},   {17, true, 0xa3},
        {18, true, 0},   {9, false, 0x23}, {17, false, 0x23},
    };
    for (size_t i = 0; i < SD_ROWS(lengths); i++) {
        struct pair p;
        uint8_t syn[TC_OPTION_ROOM] = {TC_ENO_KIND, (uint8_t)(3 + lengths[i].data), 0xa3};
        uint8_t out[TC_OPTION_ROOM];
        struct sd_path path = {.conn = 1001};
        pair_make(&p, &(struct pair_setup){.mode = "resumed"});
        resumes(&p, CLIENT);
        memcpy(syn + 3, tc_secret_peer_half(&cache(&p, SERVER)->newest->is),
               lengths[i].data < 9 ? lengths[i].data : 9);
        syn[3] ^= !lengths[i].known;
        struct sd_seat *server = sd_mem_seat(p.mem, SERVER);
        sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN, syn, syn[1], NULL, 0);
        size_t len = sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN_ACK, NULL,
                                         0, out, 20);
        int found = len > 3 ? out[3] : 0;
        if (found != lengths[i].answer)
            fail_msg("%zu bytes, %s: expected %02x, found %02x", lengths[i].data,
                     lengths[i].known ? "known" : "unknown", lengths[i].answer, found);
        pair_free(&p);
    }
}

/* A SYN that was recorded names a secret that is spent. */
static void a_replayed_syn_names_nothing(void **state)
{
    (void)state;
    struct pair p;
    static struct pair_wire syn;
    uint8_t out[TC_OPTION_ROOM];
    pair_make(&p, &(struct pair_setup){.mode = "resumed"});
    resumes(&p, CLIENT);
    int talk = pair_connect(&p, CLIENT, SERVER);
    pair_option(&p, talk, SD_SEGMENT_SYN, &syn);
    assert_int_equal(sd_mem_count(p.mem, SERVER, SD_EV_RESUMED), 1);
    struct sd_seat *server = sd_mem_seat(p.mem, SERVER);
    struct sd_path path = {.conn = 1001};
    sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN, syn.data, syn.len, NULL,
                        0);
    size_t len =
        sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN_ACK, NULL, 0, out, 20);
    assert_int_equal(len, 4);
    assert_int_equal(out[3], 0x23); /* v = 0: key exchange */
    close_talk(&p, talk);
    assert_true(resumes(&p, CLIENT)); /* and the honest client's next secret is still good */
    pair_free(&p);
}

/* Two connections at once take two secrets. */
static void parallel_connections(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){.mode = "resumed"});
    resumes(&p, CLIENT);
    int talk[3];
    for (int i = 0; i < 3; i++) {
        talk[i] = sd_mem_connect(p.mem, CLIENT, SERVER);
        p.opener[talk[i]] = CLIENT;
    }
    pair_run(&p, SD_SECOND);
    assert_int_equal(sd_mem_count(p.mem, SERVER, SD_EV_RESUMED), 3);
    for (int i = 0; i < 3; i++) {
        const struct tc_session *a =
            tc_session_find(pair_agent(&p, CLIENT), pair_conn(&p, talk[i], CLIENT));
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(
                a->send.key,
                tc_session_find(pair_agent(&p, CLIENT), pair_conn(&p, talk[k], CLIENT))->send.key,
                16);
        pair_say(&p, CLIENT, talk[i], "x");
    }
    assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_ERROR), 0);
    pair_free(&p);
}

static void the_cache_has_an_end(void **state)
{
    (void)state;
    struct sd_env env;
    struct tc_cache all = {0};
    struct tc_secret secret = {.tep = TC_TEP_X25519, .cipher = TC_AES_128_GCM}, out;
    static const uint8_t teps[] = {TC_TEP_X25519};
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    for (uint32_t i = 0; i < TC_CACHE_MAX + 10; i++) {
        secret.peer = sd_ipv4_word(i + 1, 443);
        secret.secret[0] = (uint8_t)i;
        assert_int_equal(tc_cache_add(&all, &env, &secret), i + 1);
    }
    assert_int_equal(all.entries, TC_CACHE_MAX);
    secret.peer = sd_ipv4_word(10, 80);
    assert_false(tc_cache_take_for(&all, &secret.peer, teps, 1, &out)); /* the oldest went */
    secret.peer = sd_ipv4_word(11, 80); /* the port does not matter */
    assert_true(tc_cache_take_for(&all, &secret.peer, teps, 1, &out));
    tc_cache_fini(&all);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies),
        cmocka_unit_test(from_either_side),
        cmocka_unit_test(a_forgotten_secret_costs_a_key_exchange),
        cmocka_unit_test(an_application_can_flush),
        cmocka_unit_test(another_identifier_is_ignored),
        cmocka_unit_test(lengths_of_data),
        cmocka_unit_test(a_replayed_syn_names_nothing),
        cmocka_unit_test(parallel_connections),
        cmocka_unit_test(the_cache_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
