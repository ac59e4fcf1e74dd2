/* test_gquic_ends.c - every way in which a connection is over: closed, reset by whom it may
 * concern, idle, broken; and what makes it live on. */
#include "tests/gquic/pair.h"
#include <string.h>

static void talk(struct pair *p, const char *mode)
{
    const struct pair_options o = {.mode = mode, .reply = 100};
    pair_request(p, &o, 100);
    pair_run(p, SD_SECOND);
    pair_received(p, p->client, 0, 100);
}

/* -- closing -- */

static void test_close(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool server, goaway;
        size_t first; /* bytes that are written just before */
    } rows[] = {
        {"by the client", false, false, 0},
        {"by the server", true, false, 0},
        {"by the client, with data under way", false, false, 200000},
        {"by the server, with data under way", true, false, 200000},
        {"by the server, with GOAWAY", true, true, 200000},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        talk(&p, "fresh");
        int from = rows[i].server ? p.server : p.client, to = rows[i].server ? p.client : p.server;
        sd_sid sid = rows[i].server ? p.server_sid : p.client_sid;
        if (rows[i].first)
            pair_send(&p, from, 1, rows[i].first, false);
        struct sd_control close = {.verb = SD_CLOSE, .text = rows[i].goaway ? "" : NULL};
        sd_mem_control(p.mem, from, sid, &close);
        pair_run(&p, 10 * SD_SECOND);
        pair_received(&p, to, 1, rows[i].first);
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 1, pair_count(&p, seat, SD_EV_CLOSED), "CLOSED");
            pair_check(&p, 0, pair_count(&p, seat, SD_EV_ERROR), "ERROR");
            pair_check(&p, 0, pair_stats(&p, seat).sessions, "sessions left");
        }
        pair_check(&p, rows[i].goaway, pair_count(&p, to, SD_EV_NOTE), "GOAWAY heard");
        pair_end(&p);
    }
}

/* After GOAWAY the other side opens nothing new. */
static void test_goaway(void **state)
{
    (void)state;
    struct pair p;
    talk(&p, "fresh");
    pair_send(&p, p.server, 1, 500000, false);
    struct sd_control close = {.verb = SD_CLOSE, .text = ""};
    sd_mem_control(p.mem, p.server, p.server_sid, &close);
    pair_run(&p, RTT);
    pair_check(&p, SD_E_STATE, pair_send(&p, p.client, 5, 10, false), "app_in on a new stream");
    pair_check(&p, SD_OK, pair_send(&p, p.client, 0, 10, false), "app_in on an old one");
    pair_run(&p, 10 * SD_SECOND);
    pair_received(&p, p.client, 1, 500000);
    pair_end(&p);
}

static void test_close_before_it_began(void **state)
{
    (void)state;
    struct pair p;
    const struct pair_options o = {.mode = "fresh"};
    pair_request(&p, &o, 0);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 1, pair_count(&p, p.client, SD_EV_CLOSED), "CLOSED");
    pair_check(&p, 0, pair_stats(&p, p.client).half_open, "half open");
    pair_end(&p);
}

/* -- resets -- */

/* A public reset needs nothing but the connection id, which is in every packet. */
static void test_forged_reset(void **state)
{
    (void)state;
    static const struct {
        const char *name, *mode;
        bool right_id;
        size_t errors;
    } rows[] = {
        {"Q043: anybody who saw a packet", "fresh", true, 1},
        {"Q043: who guesses", "fresh", false, 0},
        {"Q046: a public reset as well, but for its form", "q046", true, 0},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        talk(&p, rows[i].mode);
        struct gq_message m;
        uint8_t reset[64] = {GQ_FLAGS_RESET}, junk[8] = {0};
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, 0);
        uint64_t cid = pair_connection(&p, p.client)->cid + !rows[i].right_id;
        for (int k = 0; k < 8; k++)
            reset[1 + k] = (uint8_t)(cid >> (56 - 8 * k));
        gq_message_init(&m, GQ_PRST);
        gq_message_put(&m, GQ_RNON, junk, sizeof junk);
        size_t len = 9 + gq_message_write(&m, reset + 9, sizeof reset - 9);
        struct sd_path path = {.local = u->path.remote, .remote = u->path.local};
        sd_mem_inject(p.mem, p.client, &path, reset, len);
        pair_run(&p, SD_SECOND);
        pair_check(&p, rows[i].errors, pair_count(&p, p.client, SD_EV_ERROR), "ERROR");
        if (rows[i].errors)
            pair_check(&p, GQ_RESET_RECEIVED, sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0)->code,
                       "its code");
        pair_end(&p);
    }
}

/* A server that has forgotten everything says so: in Q043 without proof, in Q046 with the token of
 * its hello. */
static void forget_all(struct pair *p)
{
    struct gquic *gq = pair_agent(p, p->server);
    struct sd_env *before = sd_enter(sd_mem_seat(p->mem, p->server)->env);
    gq_connection_free(gq, pair_connection(p, p->server));
    sd_leave(before);
}

static void test_server_forgot(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "q046"};
    for (size_t i = 0; i < SD_ROWS(modes); i++) {
        struct pair p;
        talk(&p, modes[i]);
        forget_all(&p);
        sd_time start = sd_mem_now(p.mem);
        pair_send(&p, p.client, 0, 10, false);
        pair_run(&p, SD_SECOND);
        pair_check(&p, start + RTT, pair_when(&p, p.client, SD_EV_ERROR, 0), "ERROR");
        pair_check(&p, GQ_RESET_RECEIVED, sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0)->code,
                   "its code");
        pair_end(&p);
    }
}

