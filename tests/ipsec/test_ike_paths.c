/* test_ike_paths.c - NATs, moves (RFC 4555), fragments (RFC 7383), TCP (RFC 9329), liveness. */
#include "protocols/ipsec/encap.h"
#include "tests/ipsec/pair.h"
#include <stdio.h>
#include <string.h>

static void run(struct pair *p, sd_time span)
{
    sd_mem_run(p->mem, sd_mem_now(p->mem) + span);
}

/* One packet each way gets through; `proto` carries both. */
static void check_talk(struct pair *p, uint8_t proto, const char *what)
{
    size_t at[2] = {pair_delivered(p, 0), pair_delivered(p, 1)};
    size_t units = sd_mem_units(p->mem);
    pair_send(p, p->client, 200);
    run(p, 100 * SD_MS);
    pair_send(p, p->server, 200);
    run(p, 100 * SD_MS);
    for (int seat = 0; seat < 2; seat++)
        pair_check(p, at[seat] + 1, pair_delivered(p, seat), what);
    for (size_t i = units; i < sd_mem_units(p->mem); i++)
        pair_check(p, proto, sd_mem_unit(p->mem, i)->path.local.proto, "carrier");
}

static const struct sd_option encap[] = {{"encap", "yes"}, {0}};
static const struct sd_option no_mobike[] = {{"mobike", "no"}, {0}};

static void a_nat_on_the_way(void **state)
{
    (void)state;
    static const struct sd_option *const options[] = {NULL, no_mobike};
    for (size_t i = 0; i < SD_ROWS(options); i++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.options = {options[i], options[i]}});
        sd_mem_rebind(p.mem, p.client, SD_MEM_PORT | SD_MEM_ADDRESS);
        pair_open(&p);
        run(&p, SD_SECOND);
        check_talk(&p, SD_PROTO_UDP, "behind a NAT");
        /* 2.23: the server follows what is authentic. */
        sd_mem_rebind(p.mem, p.client, SD_MEM_PORT);
        check_talk(&p, SD_PROTO_UDP, "another port");
        sd_mem_rebind(p.mem, p.client, SD_MEM_PORT | SD_MEM_ADDRESS);
        check_talk(&p, SD_PROTO_UDP, "another port and address");
        pair_check(&p, 2, sd_mem_count(p.mem, p.server, SD_EV_MIGRATED), "migrated");
        /* The keepalives of one who is silent behind a NAT: RFC 3948 4. */
        size_t before = sd_mem_units(p.mem);
        run(&p, 61 * SD_SECOND);
        size_t keepalives = 0;
        for (size_t k = before; k < sd_mem_units(p.mem); k++)
            keepalives += sd_mem_unit(p.mem, k)->len == 1;
        pair_check(&p, 3, keepalives, "keepalives in a minute");
        pair_end(&p);
    }
}

static void without_a_nat(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    check_talk(&p, SD_PROTO_ESP, "no NAT");
    pair_end(&p);
    pair_ready(&p, &(struct pair_options){.options = {encap}});
    check_talk(&p, SD_PROTO_UDP, "encapsulation asked for");
    pair_end(&p);
}

/* RFC 4555: the client has another address, the server asks there before it sends there. */
static void a_move(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    check_talk(&p, SD_PROTO_ESP, "before");
    for (int i = 1; i <= 3; i++) {
        sd_sid sid = sd_mem_sid(p.mem, p.talk);
        pair_check(&p, SD_OK, sd_mem_move(p.mem, p.client, sid, p.server), "result of move");
        run(&p, SD_SECOND);
        check_talk(&p, SD_PROTO_ESP, "after a move");
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, i, sd_mem_count(p.mem, seat, SD_EV_MIGRATED), "migrated");
        pair_check(&p, true, pair_said(&p, p.server, SD_EV_MIGRATED, "COOKIE2"), "validated first");
    }
    pair_check(&p, SD_OK, pair_control(&p, p.server, SD_REKEY, NULL), "rekey");
    run(&p, SD_SECOND);
    check_talk(&p, SD_PROTO_ESP, "new keys on the new path");
    pair_end(&p);
}

/* An address that the mover does not receive at: the answer to COOKIE2 never comes, and nothing
 * goes there. */
