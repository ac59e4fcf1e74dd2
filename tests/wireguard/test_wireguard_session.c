/* test_wireguard_session.c - handshakes, modes, sizes, replay, routing, roaming and what is
 * counted on the way. */
#include "protocols/wireguard/wireguard.h"
#include "tests/wireguard/pair.h"
#include <string.h>

/* -- modes: when both are ready, with 10 ms each way -- */

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        sd_time initiator_ready; /* the latest; the earliest is `earliest` */
        sd_time earliest;
        uint64_t to, from; /* bytes to and from an unvalidated address */
        size_t cookies;
    } rows[] = {
        {"fresh", {.mode = "fresh"}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
        {"no mode is fresh", {0}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
        {"psk",
         {.mode = "psk", .psk_client = true, .psk_server = true},
         20 * SD_MS,
         20 * SD_MS,
         92,
         148,
         0},
        {"cookie", {.mode = "cookie"}, 5353 * SD_MS, 5020 * SD_MS, 64, 148, 1},
        {"validation always",
         {.validation = SD_VALIDATE_ALWAYS},
         5353 * SD_MS,
         5020 * SD_MS,
         64,
         148,
         1},
        {"validation never", {.validation = SD_VALIDATE_NEVER}, 20 * SD_MS, 20 * SD_MS, 92, 148, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_ready(&p, &rows[i].options);
        const struct sd_mem_event *c = sd_mem_find(p.mem, p.client, SD_EV_READY, 0),
                                  *s = sd_mem_find(p.mem, p.server, SD_EV_READY, 0);
        pair_check(&p, true, c->at >= rows[i].earliest && c->at <= rows[i].initiator_ready,
                   "time of the client's READY");
        pair_check(&p, c->at + 10 * SD_MS, s->at, "server READY by key confirmation");
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_VALIDATED), "validated");
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_PEER_AUTH), "server knows the peer");
        pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_PEER_AUTH), "client knows the peer");
        pair_check(&p, rows[i].to, pair_stats(&p, p.server).bytes_to_unvalidated, "bytes to");
        pair_check(&p, rows[i].from, pair_stats(&p, p.server).bytes_from_unvalidated, "bytes from");
        pair_check(&p, rows[i].cookies, pair_sent(&p, p.server, WG_COOKIE_REPLY), "cookie replies");
        pair_check(&p, rows[i].cookies, pair_stats(&p, p.client).retransmits, "retransmits");
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
            pair_check(&p, 0, pair_stats(&p, seat).half_open, "half-open sessions");
            pair_check(&p, 1, pair_stats(&p, seat).handshakes, "handshakes");
        }
        pair_end(&p);
    }
}

/* -- sizes on the wire, and their names -- */

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        uint16_t path_mtu;
        size_t inner, wire;
        const char *name;
    } rows[] = {
        {0, 28, 64, "Transport Data [32 B encrypted]"},
        {0, 32, 64, "Transport Data [32 B encrypted]"},
        {0, 33, 80, "Transport Data [48 B encrypted]"},
        {0, 96, 128, "Transport Data [96 B encrypted]"},
        {0, 1408, 1440, "Transport Data [1408 B encrypted]"},
        {0, 1409, 1452, "Transport Data [1420 B encrypted]"}, /* not past the MTU */
        {0, 1420, 1452, "Transport Data [1420 B encrypted]"},
        {0, 1421, 1453, "Transport Data [1421 B encrypted]"}, /* beyond it: as it is */
        {1280, 1190, 1232, "Transport Data [1200 B encrypted]"},
        {1280, 1199, 1232, "Transport Data [1200 B encrypted]"},
        {0, 65000, 65032, "Transport Data [65000 B encrypted]"},
    };
    char text[80];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_ready(&p, &(struct pair_options){.path_mtu = rows[i].path_mtu});
        pair_send(&p, p.client, rows[i].inner);
        sd_mem_run(p.mem, 7 * SD_SECOND);
        const struct sd_mem_unit *u =
            sd_mem_unit(p.mem, pair_find(&p, p.client, WG_DATA, pair_sent(&p, 0, WG_DATA) - 1));
        pair_check(&p, rows[i].wire, u->len, "bytes of the datagram");
        size_t n = sd_wireguard_agent.describe(u->data, u->len, true, text, sizeof text);
        assert_string_equal(text, rows[i].name);
        assert_int_equal(n, strlen(text));
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.server, SD_EV_DATA, 0);
        pair_check(&p, rows[i].inner, e ? e->len : 0, "bytes of the inner packet");
        assert_memory_equal(e->data, inner_packet(INNER(0), INNER(1), rows[i].inner), e->len);
        pair_end(&p);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.mode = "cookie"});
    static const struct {
        int from;
        uint8_t type;
        size_t len;
        const char *name;
    } rows[] = {
        {0, WG_INITIATION, 148, "Handshake Initiation"},
        {1, WG_RESPONSE, 92, "Handshake Response"},
        {1, WG_COOKIE_REPLY, 64, "Cookie Reply"},
        {0, WG_DATA, 32, "Keepalive"},
    };
    char text[80];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct sd_mem_unit *u =
            sd_mem_unit(p.mem, pair_find(&p, rows[i].from, rows[i].type, 0));
        pair_check(&p, rows[i].len, u->len, rows[i].name);
        sd_wireguard_agent.describe(u->data, u->len, true, text, sizeof text);
        assert_string_equal(text, rows[i].name);
        size_t n = sd_wireguard_agent.describe(u->data, u->len - 1, true, text, 10);
        assert_string_equal(text, "not WireG");
        assert_int_equal(n, 9);
    }
    pair_end(&p);
}

