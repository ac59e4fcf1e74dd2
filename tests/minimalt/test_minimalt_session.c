/* test_minimalt_session.c - look-ups, first packets, streams, ends, many connections in a tunnel.
 */
#include "tests/minimalt/pair.h"
#include <string.h>

static size_t count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

/* What happens when, by mode: the client is ready, the server has the request. */
static void test_round_trips(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        bool earlier, directory;
        uint32_t ready, request; /* halves of a round trip */
        size_t puzzles;
    } rows[] = {
        {.mode = "fresh", .earlier = true, .ready = 0, .request = 1},
        {.mode = "fresh", .earlier = false, .ready = 2, .request = 3},
        {.mode = "lookup", .earlier = true, .ready = 2, .request = 3},
        {.mode = "boot", .earlier = false, .ready = 2, .request = 3},
        {.mode = "cookie", .earlier = true, .ready = 0, .request = 3, .puzzles = 1},
        {.mode = "cookie", .earlier = false, .ready = 4, .request = 7, .puzzles = 2},
        {.mode = "fresh", .earlier = true, .directory = true, .ready = 0, .request = 1},
        {.mode = "lookup", .earlier = true, .directory = true, .ready = 2, .request = 3},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const struct pair_options o = {.client_mode = rows[i].mode,
                                       .server_mode = rows[i].mode,
                                       .directory = rows[i].directory};
        print_message("          %s, %s\n", rows[i].mode, rows[i].earlier ? "not the first" : "");
        if (rows[i].earlier)
            pair_cached(&p, &o);
        else
            pair_make(&p, &o);
        sd_time start = sd_mem_now(p.mem);
        pair_open(&p, &o);
        pair_send(&p, p.client, 100, false);
        pair_run(&p, SD_SECOND);
        const struct sd_mem_event *ready = sd_mem_find(p.mem, p.client, SD_EV_READY, 0);
        const struct sd_mem_event *data = sd_mem_find(p.mem, p.server, SD_EV_DATA, 0);
        assert_non_null(ready);
        assert_non_null(data);
        pair_check(&p, start + rows[i].ready * WAY, ready->at, "client READY");
        pair_check(&p, start + rows[i].request * WAY, data->at, "request at the server");
        pair_check(&p, rows[i].puzzles, pair_sent(&p, p.server, 'P'), "puzzles");
        pair_received(&p, p.server, 100);
        pair_end(&p);
    }
}

/* With a record at hand there is one packet, and the request is in it. */
static void test_first_packet_carries_data(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_check(&p, 0, sd_mem_units(p.mem), "units before there is data");
    pair_send(&p, p.client, 100, false);
    pair_check(&p, 1, pair_sent(&p, p.client, 0), "units with the data");
    pair_run(&p, WAY + SD_MS);
    pair_received(&p, p.server, 100);
    pair_end(&p);
}

/* A client that has nothing to say opens its tunnel after a moment all the same. */
static void test_silent_client(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    sd_time start = sd_mem_now(p.mem);
    pair_open(&p, &(struct pair_options){0});
    pair_run(&p, SD_SECOND);
    const struct sd_mem_event *ready = sd_mem_find(p.mem, p.server, SD_EV_READY, 0);
    assert_non_null(ready);
    pair_check(&p, start + MT_SPEAK_WAIT + WAY, ready->at, "server READY");
    pair_end(&p);
}

/* Both ways, over a network that loses and doubles. */
static void test_transfers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t loss_ppm, duplicate_ppm;
        size_t up, down;
    } rows[] = {
        {"a little", 0, 0, 1, 1},
        {"much", 0, 0, 1000000, 1000000},
        {"up", 0, 0, 3000000, 0},
        {"down", 0, 0, 0, 3000000},
        {"5 % loss", 50000, 0, 300000, 300000},
        {"20 % loss", 200000, 0, 50000, 50000},
        {"doubled", 0, 300000, 300000, 300000},
        {"lost and doubled", 100000, 100000, 100000, 100000},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_make(&p, &(struct pair_options){.seed = 7 + i});
        pair_open(&p, &(struct pair_options){0});
        pair_run(&p, SD_SECOND);
        sd_mem_link(p.mem)->loss_ppm = rows[i].loss_ppm;
        sd_mem_link(p.mem)->duplicate_ppm = rows[i].duplicate_ppm;
        pair_send(&p, p.client, rows[i].up, true);
        pair_send(&p, p.server, rows[i].down, true);
        pair_run(&p, 200 * SD_SECOND);
        pair_received(&p, p.server, rows[i].up);
        pair_received(&p, p.client, rows[i].down);
        pair_check(&p, 1, count(&p, p.client, SD_EV_CLOSED), "client CLOSED");
        pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
        pair_check(&p, 0, count(&p, -1, SD_EV_ERROR), "ERROR");
        pair_end(&p);
    }
}

