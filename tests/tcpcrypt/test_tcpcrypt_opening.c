/* test_tcpcrypt_opening.c - what comes of a connection, by what the hosts offer and what the
 * network does to their options; simultaneous open. */
#include "sim/core/settle.h"
#include "tests/tcpcrypt/pair.h"
#include <string.h>

static void echo_syn(struct pair *p, struct sd_mem_unit *u)
{
    static uint8_t syn[TC_OPTION_ROOM];
    static size_t len;
    (void)p;
    if (u->segment == SD_SEGMENT_SYN + 1)
        memcpy(syn, u->data, len = u->len);
    else if (u->segment == SD_SEGMENT_SYN_ACK + 1)
        memcpy(u->data, syn, u->len = len < u->len ? len : u->len);
}

static void make_ill_formed(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (u->segment == SD_SEGMENT_SYN_ACK + 1)
        u->data[u->len - 1] = 0x81; /* a length byte with nothing behind it */
}

enum { SYN = 1, SYN_ACK = 2, ACK = 4 };
struct row {
    const char *what;
    struct pair_setup setup;
    int strip;
    void (*edit)(struct pair *, struct sd_mem_unit *);
    const char *client, *server; /* of their ready event */
    const char *client_note, *server_note;
};
#define PLAIN "plain TCP"
static const struct row rows[] = {
    {.what = "by default",
     .client = "X25519, AES-128-GCM, host A",
     .server = "X25519, AES-128-GCM, host B"},
    {.what = "mode p256", .setup = {"p256"}, .client = "P-256, AES-128", .server = "P-256, AES"},
    {.what = "the server prefers",
     .setup = {.server = {{"teps", "p256,x25519"}, {"ciphers", "chacha20-poly1305,aes-128-gcm"}}},
     .client = "P-256, ChaCha20-Poly1305, host A",
     .server = "P-256, ChaCha20-Poly1305, host B"},
    {.what = "the client limits",
     .setup = {.client = {{"teps", "x25519"}, {"ciphers", "aes-256-gcm"}},
               .server = {{"teps", "p256,x25519"}}},
     .client = "X25519, AES-256-GCM",
     .server = "X25519, AES-256-GCM"},
    {.what = "the stronger curves",
     .setup = {.client = {{"teps", "x25519,p256,x448,p521"}}, .server = {{"teps", "p521,x448"}}},
     .client = "P-521, AES-128-GCM, host A",
     .server = "P-521, AES-128-GCM, host B"},
    {.what = "Curve448",
     .setup = {.client = {{"teps", "x448,x25519"}}, .server = {{"teps", "x448"}}},
     .client = "X448, AES-128-GCM, host A",
     .server = "X448, AES-128-GCM, host B"},
    {.what = "no TEP in common",
     .setup = {.client = {{"teps", "x25519"}}, .server = {{"teps", "p256"}}},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "no TEP that fits"},
    {.what = "the server does not speak it",
     .setup = {"plain"},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "no ENO option came"},
    {.what = "the client does not speak it",
     .setup = {.client = {{"encryption", "off"}}},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "none could be sent",
     .server_note = "no ENO option came"},
    {.what = "the SYN is stripped",
     .strip = SYN,
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "no ENO option came"},
    {.what = "the SYN-ACK is stripped",
     .strip = SYN_ACK,
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "ACK has no ENO"},
    {.what = "all are stripped",
     .strip = SYN | SYN_ACK | ACK,
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "no ENO option came"},
    {.what = "a load balancer echoes options",
     .edit = echo_syn,
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "same role",
     .server_note = "ACK has no ENO"},
    {.what = "the SYN-ACK's option is ill-formed",
     .edit = make_ill_formed,
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "ill-formed",
     .server_note = "ACK has no ENO"},
    {.what = "an active opener claims role B",
     .setup = {.client = {{"role", "b"}}},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "same role"},
    {.what = "both are aware, one needs it",
     .setup = {.client = {{"aware", "required"}}, .server = {{"aware", "on"}}},
     .client = "host A; the peer's application is aware",
     .server = "host B; the peer's application is aware"},
    {.what = "the client needs an aware server",
     .setup = {.client = {{"aware", "required"}}},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "not aware",
     .server_note = "ACK has no ENO"},
    {.what = "the server needs an aware client",
     .setup = {.server = {{"aware", "required"}}},
     .client = PLAIN,
     .server = PLAIN,
     .client_note = "SYN-ACK has no ENO",
     .server_note = "not aware"},
};

