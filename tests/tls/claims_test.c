#define _GNU_SOURCE /* memmem() */
/* What a protocol claims (sim/core/features.h) shows: in its modes, on the wire, in what it
 * refuses. */
#include "tests/tls/talk.h"

#include <stdlib.h>

#include "protocols/dtls12/wire.h"

static const char *const protocols[] = {"tls13", "tls12", "dtls12"};
#define PROTOCOLS (sizeof protocols / sizeof *protocols)

static bool claims(const char *protocol, uint64_t features)
{
    return (sd_agent_find(protocol)->features & features) == features;
}

static void test_modes_and_claims(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        uint64_t feature;
    } rows[] = {
        {"psk", SD_F_PSK},
        {"early", SD_F_EARLY_DATA},
        {"cookie", SD_F_SOURCE_VALIDATION},
        {"resumed", SD_F_SESSION_CACHE},
    };
    for (size_t i = 0; i < PROTOCOLS; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            const struct sd_agent_ops *ops = sd_agent_find(protocols[i]);
            bool has = sd_mode_find(ops, rows[k].mode) != NULL;
            if (has != claims(protocols[i], rows[k].feature))
                fail_msg("%s: mode %s is %s, the claim says otherwise", protocols[i], rows[k].mode,
                         has ? "there" : "missing");
        }
}

/* A protocol claims forward secrecy; a mode without it must say so where modes are listed. */
static void test_forward_secrecy(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++)
        for (const struct sd_mode *m = sd_agent_find(protocols[i])->modes; m->name; m++) {
            struct talk t;
            talk_modes(&t, protocols[i], m->name, 1);
            talk_connect(&t);
            const char *ready = talk_detail(&t, t.client, SD_EV_READY);
            /* TLS 1.3 names the group of its Diffie-Hellman, TLS 1.2 the suite. */
            bool has =
                strstr(ready, "ECDHE") || strstr(ready, " x25519") || strstr(ready, " secp256r1");
            if (!*ready || has == (strstr(m->what, "no forward secrecy") != NULL))
                fail_msg("%s %s says '%s', negotiated '%s'", protocols[i], m->name, m->what, ready);
            talk_close(&t);
            talk_fini(&t);
        }
}

/* -- what an eavesdropper reads -- */

static bool on_wire(struct talk *t, const void *bytes, size_t len)
{
    for (size_t i = 0; i < sd_mem_units(t->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(t->mem, i);
        if (u->len >= len && memmem(u->data, u->len, bytes, len))
            return true;
    }
    return false;
}

static void test_eavesdropper(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
        server.mutual = true;
        talk_init(&t, protocols[i], &client, &server, 1);
        talk_connect(&t);
        assert_true(t.reply != SD_NEVER);
        assert_true(claims(protocols[i], SD_F_CONFIDENTIALITY));
        assert_false(on_wire(&t, REQUEST, strlen(REQUEST)));
        assert_false(on_wire(&t, REPLY, strlen(REPLY)));
        /* The server's name is in SNI anyway; the client's only in its certificate. */
        assert_int_equal(on_wire(&t, "client.example", 14),
                         !claims(protocols[i], SD_F_IDENTITY_HIDING));
        talk_close(&t);
        talk_fini(&t);
    }
}

/* The lengths of the client's records of application data, each its own unit. */
static size_t lengths_of_data(struct talk *t, size_t length[], size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < sd_mem_units(t->mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(t->mem, i);
        if (!u->segment && u->from == t->client && u->len && u->data[0] == TLS_APPLICATION_DATA &&
            n < cap)
            length[n++] = u->len;
    }
    return n;
}

static void test_padding(void **state)
{
    (void)state;
    static const struct sd_option padding[] = {{"padding", "256"}, {0}};
    for (int padded = 0; padded < 2; padded++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
        client.options = padded ? padding : NULL;
        talk_init(&t, "tls13", &client, &server, 1);
        t.quiet = true;
        talk_connect(&t);
        sd_mem_forget(t.mem);
        enum { MESSAGES = 20 };
        size_t length[MESSAGES], total = 0;
        for (size_t i = 1; i <= MESSAGES; i++) {
            uint8_t message[10 * MESSAGES] = {0};
            sd_mem_send(t.mem, t.client, sd_mem_sid(t.mem, t.conversation), 0, message, 10 * i,
                        false);
            talk_run(&t, 1 * SD_SECOND);
            total += 10 * i;
        }
        size_t got;
        sd_mem_received(t.mem, t.server, &got);
        assert_int_equal(got, total); /* padding is no data */
        assert_int_equal(lengths_of_data(&t, length, MESSAGES), MESSAGES);
        for (size_t i = 1; i < MESSAGES; i++)
            assert_int_equal(length[i] == length[0], padded);
        talk_close(&t);
        talk_fini(&t);
    }
    for (size_t i = 0; i < PROTOCOLS; i++) { /* who claims it takes the option */
        struct sd_mem *m = sd_mem_new(1);
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        client.options = padding;
        int seat = sd_mem_add(m, sd_agent_find(protocols[i]), &client, 1);
        assert_int_equal(seat >= 0, claims(protocols[i], SD_F_LENGTH_HIDING));
        sd_mem_free(m);
    }
}

/* -- what a forger achieves -- */

struct forger {
    struct talk *t;
    bool from_client, done;
};

