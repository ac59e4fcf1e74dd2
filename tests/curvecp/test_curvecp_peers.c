/* test_curvecp_peers.c - where specification and reference part: clients that move, and Initiates
 * that come again.  And whom a server lets in. */
#include "tests/curvecp/pair.h"
#include <string.h>

static size_t count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

/* -- moving -- */

enum move { PORT, ADDRESS, BOTH, HOST };

static void move(struct pair *p, enum move how)
{
    if (how == HOST) /* the client knows */
        sd_mem_move(p->mem, p->client, p->client_sid, p->server);
    else /* a NAT's new binding: nobody knows */
        sd_mem_rebind(p->mem, p->client,
                      how == PORT      ? SD_MEM_PORT
                      : how == ADDRESS ? SD_MEM_ADDRESS
                                       : SD_MEM_PORT | SD_MEM_ADDRESS);
}

/* A transfer under way, either direction, is whole in the end, in the same connection; with the
 * reference's server it stands still for ever. */
static void test_moves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum move how;
        bool up;
        const char *server_mode;
        bool survives;
    } rows[] = {
        {"port, upload", PORT, true, "fresh", true},
        {"port, download", PORT, false, "fresh", true},
        {"address, upload", ADDRESS, true, "fresh", true},
        {"address, download", ADDRESS, false, "fresh", true},
        {"both, upload", BOTH, true, "fresh", true},
        {"both, download", BOTH, false, "fresh", true},
        {"host, upload", HOST, true, "fresh", true},
        {"host, download", HOST, false, "fresh", true},
        {"reference, port, upload", PORT, true, "reference", false},
        {"reference, port, download", PORT, false, "reference", false},
        {"reference, both, download", BOTH, false, "reference", false},
        {"reference, host, upload", HOST, true, "reference", false},
    };
    enum { LEN = 1000000 };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct pair_options options = {.server_mode = rows[i].server_mode};
        size_t before, after;
        pair_request(&p, &options, 1);
        pair_run(&p, 500 * SD_MS);
        int from = rows[i].up ? p.client : p.server, to = rows[i].up ? p.server : p.client;
        const uint8_t *bytes = pair_bytes(LEN);
        size_t skip = rows[i].up ? 1 : 0;
        sd_mem_send(p.mem, from, rows[i].up ? p.client_sid : p.server_sid, 0, bytes + skip,
                    LEN - skip, false);
        for (before = 0; before < 50000; sd_mem_received(p.mem, to, &before))
            pair_run(&p, 5 * SD_MS);
        move(&p, rows[i].how);
        pair_run(&p, 60 * SD_SECOND);
        sd_mem_received(p.mem, to, &after);
        print_message("          %s: %zu of %d B before, %zu after\n", rows[i].name, before, LEN,
                      after);
        pair_check(&p, true, before < LEN, "moved under way");
        if (rows[i].survives) {
            pair_received(&p, to, LEN);
            pair_check(&p, 1, count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
            const struct sd_mem_event *e = sd_mem_find(p.mem, p.server, SD_EV_MIGRATED, 0);
            pair_check(&p, p.server_sid, e->sid, "session");
            struct sd_addr now = sd_mem_address(p.mem, p.client, SD_PROTO_UDP, 49152);
            pair_check(&p, true, sd_addr_equal(&now, &e->path.remote), "its new address");
        } else {
            /* What is under way to the server may still arrive; nothing comes back. */
            pair_check(&p, 0, count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
            pair_check(&p, true, after < LEN, "it stands still");
        }
        pair_check(&p, 1, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_end(&p);
    }
}

/* How soon a download goes on after the client's NAT forgot it: the client asks after a second of
 * silence. */
static void test_recovery_time(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 1);
    pair_run(&p, 500 * SD_MS);
    pair_send(&p, p.server, 2000000, false);
    pair_run(&p, 700 * SD_MS);
    move(&p, BOTH);
    sd_time moved = sd_mem_now(p.mem);
    pair_run(&p, 60 * SD_SECOND);
    sd_time found = sd_mem_find(p.mem, p.server, SD_EV_MIGRATED, 0)->at - moved;
    if (found < SD_SECOND - WAY || found > SD_SECOND + RTT)
        fail_msg("expected the server to follow after 1 s, found %g s", (double)found / 1e9);
    pair_end(&p);
}