static bool holds(const struct pair_wire *w, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= w->len; i++)
        if (memcmp(w->data + i, text, n) == 0)
            return true;
    return false;
}

static void outcomes(void **state)
{
    (void)state;
    static struct pair_wire w;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *r = &rows[i];
        struct pair p;
        struct sd_stats stats;
        bool plain = strcmp(r->client, PLAIN) == 0;
        print_message("%s\n", r->what);
        pair_make(&p, &r->setup);
        for (int k = 0; k < 3; k++)
            p.strip[k] = r->strip >> k & 1;
        p.edit = r->edit;
        int talk = pair_connect(&p, CLIENT, SERVER);
        pair_expect(&p, CLIENT, SD_EV_READY, r->client);
        pair_expect(&p, SERVER, SD_EV_READY, r->server);
        if (r->client_note)
            pair_expect(&p, CLIENT, SD_EV_NOTE, r->client_note);
        if (r->server_note)
            pair_expect(&p, SERVER, SD_EV_NOTE, r->server_note);
        assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_NOTE), plain ? 2 : 0);
        pair_say(&p, CLIENT, talk, "a request");
        pair_say(&p, SERVER, talk, "a reply");
        pair_heard(&p, SERVER, "a request");
        pair_heard(&p, CLIENT, "a reply");
        pair_stream(&p, talk, CLIENT, &w);
        assert_int_equal(holds(&w, "a request"), plain); /* what is said of secrecy is true */
        sd_seat_stats(sd_mem_seat(p.mem, SERVER), &stats);
        assert_int_equal(stats.sessions, !plain);
        assert_int_equal(stats.half_open, 0);
        uint8_t id[TC_SESSION_ID_LEN];
        struct sd_control export = {
            .verb = SD_EXPORT, .text = SD_TCPCRYPT_SESSION_ID, .out = id, .out_len = sizeof id};
        assert_int_equal(sd_mem_control(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), &export),
                         plain ? SD_E_STATE : SD_OK);
        sd_mem_close(p.mem, CLIENT, pair_conn(&p, talk, CLIENT));
        pair_run(&p, SD_SECOND);
        assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_CLOSED), 2);
        assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_ERROR), 0);
        pair_free(&p);
    }
}

/* RFC 8548 9: options that pass in SYNs and not in the ACK break the connection, instead of sending
 * in the clear what one side thinks encrypted. */
static void stripped_from_the_ack_alone(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){0});
    p.strip[SD_SEGMENT_ACK] = true;
    int talk = pair_connect(&p, CLIENT, SERVER);
    pair_expect(&p, SERVER, SD_EV_NOTE, "ACK has no ENO");
    pair_say(&p, SERVER, talk, "a greeting in plain TCP");
    pair_expect(&p, CLIENT, SD_EV_ERROR, "no Init message");
    assert_int_equal(sd_mem_count(p.mem, CLIENT, SD_EV_READY), 0);
    pair_free(&p);
}

static void encryption_can_be_required(void **state)
{
    (void)state;
    for (int seat = 0; seat < 2; seat++) {
        struct pair_setup setup = {0};
        struct pair p;
        *(seat ? &setup.server : &setup.client)[0] = (struct sd_option){"encryption", "required"};
        pair_make(&p, &setup);
        p.strip[SD_SEGMENT_SYN_ACK] = true;
        pair_connect(&p, CLIENT, SERVER);
        assert_int_equal(sd_mem_count(p.mem, seat, SD_EV_READY), 0);
        pair_expect(&p, seat, SD_EV_ERROR, seat ? "ACK has no ENO" : "SYN-ACK has no ENO");
        pair_expect(&p, !seat, SD_EV_ERROR, "reset");
        pair_free(&p);
    }
}

