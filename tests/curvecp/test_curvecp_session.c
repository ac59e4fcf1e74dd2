/* test_curvecp_session.c - connections from Hello to the end: round trips, the reference's timers,
 * streams over bad networks, every way to stop. */
#include "tests/curvecp/pair.h"
#include <string.h>

static size_t count(struct pair *p, int seat, enum sd_event_kind kind)
{
    return sd_mem_count(p->mem, seat, kind);
}

static sd_time when(struct pair *p, int seat, enum sd_event_kind kind, size_t nth)
{
    const struct sd_mem_event *e = sd_mem_find(p->mem, seat, kind, nth);
    return e ? e->at : SD_NEVER;
}

/* -- round trips -- */

/* A client may send after one round trip, and has the reply after two. */
static void test_round_trips(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
    } rows[] = {
        {"fresh", {0}},
        {"reference", {.client_mode = "reference", .server_mode = "reference"}},
        {"nobody in particular", {.nobody = true}},
        {"data given with open", {.early = "0123456789"}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        struct pair_options options = rows[i].options;
        options.reply = 100;
        pair_request(&p, &options, options.early ? 0 : 100);
        sd_mem_run(p.mem, 900 * SD_MS);
        pair_check(&p, RTT, when(&p, p.client, SD_EV_READY, 0), "client READY");
        pair_check(&p, RTT, when(&p, p.client, SD_EV_PEER_AUTH, 0), "client knows the server");
        pair_check(&p, RTT + WAY, when(&p, p.server, SD_EV_VALIDATED, 0), "server VALIDATED");
        pair_check(&p, RTT + WAY, when(&p, p.server, SD_EV_PEER_AUTH, 0),
                   "server knows the client");
        pair_check(&p, RTT + WAY, when(&p, p.server, SD_EV_READY, 0), "server READY");
        pair_check(&p, RTT + WAY, when(&p, p.server, SD_EV_DATA, 0), "request at the server");
        pair_check(&p, 2 * RTT, when(&p, p.client, SD_EV_DATA, 0), "reply at the client");
        pair_check(&p, 224, pair_stats(&p, p.server).bytes_from_unvalidated, "bytes from");
        pair_check(&p, 200, pair_stats(&p, p.server).bytes_to_unvalidated, "bytes to");
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, 1, pair_stats(&p, seat).handshakes, "handshakes");
            pair_check(&p, 1, pair_stats(&p, seat).sessions, "sessions");
            pair_check(&p, 0, pair_stats(&p, seat).half_open, "half open");
            pair_check(&p, 0, pair_stats(&p, seat).retransmits, "retransmits");
        }
        pair_check(&p, 1, pair_stats(&p, p.client).half_open_peak, "half open at the client");
        pair_check(&p, 0, pair_stats(&p, p.server).half_open_peak, "half open at the server");
        /* Public-key operations (the review of codesinchaos counts four of the server). */
        struct sd_account *a = &sd_mem_seat(p.mem, p.server)->env->account;
        pair_check(&p, 3, sd_account_calls(a, SD_OP_DERIVE), "agreements of the server");
        pair_check(&p, 1, sd_account_calls(a, SD_OP_KEYGEN), "key pairs of the server");
        a = &sd_mem_seat(p.mem, p.client)->env->account;
        pair_check(&p, 3, sd_account_calls(a, SD_OP_DERIVE), "agreements of the client");
        pair_end(&p);
    }
}