/* -- packets that are refused, and why -- */

static void send_again(struct pair *p, int from, uint8_t type, sd_time when, const char *source)
{
    struct sd_addr other;
    sd_mem_run(p->mem, when);
    bool moved = source && sd_addr_parse(source, &other);
    assert_int_equal(sd_mem_replay(p->mem, pair_find(p, from, type, 0), moved ? &other : NULL),
                     SD_OK);
    sd_mem_run(p->mem, when + SD_SECOND);
}

static void test_replay(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from;
        uint8_t type;
        sd_time when;
        const char *source;
        int reason;
    } rows[] = {
        {"initiation at once", 0, WG_INITIATION, 20 * SD_MS, NULL, SD_DROP_REPLAY},
        {"initiation later", 0, WG_INITIATION, 60 * SD_SECOND, NULL, SD_DROP_REPLAY},
        {"initiation, moved", 0, WG_INITIATION, 60 * SD_SECOND, "9.9.9.9:99", SD_DROP_REPLAY},
        {"initiation when keys are gone", 0, WG_INITIATION, 600 * SD_SECOND, NULL, SD_DROP_REPLAY},
        {"response", 1, WG_RESPONSE, 2 * SD_SECOND, NULL, SD_DROP_REPLAY},
        {"response, moved", 1, WG_RESPONSE, 2 * SD_SECOND, "9.9.9.9:99", SD_DROP_REPLAY},
        {"response when keys are gone", 1, WG_RESPONSE, 600 * SD_SECOND, NULL, SD_DROP_UNKNOWN},
        {"data", 0, WG_DATA, 2 * SD_SECOND, NULL, SD_DROP_REPLAY},
        {"data, moved", 0, WG_DATA, 2 * SD_SECOND, "9.9.9.9:99", SD_DROP_REPLAY},
        {"data under old keys", 0, WG_DATA, 200 * SD_SECOND, NULL, SD_DROP_STATE},
        {"data when keys are gone", 0, WG_DATA, 600 * SD_SECOND, NULL, SD_DROP_UNKNOWN},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_make(&p, &(struct pair_options){0});
        pair_open(&p);
        pair_send(&p, p.client, 100);
        sd_mem_run(p.mem, 15 * SD_MS);
        send_again(&p, rows[i].from, rows[i].type, rows[i].when, rows[i].source);
        int victim = !rows[i].from;
        pair_check(&p, 1, pair_dropped(&p, victim, rows[i].reason), "drops for that reason");
        pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_DATA), "delivered");
        pair_check(&p, 0, sd_mem_count(p.mem, -1, SD_EV_MIGRATED), "sessions that moved");
        pair_check(&p, 1, pair_sent(&p, p.server, WG_RESPONSE), "responses");
        pair_end(&p);
    }
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;
        uint8_t bytes[4];
        int reason;
    } rows[] = {
        {"nothing", 0, {0}, SD_DROP_MALFORMED},
        {"three bytes", 3, {1}, SD_DROP_MALFORMED},
        {"type 0", 148, {0}, SD_DROP_UNKNOWN},
        {"type 5", 148, {5}, SD_DROP_UNKNOWN},
        {"reserved bytes set", 148, {1, 0, 1}, SD_DROP_UNKNOWN},
        {"short initiation", 147, {1}, SD_DROP_MALFORMED},
        {"long initiation", 149, {1}, SD_DROP_MALFORMED},
        {"initiation with a wrong mac1", 148, {1}, SD_DROP_AUTH},
        {"short response", 91, {2}, SD_DROP_MALFORMED},
        {"response with a wrong mac1", 92, {2}, SD_DROP_AUTH},
        {"short cookie reply", 63, {3}, SD_DROP_MALFORMED},
        {"cookie reply to nobody", 64, {3}, SD_DROP_UNKNOWN},
        {"short data", 31, {4}, SD_DROP_MALFORMED},
        {"data for nobody", 32, {4}, SD_DROP_UNKNOWN},
        {"much data for nobody", 2000, {4}, SD_DROP_UNKNOWN},
    };
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    struct sd_path path = {.remote = sd_ipv4(10, 0, 0, 1, 49152),
                           .local = sd_ipv4(10, 0, 0, 2, WG_PORT)};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        uint8_t bytes[2048] = {0};
        memcpy(bytes, rows[i].bytes, 4);
        uint64_t before = pair_dropped(&p, p.server, rows[i].reason);
        sd_mem_inject(p.mem, p.server, &path, bytes, rows[i].len);
        sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_MS);
        pair_check(&p, before + 1, pair_dropped(&p, p.server, rows[i].reason), rows[i].name);
    }
    pair_end(&p);
}

