/* test_wireguard_edges.c - what happens rarely: keys of small order, both sides at once, cookies
 * out of place, an initiator under load, handshakes in quick succession, the last messages of a
 * key. */
#include "protocols/crypto/hash.h"
#include "protocols/wireguard/wireguard.h"
#include "tests/wireguard/pair.h"
#include <string.h>

static struct wireguard *inside(struct pair *p, int seat)
{
    return (struct wireguard *)sd_mem_seat(p->mem, seat)->agent;
}

/* mac1 of a message to the seat, anew. */
static void authenticate(struct pair *p, int to, uint8_t *message, size_t len)
{
    size_t before = len - sizeof(struct wg_macs);
    sd_blake2s_mac(message + before, WG_MAC_LEN, inside(p, to)->mac1_key, WG_HASH_LEN, message,
                   before);
}

/* RFC 7748 6.1: with these public keys everybody knows the result of Diffie-Hellman. */
static const uint8_t small_order[][WG_KEY_LEN] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
     0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
     0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
};

struct poisoner {
    struct pair *pair;
    uint8_t type;
    const uint8_t *key;
};

static bool poison(void *ctx, struct sd_mem_unit *u)
{
    const struct poisoner *x = ctx;
    if (u->data[0] != x->type)
        return true;
    uint8_t *ephemeral = x->type == WG_INITIATION ? ((struct wg_initiation *)u->data)->ephemeral
                                                  : ((struct wg_response *)u->data)->ephemeral;
    memcpy(ephemeral, x->key, WG_KEY_LEN);
    authenticate(x->pair, u->to, u->data, u->len);
    return true;
}

static void test_small_order(void **state)
{
    (void)state;
    for (uint8_t type = WG_INITIATION; type <= WG_RESPONSE; type++)
        for (size_t i = 0; i < SD_ROWS(small_order); i++) {
            struct pair p;
            struct poisoner x = {&p, type, small_order[i]};
            pair_make(&p, &(struct pair_options){0});
            sd_mem_on_unit(p.mem, poison, &x);
            pair_open(&p);
            sd_mem_run(p.mem, SD_SECOND);
            int victim = type == WG_INITIATION ? p.server : p.client;
            pair_check(&p, 1, pair_dropped(&p, victim, SD_DROP_AUTH), "refused");
            pair_check(&p, 0, sd_mem_count(p.mem, -1, SD_EV_READY), "ready");
            pair_end(&p);
        }
}

/* Both begin in the same instant.  Whoever answers forgets its own handshake, so neither answer is
 * heard; REKEY_TIMEOUT later chance decides who begins again (and rarely both do).  Packets flow
 * all the while. */
static void test_both_at_once(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    for (int round = 1; round <= 5; round++) {
        sd_time begun = sd_mem_now(p.mem);
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, SD_OK,
                       sd_mem_control(p.mem, seat, 1, &(struct sd_control){.verb = SD_REKEY}),
                       "rekey");
        for (int ms = 1; ms <= 100; ms += 3) { /* traffic throughout */
            sd_mem_run(p.mem, begun + (sd_time)ms * SD_MS);
            /* A handshake beside good keys leaves nothing half open. */
            pair_check(&p, 0, pair_stats(&p, 0).half_open + pair_stats(&p, 1).half_open, "half");
            pair_send(&p, ms % 2, 100);
        }
        sd_mem_run(p.mem, begun + 30 * SD_SECOND);
        pair_check(&p, 34 * (size_t)round, sd_mem_count(p.mem, -1, SD_EV_DATA), "delivered");
        pair_check(&p, true, pair_sent(&p, -1, WG_INITIATION) >= 1 + 3 * (size_t)round, "again");
        pair_check(&p, 2 * (size_t)round, sd_mem_count(p.mem, -1, SD_EV_KEY_UPDATE), "new keys");
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
    }
    pair_end(&p);
}

/* 5.3: a cookie proves one address and port; 5.4.7: one reply is heard for each message. */
static void test_cookies_out_of_place(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){.mode = "cookie"});
    pair_open(&p);
    sd_mem_run(p.mem, SD_SECOND);
    pair_check(&p, SD_OK, sd_mem_replay(p.mem, pair_find(&p, p.server, WG_COOKIE_REPLY, 0), NULL),
               "the same reply again");
    sd_mem_run(p.mem, 2 * SD_SECOND);
    pair_check(&p, 1, pair_dropped(&p, p.client, SD_DROP_STATE), "replies not expected");
    sd_mem_run(p.mem, 6 * SD_SECOND);
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready");
    static const char *const sources[] = {"10.0.0.1:49153", "10.0.0.9:49152"};
    for (size_t i = 0; i < SD_ROWS(sources); i++) {
        struct sd_addr source;
        assert_true(sd_addr_parse(sources[i], &source));
        sd_mem_replay(p.mem, pair_find(&p, p.client, WG_INITIATION, 1), &source);
        sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
        pair_check(&p, 2 + i, pair_dropped(&p, p.server, SD_DROP_UNVALIDATED), sources[i]);
    }
    pair_check(&p, 0, pair_dropped(&p, p.server, SD_DROP_REPLAY), "got past the cookie");
    pair_end(&p);
}