/* -c and -C of curvecpmessage: who speaks first. */
static void test_who_speaks_first(void **state)
{
    (void)state;
    static const struct sd_option server_first[] = {{"first", "server"}, {0}};
    static const struct sd_option client_first[] = {{"first", "client"}, {0}};
    static const struct {
        const char *name;
        const struct sd_option *options;
        sd_time data_at, initiate_at; /* data_at 0: none */
        size_t len;
    } rows[] = {
        {"client, silent", client_first, 0, RTT + SD_SECOND, 736},
        {"by default", NULL, 0, RTT + 10 * SD_MS, 736},
        {"by default, at once", NULL, RTT, RTT, 544 + 320},
        {"client, late", client_first, 300 * SD_MS, 300 * SD_MS, 544 + 320},
        {"server", server_first, 0, RTT, 736},
        {"server, and data all the same", server_first, 300 * SD_MS, RTT, 736},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_request(&p, &(struct pair_options){.client_options = rows[i].options}, 0);
        if (rows[i].data_at) {
            sd_mem_run(p.mem, rows[i].data_at);
            pair_send(&p, p.client, 200, false);
        }
        pair_run(&p, 3 * SD_SECOND);
        const struct sd_mem_unit *u = pair_unit(&p, p.client, 'I', 0);
        pair_check(&p, rows[i].initiate_at, u->sent, "time of the Initiate");
        pair_check(&p, rows[i].len, u->len, "bytes of the Initiate");
        pair_check(&p, 1, pair_sent(&p, p.client, 'I'), "Initiates");
        pair_check(&p, 1, count(&p, p.server, SD_EV_READY), "server READY");
        pair_received(&p, p.server, rows[i].data_at ? 200 : 0);
        pair_end(&p);
    }
}

/* -- the reference's timers -- */

/* Eight Hellos, each wait uniform between the table's and twice that, then the end. */
static void test_hello_timers(void **state)
{
    (void)state;
    static const double waits[] = {1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 11.390625, 17.0859375};
    double share[8] = {0};
    enum { SEEDS = 60 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.seed = seed});
        sd_mem_link(p.mem)->loss_ppm = SD_PPM;
        pair_open(&p, &(struct pair_options){0});
        sd_mem_run(p.mem, SD_NEVER);
        pair_check(&p, 8, pair_sent(&p, p.client, 'H'), "Hellos");
        pair_check(&p, 7, pair_stats(&p, p.client).retransmits, "retransmits");
        pair_check(&p, 1, count(&p, p.client, SD_EV_ERROR), "ERROR");
        pair_check(&p, 0, pair_stats(&p, p.client).half_open, "half open");
        for (size_t n = 0; n < 8; n++) {
            sd_time next = n < 7 ? pair_unit(&p, p.client, 'H', n + 1)->sent
                                 : when(&p, p.client, SD_EV_ERROR, 0);
            double wait = (double)(next - pair_unit(&p, p.client, 'H', n)->sent) / 1e9;
            if (wait < waits[n] || wait >= 2 * waits[n])
                fail_msg("wait %zu: expected %g to %g s, found %g", n + 1, waits[n], 2 * waits[n],
                         wait);
            share[n] += (wait / waits[n] - 1) / SEEDS;
        }
        pair_end(&p);
    }
    for (size_t n = 0; n < 8; n++) /* the mean of a uniform share, within four deviations */
        if (share[n] < 0.35 || share[n] > 0.65)
            fail_msg("wait %zu: expected a share of 0.5 on average, found %g", n + 1, share[n]);
}

/* What one lost packet of the handshake costs. */
static void test_one_lost_packet(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from;
        uint32_t lost[3];
        sd_time least, most; /* of the time by which the request is late at the server */
        size_t hellos, initiates;
    } rows[] = {
        {"nothing", 0, {0}, 0, 0, 1, 1},
        {"Hello", 0, {1, 0}, SD_SECOND, 2 * SD_SECOND, 2, 1},
        {"Cookie", 1, {1, 0}, SD_SECOND, 2 * SD_SECOND, 2, 1},
        {"Initiate", 0, {2, 0}, SD_SECOND, SD_SECOND, 1, 2},
        /* the first retransmission halved the rate: a block in 2 s */
        {"Initiate twice", 0, {2, 3, 0}, 3 * SD_SECOND, 3 * SD_SECOND, 1, 3},
        {"the first server Message", 1, {2, 0}, 0, 0, 1, 2},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        print_message("          %s\n", rows[i].name);
        pair_make(&p, &(struct pair_options){.seed = 3});
        sd_mem_drop(p.mem, rows[i].from, rows[i].lost);
        pair_open(&p, &(struct pair_options){0});
        pair_send(&p, p.client, 100, false);
        sd_mem_run(p.mem, 6 * SD_SECOND);
        sd_time late = when(&p, p.server, SD_EV_DATA, 0) - RTT - WAY;
        pair_check(&p, true, late >= rows[i].least && late <= rows[i].most, "time lost");
        pair_check(&p, rows[i].hellos, pair_sent(&p, p.client, 'H'), "Hellos");
        pair_check(&p, rows[i].initiates, pair_sent(&p, p.client, 'I'), "Initiates");
        pair_check(&p, 1, pair_stats(&p, p.server).handshakes, "handshakes");
        pair_received(&p, p.server, 100); /* once */
        pair_end(&p);
    }
}

