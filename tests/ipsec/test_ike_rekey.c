/* test_ike_rekey.c - new keys for children and IKE SAs, from either side and from both at once
 * (RFC 7296 2.8, 2.25), with and without Diffie-Hellman of their own. */
#include "tests/ipsec/pair.h"
#include <stdio.h>

static const struct sd_option pfs[] = {{"esp", "aes128gcm16-x25519"}, {0}};
static const struct sd_option groups_a[] = {{"esp", "aes128gcm16-x25519-ecp256"}, {0}};
static const struct sd_option groups_b[] = {{"esp", "aes128gcm16-modp2048-ecp256"}, {0}};

enum { CLIENT = 1, SERVER = 2 };
/* Who asks for what; at the same time: neither has heard of the other's wish. */
struct row {
    const char *what, *text;
    int who;
    const struct sd_option *options[2];
    unsigned updates; /* KEY_UPDATE events at each end */
    unsigned dh;      /* operations after the handshake, both ends */
};
static const struct row rows[] = {
    {"child, by the client", "child", CLIENT, .updates = 1},
    {"child, by the server", "child", SERVER, .updates = 1},
    {"child, by both at once", "child", CLIENT | SERVER, .updates = 2},
    {"child with PFS, by the client", "child", CLIENT, {pfs, pfs}, 1, 4},
    {"child with PFS, by both", "child", CLIENT | SERVER, {pfs, pfs}, 2, 8},
    {"child with PFS, as only the client wants", "child", CLIENT, {pfs, NULL}, 1, 4},
    {"child with PFS, as only the server wants", "child", CLIENT, {NULL, pfs}, 1, 4},
    {"child, another group", "child", CLIENT, {groups_a, groups_b}, 1, 5},
    {"IKE SA, by the client", "ike", CLIENT, .updates = 1, .dh = 4},
    {"IKE SA, by the server", "ike", SERVER, .updates = 1, .dh = 4},
    {"IKE SA, by both at once", "ike", CLIENT | SERVER, .updates = 1, .dh = 8},
    {"both, by the client", NULL, CLIENT, .updates = 2, .dh = 4},
    {"both, by the server", NULL, SERVER, .updates = 2, .dh = 4},
    {"both, by both at once", NULL, CLIENT | SERVER, .updates = 0},
};

static uint64_t dh_of(struct pair *p)
{
    uint64_t n = 0;
    for (int seat = 0; seat < 2; seat++)
        n += pair_calls(p, seat, SD_OP_KEYGEN) + pair_calls(p, seat, SD_OP_DERIVE);
    return n;
}

/* Packets in both directions, all through it. */
static void talk(struct pair *p, unsigned packets, sd_time interval)
{
    for (unsigned i = 0; i < packets; i++) {
        pair_send(p, p->client, 100);
        pair_send(p, p->server, 100);
        sd_mem_run(p->mem, sd_mem_now(p->mem) + interval);
    }
}

/* Asks; returns the Diffie-Hellman operations before it. */
static uint64_t rekey(struct pair *p, const struct row *r)
{
    pair_ready(p, &(struct pair_options){.options = {r->options[0], r->options[1]}});
    talk(p, 2, 50 * SD_MS);
    uint64_t dh = dh_of(p);
    for (int seat = 0; seat < 2; seat++)
        if (r->who & (seat ? SERVER : CLIENT))
            pair_check(p, SD_OK, pair_control(p, seat, SD_REKEY, r->text), "result of rekey");
    return dh;
}

static void nothing_is_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *r = &rows[i];
        struct pair p;
        printf("%s\n", r->what);
        uint64_t dh = rekey(&p, r);
        talk(&p, 100, 3 * SD_MS);
        sd_mem_run(p.mem, sd_mem_now(p.mem) + 30 * SD_SECOND);
        for (int seat = 0; seat < 2; seat++) {
            if (r->updates)
                pair_check(&p, r->updates, sd_mem_count(p.mem, seat, SD_EV_KEY_UPDATE), r->what);
            pair_check(&p, 102, pair_delivered(&p, seat), "packets delivered");
            pair_check(&p, 0, sd_mem_count(p.mem, seat, SD_EV_ERROR), "errors");
            pair_check(&p, 0, sd_mem_count(p.mem, seat, SD_EV_CLOSED), "closed");
            pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
        }
        if (r->dh)
            pair_check(&p, r->dh, dh_of(&p) - dh, "Diffie-Hellman operations");
        /* What is left works, and ends as one. */
        talk(&p, 1, SD_SECOND);
        pair_check(&p, 103, pair_delivered(&p, p.server), "packets delivered");
        pair_check(&p, SD_OK, pair_control(&p, p.server, SD_CLOSE, NULL), "close");
        sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 1, sd_mem_count(p.mem, seat, SD_EV_CLOSED), "closed");
            pair_check(&p, 0, pair_stats(&p, seat).sessions, "sessions at the end");
        }
        pair_end(&p);
    }
}

/* The same with a third of the messages lost, whichever they are. */
static void loss(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++)
        for (uint64_t seed = 1; seed <= 8; seed++) {
            const struct row *r = &rows[i];
            struct pair p;
            pair_ready(&p, &(struct pair_options){.options = {r->options[0], r->options[1]},
                                                  .seed = seed});
            sd_mem_link(p.mem)->loss_ppm = 300000;
            for (int seat = 0; seat < 2; seat++)
                if (r->who & (seat ? SERVER : CLIENT))
                    pair_control(&p, seat, SD_REKEY, r->text);
            sd_mem_run(p.mem, sd_mem_now(p.mem) + 150 * SD_SECOND);
            sd_mem_link(p.mem)->loss_ppm = 0;
            sd_mem_run(p.mem, sd_mem_now(p.mem) + 60 * SD_SECOND);
            talk(&p, 1, SD_SECOND);
            for (int seat = 0; seat < 2; seat++) {
                pair_check(&p, 0, sd_mem_count(p.mem, seat, SD_EV_ERROR), r->what);
                pair_check(&p, 1, pair_delivered(&p, seat), "delivered afterwards");
                pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
            }
            pair_end(&p);
        }
}

/* 2.9.2: it offers what the old child carried, not all that it could carry. */
static void by_a_server_of_many(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.others = 15});
    pair_check(&p, SD_OK, pair_control(&p, p.server, SD_REKEY, "child"), "rekey");
    talk(&p, 10, 10 * SD_MS);
    sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
    for (int seat = 0; seat < 2; seat++) {
        pair_check(&p, 1, sd_mem_count(p.mem, seat, SD_EV_KEY_UPDATE), "key updates");
        pair_check(&p, 10, pair_delivered(&p, seat), "packets delivered");
    }
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost), cmocka_unit_test(loss),
                                       cmocka_unit_test(by_a_server_of_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