/* One lost packet of the opening: TCP's timer, whichever it is. */
static void test_lost_packets(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t client[4], server[4]; /* which of their packets are lost */
        sd_time request;               /* when it is there, after the first packet */
    } rows[] = {
        {"none", {0}, {0}, WAY},
        {"the first", {1, 0}, {0}, WAY + SD_SECOND},
        {"the first two", {1, 2, 0}, {0}, WAY + 3 * SD_SECOND},
        {"the first three", {1, 2, 3, 0}, {0}, WAY + 7 * SD_SECOND},
        {"the answer", {0}, {1, 0}, WAY},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_cached(&p, &(struct pair_options){0});
        uint32_t client[4], server[4];
        for (size_t k = 0; k < 4; k++) { /* numbers go on */
            uint32_t before = (uint32_t)pair_agent(&p, p.client)->stats.units_out;
            client[k] = rows[i].client[k] ? rows[i].client[k] + before : 0;
            before = (uint32_t)pair_agent(&p, p.server)->stats.units_out;
            server[k] = rows[i].server[k] ? rows[i].server[k] + before : 0;
        }
        sd_mem_drop(p.mem, p.client, client);
        sd_mem_drop(p.mem, p.server, server);
        sd_time start = sd_mem_now(p.mem);
        p.reply = 100;
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, 20 * SD_SECOND);
        const struct sd_mem_event *data = sd_mem_find(p.mem, p.server, SD_EV_DATA, 0);
        print_message("          %s\n", rows[i].name);
        assert_non_null(data);
        pair_check(&p, start + rows[i].request, data->at, "request at the server");
        pair_received(&p, p.client, 100);
        pair_end(&p);
    }
}

/* Nobody is there: six packets in 63 s, and then it says so. */
static void test_nobody_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool cached;
        size_t packets;
    } rows[] = {{"no server", true, 6}, {"no directory", false, 6}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        if (rows[i].cached)
            pair_cached(&p, &(struct pair_options){0});
        else
            pair_make(&p, &(struct pair_options){0});
        sd_mem_link(p.mem)->loss_ppm = SD_PPM;
        sd_time start = sd_mem_now(p.mem);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        pair_run(&p, 200 * SD_SECOND);
        print_message("          %s\n", rows[i].name);
        pair_check(&p, rows[i].packets, pair_sent(&p, p.client, 0), "packets");
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0);
        assert_non_null(e);
        pair_check(&p, start + 63 * SD_SECOND, e->at, "ERROR");
        pair_end(&p);
    }
}

/* -- ends -- */

static void test_ends(void **state)
{
    (void)state;
    enum who { CLIENT, SERVER, BOTH };
    static const struct {
        const char *name;
        enum who who;
        size_t data; /* said just before */
    } rows[] = {
        {"the client", CLIENT, 0},
        {"the server", SERVER, 0},
        {"both at once", BOTH, 0},
        {"the client, with data under way", CLIENT, 200000},
        {"the server, with data under way", SERVER, 200000},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_request(&p, &(struct pair_options){0}, 1);
        pair_run(&p, SD_SECOND);
        if (rows[i].who != SERVER) {
            if (rows[i].data)
                sd_mem_send(p.mem, p.client, p.client_sid, 0, pair_bytes(rows[i].data) + 1,
                            rows[i].data - 1, false);
            pair_run(&p, 10 * SD_SECOND);
            sd_mem_close(p.mem, p.client, p.client_sid);
        }
        if (rows[i].who != CLIENT) {
            if (rows[i].data)
                pair_send(&p, p.server, rows[i].data, false);
            pair_run(&p, rows[i].who == SERVER ? 10 * SD_SECOND : 0);
            sd_mem_close(p.mem, p.server, p.server_sid);
        }
        pair_run(&p, 10 * SD_SECOND);
        if (rows[i].data)
            pair_received(&p, rows[i].who == CLIENT ? p.server : p.client, rows[i].data);
        pair_check(&p, 1, count(&p, p.client, SD_EV_CLOSED), "client CLOSED");
        pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
        pair_check(&p, 0, count(&p, -1, SD_EV_ERROR), "ERROR");
        pair_check(&p, true, pair_tunnel(&p, p.server) == NULL, "no tunnel is left");
        pair_end(&p);
    }
}