/* -- streams -- */

struct weather {
    struct sd_mem *mem;
    uint32_t jitter; /* ns: packets overtake one another */
    uint64_t count;
};

static bool change_delay(void *ctx, struct sd_mem_unit *u)
{
    struct weather *w = ctx;
    (void)u;
    if (w->jitter)
        sd_mem_link(w->mem)->delay = WAY + sd_draw(7, w->count++) % w->jitter;
    return true;
}

static void test_bad_networks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *client, *server; /* modes */
        uint32_t loss, duplicates, jitter;
        size_t up, down;
        sd_time most; /* for both to be whole */
    } rows[] = {
        {"calm", NULL, NULL, 0, 0, 0, 1000000, 1000000, 5 * SD_SECOND},
        {"loss 1 %", NULL, NULL, 10000, 0, 0, 200000, 200000, 60 * SD_SECOND},
        {"loss 5 %", NULL, NULL, 50000, 0, 0, 100000, 100000, 300 * SD_SECOND},
        {"loss 20 %", NULL, NULL, 200000, 0, 0, 20000, 20000, 600 * SD_SECOND},
        {"doubled", NULL, NULL, 0, 300000, 0, 200000, 200000, 5 * SD_SECOND},
        {"out of order", NULL, NULL, 0, 0, 3000000, 200000, 200000, 120 * SD_SECOND},
        {"all of it", NULL, NULL, 30000, 30000, 1000000, 100000, 100000, 600 * SD_SECOND},
        {"only up", NULL, NULL, 20000, 0, 0, 200000, 0, 120 * SD_SECOND},
        {"only down", NULL, NULL, 20000, 0, 0, 1, 200000, 120 * SD_SECOND},
        {"reference, 5 %", "reference", "reference", 50000, 0, 0, 50000, 50000, 600 * SD_SECOND},
        {"reference client, 2 %", "reference", NULL, 20000, 0, 0, 50000, 50000, 300 * SD_SECOND},
        {"reference server, 2 %", NULL, "reference", 20000, 0, 0, 50000, 50000, 300 * SD_SECOND},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct weather w = {.jitter = rows[i].jitter};
        struct pair_options options = {
            .seed = 4, .client_mode = rows[i].client, .server_mode = rows[i].server};
        pair_make(&p, &options);
        w.mem = p.mem;
        sd_mem_on_unit(p.mem, change_delay, &w);
        sd_mem_link(p.mem)->loss_ppm = rows[i].loss;
        sd_mem_link(p.mem)->duplicate_ppm = rows[i].duplicates;
        pair_open(&p, &options);
        pair_send(&p, p.client, rows[i].up, true);
        while (!p.server_sid && sd_mem_now(p.mem) < rows[i].most)
            pair_run(&p, 100 * SD_MS);
        pair_send(&p, p.server, rows[i].down, true);
        while (count(&p, -1, SD_EV_CLOSED) < 2 && sd_mem_now(p.mem) < rows[i].most)
            pair_run(&p, SD_SECOND / 4);
        print_message("          %s: %g s, %llu + %llu retransmits\n", rows[i].name,
                      (double)sd_mem_now(p.mem) / 1e9,
                      (unsigned long long)pair_stats(&p, p.client).retransmits,
                      (unsigned long long)pair_stats(&p, p.server).retransmits);
        pair_received(&p, p.server, rows[i].up);
        pair_received(&p, p.client, rows[i].down);
        for (int seat = 0; seat < 2; seat++) {
            size_t fins = 0;
            for (size_t n = 0; n < count(&p, seat, SD_EV_DATA); n++)
                fins += sd_mem_find(p.mem, seat, SD_EV_DATA, n)->fin;
            pair_check(&p, 1, fins, "ends of the stream");
            pair_check(&p, 0, count(&p, seat, SD_EV_ERROR), "ERROR");
        }
        /* Who leaves at once may leave the other without its last acknowledgment. */
        if (!rows[i].client && !rows[i].server)
            pair_check(&p, 2, count(&p, -1, SD_EV_CLOSED), "CLOSED");
        pair_end(&p);
    }
}