static void test_psk_mismatch(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        size_t ready;
    } rows[] = {
        {"both the same", {.psk_client = true, .psk_server = true}, 2},
        {"different", {.psk_client = true, .psk_server = true, .other = true}, 0},
        {"only the client", {.psk_client = true}, 0},
        {"only the server", {.psk_server = true}, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &rows[i].options);
        pair_open(&p);
        sd_mem_run(p.mem, SD_SECOND);
        pair_check(&p, rows[i].ready, sd_mem_count(p.mem, -1, SD_EV_READY), rows[i].name);
        pair_check(&p, !rows[i].ready, pair_dropped(&p, p.client, SD_DROP_AUTH),
                   "refused response");
        pair_end(&p);
    }
}

static void test_allowed_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from;
        uint32_t source, destination;
        int sender_drop, receiver_drop;
        size_t delivered;
    } rows[] = {
        {"its own address", 0, INNER(0), INNER(1), 0, 0, 1},
        {"somebody else's address", 0, INNER(7), INNER(1), 0, SD_DROP_POLICY, 0},
        {"the server's own address", 0, INNER(1), INNER(1), 0, SD_DROP_POLICY, 0},
        {"to nobody's address", 0, INNER(0), INNER(9), SD_DROP_POLICY, 0, 0},
        {"the server answers", 1, INNER(1), INNER(0), 0, 0, 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_ready(&p, &(struct pair_options){0});
        sd_mem_send(p.mem, rows[i].from, 0, 0,
                    inner_packet(rows[i].source, rows[i].destination, 60), 60, false);
        sd_mem_run(p.mem, 7 * SD_SECOND);
        int to = !rows[i].from;
        pair_check(&p, rows[i].delivered, sd_mem_count(p.mem, to, SD_EV_DATA), rows[i].name);
        pair_check(&p, rows[i].sender_drop ? 1 : 0, pair_dropped(&p, rows[i].from, SD_DROP_POLICY),
                   "refused by the sender");
        pair_check(&p, rows[i].receiver_drop ? 1 : 0, pair_dropped(&p, to, SD_DROP_POLICY),
                   "refused by the receiver");
        pair_end(&p);
    }
}