/* Another server's token resets nobody. */
static void test_other_token(void **state)
{
    (void)state;
    struct pair p;
    talk(&p, "q046");
    forget_all(&p);
    pair_agent(&p, p.server)->token_key[5] ^= 1;
    pair_send(&p, p.client, 0, 10, false);
    pair_run(&p, SD_SECOND);
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_ERROR), "ERROR");
    pair_end(&p);
}

/* -- silence -- */

/* A client with a stream open asks every 15 s; nobody there: over 30 s after the last word. */
static void test_idle(void **state)
{
    (void)state;
    struct pair p;
    talk(&p, "fresh");
    size_t sent = sd_mem_units(p.mem);
    pair_run(&p, 100 * SD_SECOND);
    pair_check(&p, 0, pair_count(&p, p.client, SD_EV_ERROR), "ERROR");
    size_t more = sd_mem_units(p.mem) - sent;
    assert_true(more >= 12 && more <= 14); /* six PINGs and their acknowledgments */
    sd_mem_link(p.mem)->loss_ppm = SD_PPM;
    sd_time heard = pair_connection(&p, p.client)->heard_at;
    pair_run(&p, 60 * SD_SECOND);
    for (int seat = 0; seat < 2; seat++)
        pair_check(&p, 1, pair_count(&p, seat, SD_EV_ERROR), "ERROR");
    pair_check(&p, heard + GQ_IDLE, pair_when(&p, p.client, SD_EV_ERROR, 0), "time of it");
    pair_check(&p, GQ_NETWORK_IDLE_TIMEOUT, sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0)->code,
               "its code");
    pair_end(&p);
}

/* -- broken rules -- */

/* Frames that end a connection, sealed with its own keys as only the other side could. */
static void inject_frames(struct pair *p, const uint8_t *frames, size_t len)
{
    struct gq_connection *c = pair_connection(p, p->client);
    uint8_t packet[256];
    pair_check(p, 0, c->recovery.count, "packets of the client under way");
    c->recovery.last_number = c->recovery.first++; /* as if it had sent this one */
    struct gq_header h = {
        .has_cid = true, .cid = c->cid, .number = c->recovery.last_number, .number_len = 2};
    struct sd_writer w = sd_writer_of(packet, sizeof packet);
    gq_header_write(&h, &w, true);
    size_t head = sd_written(&w);
    gq_seal(packet + head, &c->keys[GQ_FORWARD_SECURE].client, true, h.number, packet, head, frames,
            len);
    struct sd_path path = sd_mem_unit(p->mem, 0)->path;
    sd_mem_inject(p->mem, p->server, &path, packet, head + len + GQ_TAG_LEN);
}

static void test_broken_rules(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t frames[32];
        size_t len;
        uint64_t code; /* at the client, which hears of it */
    } rows[] = {
        {"nothing", {0}, 0, GQ_INVALID_FRAME_DATA},
        {"a frame that does not exist", {0x1f}, 1, GQ_INVALID_FRAME_DATA},
        {"a frame cut short", {GQ_WINDOW_UPDATE, 0, 0}, 3, GQ_INVALID_FRAME_DATA},
        {"an acknowledgment of what was never sent",
         {0x44, 0x7f, 0xff, 0, 0, 1, 0},
         7,
         GQ_INVALID_FRAME_DATA},
        {"STREAM without data or end", {0xa0, 9, 0, 0}, 4, GQ_INVALID_FRAME_DATA},
        {"a stream of the server's", {0xa0, 8, 0, 1, 'x'}, 5, GQ_INVALID_STREAM_ID},
        {"two ends of a stream",
         {0xe0, 5, 0, 1, 'x', 0xe0, 5, 0, 2, 'x', 'y'},
         11,
         GQ_STREAM_LENGTH_OVERFLOW},
        {"a handshake message that is none",
         {0xa4 | 0x04, 1, 0xff, 0xff, 0, 1, 'x'},
         7,
         GQ_CRYPTO_PARAMETER},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        talk(&p, "fresh");
        inject_frames(&p, rows[i].frames, rows[i].len);
        pair_run(&p, SD_SECOND);
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_ERROR, 0);
        pair_check(&p, rows[i].code, e ? e->code : 0, "error code at the client");
        pair_check(&p, 1, pair_count(&p, p.server, SD_EV_ERROR), "ERROR at the server");
        pair_check(&p, 0, pair_stats(&p, p.server).sessions, "sessions left");
        pair_end(&p);
    }
}

/* Frames that nobody minds. */
static void test_allowed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t frames[32];
        size_t len;
    } rows[] = {
        {"padding, then PING", {0, 0, 0, GQ_PING}, 4},
        {"BLOCKED", {GQ_BLOCKED, 0, 0, 0, 3}, 5},
        {"a window that is smaller than before",
         {GQ_WINDOW_UPDATE, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1},
         13},
        {"a reset of a stream",
         {GQ_RST_STREAM, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, 6},
         17},
        {"data of a stream that is over", {0xe0, 5, 0, 1, 'x', 0xe0, 5, 0, 1, 'x'}, 10},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        talk(&p, "fresh");
        inject_frames(&p, rows[i].frames, rows[i].len);
        pair_run(&p, RTT);
        for (int seat = 0; seat < 2; seat++)
            pair_check(&p, 0, pair_count(&p, seat, SD_EV_ERROR), "ERROR");
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_goaway),
        cmocka_unit_test(test_close_before_it_began),
        cmocka_unit_test(test_forged_reset),
        cmocka_unit_test(test_server_forgot),
        cmocka_unit_test(test_other_token),
        cmocka_unit_test(test_idle),
        cmocka_unit_test(test_broken_rules),
        cmocka_unit_test(test_allowed),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