/* TCP gives up without telling the agent: it forgets by itself, and holds no more than it may. */
static void half_open_connections_are_forgotten(void **state)
{
    (void)state;
    static const uint8_t syn[] = {69, 4, 0x21, 0x23};
    struct pair p;
    struct sd_stats stats;
    uint8_t out[TC_OPTION_ROOM];
    pair_make(&p, &(struct pair_setup){0});
    struct sd_seat *server = sd_mem_seat(p.mem, SERVER);
    for (uint32_t i = 1; i <= TC_OPENINGS_MAX + 100; i++) {
        struct sd_path path = {.conn = 1000 + i};
        sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN, syn, sizeof syn, NULL,
                            0);
        size_t len = sd_seat_tcp_options(server, sd_mem_now(p.mem), &path, SD_SEGMENT_SYN_ACK, NULL,
                                         0, out, 20);
        assert_int_equal(len, i <= TC_OPENINGS_MAX ? 4 : 0); /* who comes too late gets plain TCP */
    }
    sd_seat_stats(server, &stats);
    assert_int_equal(stats.half_open, TC_OPENINGS_MAX);
    assert_true(stats.state_bytes < TC_OPENINGS_MAX * 1024);
    assert_int_equal(sd_seat_deadline(server), sd_mem_now(p.mem) + TC_PASSIVE_TIME);
    sd_seat_expire(server, sd_seat_deadline(server));
    sd_seat_stats(server, &stats);
    assert_int_equal(stats.half_open, 0);
    assert_int_equal(sd_seat_deadline(server), SD_NEVER);
    pair_free(&p);
}

/* What does not fit into a segment is not said, and then there is no encryption. */
static void segments_without_room(void **state)
{
    (void)state;
    static const struct {
        size_t syn, syn_ack, ack;
        size_t said[3];
    } rooms[] = {
        {20, 20, 20, {4, 4, 2}}, {4, 4, 2, {4, 4, 2}}, {3, 4, 2, {0, 0, 0}},
        {4, 3, 2, {4, 0, 0}},    {4, 4, 1, {4, 4, 0}},
    };
    for (size_t i = 0; i < SD_ROWS(rooms); i++) {
        struct pair p;
        uint8_t bytes[TC_OPTION_ROOM];
        struct sd_path path = {.conn = 901};
        sd_sid sid;
        pair_make(&p, &(struct pair_setup){0});
        struct sd_seat *seat[2] = {sd_mem_seat(p.mem, CLIENT), sd_mem_seat(p.mem, SERVER)};
        const size_t room[3] = {rooms[i].syn, rooms[i].syn_ack, rooms[i].ack};
        for (int k = 0; k < 3; k++) {
            size_t len = sd_seat_tcp_options(seat[k % 2], 0, &path, (enum sd_segment)k, NULL, 0,
                                             bytes, room[k]);
            assert_int_equal(len, rooms[i].said[k]);
            sd_seat_tcp_options(seat[!(k % 2)], 0, &path, (enum sd_segment)k, bytes, len, NULL, 0);
        }
        struct sd_open open = {.path = path};
        sd_seat_open(seat[CLIENT], 0, &open, &sid);
        const struct tc_session *s = tc_session_find(pair_agent(&p, CLIENT), 901);
        assert_int_equal(s->state, rooms[i].said[2] ? TC_EXPECT_INIT2 : TC_PLAIN);
        pair_free(&p);
    }
}

/* -- simultaneous open, which no host here does: the segments by hand -- */

struct end {
    struct sd_env env;
    struct sd_seat seat;
    struct sd_path path;
    uint8_t syn[TC_OPTION_ROOM], syn_ack[TC_OPTION_ROOM], out[4096], heard[64];
    size_t syn_len, syn_ack_len, out_len, heard_len;
    char ready[128];
};

static void on_unit(void *ctx, const struct sd_unit *u)
{
    struct end *e = ctx;
    assert_true(e->out_len + u->len <= sizeof e->out);
    memcpy(e->out + e->out_len, u->data, u->len);
    e->out_len += u->len;
}

static void on_event(void *ctx, const struct sd_event *event)
{
    struct end *e = ctx;
    if (event->kind == SD_EV_READY)
        strncpy(e->ready, event->detail, sizeof e->ready - 1);
    if (event->kind == SD_EV_DATA && event->len <= sizeof e->heard)
        memcpy(e->heard, event->data, e->heard_len = event->len);
}

static const struct sd_sink sink = {on_unit, on_event};

static size_t segment(struct end *e, enum sd_segment which, const uint8_t *received, size_t len,
                      uint8_t *out)
{
    static const uint8_t nothing;
    if (!out && !received)
        received = &nothing;
    return sd_seat_tcp_options(&e->seat, 0, &e->path, which, received, len, out, 20);
}