static void test_inner_packets(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    uint8_t packet[100];
    static const struct {
        const char *name;
        size_t at, len;
        uint8_t value;
        int reason;
    } rows[] = {
        {"version 5", 0, 100, 0x55, SD_DROP_MALFORMED},
        {"header of 16 bytes", 0, 100, 0x44, SD_DROP_MALFORMED},
        {"length beyond the packet", 3, 100, 101, SD_DROP_MALFORMED},
        {"length below the header", 3, 100, 19, SD_DROP_MALFORMED},
        {"more than its length says", 3, 100, 60, SD_DROP_MALFORMED},
        {"cut off", 0, 19, 0x45, SD_DROP_MALFORMED},
        {"one byte", 0, 1, 0x45, SD_DROP_MALFORMED},
        {"IPv6, which no peer is allowed", 0, 100, 0x60, SD_DROP_POLICY},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        memcpy(packet, inner_packet(INNER(0), INNER(1), 100), 100);
        packet[rows[i].at] = rows[i].value;
        if (rows[i].value == 0x60)
            packet[4] = 0, packet[5] = 60;
        uint64_t before = pair_dropped(&p, p.client, rows[i].reason);
        sd_mem_send(p.mem, p.client, 0, 0, packet, rows[i].len, false);
        pair_check(&p, before + 1, pair_dropped(&p, p.client, rows[i].reason), rows[i].name);
    }
    pair_end(&p);
}

/* -- moving -- */

static void test_roaming(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned nat; /* SD_MEM_*; 0: the host itself moves */
        bool client_speaks;
        size_t migrated, delivered;
    } rows[] = {
        {"NAT changes the port", SD_MEM_PORT, true, 1, 1},
        {"NAT changes the address", SD_MEM_ADDRESS, true, 1, 1},
        {"NAT changes both", SD_MEM_PORT | SD_MEM_ADDRESS, true, 1, 1},
        {"NAT changes, the client is silent", SD_MEM_ADDRESS, false, 0, 0},
        {"the host moves and says so by a keepalive", 0, false, 1, 1},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_ready(&p, &(struct pair_options){0});
        if (rows[i].nat)
            sd_mem_rebind(p.mem, p.client, rows[i].nat);
        else
            sd_mem_move(p.mem, p.client, 1, p.server);
        if (rows[i].client_speaks)
            pair_send(&p, p.client, 60);
        sd_mem_run(p.mem, 7 * SD_SECOND);
        pair_send(&p, p.server, 60);
        sd_mem_run(p.mem, 8 * SD_SECOND);
        pair_check(&p, rows[i].migrated, sd_mem_count(p.mem, p.server, SD_EV_MIGRATED),
                   rows[i].name);
        pair_check(&p, rows[i].delivered, sd_mem_count(p.mem, p.client, SD_EV_DATA), "delivered");
        pair_check(&p, 1, pair_sent(&p, p.client, WG_INITIATION), "no new handshake");
        pair_end(&p);
    }
}

/* -- waiting, closing, opening again -- */

static void test_staged_packets(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_open(&p);
    for (int i = 0; i < (int)WG_STAGED_MAX + 2; i++)
        pair_send(&p, p.client, 60 + (size_t)i);
    pair_check(&p, 2, pair_dropped(&p, p.client, SD_DROP_FULL), "the oldest are lost");
    sd_mem_run(p.mem, SD_SECOND);
    pair_check(&p, WG_STAGED_MAX, sd_mem_count(p.mem, p.server, SD_EV_DATA), "delivered");
    pair_check(&p, 62, sd_mem_find(p.mem, p.server, SD_EV_DATA, 0)->len, "the third is the first");
    pair_check(&p, 30 * SD_MS, sd_mem_find(p.mem, p.server, SD_EV_DATA, 0)->at, "with the keys");
    pair_check(&p, WG_STAGED_MAX, pair_sent(&p, p.client, WG_DATA), "no keepalive before data");
    pair_end(&p);
}

static void test_close_and_open(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    pair_check(&p, SD_OK, sd_mem_close(p.mem, p.client, 1), "close");
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_CLOSED), "closed");
    pair_check(&p, 0, pair_stats(&p, p.client).sessions, "sessions");
    pair_open(&p);
    sd_mem_run(p.mem, 7 * SD_SECOND);
    pair_check(&p, 2, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready again");
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_KEY_UPDATE), "new keys at the server");
    pair_open(&p); /* a third time, with good keys: nothing is sent */
    size_t sent = pair_sent(&p, -1, 0);
    pair_check(&p, 3, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready at once");
    sd_mem_run(p.mem, 8 * SD_SECOND);
    pair_check(&p, sent, pair_sent(&p, -1, 0), "datagrams");
    pair_end(&p);
}