static bool lose_cookie2(void *ctx, struct sd_mem_unit *u)
{
    struct pair *p = ctx;
    return !(u->from == p->server && u->path.local.proto == SD_PROTO_UDP &&
             sd_addr_ipv4(&u->path.local) != UINT32_C(0x0a000001) && u->len > 4 &&
             !(u->data[4 + 19] & IKE_FLAG_RESPONSE));
}

static void an_unproven_move(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, lose_cookie2, &p);
    sd_mem_move(p.mem, p.client, sd_mem_sid(p.mem, p.talk), p.server);
    run(&p, SD_SECOND);
    pair_check(&p, 0, sd_mem_count(p.mem, p.server, SD_EV_MIGRATED), "migrated without proof");
    pair_send(&p, p.server, 100);
    run(&p, SD_SECOND);
    pair_check(&p, 0, pair_delivered(&p, p.client), "packets to an unproven address");
    pair_end(&p);
}

static void who_cannot_move(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.options = {NULL, no_mobike}});
    pair_check(&p, SD_E_UNSUPPORTED,
               sd_mem_move(p.mem, p.client, sd_mem_sid(p.mem, p.talk), p.server),
               "result of a move that the peer cannot follow");
    pair_end(&p);
}

/* -- RFC 7383 -- */

static const struct sd_option small[] = {{"fragment_size", "256"}, {0}};

static void fragments(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.options = {small, small}, .seed = seed});
        sd_mem_link(p.mem)->duplicate_ppm = 300000;
        sd_mem_link(p.mem)->loss_ppm = seed > 10 ? 200000 : 0;
        pair_open(&p);
        run(&p, 150 * SD_SECOND);
        pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "client ready");
        for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
            if (u->path.local.port == ENCAP_PORT && u->len > 256 + ENCAP_MARKER)
                fail_msg("expected fragments of at most 256 bytes, found a message of %zu", u->len);
        }
        pair_check(&p, true, pair_sent(&p, p.client, IKE_AUTH, 0) >= 4, "fragments of IKE_AUTH");
        pair_end(&p);
    }
}

/* -- RFC 9329 -- */

static bool lose_udp(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    return u->path.local.proto != SD_PROTO_UDP;
}

static bool lose_esp(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    return u->path.local.proto != SD_PROTO_ESP;
}

static void without_udp(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, lose_udp, NULL);
    pair_open(&p);
    run(&p, 20 * SD_SECOND);
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), "client ready");
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_READY), "server ready");
    check_talk(&p, SD_PROTO_TCP, "over TCP");
    pair_check(&p, SD_OK, pair_control(&p, p.client, SD_REKEY, NULL), "rekey");
    run(&p, SD_SECOND);
    check_talk(&p, SD_PROTO_TCP, "over TCP, with new keys");
    pair_end(&p);
}

/* UDP comes back while TCP is being tried: whichever answers, both sides mean the same messages. */
static void udp_after_all(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "cookie", "resumed", "eap"};
    for (size_t i = 0; i < SD_ROWS(modes); i++)
        for (uint32_t lost = 0; lost <= 3; lost++) {
            struct pair p;
            pair_make(&p, &(struct pair_options){.mode = modes[i]});
            sd_mem_drop(p.mem, p.client, (const uint32_t[]){lost ? 1 : 0, lost > 1 ? 2 : 0, 0});
            sd_mem_drop(p.mem, p.server, (const uint32_t[]){1, lost < 2 ? 2 : 0, 0});
            pair_open(&p);
            run(&p, 30 * SD_SECOND);
            pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_READY), modes[i]);
            pair_check(&p, 0, sd_mem_count(p.mem, p.client, SD_EV_ERROR), "errors");
            pair_end(&p);
        }
}

/* The connection breaks beneath the SA: 6.1. */
static void a_broken_connection(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){.mode = "tcp"});
    pair_open(&p);
    run(&p, SD_SECOND);
    check_talk(&p, SD_PROTO_TCP, "over TCP");
    for (int i = 0; i < 3; i++) {
        sd_mem_break(p.mem, p.talk + 1 + i);
        run(&p, SD_SECOND);
        pair_send(&p, p.server, 100);
        run(&p, SD_SECOND);
        pair_check(&p, 2 + (unsigned)i, pair_delivered(&p, p.client), "over another connection");
    }
    pair_check(&p, 0, sd_mem_count(p.mem, p.client, SD_EV_ERROR), "errors");
    pair_end(&p);
}