/* An old packet from elsewhere moves nobody, nor does one that nobody could have made. */
static void test_nobody_else_moves_it(void **state)
{
    (void)state;
    const struct sd_addr elsewhere = sd_ipv4(192, 0, 2, 66, 666);
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    pair_run(&p, SD_SECOND);
    sd_mem_send(p.mem, p.client, p.client_sid, 0, "more", 4, false);
    pair_run(&p, SD_SECOND);
    sd_mem_replay(p.mem, pair_index(&p, p.client, 'M', 0), &elsewhere);
    sd_mem_replay(p.mem, pair_index(&p, p.client, 'I', 0), &elsewhere);
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, 2, pair_dropped(&p, p.server, SD_DROP_REPLAY), "dropped as replays");
    /* The same with a greater nonce, which its box does not have. */
    const struct sd_mem_unit *u = pair_unit(&p, p.client, 'M', 0);
    uint8_t forged[288];
    struct sd_path path = u->path;
    assert_int_equal(u->len, sizeof forged);
    memcpy(forged, u->data, sizeof forged);
    forged[72 + 6] = 0xff;
    path.remote = elsewhere;
    path.remote.proto = SD_PROTO_UDP;
    sd_mem_inject(p.mem, p.server, &path, forged, sizeof forged);
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, 1, pair_dropped(&p, p.server, SD_DROP_AUTH), "dropped as forged");
    pair_check(&p, 0, count(&p, p.server, SD_EV_MIGRATED), "MIGRATED");
    pair_end(&p);
}

/* -- an Initiate that comes again -- */

static void both_close(struct pair *p)
{
    sd_mem_close(p->mem, p->client, p->client_sid);
    pair_run(p, 100 * SD_MS);
    sd_mem_close(p->mem, p->server, p->server_sid);
    pair_run(p, SD_SECOND);
    pair_check(p, 1, count(p, p->server, SD_EV_CLOSED), "server CLOSED");
}

static void test_replayed_initiate(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mode;
        sd_time begin; /* of the connection, after the agent was made: minutes begin then */
        bool closed;   /* when the Initiate comes again */
        sd_time after; /* so long after the connection began */
        int reason;    /* 0: it starts another connection */
    } rows[] = {
        {"alive", "fresh", 0, false, 4 * SD_SECOND, SD_DROP_REPLAY},
        {"lingering", "fresh", 0, true, 4 * SD_SECOND, SD_DROP_REPLAY},
        {"over", "fresh", 0, true, 30 * SD_SECOND, SD_DROP_REPLAY},
        {"over, next minute", "fresh", 0, true, 119 * SD_SECOND, SD_DROP_REPLAY},
        {"over, the key is gone", "fresh", 0, true, 121 * SD_SECOND, SD_DROP_AUTH},
        {"late in a minute", "fresh", 55 * SD_SECOND, true, 64 * SD_SECOND, SD_DROP_REPLAY},
        {"late in a minute, gone", "fresh", 55 * SD_SECOND, true, 66 * SD_SECOND, SD_DROP_AUTH},
        {"reference, alive", "reference", 0, false, 4 * SD_SECOND, SD_DROP_REPLAY},
        {"reference, over", "reference", 0, true, 4 * SD_SECOND, 0},
        {"reference, next minute", "reference", 0, true, 119 * SD_SECOND, 0},
        {"reference, the key is gone", "reference", 0, true, 121 * SD_SECOND, SD_DROP_AUTH},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_make(&p, &(struct pair_options){.server_mode = rows[i].mode});
        sd_mem_run(p.mem, rows[i].begin);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, SD_SECOND);
        if (rows[i].closed)
            both_close(&p);
        sd_mem_run(p.mem, rows[i].begin + rows[i].after);
        size_t data = count(&p, p.server, SD_EV_DATA);
        uint64_t dropped = rows[i].reason ? pair_dropped(&p, p.server, rows[i].reason) : 0;
        const struct sd_addr elsewhere = sd_ipv4(192, 0, 2, 66, 666);
        sd_mem_replay(p.mem, pair_index(&p, p.client, 'I', 0), &elsewhere);
        sd_mem_replay(p.mem, pair_index(&p, p.client, 'I', 0), NULL);
        pair_run(&p, 100 * SD_MS);
        struct sd_stats s = pair_stats(&p, p.server);
        if (rows[i].reason) {
            pair_check(&p, dropped + 2, s.dropped[rows[i].reason], "drops");
            pair_check(&p, 1, s.handshakes, "handshakes");
            pair_check(&p, 0, s.replays_accepted, "replays accepted");
            pair_check(&p, data, count(&p, p.server, SD_EV_DATA), "DATA");
        } else {
            /* The application gets the request again, as if somebody had sent it. */
            pair_check(&p, 2, s.handshakes, "handshakes");
            pair_check(&p, 1, s.replays_accepted, "replays accepted");
            pair_check(&p, data + 1, count(&p, p.server, SD_EV_DATA), "DATA");
            pair_check(&p, 1, s.dropped[SD_DROP_REPLAY], "drops of the second copy");
        }
        pair_end(&p);
    }
}