/* What was given to the agent before close() arrives before it does. */
static void test_close_follows_data(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100000);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, 20 * SD_SECOND);
    pair_received(&p, p.server, 100000);
    pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
    pair_end(&p);
}

/* The last packet of all is as reliable as the others. */
static void test_close_that_is_lost(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 1);
    pair_run(&p, SD_SECOND);
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, 5 * SD_SECOND);
    sd_mem_link(p.mem)->loss_ppm = 0;
    pair_run(&p, 20 * SD_SECOND);
    pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
    pair_check(&p, true, pair_tunnel(&p, p.client) == NULL, "no tunnel is left");
    pair_end(&p);
}

/* Given up while the directory is asked. */
static void test_close_before_it_began(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 1, count(&p, p.client, SD_EV_CLOSED), "client CLOSED");
    pair_check(&p, 0, pair_stats(&p, p.client).half_open, "half open");
    pair_end(&p);
}

static void test_silence(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 1);
    pair_run(&p, SD_SECOND);
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    pair_run(&p, 400 * SD_SECOND);
    for (int seat = 0; seat < 2; seat++) {
        const struct sd_mem_event *e = sd_mem_find(p.mem, seat, SD_EV_ERROR, 0);
        assert_non_null(e);
        if (e->at < MT_SILENCE_MAX || e->at > MT_SILENCE_MAX + 3 * SD_SECOND)
            fail_msg("expected an ERROR after 300 s, found it at %g s", (double)e->at / 1e9);
    }
    pair_end(&p);
}

/* -- many connections -- */

/* They share a tunnel: one agreement and one handshake, however many there are. */
static void test_connections_share_a_tunnel(void **state)
{
    (void)state;
    enum { MANY = 20 };
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    uint64_t handshakes = pair_stats(&p, p.server).handshakes;
    sd_sid sid[MANY];
    for (size_t i = 0; i < MANY; i++) {
        pair_open(&p, &(struct pair_options){0});
        sid[i] = p.client_sid;
        pair_send(&p, p.client, 5000, false);
    }
    pair_run(&p, 5 * SD_SECOND);
    pair_check(&p, MANY, count(&p, p.server, SD_EV_READY), "connections");
    pair_check(&p, handshakes + 1, pair_stats(&p, p.server).handshakes, "tunnels");
    size_t received;
    sd_mem_received(p.mem, p.server, &received);
    pair_check(&p, MANY * 5000, received, "bytes");
    for (size_t i = 0; i < MANY; i++)
        sd_mem_close(p.mem, p.client, sid[i]);
    pair_run(&p, 10 * SD_SECOND);
    pair_check(&p, MANY, count(&p, p.server, SD_EV_CLOSED), "closed");
    pair_end(&p);
}

/* A responder takes so many connections in a tunnel, and refuses the next. */
static void test_too_many_connections(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    for (size_t i = 0; i <= MT_TUNNEL_CONNECTIONS; i++)
        pair_open(&p, &(struct pair_options){0});
    pair_run(&p, 20 * SD_SECOND);
    pair_check(&p, MT_TUNNEL_CONNECTIONS, count(&p, p.server, SD_EV_READY), "connections");
    pair_check(&p, 1, count(&p, p.client, SD_EV_ERROR), "refused");
    pair_check(&p, 1, pair_dropped(&p, p.server, SD_DROP_FULL), "drops");
    pair_end(&p);
}

/* A connection whose window is full holds up no other. */
static void test_turns(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    sd_sid bulk = p.client_sid;
    sd_mem_send(p.mem, p.client, bulk, 0, pair_bytes(1000000), 1000000, false);
    pair_run(&p, 50 * SD_MS);
    pair_open(&p, &(struct pair_options){0});
    sd_time start = sd_mem_now(p.mem);
    pair_send(&p, p.client, 10, false);
    pair_run(&p, 10 * SD_SECOND);
    for (size_t i = 0;; i++) {
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.server, SD_EV_DATA, i);
        assert_non_null(e);
        if (e->len != 10)
            continue;
        if (e->at > start + 3 * RTT)
            fail_msg("expected the short one within 3 round trips, found %g s",
                     (double)(e->at - start) / 1e9);
        break;
    }
    pair_end(&p);
}

/* Bytes that arrived at the seat on that stream of the session, and whether it has ended. */
static size_t heard(struct pair *p, int seat, sd_sid sid, uint64_t stream, bool *fin)
{
    const struct sd_mem_event *e;
    size_t bytes = 0;
    *fin = false;
    for (size_t i = 0; (e = sd_mem_find(p->mem, seat, SD_EV_DATA, i)); i++)
        if (e->sid == sid && e->stream == stream) {
            bytes += e->len;
            *fin |= e->fin;
        }
    return bytes;
}