/* The application is told when there is room again, and only then. */
static void test_room(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 1);
    pair_run(&p, SD_SECOND);
    struct sd_seat *seat = sd_mem_seat(p.mem, p.client);
    const uint8_t *bytes = pair_bytes(200001);
    long taken = sd_seat_app_in(seat, sd_mem_now(p.mem), p.client_sid, 0, bytes + 1, 200000, false);
    pair_check(&p, CP_STREAM_BUFFER, taken, "bytes taken");
    taken = sd_seat_app_in(seat, sd_mem_now(p.mem), p.client_sid, 0, bytes, 1, false);
    pair_check(&p, 0, taken, "bytes taken when it is full");
    pair_run(&p, 20 * SD_SECOND);
    pair_check(&p, 1, count(&p, p.client, SD_EV_WRITABLE), "WRITABLE");
    pair_received(&p, p.server, 1 + CP_STREAM_BUFFER);
    taken = sd_seat_app_in(seat, sd_mem_now(p.mem), p.client_sid, 0, bytes + 1 + CP_STREAM_BUFFER,
                           200000 - CP_STREAM_BUFFER, true);
    pair_check(&p, 200000 - CP_STREAM_BUFFER, taken, "bytes taken");
    pair_run(&p, 20 * SD_SECOND);
    pair_received(&p, p.server, 200001);
    pair_check(&p, 1, count(&p, p.client, SD_EV_WRITABLE), "WRITABLE");
    pair_check(&p, (uint64_t)SD_E_STATE, pair_send(&p, p.client, 1, false), "after the stop");
    pair_check(&p, (uint64_t)SD_E_ARG, sd_mem_send(p.mem, p.client, p.client_sid, 1, "x", 1, false),
               "another stream");
    pair_check(&p, (uint64_t)SD_E_ARG, sd_mem_send(p.mem, p.client, 99, 0, "x", 1, false),
               "another session");
    pair_end(&p);
}

/* -- ways to stop -- */

static void test_half_close(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, true);
    pair_run(&p, SD_SECOND);
    pair_check(&p, true, sd_mem_find(p.mem, p.server, SD_EV_DATA, 0)->fin, "the end with the data");
    pair_run(&p, 100 * SD_SECOND); /* the other direction stays open, and is asked after */
    pair_check(&p, 0, count(&p, -1, SD_EV_CLOSED), "CLOSED");
    pair_send(&p, p.server, 5000, true);
    pair_run(&p, 5 * SD_SECOND);
    pair_received(&p, p.client, 5000);
    pair_check(&p, 1, count(&p, p.client, SD_EV_CLOSED), "client CLOSED");
    pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
    pair_check(&p, 0, pair_stats(&p, p.server).sessions, "sessions");
    pair_check(&p, true, pair_connection(&p, p.client) != NULL, "lingering");
    pair_run(&p, CP_LINGER);
    pair_check(&p, true, pair_connection(&p, p.client) == NULL, "over");
    pair_check(&p, true, pair_connection(&p, p.server) == NULL, "over");
    pair_end(&p);
}

