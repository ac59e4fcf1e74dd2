/* test_minimalt_directory.c - service records, and the directory on a machine of its own. */
#include "protocols/crypto/sign.h"
#include "tests/minimalt/pair.h"
#include <string.h>

static size_t count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

/* -- records -- */

/* A record with one bit changed, anywhere, is none. */
static void test_changed_records(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    struct minimalt *client = pair_agent(&p, p.client);
    const struct mt_record *own = pair_agent(&p, p.server)->own;
    struct mt_record *read = mt_record_read(client, own->bytes, own->len);
    assert_non_null(read);
    assert_memory_equal(read->server_long, sd_identity("server.example")->x25519_public, 32);
    sd_free(read);
    for (size_t bit = 0; bit < 8 * (size_t)own->len; bit += 3) {
        uint8_t bytes[512];
        memcpy(bytes, own->bytes, own->len);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if ((read = mt_record_read(client, bytes, own->len)))
            fail_msg("bit %zu: expected no record, found one", bit);
    }
    for (size_t len = 0; len < own->len; len++)
        assert_null(mt_record_read(client, own->bytes, len));
    pair_end(&p);
}

/* Signed by somebody who is not the authority, or not the server. */
static void test_wrong_signers(void **state)
{
    (void)state;
    struct pair p;
    uint8_t seed[32], unused[32], verify_key[32], text[512];
    pair_make(&p, &(struct pair_options){0});
    struct minimalt *client = pair_agent(&p, p.client);
    const struct mt_record *own = pair_agent(&p, p.server)->own;
    size_t certificate = MT_CERTIFICATE(strlen("server.example"));
    static const struct {
        const char *name, *authority, *server; /* who signs */
        bool good;
    } rows[] = {
        {"the right ones", MT_AUTHORITY, "server.example", true},
        {"another authority", "mallory.example", "server.example", false},
        {"another server", MT_AUTHORITY, "mallory.example", false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[512];
        memcpy(bytes, own->bytes, own->len);
        sd_identity_x25519(rows[i].authority, seed, unused);
        sd_ed25519_public(verify_key, seed);
        memcpy(text, MT_SIGNED_LONG, strlen(MT_SIGNED_LONG));
        memcpy(text + strlen(MT_SIGNED_LONG), bytes, certificate - 64);
        sd_ed25519_sign(bytes + certificate - 64, text, strlen(MT_SIGNED_LONG) + certificate - 64,
                        seed, verify_key);
        memcpy(seed, sd_identity("server.example")->x25519_private, 32);
        if (strcmp(rows[i].server, "server.example") != 0)
            sd_identity_x25519(rows[i].server, seed, unused);
        sd_ed25519_public(verify_key, seed);
        memcpy(text, MT_SIGNED_SHORT, strlen(MT_SIGNED_SHORT));
        memcpy(text + strlen(MT_SIGNED_SHORT), bytes + certificate, MT_EPHEMERAL - 64);
        sd_ed25519_sign(bytes + own->len - 64, text, strlen(MT_SIGNED_SHORT) + MT_EPHEMERAL - 64,
                        seed, verify_key);
        struct mt_record *read = mt_record_read(client, bytes, own->len);
        if (!read != !rows[i].good)
            fail_msg("%s: expected %s record", rows[i].name, rows[i].good ? "a" : "no");
        sd_free(read);
    }
    pair_end(&p);
}

/* Asked for before, at, and after its time. */
static void test_lifetime(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds; /* after it was signed */
        bool good;
    } rows[] = {{-61, false}, {-60, true}, {0, true}, {1199, true}, {1200, false}, {9999, false}};
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    sd_mem_run(p.mem, 100 * SD_SECOND);
    struct minimalt *client = pair_agent(&p, p.client);
    const struct mt_record *own = pair_agent(&p, p.server)->own;
    uint64_t signed_at = own->not_before;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        int64_t now = (int64_t)(signed_at - SD_EPOCH_S) + rows[i].seconds;
        client->now = now < 0 ? 0 : (sd_time)now * SD_SECOND;
        client->env->epoch_s = now < 0 ? SD_EPOCH_S - (uint64_t)-now : SD_EPOCH_S;
        bool found = mt_record_is_valid(client, own);
        if (found != rows[i].good)
            fail_msg("%lld s: expected %d, found %d", (long long)rows[i].seconds, rows[i].good,
                     found);
    }
    client->now = sd_mem_now(p.mem);
    client->env->epoch_s = SD_EPOCH_S;
    pair_end(&p);
}

/* A cached record is used as long as it holds; then it is asked for anew. */
static void test_cache(void **state)
{
    (void)state;
    static const struct {
        sd_time age;
        bool asked;
    } rows[] = {{20 * SD_SECOND, false}, {1100 * SD_SECOND, false}, {1250 * SD_SECOND, true}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_cached(&p, &(struct pair_options){0});
        pair_run(&p, rows[i].age - sd_mem_now(p.mem));
        sd_mem_forget(p.mem);
        sd_time start = sd_mem_now(p.mem);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, SD_SECOND);
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_READY, 0);
        assert_non_null(e);
        pair_check(&p, start + (rows[i].asked ? RTT : 0), e->at, "READY");
        pair_received(&p, p.server, 100);
        pair_end(&p);
    }
}