/* Every cookie of its time is remembered, however many there are. */
static void test_many_used_cookies(void **state)
{
    (void)state;
    enum { CONNECTIONS = 100 };
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    for (size_t i = 0; i < CONNECTIONS; i++) {
        struct sd_control close = {.verb = SD_CLOSE};
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, true);
        pair_run(&p, 50 * SD_MS);
        sd_mem_control(p.mem, p.server, p.server_sid, &close);
        pair_run(&p, 50 * SD_MS);
    }
    pair_run(&p, 20 * SD_SECOND);
    pair_check(&p, 0, pair_stats(&p, p.server).sessions, "sessions");
    pair_check(&p, true, pair_connection(&p, p.server) == NULL, "nobody lingers");
    size_t initiates = pair_sent(&p, p.client, 'I');
    for (size_t i = 0; i < initiates; i++)
        sd_mem_replay(p.mem, pair_index(&p, p.client, 'I', i), NULL);
    pair_run(&p, 100 * SD_MS);
    pair_check(&p, CONNECTIONS, pair_stats(&p, p.server).handshakes, "handshakes");
    pair_check(&p, initiates, pair_dropped(&p, p.server, SD_DROP_REPLAY), "drops");
    uint64_t full = sd_heap_bytes(sd_mem_seat(p.mem, p.server)->env);
    pair_run(&p, 200 * SD_SECOND);
    uint64_t empty = sd_heap_bytes(sd_mem_seat(p.mem, p.server)->env);
    print_message("          %llu bytes with %d cookies to remember, %llu without\n",
                  (unsigned long long)full, CONNECTIONS, (unsigned long long)empty);
    pair_check(&p, true, full >= empty + CONNECTIONS * CP_KEY_LEN, "memory is given back");
    pair_end(&p);
}

/* A Cookie opens a connection from 60 to 120 s after it was made, by the server's minutes. */
static void test_age_of_cookies(void **state)
{
    (void)state;
    static const struct {
        sd_time hello, initiate; /* when they reach the server */
        bool good;
    } rows[] = {
        {1 * SD_SECOND, 59 * SD_SECOND, true},     {1 * SD_SECOND, 61 * SD_SECOND, true},
        {1 * SD_SECOND, 119 * SD_SECOND, true},    {1 * SD_SECOND, 120 * SD_SECOND, false},
        {59 * SD_SECOND, 119 * SD_SECOND, true},   {59 * SD_SECOND, 121 * SD_SECOND, false},
        {61 * SD_SECOND, 179 * SD_SECOND, true},   {61 * SD_SECOND, 181 * SD_SECOND, false},
        {61 * SD_SECOND, 1000 * SD_SECOND, false},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){0});
        sd_mem_run(p.mem, rows[i].hello - WAY);
        sd_mem_drop(p.mem, p.client, (uint32_t[]){2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0});
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, 2 * SD_SECOND);
        const struct sd_mem_unit *u = pair_unit(&p, p.client, 'I', 0);
        pair_check(&p, SD_MEM_LOST, u->fate, "fate of the Initiate");
        struct sd_path path = {.local = sd_mem_address(p.mem, p.server, SD_PROTO_UDP, CP_PORT),
                               .remote = sd_mem_address(p.mem, p.client, SD_PROTO_UDP, 49152)};
        sd_mem_link(p.mem)->loss_ppm = SD_PPM; /* nothing but what is injected */
        sd_mem_run(p.mem, rows[i].initiate);
        sd_mem_inject(p.mem, p.server, &path, u->data, u->len);
        pair_run(&p, SD_MS);
        print_message("          made at %g s, used at %g s\n", (double)rows[i].hello / 1e9,
                      (double)rows[i].initiate / 1e9);
        pair_check(&p, rows[i].good, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_check(&p, !rows[i].good, pair_dropped(&p, p.server, SD_DROP_AUTH), "drops");
        pair_end(&p);
    }
}