/* Streams of one session are connections beside the first: no other user, no other handshake; each
 * ends by itself, and the session by close(). */
static void test_streams_beside(void **state)
{
    (void)state;
    enum { STREAMS = 5, UP = 3000, DOWN = 20000 };
    struct pair p;
    bool fin;
    pair_cached(&p, &(struct pair_options){0});
    uint64_t derives = sd_account_calls(&sd_mem_seat(p.mem, p.server)->env->account, SD_OP_DERIVE);
    pair_open(&p, &(struct pair_options){0});
    for (uint64_t s = 0; s < STREAMS; s++)
        sd_mem_send(p.mem, p.client, p.client_sid, s, pair_bytes(UP), UP, true);
    pair_run(&p, SD_SECOND);
    for (uint64_t s = 0; s < STREAMS; s++) {
        pair_check(&p, UP, heard(&p, p.server, p.server_sid, s, &fin), "bytes of a stream up");
        pair_check(&p, true, fin, "its end");
        sd_mem_send(p.mem, p.server, p.server_sid, s, pair_bytes(DOWN), DOWN, s > 0);
    }
    pair_run(&p, 5 * SD_SECOND);
    for (uint64_t s = 0; s < STREAMS; s++) {
        pair_check(&p, DOWN, heard(&p, p.client, p.client_sid, s, &fin), "bytes of a stream down");
        pair_check(&p, s > 0, fin, "its end");
    }
    pair_check(&p, 1, count(&p, p.server, SD_EV_READY), "sessions");
    pair_check(&p, derives + 2,
               sd_account_calls(&sd_mem_seat(p.mem, p.server)->env->account, SD_OP_DERIVE),
               "agreements: tunnel and user");
    sd_mem_send(p.mem, p.server, p.server_sid, 0, "", 0, true);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 0, count(&p, -1, SD_EV_CLOSED), "CLOSED: there may be more streams");
    sd_mem_send(p.mem, p.client, p.client_sid, 77, pair_bytes(UP), UP, true);
    pair_run(&p, SD_SECOND);
    pair_check(&p, UP, heard(&p, p.server, p.server_sid, 77, &fin), "bytes of a late stream");
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 2, count(&p, -1, SD_EV_CLOSED), "CLOSED on both sides");
    pair_end(&p);
}

/* Streams that are opened together, over a network that loses: none is taken for the last. */
static void test_streams_and_losses(void **state)
{
    (void)state;
    enum { STREAMS = 20, LEN = 3000 };
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct pair p;
        bool fin;
        pair_cached(&p, &(struct pair_options){.seed = seed});
        sd_mem_link(p.mem)->loss_ppm = 100000;
        pair_open(&p, &(struct pair_options){0});
        for (uint64_t s = 0; s < STREAMS; s++)
            sd_mem_send(p.mem, p.client, p.client_sid, s, pair_bytes(LEN), LEN, true);
        for (int i = 0; i < 150; i++) {
            pair_run(&p, 200 * SD_MS);
            for (uint64_t s = 0; s < STREAMS; s++)
                if (heard(&p, p.server, p.server_sid, s, &fin) == LEN && fin)
                    sd_mem_send(p.mem, p.server, p.server_sid, s, "", 0, true);
        }
        for (uint64_t s = 0; s < STREAMS; s++) {
            pair_check(&p, LEN, heard(&p, p.server, p.server_sid, s, &fin), "bytes of a stream");
            heard(&p, p.client, p.client_sid, s, &fin);
            pair_check(&p, true, fin, "its end");
        }
        pair_end(&p);
    }
}

/* close() ends all streams, after what was said on any of them. */
static void test_close_with_streams(void **state)
{
    (void)state;
    struct pair p;
    bool fin;
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    sd_mem_send(p.mem, p.client, p.client_sid, 0, "x", 1, false);
    sd_mem_send(p.mem, p.client, p.client_sid, 9, pair_bytes(50000), 50000, false);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, 5 * SD_SECOND);
    pair_check(&p, 50000, heard(&p, p.server, p.server_sid, 9, &fin), "bytes of stream 9");
    pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
    pair_check(&p, 0, pair_agent(&p, p.server)->connections, "connections left");
    pair_check(&p, SD_E_ARG, sd_mem_send(p.mem, p.server, p.server_sid, 9, "x", 1, false),
               "nothing can be said any more");
    pair_end(&p);
}

/* -- who and what -- */