/* 2.3: a request that is lost does not keep the next one, as the peer's window has room for both.
 */
static void a_window_of_requests(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    sd_mem_drop(p.mem, p.client, (const uint32_t[]){3, 0});
    pair_check(&p, SD_OK, pair_control(&p, p.client, SD_REKEY, "child"), "rekey");
    pair_check(&p, SD_OK, sd_mem_move(p.mem, p.client, sd_mem_sid(p.mem, p.talk), p.server),
               "move");
    run(&p, SD_SECOND);
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_MIGRATED), "the later request");
    pair_check(&p, 0, sd_mem_count(p.mem, p.server, SD_EV_KEY_UPDATE), "the lost one");
    run(&p, 4 * SD_SECOND);
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_KEY_UPDATE), "the lost one, again");
    check_talk(&p, SD_PROTO_ESP, "afterwards");
    pair_end(&p);
}

/* Every message that comes again is answered as before and changes nothing. */
static void messages_again(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    pair_control(&p, p.client, SD_REKEY, NULL);
    run(&p, SD_SECOND);
    size_t units = sd_mem_units(p.mem);
    struct sd_stats before[2] = {pair_stats(&p, 0), pair_stats(&p, 1)};
    for (size_t i = 0; i < units; i++)
        sd_mem_replay(p.mem, i, NULL);
    run(&p, SD_SECOND);
    for (int seat = 0; seat < 2; seat++) {
        struct sd_stats now = pair_stats(&p, seat);
        pair_check(&p, before[seat].sessions, now.sessions, "sessions");
        pair_check(&p, before[seat].handshakes, now.handshakes, "handshakes");
        pair_check(&p, 2, sd_mem_count(p.mem, seat, SD_EV_KEY_UPDATE), "key updates");
    }
    check_talk(&p, SD_PROTO_ESP, "afterwards");
    pair_end(&p);
}

/* IKE passes, ESP does not: after a while it goes in UDP, from both sides. */
static void without_esp(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, lose_esp, NULL);
    pair_send(&p, p.client, 100);
    run(&p, 5 * SD_SECOND);
    pair_check(&p, true, pair_said(&p, p.client, SD_EV_NOTE, "in UDP from now on"), "noticed");
    check_talk(&p, SD_PROTO_UDP, "in UDP");
    pair_end(&p);
}

/* -- 2.4: is anybody there? -- */

static bool lose_all(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx, (void)u;
    return false;
}

static void a_dead_peer(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    check_talk(&p, SD_PROTO_ESP, "before");
    run(&p, 1000 * SD_SECOND);
    pair_check(&p, 2, pair_sent(&p, -1, IKE_INFORMATIONAL, -1), "who spoke last asks once");
    sd_mem_on_unit(p.mem, lose_all, NULL);
    pair_send(&p, p.client, 100);
    run(&p, 300 * SD_SECOND);
    pair_check(&p, true, pair_said(&p, p.client, SD_EV_ERROR, "does not answer"), "given up");
    pair_check(&p, 0, pair_stats(&p, p.client).sessions, "sessions");
    /* The next packet begins anew. */
    sd_mem_on_unit(p.mem, NULL, NULL);
    p.peer[0].endpoint = sd_mem_address(p.mem, p.server, SD_PROTO_UDP, IKE_PORT);
    pair_send(&p, p.client, 100);
    run(&p, SD_SECOND);
    pair_check(&p, 2, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready again");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nat_on_the_way),
        cmocka_unit_test(without_a_nat),
        cmocka_unit_test(a_move),
        cmocka_unit_test(an_unproven_move),
        cmocka_unit_test(who_cannot_move),
        cmocka_unit_test(fragments),
        cmocka_unit_test(without_udp),
        cmocka_unit_test(without_esp),
        cmocka_unit_test(a_dead_peer),
        cmocka_unit_test(udp_after_all),
        cmocka_unit_test(a_broken_connection),
        cmocka_unit_test(a_window_of_requests),
        cmocka_unit_test(messages_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