/* -- ephemeral keys -- */

/* A server makes a new S' every 600 s, still opens first packets for the one before, and has
 * forgotten it after 1200 s. */
static void test_ephemeral_keys(void **state)
{
    (void)state;
    struct pair p;
    uint8_t first[32], second[32];
    pair_make(&p, &(struct pair_options){0});
    struct minimalt *server = pair_agent(&p, p.server);
    memcpy(first, server->ephemeral[0].public_key, 32);
    assert_false(server->ephemeral[1].live);
    pair_run(&p, MT_EPHEMERAL_EVERY - SD_SECOND);
    assert_memory_equal(server->ephemeral[0].public_key, first, 32);
    pair_run(&p, 2 * SD_SECOND);
    assert_memory_equal(server->ephemeral[1].public_key, first, 32);
    memcpy(second, server->ephemeral[0].public_key, 32);
    assert_memory_not_equal(second, first, 32);
    assert_memory_equal(server->own->server_short, second, 32);
    pair_run(&p, MT_EPHEMERAL_EVERY);
    assert_memory_equal(server->ephemeral[1].public_key, second, 32);
    for (size_t i = 0; i < 2; i++)
        assert_memory_not_equal(server->ephemeral[i].public_key, first, 32);
    pair_end(&p);
}

/* -- a machine of its own -- */

static void test_published(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){.directory = true});
    pair_run(&p, SD_SECOND);
    const struct minimalt *directory = pair_agent(&p, p.directory);
    pair_check(&p, 1, directory->records.used, "records");
    const struct mt_record *record = sd_index_any(&directory->records);
    assert_memory_equal(record->bytes, pair_agent(&p, p.server)->own->bytes, record->len);
    /* A new key: a new record in the place of the old one. */
    pair_run(&p, MT_EPHEMERAL_EVERY);
    pair_check(&p, 1, directory->records.used, "records");
    record = sd_index_any(&directory->records);
    assert_memory_equal(record->server_short, pair_agent(&p, p.server)->ephemeral[0].public_key,
                        32);
    pair_end(&p);
}

static void test_asked(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){.directory = true, .reply = 50});
    pair_run(&p, SD_SECOND);
    sd_mem_forget(p.mem);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, false);
    pair_run(&p, SD_SECOND);
    pair_received(&p, p.server, 100);
    pair_received(&p, p.client, 50);
    size_t asked = 0, told = 0;
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        asked += u->from == p.client && u->to == p.directory;
        told += u->from == p.client && u->to == p.server;
    }
    assert_true(asked > 0 && told > 0);
    pair_end(&p);
}

/* The directory does not know the server, ever or yet. */
static void test_unknown_server(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time after; /* both were made; a record needs 10 ms to the directory */
        bool known;
    } rows[] = {
        {"nobody.example", SD_SECOND, false},
        {"server.example", SD_SECOND, true},
        {"server.example", 0, true}, /* the question is as long under way */
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.directory = true, .name = rows[i].name});
        pair_run(&p, rows[i].after);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, SD_SECOND);
        pair_received(&p, p.server, rows[i].known ? 100 : 0);
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0);
        pair_check(&p, !rows[i].known, e != NULL, "ERROR");
        if (e)
            assert_string_equal(e->detail, "the directory has no such server");
        pair_end(&p);
    }
}

/* Two sessions that wait for one server ask once. */
static void test_one_question(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_check(&p, 1, pair_sent(&p, p.client, 0), "questions");
    pair_run(&p, SD_SECOND);
    pair_check(&p, 2, count(&p, p.client, SD_EV_READY), "READY");
    pair_check(&p, 2, count(&p, p.server, SD_EV_READY), "server READY");
    pair_check(&p, 1, pair_stats(&p, p.server).handshakes, "tunnels with connections");
    pair_end(&p);
}

/* The resolver's tunnel is kept, and goes on under new names for as long as nobody asks. */
static void test_resolver_lasts(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){.client_mode = "lookup"});
    pair_open(&p, &(struct pair_options){0});
    pair_run(&p, SD_SECOND);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, 4000 * SD_SECOND);
    pair_check(&p, 1, pair_stats(&p, p.server).sessions, "tunnels");
    sd_mem_forget(p.mem);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, false);
    pair_check(&p, 'T', pair_letter(sd_mem_unit(p.mem, 0)->data, sd_mem_unit(p.mem, 0)->len),
               "the question");
    pair_run(&p, SD_SECOND);
    pair_received(&p, p.server, 100);
    pair_end(&p);
}

/* Of a record that no signature holds together nothing is taken. */
static void test_forged_answer(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_agent(&p, p.server)->own->bytes[20] ^= 1;
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, false);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 0, count(&p, p.client, SD_EV_READY), "READY");
    pair_check(&p, 1, pair_dropped(&p, p.client, SD_DROP_AUTH), "drops");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_records), cmocka_unit_test(test_wrong_signers),
        cmocka_unit_test(test_lifetime),        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_ephemeral_keys),  cmocka_unit_test(test_published),
        cmocka_unit_test(test_asked),           cmocka_unit_test(test_unknown_server),
        cmocka_unit_test(test_one_question),    cmocka_unit_test(test_resolver_lasts),
        cmocka_unit_test(test_forged_answer),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
