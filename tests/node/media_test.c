/* media_test.c - calls: what both sides say, when, and what of it is late, lost or heard twice. */
#include "tests/node/world.h"

#include <string.h>

#define LAST (2 * SD_SECOND)
/* Of 2 s: a packet of audio every 20 ms; 60 frames of video, of which the first has five times the
 * bytes of the others. */
#define AUDIO 100
#define KEY   18 /* packets of a key frame at 1 Mbit/s */
#define OTHER 4  /* and of another */

struct row {
    const char *protocol, *what;
    struct sd_lab_call call;
    struct sd_weather sky;
    sd_time delay;
    uint64_t said;            /* by each side */
    bool lost, late, doubled; /* whether any is */
};
static const struct row rows[] = {
    {"srtp", "audio", {.audio_size = 160, .last = LAST}, .said = AUDIO},
    {"srtp", "video", {.video_bps = 1000000, .last = LAST}, .said = KEY + 59 * OTHER},
    {"srtp",
     "both",
     {.audio_size = 160, .video_bps = 1000000, .last = LAST},
     .said = AUDIO + KEY + 59 * OTHER},
    {"srtp",
     "a way as long as the playout",
     {.audio_size = 160, .playout = 50 * SD_MS, .last = LAST},
     .delay = 50 * SD_MS,
     .said = AUDIO},
    {"srtp",
     "a way that is longer",
     {.audio_size = 160, .playout = 50 * SD_MS, .last = LAST},
     .delay = 51 * SD_MS,
     .said = AUDIO,
     .late = true},
    {"srtp",
     "loss",
     {.audio_size = 160, .last = LAST},
     .sky = {.loss_ppm = 50000},
     .said = AUDIO,
     .lost = true},
    {"srtp",
     "copies",
     {.audio_size = 160, .last = LAST},
     .sky = {.duplicate_ppm = 200000},
     .said = AUDIO},
    {"srtp",
     "disorder",
     {.audio_size = 160, .last = LAST},
     .sky = {.reorder_ppm = 100000, .reorder_delay = 300 * SD_MS},
     .said = AUDIO,
     .late = true},
    {"dtls12", "datagrams", {.audio_size = 160, .last = LAST}, .said = AUDIO},
    {"wireguard", "inside a tunnel", {.audio_size = 160, .last = LAST}, .said = AUDIO},
    {"tls13",
     "on a byte stream",
     {.audio_size = 160, .video_bps = 1000000, .last = LAST},
     .said = AUDIO + KEY + 59 * OTHER},
    {"tls13",
     "on a byte stream that waits for what is lost",
     {.audio_size = 160, .last = LAST},
     .sky = {.loss_ppm = 50000},
     .said = AUDIO,
     .late = true},
};

static const struct row *row;

static void call(void *ctx)
{
    struct world *w = ctx;
    struct sd_lab_connect with = {.client = w->client, .server = w->server};
    w->conn = sd_lab_connect(w->lab, &with);
    assert_int_equal(sd_lab_call(w->lab, w->conn, &row->call), SD_OK);
}

static void calls(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct world w;
        row = &rows[i];
        world_make(&w, &(struct world_options){.protocol = row->protocol,
                                               .delay = row->delay ? row->delay : 25 * SD_MS,
                                               .forth = row->sky,
                                               .back = row->sky});
        sd_lab_at(w.lab, 0, call, &w);
        world_run(&w, 20 * SD_SECOND);
        uint64_t at_client = world_machine_metric(&w, w.client, "heard");
        uint64_t at_server = world_machine_metric(&w, w.server, "heard");
        uint64_t late =
            world_machine_metric(&w, w.client, "late") + world_machine_metric(&w, w.server, "late");
        world_check(&w, 2 * row->said, world_metric(&w, "stream.sent"), row->what);
        world_check(&w, at_client + at_server, world_metric(&w, "stream.received"), row->what);
        world_check(&w, row->lost, world_metric(&w, "stream.lost") > 0, row->what);
        world_check(&w, row->late, late > 0, row->what);
        world_check(&w, row->doubled, world_metric(&w, "stream.duplicates") > 0, row->what);
        world_check(&w, 0, world_machine_metric(&w, w.server, "garbled"), row->what);
        world_free(&w);
    }
}

/* The server of DTLS 1.2 may send first, the client of DTLS 1.3. */
static void media_begins_when_there_are_keys(void **state)
{
    (void)state;
    static const struct row audio = {.call = {.audio_size = 160, .last = LAST}};
    static const struct {
        const char *mode;
        double rtts;
    } modes[] = {{"fresh", 2}, {"cookie", 3}, {"dtls13", 1.5}, {"dtls13-cookie", 2.5}};
    for (size_t i = 0; i < SD_ROWS(modes); i++) {
        struct world w;
        row = &audio;
        world_make(&w, &(struct world_options){.protocol = "srtp", .mode = modes[i].mode});
        sd_lab_at(w.lab, 0, call, &w);
        world_run(&w, SD_SECOND);
        world_check_time(&w, (sd_time)(modes[i].rtts * 50 * SD_MS),
                         world_metric(&w, "stream.first.time"), modes[i].mode);
        world_free(&w);
    }
}

static void refused(void *ctx)
{
    struct world *w = ctx;
    static const struct sd_lab_call bad[] = {
        {.audio_size = 160},                  /* for no time */
        {.audio_size = 10, .last = LAST},     /* shorter than its own name */
        {.audio_size = 100000, .last = LAST}, /* longer than a datagram */
    };
    struct sd_lab_connect with = {.client = w->client, .server = w->server};
    w->conn = sd_lab_connect(w->lab, &with);
    for (size_t i = 0; i < SD_ROWS(bad); i++)
        assert_int_equal(sd_lab_call(w->lab, w->conn, &bad[i]), SD_E_ARG);
    assert_int_equal(sd_lab_call(w->lab, w->conn + 1, &bad[0]), SD_E_ARG);
}

static void calls_that_cannot_be(void **state)
{
    (void)state;
    struct world w;
    world_make(&w, &(struct world_options){.protocol = "srtp"});
    sd_lab_at(w.lab, 0, refused, &w);
    world_run(&w, SD_SECOND);
    world_check(&w, true, world_saw(&w, "server", "offered"), "offered");
    world_check(&w, true, world_saw(&w, "client", "answered"), "answered");
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(calls),
        world_test(media_begins_when_there_are_keys),
        world_test(calls_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