/* Streams carry what is there, both ways, until nothing is. */
static void carry(struct end *a, struct end *b)
{
    while (a->out_len || b->out_len) {
        for (int i = 0; i < 2; i++) {
            struct end *from = i ? b : a, *to = i ? a : b;
            uint8_t bytes[sizeof from->out];
            struct sd_unit u = {.path = to->path, .data = bytes, .len = from->out_len};
            memcpy(bytes, from->out, from->out_len);
            from->out_len = 0;
            if (u.len)
                sd_seat_net_in(&to->seat, 0, &u);
        }
    }
}

static void open_both(struct end e[2], const char *role_a, const char *role_b)
{
    for (int i = 0; i < 2; i++) {
        const struct sd_option options[] = {{"role", i ? role_b : role_a}, {NULL, NULL}};
        const struct sd_config config = {.role = SD_ROLE_BOTH, .options = options};
        e[i] = (struct end){.path = {.conn = 7}};
        assert_int_equal(sd_env_init(&e[i].env, 5 + (uint64_t)i), SD_OK);
        assert_int_equal(
            sd_seat_init(&e[i].seat, &sd_tcpcrypt_agent, &config, &e[i].env, &sink, &e[i], 0, NULL),
            SD_OK);
        e[i].syn_len = segment(&e[i], SD_SEGMENT_SYN, NULL, 0, e[i].syn);
    }
    for (int i = 0; i < 2; i++) { /* the SYNs cross */
        segment(&e[i], SD_SEGMENT_SYN, e[!i].syn, e[!i].syn_len, NULL);
        e[i].syn_ack_len = segment(&e[i], SD_SEGMENT_SYN_ACK, NULL, 0, e[i].syn_ack);
    }
    for (int i = 0; i < 2; i++)
        segment(&e[i], SD_SEGMENT_SYN_ACK, e[!i].syn_ack, e[!i].syn_ack_len, NULL);
    for (int i = 0; i < 2; i++) {
        sd_sid sid;
        struct sd_open open = {.path = e[i].path};
        assert_int_equal(sd_seat_open(&e[i].seat, 0, &open, &sid), SD_OK);
    }
    carry(&e[0], &e[1]);
}

static void simultaneous_open(void **state)
{
    (void)state;
    static const struct {
        const char *what, *role[2], *ready[2];
    } rows[] = {
        {"exactly one sets b", {"a", "b"}, {"host A", "host B"}},
        {"the other does", {"b", "a"}, {"host B", "host A"}},
        {"nobody does", {"a", "a"}, {PLAIN, PLAIN}},
        {"both do", {"b", "b"}, {PLAIN, PLAIN}},
    };
    static struct end e[2];
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        open_both(e, rows[i].role[0], rows[i].role[1]);
        bool plain = strcmp(rows[i].ready[0], PLAIN) == 0;
        for (int k = 0; k < 2; k++) {
            if (!strstr(e[k].ready, rows[i].ready[k]))
                fail_msg("%s: expected '%s', found '%s'", rows[i].what, rows[i].ready[k],
                         e[k].ready);
            /* What the SYN-ACK says is what the SYN said, or nothing. */
            assert_int_equal(e[k].syn_ack_len, plain ? 0 : e[k].syn_len);
            assert_memory_equal(e[k].syn, e[k].syn_ack, e[k].syn_ack_len);
            assert_int_equal(sd_seat_app_in(&e[k].seat, 0, 7, 0, (const uint8_t *)"both", 4, false),
                             4);
            carry(&e[0], &e[1]);
            assert_int_equal(e[!k].heard_len, 4);
            assert_memory_equal(e[!k].heard, "both", 4);
        }
        for (int k = 0; k < 2; k++) {
            sd_seat_fini(&e[k].seat);
            assert_int_equal(sd_heap_bytes(&e[k].env), 0);
            sd_env_fini(&e[k].env);
        }
    }
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes),
        cmocka_unit_test(stripped_from_the_ack_alone),
        cmocka_unit_test(encryption_can_be_required),
        cmocka_unit_test(segments_without_room),
        cmocka_unit_test(half_open_connections_are_forgotten),
        cmocka_unit_test(simultaneous_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