static void test_close(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        sd_time at;
        bool failure;
        bool both; /* the server closes, too, when it hears */
        size_t closed[2], errors[2], fins;
        sd_time over; /* all state is gone by then */
    } rows[] = {
        {"before the Cookie", WAY, false, false, {1, 0}, {0, 0}, 0, SD_SECOND},
        {"before the Initiate", RTT + WAY, false, false, {1, 0}, {0, 0}, 1, 80 * SD_SECOND},
        {"open", SD_SECOND, false, true, {1, 1}, {0, 0}, 1, 20 * SD_SECOND},
        {"the other side does not", SD_SECOND, false, false, {1, 0}, {0, 0}, 1, 80 * SD_SECOND},
        {"with failure", SD_SECOND, true, false, {1, 0}, {0, 1}, 0, 20 * SD_SECOND},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct sd_control close = {.verb = SD_CLOSE, .text = rows[i].failure ? "broken" : NULL};
        print_message("          %s\n", rows[i].name);
        pair_make(&p, &(struct pair_options){0});
        pair_open(&p, &(struct pair_options){0});
        if (rows[i].at >= SD_SECOND)
            pair_send(&p, p.client, 100, false);
        sd_mem_run(p.mem, rows[i].at);
        pair_check(&p, SD_OK, sd_mem_control(p.mem, p.client, p.client_sid, &close), "close");
        pair_run(&p, 100 * SD_MS);
        if (rows[i].both)
            sd_mem_close(p.mem, p.server, p.server_sid);
        sd_mem_run(p.mem, rows[i].over);
        size_t fins = 0;
        for (size_t n = 0; n < count(&p, p.server, SD_EV_DATA); n++)
            fins += sd_mem_find(p.mem, p.server, SD_EV_DATA, n)->fin;
        pair_check(&p, rows[i].fins, fins, "ends of the stream at the server");
        for (int seat = 0; seat < 2; seat++) {
            pair_check(&p, rows[i].closed[seat], count(&p, seat, SD_EV_CLOSED), "CLOSED");
            pair_check(&p, rows[i].errors[seat], count(&p, seat, SD_EV_ERROR), "ERROR");
        }
        pair_check(&p, true, pair_connection(&p, p.client) == NULL, "the client's state is gone");
        pair_check(&p, (uint64_t)SD_E_ARG, sd_mem_control(p.mem, p.client, p.client_sid, &close),
                   "close again");
        pair_end(&p);
    }
}

/* The last acknowledgment is lost: who lingers gives it again, the reference is gone. */
static void test_last_acknowledgment(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        size_t client_closed;
    } rows[] = {{"fresh", 1}, {"reference", 0}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        struct pair_options options = {.client_mode = rows[i].mode, .server_mode = rows[i].mode};
        pair_request(&p, &options, 100);
        sd_mem_run(p.mem, SD_SECOND);
        pair_send(&p, p.server, 10, true);
        sd_mem_run(p.mem, 2 * SD_SECOND);
        uint32_t lost[] = {pair_unit(&p, p.server, 0, pair_sent(&p, p.server, 0) - 1)->number + 1,
                           0};
        sd_mem_drop(p.mem, p.server, lost);
        sd_mem_close(p.mem, p.client, p.client_sid);
        pair_run(&p, 8 * SD_SECOND);
        print_message("          %s\n", rows[i].mode);
        pair_check(&p, 1, count(&p, p.server, SD_EV_CLOSED), "server CLOSED");
        pair_check(&p, rows[i].client_closed, count(&p, p.client, SD_EV_CLOSED), "client CLOSED");
        pair_check(&p, rows[i].client_closed ? 0 : 1, pair_stats(&p, p.client).sessions,
                   "sessions of the client");
        pair_check(&p, true,
                   rows[i].client_closed || pair_dropped(&p, p.server, SD_DROP_UNKNOWN) > 0,
                   "nobody there to acknowledge");
        pair_end(&p);
    }
}

/* -- silence -- */

/* An idle connection: the client asks after 1, 2, 4, 8, 16, 16, ... s of silence, and is
 * answered. */
static void test_probes(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    sd_mem_run(p.mem, 200 * SD_SECOND);
    sd_time heard = 2 * RTT, wait = SD_SECOND;
    for (size_t n = 0; n < pair_sent(&p, p.client, 'M'); n++) {
        const struct sd_mem_unit *u = pair_unit(&p, p.client, 'M', n);
        pair_check(&p, heard + wait, u->sent, "time of the question");
        pair_check(&p, 288, u->len, "bytes of the question");
        heard = u->sent + RTT;
        wait = wait < 16 * SD_SECOND ? 2 * wait : wait;
    }
    pair_check(&p, 15, pair_sent(&p, p.client, 'M'), "questions");
    pair_check(&p, 16, pair_sent(&p, p.server, 'M'), "answers");
    pair_check(&p, 0, pair_stats(&p, p.client).retransmits, "retransmits");
    pair_end(&p);
}