/* Neither Hello, Cookie nor Initiate knows an address: whoever got the cookie at one may use it
 * from another.  That is why CurveCP does not claim to validate sources. */
static void test_a_cookie_knows_no_address(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    sd_mem_run(p.mem, WAY + WAY / 2);
    sd_mem_rebind(p.mem, p.client, SD_MEM_ADDRESS | SD_MEM_PORT);
    sd_mem_drop(p.mem, p.server, (uint32_t[]){1, 0});
    /* The Cookie was sent to the address the Hello came from, and the client gets it still. */
    const struct sd_mem_unit *k = pair_unit(&p, p.server, 'K', 0);
    struct sd_path path = {.local = sd_ipv4(10, 0, 0, 1, 49152),
                           .remote = sd_ipv4(10, 0, 0, 2, 10000)};
    sd_mem_inject(p.mem, p.client, &path, k->data, k->len);
    sd_mem_run(p.mem, 900 * SD_MS);
    pair_check(&p, 1, pair_stats(&p, p.server).handshakes, "handshakes");
    pair_received(&p, p.server, 100);
    struct sd_addr now = sd_mem_address(p.mem, p.client, SD_PROTO_UDP, 49152);
    const struct sd_mem_event *e = sd_mem_find(p.mem, p.server, SD_EV_READY, 0);
    pair_check(&p, true, sd_addr_equal(&now, &e->path.remote), "the other address");
    assert_int_equal(sd_curvecp_agent.features & SD_F_SOURCE_VALIDATION, 0);
    pair_end(&p);
}

/* -- who is let in -- */

static void test_policy(void **state)
{
    (void)state;
    struct sd_peer known = {0}, other = {0};
    memcpy(known.public_key, sd_identity("client.example")->x25519_public, 32);
    memcpy(other.public_key, sd_identity("client.ed25519.example")->x25519_public, 32);
    static const struct sd_option one_extension[] = {
        {"server_extension", "00000000000000000000000000000001"}, {0}};
    const struct {
        const char *name;
        struct pair_options options;
        size_t ready, server; /* READY events of the client, of the server */
        int reason;           /* at the server */
    } rows[] = {
        {"anybody", {0}, 1, 1, 0},
        {"nobody in particular", {.nobody = true}, 1, 1, 0},
        {"a known client", {.peers = &known, .peer_count = 1}, 1, 1, 0},
        {"an unknown client", {.peers = &other, .peer_count = 1}, 1, 0, SD_DROP_POLICY},
        {"nobody, where clients are known",
         {.peers = &known, .peer_count = 1, .nobody = true},
         1,
         0,
         SD_DROP_POLICY},
        /* names are keys in this lab: another name is another S */
        {"another server's name", {.name = "other.example"}, 0, 0, SD_DROP_AUTH},
        {"another extension", {.client_options = one_extension}, 0, 0, SD_DROP_UNKNOWN},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_request(&p, &rows[i].options, 10);
        sd_mem_run(p.mem, 900 * SD_MS);
        pair_check(&p, rows[i].ready, count(&p, p.client, SD_EV_READY), "client READY");
        pair_check(&p, rows[i].server, count(&p, p.server, SD_EV_READY), "server READY");
        if (rows[i].reason)
            pair_check(&p, 1, pair_dropped(&p, p.server, rows[i].reason), "drops");
        pair_end(&p);
    }
}