static void test_controls(void **state)
{
    (void)state;
    static const struct {
        enum sd_verb verb;
        sd_sid sid;
        int result;
    } rows[] = {
        {SD_CLOSE, 0, SD_E_ARG},          {SD_CLOSE, 2, SD_E_ARG},
        {SD_REKEY, 2, SD_E_ARG},          {SD_REKEY, 1, SD_OK},
        {SD_EXPORT, 1, SD_E_UNSUPPORTED}, {SD_PATH_MTU, 1, SD_E_UNSUPPORTED},
    };
    struct pair p;
    pair_ready(&p, &(struct pair_options){0});
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_control c = {.verb = rows[i].verb};
        pair_check(&p, rows[i].result, sd_mem_control(p.mem, p.client, rows[i].sid, &c), "control");
    }
    pair_end(&p);
}

/* -- configuration -- */

static void test_configuration(void **state)
{
    (void)state;
    static struct sd_identity me;
    static struct sd_peer peers[2];
    static const struct sd_option good[] = {{"load_threshold", "100"}, {0}},
                                  misspelt[] = {{"load_treshold", "100"}, {0}},
                                  word[] = {{"load_threshold", "many"}, {0}};
    sd_identity_x25519("me", me.x25519_private, me.x25519_public);
    peers[0].public_key[0] = 1;
    peers[0].inner_prefix = 24;
    peers[1] = peers[0];
    struct sd_peer wide = peers[0], own = peers[0];
    wide.inner_prefix = 33;
    memcpy(own.public_key, me.x25519_public, 32);
    const struct {
        const char *says; /* NULL: accepted */
        struct sd_config config;
    } rows[] = {
        {NULL, {.identity = &me, .peers = peers, .peer_count = 1}},
        {NULL, {.identity = &me}},
        {NULL, {.identity = &me, .options = good}},
        {NULL, {.identity = &me, .mode = "psk", .psk = me.x25519_private, .psk_len = 32}},
        {"expected an identity", {.peers = peers, .peer_count = 1}},
        {"found 'quick'", {.identity = &me, .mode = "quick"}},
        {"found the same one", {.identity = &me, .peers = peers, .peer_count = 2}},
        {"found 33", {.identity = &me, .peers = &wide, .peer_count = 1}},
        {"found our own", {.identity = &me, .peers = &own, .peer_count = 1}},
        {"pre-shared key with peer 1",
         {.identity = &me, .mode = "psk", .peers = peers, .peer_count = 1}},
        {"of 32 bytes, found 31",
         {.identity = &me, .mode = "psk", .psk = me.x25519_private, .psk_len = 31}},
        {"did you mean load_threshold?", {.identity = &me, .options = misspelt}},
        {"found 'many'", {.identity = &me, .options = word}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_mem *m = sd_mem_new(1);
        int seat = sd_mem_add(m, &sd_wireguard_agent, &rows[i].config, 1);
        if (rows[i].says ? seat >= 0 || !strstr(sd_mem_error(m), rows[i].says) : seat < 0)
            fail_msg("row %zu: expected \"%s\", found \"%s\"", i + 1,
                     rows[i].says ? rows[i].says : "accepted", sd_mem_error(m));
        assert_int_equal(sd_mem_free(m), 0);
    }
}

/* -- same seed, same bytes -- */

static uint64_t fingerprint(uint64_t seed)
{
    struct pair p;
    uint64_t hash = 0;
    pair_make(&p, &(struct pair_options){.seed = seed, .mode = "cookie"});
    sd_mem_link(p.mem)->loss_ppm = 300000;
    pair_open(&p);
    for (int i = 1; i < 300; i++) {
        pair_send(&p, i % 3 == 0, 60 + (size_t)i);
        sd_mem_run(p.mem, (sd_time)i * SD_SECOND);
    }
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        hash = sd_hash(sd_hash_u64(hash, u->sent), u->data, u->len);
    }
    hash = sd_hash_u64(hash, pair_stats(&p, 0).state_bytes_peak);
    hash = sd_hash_u64(hash, pair_stats(&p, 1).state_bytes_peak);
    pair_end(&p);
    return hash;
}

static void test_determinism(void **state)
{
    (void)state;
    uint64_t first = fingerprint(5);
    assert_true(fingerprint(6) != first);
    assert_true(fingerprint(5) == first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_psk_mismatch),
        cmocka_unit_test(test_allowed_addresses),
        cmocka_unit_test(test_inner_packets),
        cmocka_unit_test(test_roaming),
        cmocka_unit_test(test_staged_packets),
        cmocka_unit_test(test_close_and_open),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_determinism),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