/* One bit of the first record of application data. */
static bool forge(void *ctx, struct sd_mem_unit *u)
{
    struct forger *f = ctx;
    bool of_side = u->from == (f->from_client ? f->t->client : f->t->server);
    if (!f->done && of_side && !u->segment && u->len > 30 && u->data[0] == TLS_APPLICATION_DATA) {
        u->data[u->len - 1] ^= 4;
        f->done = true;
    }
    return true;
}

static void test_forged_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * PROTOCOLS; i++)
        for (int from_client = 0; from_client < 2; from_client++) {
            const char *protocol = protocols[i / 2], *mode = i % 2 ? "psk" : "fresh";
            bool datagram = sd_agent_find(protocol)->service == SD_SERVICE_DATAGRAM;
            struct talk t;
            struct forger f = {&t, from_client, false};
            talk_modes(&t, protocol, mode, 1);
            t.quiet = true;
            talk_connect(&t);
            int from = from_client ? t.client : t.server, to = from_client ? t.server : t.client;
            sd_sid sid = from_client ? sd_mem_sid(t.mem, t.conversation) : talk_server_sid(&t);
            sd_mem_on_unit(t.mem, forge, &f);
            sd_mem_send(t.mem, from, sid, 0, REQUEST, strlen(REQUEST), false);
            talk_run(&t, 1 * SD_SECOND);
            assert_true(f.done);
            assert_int_equal(talk_count(&t, to, SD_EV_DATA), 0);
            assert_int_equal(talk_stats(&t, to).dropped[SD_DROP_AUTH], 1);
            /* RFC 8446 5.2: bad_record_mac ends a stream; RFC 6347 4.1.2.7: DTLS goes on. */
            const struct sd_mem_event *e = sd_mem_find(t.mem, to, SD_EV_ERROR, 0);
            assert_int_equal(e ? e->code : 0, datagram ? 0 : 20);
            sd_mem_send(t.mem, from, sid, 0, REPLY, strlen(REPLY), false);
            talk_run(&t, 1 * SD_SECOND);
            assert_int_equal(talk_count(&t, to, SD_EV_DATA), datagram);
            talk_close(&t);
            talk_fini(&t);
        }
}

/* -- who decides on identities -- */

static void test_application_verifies(void **state)
{
    (void)state;
    static const struct sd_option application[] = {{"verify", "application"}, {0}};
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct talk t;
        struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
        struct sd_config server = talk_config(SD_ROLE_SERVER, "fresh");
        client.ca = server.ca = sd_identity("server.rsa.example")->certificate; /* strangers both */
        server.mutual = true;
        client.options = server.options = application;
        talk_init(&t, protocols[i], &client, &server, 1);
        talk_connect(&t);
        assert_true(claims(protocols[i], SD_F_AUTH_DELEGATION));
        assert_string_equal(talk_detail(&t, t.client, SD_EV_PEER_AUTH),
                            "unverified certificate of server.example: unable to verify the "
                            "first certificate");
        assert_string_equal(talk_detail(&t, t.server, SD_EV_PEER_AUTH),
                            "unverified certificate of client.example: unable to verify the "
                            "first certificate");
        assert_true(t.reply != SD_NEVER); /* this application does not mind */
        talk_close(&t);
        talk_fini(&t);
    }
}

/* -- what agents of one configuration share, and what they do not -- */

/* A ticket opens only at the server that sealed it. */
static void test_tickets_of_others(void **state)
{
    (void)state;
    static const char *const modes[] = {"resumed", "resumed", "stateful", "early"};
    static const char *const of[] = {"tls13", "tls12", "tls13", "tls13"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct talk t;
        struct sd_config server = talk_config(SD_ROLE_SERVER, modes[i]);
        talk_modes(&t, of[i], modes[i], 1);
        int other = sd_mem_add(t.mem, sd_agent_find(of[i]), &server, 99);
        talk_connect(&t);
        talk_close(&t);
        assert_true(talk_count(&t, t.client, SD_EV_TICKET) > 0);
        t.server = other; /* has the same certificate and the same name */
        talk_connect(&t);
        assert_int_equal(talk_count(&t, t.client, SD_EV_READY), 2);
        assert_int_equal(talk_count(&t, t.client, SD_EV_RESUMED), 0);
        assert_int_equal(talk_count(&t, t.client, SD_EV_ERROR), 0);
        talk_close(&t);
        talk_fini(&t);
    }
}

static void test_many_agents(void **state)
{
    (void)state;
    for (size_t i = 0; i < PROTOCOLS; i++) {
        struct sd_mem *m = sd_mem_new(1);
        for (int k = 0; k < 100; k++) {
            struct sd_config client = talk_config(SD_ROLE_CLIENT, "fresh");
            int seat = sd_mem_add(m, sd_agent_find(protocols[i]), &client, (uint64_t)k);
            struct sd_stats stats;
            sd_seat_stats(sd_mem_seat(m, seat), &stats);
            assert_in_range(stats.state_bytes, 1, 2000);
        }
        assert_int_equal(sd_mem_free(m), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes_and_claims),  cmocka_unit_test(test_forward_secrecy),
        cmocka_unit_test(test_eavesdropper),      cmocka_unit_test(test_padding),
        cmocka_unit_test(test_forged_record),     cmocka_unit_test(test_application_verifies),
        cmocka_unit_test(test_tickets_of_others), cmocka_unit_test(test_many_agents),
    };
    if (sd_core_init() != SD_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