/* The right key, but another name: the server refuses the Initiate. */
static void test_name(void **state)
{
    (void)state;
    static const struct {
        const char *asked;
        bool good;
    } rows[] = {{"server.example", true},   {"server.example.", true},
                {".server..example", true}, {"Server.example", false},
                {"server", false},          {"server.example.org", false}};
    struct sd_peer server = {0};
    memcpy(server.public_key, sd_identity("server.example")->x25519_public, 32);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p = {0};
        p.mem = sd_mem_new(1);
        p.config[0] = (struct sd_config){.role = SD_ROLE_CLIENT,
                                         .server_name = rows[i].asked,
                                         .peers = &server,
                                         .peer_count = 1};
        p.config[1] =
            (struct sd_config){.role = SD_ROLE_SERVER, .identity = sd_identity("server.example")};
        p.client = sd_mem_add(p.mem, &sd_curvecp_agent, &p.config[0], 1);
        p.server = sd_mem_add(p.mem, &sd_curvecp_agent, &p.config[1], 2);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 10, false);
        sd_mem_run(p.mem, 900 * SD_MS);
        print_message("          %s\n", rows[i].asked);
        pair_check(&p, rows[i].good, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_check(&p, !rows[i].good, pair_dropped(&p, p.server, SD_DROP_POLICY), "drops");
        pair_end(&p);
    }
}

/* A client with several servers takes the key of the one at that address. */
static void test_server_by_address(void **state)
{
    (void)state;
    struct sd_peer server[2] = {{.endpoint = sd_ipv4(10, 0, 0, 9, CP_PORT)},
                                {.endpoint = sd_ipv4(10, 0, 0, 2, CP_PORT)}};
    for (size_t right = 0; right < 2; right++) {
        struct pair p = {0};
        p.mem = sd_mem_new(1);
        memcpy(server[0].public_key, sd_identity("client.example")->x25519_public, 32);
        memcpy(server[1].public_key, sd_identity("client.example")->x25519_public, 32);
        memcpy(server[right].public_key, sd_identity("server.example")->x25519_public, 32);
        p.config[0] = (struct sd_config){.role = SD_ROLE_CLIENT,
                                         .server_name = "server.example",
                                         .peers = server,
                                         .peer_count = 2};
        p.config[1] =
            (struct sd_config){.role = SD_ROLE_SERVER, .identity = sd_identity("server.example")};
        p.client = sd_mem_add(p.mem, &sd_curvecp_agent, &p.config[0], 1);
        p.server = sd_mem_add(p.mem, &sd_curvecp_agent, &p.config[1], 2);
        pair_open(&p, &(struct pair_options){0});
        sd_mem_run(p.mem, 900 * SD_MS);
        pair_check(&p, right, count(&p, p.client, SD_EV_READY), "client READY");
        pair_end(&p);
    }
}

static void test_controls(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    sd_mem_connect(p.mem, p.client, p.server);
    sd_mem_send(p.mem, p.client, p.client_sid + 1, 0, "second", 6, false);
    pair_run(&p, SD_SECOND);
    struct sd_control rekey = {.verb = SD_REKEY}, export = {.verb = SD_EXPORT},
                      mtu = {.verb = SD_PATH_MTU, .mtu = 600}, migrate = {.verb = SD_MIGRATE};
    pair_check(&p, (uint64_t)SD_E_UNSUPPORTED,
               sd_mem_control(p.mem, p.client, p.client_sid, &rekey), "rekey");
    pair_check(&p, (uint64_t)SD_E_UNSUPPORTED,
               sd_mem_control(p.mem, p.client, p.client_sid, &export), "export");
    /* ICMP says how narrow the path is. */
    pair_check(&p, SD_OK, sd_mem_control(p.mem, p.client, p.client_sid, &mtu), "path MTU");
    sd_mem_send(p.mem, p.client, p.client_sid, 0, pair_bytes(3000), 3000, false);
    pair_run(&p, 3 * SD_SECOND);
    for (size_t i = 0; i < pair_sent(&p, p.client, 'M'); i++)
        pair_check(&p, true, pair_unit(&p, p.client, 'M', i)->len <= 600 - 28, "length");
    /* All connections move with their host. */
    migrate.path.local = sd_ipv4(10, 0, 0, 1, 49152);
    size_t before = pair_sent(&p, p.client, 'M');
    pair_check(&p, (uint64_t)SD_E_ARG, sd_mem_control(p.mem, p.client, 77, &migrate), "nobody");
    pair_check(&p, SD_OK, sd_mem_control(p.mem, p.client, 0, &migrate), "everybody");
    pair_check(&p, before + 2, pair_sent(&p, p.client, 'M'), "both say where they are");
    pair_end(&p);
}

/* -- what an agent refuses -- */