/* Neither side of the reference ever asks, or gives up. */
static void test_silence_of_the_reference(void **state)
{
    (void)state;
    struct pair p;
    struct pair_options options = {.client_mode = "reference", .server_mode = "reference"};
    pair_request(&p, &options, 100);
    sd_mem_run(p.mem, SD_SECOND);
    size_t units = sd_mem_units(p.mem);
    sd_mem_run(p.mem, 3600 * SD_SECOND);
    pair_check(&p, units, sd_mem_units(p.mem), "packets");
    pair_check(&p, 1, pair_stats(&p, p.server).sessions, "sessions");
    pair_end(&p);
}

/* The other side is gone: five minutes after it was last heard the connection is over. */
static void test_dead_peer(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int sender; /* who has data under way; -1: nobody */
        bool reference;
    } rows[] = {{"idle", -1, false},
                {"sending", 0, false},
                {"server sending", 1, false},
                {"the reference", 0, true}};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        const char *mode = rows[i].reference ? "reference" : "fresh";
        pair_request(&p, &(struct pair_options){.client_mode = mode, .server_mode = mode}, 100);
        sd_mem_run(p.mem, 500 * SD_MS);
        sd_mem_link(p.mem)->loss_ppm = SD_PPM;
        if (rows[i].sender >= 0)
            pair_send(&p, rows[i].sender, 100, false);
        sd_mem_run(p.mem, 400 * SD_SECOND);
        print_message("          %s: %zu packets\n", rows[i].name, sd_mem_units(p.mem));
        size_t errors = rows[i].reference ? 0 : 1;
        pair_check(&p, errors, count(&p, p.client, SD_EV_ERROR), "client ERROR");
        pair_check(&p, errors, count(&p, p.server, SD_EV_ERROR), "server ERROR");
        if (errors) {
            pair_check(&p, 2 * RTT + CP_SILENCE_MAX, when(&p, p.client, SD_EV_ERROR, 0),
                       "time of the client's");
            pair_check(&p, RTT + WAY + CP_SILENCE_MAX, when(&p, p.server, SD_EV_ERROR, 0),
                       "time of the server's");
        }
        /* Chicago slows down: the waits grow, and few packets are wasted on nobody. */
        pair_check(&p, true, sd_mem_units(p.mem) < 100, "packets");
        pair_end(&p);
    }
}

/* -- determinism -- */

static uint64_t story(uint64_t seed)
{
    struct pair p;
    struct pair_options options = {.seed = seed};
    uint64_t hash = 0;
    pair_make(&p, &options);
    sd_mem_link(p.mem)->loss_ppm = 30000;
    sd_mem_link(p.mem)->duplicate_ppm = 30000;
    pair_open(&p, &options);
    pair_send(&p, p.client, 50000, true);
    while (!p.server_sid)
        pair_run(&p, SD_SECOND);
    pair_send(&p, p.server, 50000, true);
    pair_run(&p, 100 * SD_SECOND);
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        hash = sd_hash_u64(sd_hash(hash, u->data, u->len), u->sent);
    }
    for (size_t i = 0; i < sd_mem_events(p.mem); i++) {
        const struct sd_mem_event *e = sd_mem_event(p.mem, i);
        hash = sd_hash_u64(sd_hash_u64(hash, e->at), (uint64_t)e->kind);
    }
    pair_end(&p);
    return hash;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    uint64_t first = story(5), other = story(6);
    assert_true(first == story(5));
    assert_true(first != other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_who_speaks_first),
        cmocka_unit_test(test_hello_timers),
        cmocka_unit_test(test_one_lost_packet),
        cmocka_unit_test(test_bad_networks),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_half_close),
        cmocka_unit_test(test_close),
        cmocka_unit_test(test_last_acknowledgment),
        cmocka_unit_test(test_probes),
        cmocka_unit_test(test_silence_of_the_reference),
        cmocka_unit_test(test_dead_peer),
        cmocka_unit_test(test_same_seed_same_bytes),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