/* No peer makes us work more often than once in 20 ms. */
static void test_quick_succession(void **state)
{
    (void)state;
    static const struct {
        sd_time gap;
        uint64_t refused;
    } rows[] = {{5 * SD_MS, 1}, {19 * SD_MS, 1}, {20 * SD_MS, 0}, {60 * SD_MS, 0}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){0});
        pair_open(&p);
        sd_mem_run(p.mem, rows[i].gap);
        sd_mem_close(p.mem, p.client, 1); /* so that it may begin anew at once */
        pair_open(&p);
        sd_mem_run(p.mem, SD_SECOND);
        pair_check(&p, 2, pair_sent(&p, p.client, WG_INITIATION), "initiations");
        pair_check(&p, rows[i].refused, pair_dropped(&p, p.server, SD_DROP_RATE), "refused");
        pair_end(&p);
    }
}

/* 6.3: what is older than the previous keys is forgotten, as soon as a third handshake begins. */
static bool hold_back(void *ctx, struct sd_mem_unit *u)
{
    const bool *holding = ctx;
    return !*holding || u->from != 0;
}

static void test_old_keys(void **state)
{
    (void)state;
    struct pair p;
    bool holding = true;
    pair_ready(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, hold_back, &holding);
    pair_send(&p, p.client, 60);
    pair_send(&p, p.client, 60);
    size_t late = sd_mem_units(p.mem) - 2; /* two packets under the first keys */
    holding = false;
    for (size_t rekey = 1; rekey <= 2; rekey++) {
        sd_mem_control(p.mem, p.client, 1, &(struct sd_control){.verb = SD_REKEY});
        /* The third handshake stops before its keys are confirmed. */
        sd_mem_run(p.mem, sd_mem_now(p.mem) + (rekey == 1 ? 6 * SD_SECOND : 15 * SD_MS));
        sd_mem_replay(p.mem, late + rekey - 1, NULL);
        sd_mem_run(p.mem, sd_mem_now(p.mem) + 20 * SD_MS);
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_DATA), "delivered");
    }
    pair_check(&p, 1, pair_dropped(&p, p.server, SD_DROP_UNKNOWN), "under forgotten keys");
    pair_end(&p);
}

/* 5.3: an initiator under load asks the responder for a cookie as well; the response that comes
 * with it, to the next initiation, is let in. */
static void test_initiator_under_load(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    struct wireguard *client = inside(&p, p.client);
    client->load_threshold = 8;
    uint8_t junk[sizeof(struct wg_initiation)] = {WG_INITIATION};
    struct sd_path path = {.remote = sd_ipv4(9, 9, 9, 9, 9), .local = sd_ipv4(10, 0, 0, 1, 49152)};
    pair_open(&p);
    for (sd_time at = 0; at < 6 * SD_SECOND; at += 50 * SD_MS) {
        sd_mem_run(p.mem, at);
        sd_mem_inject(p.mem, p.client, &path, junk, sizeof junk);
        sd_mem_inject(p.mem, p.client, &path, junk, sizeof junk);
    }
    pair_check(&p, 1, pair_sent(&p, p.client, WG_COOKIE_REPLY), "cookie replies");
    pair_check(&p, 1, pair_dropped(&p, p.client, SD_DROP_UNVALIDATED), "responses refused");
    pair_check(&p, 2, pair_sent(&p, p.server, WG_RESPONSE), "responses");
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready");
    const struct sd_mem_event *ready = sd_mem_find(p.mem, p.client, SD_EV_READY, 0);
    pair_check(&p, true, ready->at >= 5020 * SD_MS, "after REKEY_TIMEOUT");
    pair_end(&p);
}

/* 6.2: counters are long, but not endless. */
static void test_message_limits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int seat; /* who sends; the client began the handshake */
        uint64_t counter;
        size_t initiations, delivered;
    } rows[] = {
        {"the initiator before REKEY_AFTER_MESSAGES", 0, WG_REKEY_AFTER_MESSAGES - 1, 1, 1},
        {"the initiator after it renews keys", 0, WG_REKEY_AFTER_MESSAGES, 2, 1},
        {"the responder after it does, too", 1, WG_REKEY_AFTER_MESSAGES, 2, 1},
        {"the last message", 0, WG_REJECT_AFTER_MESSAGES - 1, 2, 1},
        {"past it: sent under new keys", 0, WG_REJECT_AFTER_MESSAGES, 2, 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_ready(&p, &(struct pair_options){0});
        inside(&p, rows[i].seat)->peer[0].current->sending_counter = rows[i].counter;
        pair_send(&p, rows[i].seat, 100);
        sd_mem_run(p.mem, 7 * SD_SECOND);
        pair_check(&p, rows[i].initiations, pair_sent(&p, -1, WG_INITIATION), "initiations");
        pair_check(&p, rows[i].delivered, sd_mem_count(p.mem, -1, SD_EV_DATA), "delivered");
        pair_check(&p, rows[i].counter >= WG_REJECT_AFTER_MESSAGES,
                   sd_mem_count(p.mem, rows[i].seat, SD_EV_KEY_EXPIRED), "keys expired");
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_order),
        cmocka_unit_test(test_both_at_once),
        cmocka_unit_test(test_cookies_out_of_place),
        cmocka_unit_test(test_quick_succession),
        cmocka_unit_test(test_old_keys),
        cmocka_unit_test(test_initiator_under_load),
        cmocka_unit_test(test_message_limits),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