static void test_configurations(void **state)
{
    (void)state;
    static const char label[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example";
    static const struct sd_option unknown[] = {{"client", "1"}, {0}},
                                  short_extension[] = {{"server_extension", "00"}, {0}},
                                  no_hex[] = {{"client_extension",
                                               "0000000000000000000000000000000g"},
                                              {0}},
                                  none[] = {{"clients", "0"}, {0}},
                                  many[] = {{"clients", "65536"}, {0}},
                                  words[] = {{"clients", "ten"}, {0}},
                                  minus[] = {{"clients", "-1"}, {0}},
                                  nothing[] = {{"clients", NULL}, {0}},
                                  first[] = {{"first", "both"}, {0}};
    static const struct {
        const char *name, *expected; /* a part of the message */
        const char *mode;
        const struct sd_option *options;
        bool no_identity;
        const char *server_name;
        size_t peer_count;
    } rows[] = {
        {"a mode of others", "expected mode fresh or reference, found 'psk'", "psk", NULL, 0, 0, 0},
        {"an unknown option", "did you mean clients?", NULL, unknown, 0, 0, 0},
        {"a short extension", "32 hexadecimal digits, found '00'", NULL, short_extension, 0, 0, 0},
        {"no digits", "client_extension: expected 32 hex", NULL, no_hex, 0, 0, 0},
        {"no clients", "expected 1 to 65535, found '0'", NULL, none, 0, 0, 0},
        {"too many clients", "found '65536'", NULL, many, 0, 0, 0},
        {"words", "found 'ten'", NULL, words, 0, 0, 0},
        {"minus", "found '-1'", NULL, minus, 0, 0, 0},
        {"nothing", "found ''", NULL, nothing, 0, 0, 0},
        {"both first", "client, server or either, found 'both'", NULL, first, 0, 0, 0},
        {"a server without key", "expected an identity", NULL, NULL, true, 0, 0},
        {"a long label", "labels of at most 63", NULL, NULL, 0, label, 0},
        {"peers missing", "expected 3 peers, found none", NULL, NULL, 0, 0, 3},
    };
    struct sd_mem *m = sd_mem_new(1);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct sd_config config = {.role = SD_ROLE_SERVER,
                                   .mode = rows[i].mode,
                                   .identity =
                                       rows[i].no_identity ? NULL : sd_identity("server.example"),
                                   .server_name = rows[i].server_name,
                                   .peer_count = rows[i].peer_count,
                                   .options = rows[i].options};
        assert_int_equal(sd_mem_add(m, &sd_curvecp_agent, &config, 1), SD_E_ARG);
        if (!strstr(sd_mem_error(m), rows[i].expected))
            fail_msg("%s: expected '...%s...', found '%s'", rows[i].name, rows[i].expected,
                     sd_mem_error(m));
    }
    /* Opened by a server, without a name, or with more early data than fits. */
    struct sd_config server = {.role = SD_ROLE_SERVER, .identity = sd_identity("server.example")};
    struct sd_config client = {.role = SD_ROLE_CLIENT};
    int s = sd_mem_add(m, &sd_curvecp_agent, &server, 1);
    int c = sd_mem_add(m, &sd_curvecp_agent, &client, 2);
    int t = sd_mem_add(m, &sd_curvecp_agent, &server, 3);
    assert_int_equal(sd_mem_opened(m, sd_mem_connect(m, s, t)), SD_E_ARG);
    assert_int_equal(sd_mem_opened(m, sd_mem_connect(m, c, s)), SD_E_ARG);
    struct sd_mem_connect with = {.client = c, .server = s, .server_name = label};
    assert_int_equal(sd_mem_opened(m, sd_mem_connect_with(m, &with)), SD_E_ARG);
    with.server_name = "server.example";
    with.early = pair_bytes(CP_STREAM_BUFFER + 1);
    with.early_len = CP_STREAM_BUFFER + 1;
    assert_int_equal(sd_mem_opened(m, sd_mem_connect_with(m, &with)), SD_E_ARG);
    assert_int_equal(sd_mem_free(m), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),
        cmocka_unit_test(test_recovery_time),
        cmocka_unit_test(test_nobody_else_moves_it),
        cmocka_unit_test(test_replayed_initiate),
        cmocka_unit_test(test_many_used_cookies),
        cmocka_unit_test(test_age_of_cookies),
        cmocka_unit_test(test_a_cookie_knows_no_address),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_server_by_address),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_configurations),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