static void test_refusals(void **state)
{
    (void)state;
    static const struct sd_option mail[] = {{"service", "mail"}, {0}};
    static const struct sd_option nobody[] = {{"user", "anonymous"}, {0}};
    static struct sd_peer friend, stranger;
    static const struct {
        const char *name;
        const struct sd_option *client;
        const struct sd_peer *users;
        bool identity;
        bool accepted, authenticated;
    } rows[] = {
        {"a user", NULL, NULL, true, true, true},
        {"nobody", NULL, NULL, false, true, false},
        {"a user who does not say so", nobody, NULL, true, true, false},
        {"a service that is not offered", mail, NULL, true, false, false},
        {"a user who is let in", NULL, &friend, true, true, true},
        {"a user who is not", NULL, &stranger, true, false, false},
        {"nobody, where users are named", NULL, &friend, false, false, false},
    };
    memcpy(friend.public_key, sd_identity("client.example")->x25519_public, 32);
    memset(stranger.public_key, 9, 32);
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_request(&p,
                     &(struct pair_options){.client_options = rows[i].client,
                                            .peers = rows[i].users,
                                            .peer_count = rows[i].users ? 1 : 0,
                                            .nobody = !rows[i].identity},
                     100);
        pair_run(&p, SD_SECOND);
        pair_check(&p, rows[i].accepted, count(&p, p.server, SD_EV_READY), "server READY");
        pair_check(&p, rows[i].authenticated, count(&p, p.server, SD_EV_PEER_AUTH), "user");
        pair_check(&p, !rows[i].accepted, count(&p, p.client, SD_EV_ERROR), "client ERROR");
        pair_received(&p, p.server, rows[i].accepted ? 100 : 0);
        pair_end(&p);
    }
}

/* Somebody else's name has another key, which this server does not hold. */
static void test_wrong_server(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){.name = "other.example"}, 100);
    pair_run(&p, 100 * SD_SECOND);
    pair_check(&p, 0, count(&p, p.client, SD_EV_READY), "client READY");
    pair_check(&p, 1, count(&p, p.client, SD_EV_ERROR), "client ERROR");
    pair_check(&p, 0, pair_stats(&p, p.server).sessions, "sessions");
    pair_end(&p);
}

static void test_bad_options(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *says;
    } rows[] = {
        {"servce", "x", "did you mean service?"}, {"service", "", "1 to 64 bytes"},
        {"puzzle_bits", "21", "0 to 20"},         {"puzzle_bits", "-1", "0 to 20"},
        {"puzzle_bits", "many", "0 to 20"},       {"user", "root", "key (createAuth) or anonymous"},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct sd_option option[] = {{rows[i].name, rows[i].value}, {0}};
        const struct sd_config config = {.role = SD_ROLE_CLIENT,
                                         .identity = sd_identity("client.example"),
                                         .server_name = "server.example",
                                         .options = option};
        struct sd_mem *m = sd_mem_new(1);
        assert_int_equal(sd_mem_add(m, &sd_minimalt_agent, &config, 1), SD_E_ARG);
        if (!strstr(sd_mem_error(m), rows[i].says))
            fail_msg("%s=%s: expected '%s' in '%s'", rows[i].name, rows[i].value, rows[i].says,
                     sd_mem_error(m));
        sd_mem_free(m);
    }
}

/* A narrow path gets short packets. */
static void test_path_mtu(void **state)
{
    (void)state;
    static const uint16_t mtus[] = {576, 1280, 1500, 9000};
    for (size_t i = 0; i < SD_ROWS(mtus); i++) {
        struct pair p;
        pair_request(&p, &(struct pair_options){.path_mtu = mtus[i]}, 100000);
        pair_run(&p, 20 * SD_SECOND);
        pair_received(&p, p.server, 100000);
        for (size_t k = 0; k < sd_mem_units(p.mem); k++) {
            const struct sd_mem_unit *u = sd_mem_unit(p.mem, k);
            if (u->from == p.client && u->len + MT_IP_UDP > mtus[i])
                fail_msg("path of %u bytes: found a packet of %zu", mtus[i], u->len + MT_IP_UDP);
        }
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_first_packet_carries_data),
        cmocka_unit_test(test_silent_client),
        cmocka_unit_test(test_transfers),
        cmocka_unit_test(test_lost_packets),
        cmocka_unit_test(test_nobody_answers),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_close_follows_data),
        cmocka_unit_test(test_close_that_is_lost),
        cmocka_unit_test(test_close_before_it_began),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_connections_share_a_tunnel),
        cmocka_unit_test(test_too_many_connections),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_streams_beside),
        cmocka_unit_test(test_streams_and_losses),
        cmocka_unit_test(test_close_with_streams),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_wrong_server),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_path_mtu),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
