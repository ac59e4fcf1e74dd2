/* test_dtls13_cid.c - a client that moves, with connection ids and without; and those who would
 * have it move. */
#include "tests/dtls13/check.h"

static void send_one(struct talk *t)
{
    sd_mem_send(t->mem, t->client, sd_mem_sid(t->mem, t->conversation), 0, REQUEST, strlen(REQUEST),
                false);
}

/* The NAT in front of the client rebinds; the client says something; does the answer find it? */
static void test_rebinding(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mode;
        unsigned what;
        bool survives;
    } rows[] = {
        {"port, cid", "cid", SD_MEM_PORT, true},
        {"address, cid", "cid", SD_MEM_ADDRESS, true},
        {"both, cid", "cid", SD_MEM_PORT | SD_MEM_ADDRESS, true},
        {"port, no cid", "fresh", SD_MEM_PORT, false},
        {"address, no cid", "fresh", SD_MEM_ADDRESS, false},
        {"both, no cid", "fresh", SD_MEM_PORT | SD_MEM_ADDRESS, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct talk t;
        talk_modes(&t, "dtls13", rows[i].mode, 1);
        talk_connect(&t);
        for (unsigned moves = 1; moves <= 7; moves++) { /* more than ids are kept */
            sd_mem_rebind(t.mem, t.client, rows[i].what);
            sd_time moved = sd_mem_now(t.mem);
            send_one(&t);
            talk_run(&t, 5 * SD_SECOND);
            check(&t, rows[i].name, "migrations", rows[i].survives ? moves : 0,
                  talk_count(&t, t.server, SD_EV_MIGRATED));
            check(&t, rows[i].name, "replies", rows[i].survives ? 1 + moves : 1,
                  talk_count(&t, t.client, SD_EV_DATA));
            if (!rows[i].survives)
                break;
            /* The reply waits for the round trip that proves the address. */
            check(&t, rows[i].name, "reply", moved + 2 * RTT,
                  sd_mem_find(t.mem, t.client, SD_EV_DATA, moves)->at);
        }
        check(&t, rows[i].name, "handshakes", 1, talk_stats(&t, t.server).handshakes);
        talk_fini(&t);
    }
}

/* The client knows that it moved, and takes another id along, so that nobody sees that it is the
 * same. */
static void test_migration(void **state)
{
    (void)state;
    struct talk t;
    talk_modes(&t, "dtls13", "cid", 1);
    talk_connect(&t);
    size_t before = sd_mem_units(t.mem);
    uint8_t old_id[8], new_id[8];
    for (size_t i = 0; i < before; i++)
        if (sd_mem_unit(t.mem, i)->from == t.client &&
            (sd_mem_unit(t.mem, i)->data[0] & 0xf0) == 0x30)
            memcpy(old_id, sd_mem_unit(t.mem, i)->data + 1, sizeof old_id);
    sd_mem_move(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), t.server);
    talk_run(&t, 5 * SD_SECOND);
    memcpy(new_id, sd_mem_unit(t.mem, before)->data + 1, sizeof new_id);
    assert_true(memcmp(old_id, new_id, sizeof old_id) != 0);
    check(&t, "migration", "migrations", 1, talk_count(&t, t.server, SD_EV_MIGRATED));
    send_one(&t);
    talk_run(&t, SD_SECOND);
    check(&t, "migration", "replies", 2, talk_count(&t, t.client, SD_EV_DATA));
    talk_fini(&t);
}

/* -- those who would have it move -- */

static bool swallow(void *ctx, struct sd_mem_unit *u)
{
    const int *from = ctx;
    return u->from != *from;
}

/* An attacker off the path sends copies of what the client sent from an address of its own. */
static void test_copies_move_nothing(void **state)
{
    (void)state;
    struct talk t;
    struct sd_addr mallory = sd_ipv4(10, 9, 9, 9, 4433);
    talk_modes(&t, "dtls13", "cid", 1);
    talk_connect(&t);
    for (int i = 0; i < 3; i++) {
        send_one(&t);
        talk_run(&t, SD_SECOND);
    }
    size_t units = sd_mem_units(t.mem);
    uint64_t sent = talk_stats(&t, t.server).units_out;
    for (size_t i = 0; i < units; i++)
        if (sd_mem_unit(t.mem, i)->from == t.client && sd_mem_unit(t.mem, i)->data[0] != 22)
            assert_int_equal(sd_mem_replay(t.mem, i, &mallory), SD_OK);
    talk_run(&t, SD_SECOND);
    check(&t, "copies", "migrations", 0, talk_count(&t, t.server, SD_EV_MIGRATED));
    check(&t, "copies", "sent to the attacker", sent, talk_stats(&t, t.server).units_out);
    assert_true(talk_stats(&t, t.server).dropped[SD_DROP_REPLAY] >= 4);
    send_one(&t);
    talk_run(&t, SD_SECOND);
    check(&t, "copies", "replies", 5, talk_count(&t, t.client, SD_EV_DATA));
    talk_fini(&t);
}

/* An attacker on the path is faster than the client: its copy comes first, from its address.  It
 * gets a test that it cannot answer, and nothing else. */
static void test_fast_copy(void **state)
{
    (void)state;
    struct talk t;
    struct sd_addr mallory = sd_ipv4(10, 9, 9, 9, 4433);
    talk_modes(&t, "dtls13", "cid", 1);
    talk_connect(&t);
    int from = t.client;
    sd_mem_on_unit(t.mem, swallow, &from);
    send_one(&t);
    sd_mem_on_unit(t.mem, NULL, NULL);
    assert_int_equal(sd_mem_replay(t.mem, sd_mem_units(t.mem) - 1, &mallory), SD_OK);
    uint64_t before = talk_stats(&t, t.server).units_out;
    talk_run(&t, 500 * SD_MS);
    check(&t, "fast copy", "what the attacker gets", before + 1,
          talk_stats(&t, t.server).units_out);
    check(&t, "fast copy", "migrations", 0, talk_count(&t, t.server, SD_EV_MIGRATED));
    /* The client speaks from where it always was: the answers to both go there. */
    send_one(&t);
    talk_run(&t, SD_SECOND);
    check(&t, "fast copy", "replies", 3, talk_count(&t, t.client, SD_EV_DATA));
    check(&t, "fast copy", "migrations afterwards", 0, talk_count(&t, t.server, SD_EV_MIGRATED));
    talk_fini(&t);
}

/* The new address never answers: the server goes back to the old one. */
static void test_test_fails(void **state)
{
    (void)state;
    struct talk t;
    struct sd_addr mallory = sd_ipv4(10, 9, 9, 9, 4433);
    talk_modes(&t, "dtls13", "cid", 1);
    talk_connect(&t);
    int from = t.client;
    sd_mem_on_unit(t.mem, swallow, &from);
    send_one(&t);
    sd_mem_on_unit(t.mem, NULL, NULL);
    assert_int_equal(sd_mem_replay(t.mem, sd_mem_units(t.mem) - 1, &mallory), SD_OK);
    talk_run(&t, 600 * SD_SECOND);
    check(&t, "test fails", "notes", 1, talk_count(&t, t.server, SD_EV_NOTE));
    check(&t, "test fails", "replies", 2, talk_count(&t, t.client, SD_EV_DATA));
    talk_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rebinding),           cmocka_unit_test(test_migration),
        cmocka_unit_test(test_copies_move_nothing), cmocka_unit_test(test_fast_copy),
        cmocka_unit_test(test_test_fails),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
