/* test_wireguard_timers.c - timers as stories: what each side is made to do, and every handshake
 * message and keepalive that must follow, to the nanosecond.  One way takes 10 ms. */
#include "tests/wireguard/pair.h"
#include <stdio.h>
#include <string.h>

enum { C, S }; /* seats: client, server */

struct act {
    uint32_t at_ms;
    enum { NOTHING, SEND, EACH_SECOND, REKEY, CUT } what; /* CUT: nothing from seat arrives */
    int seat;
    uint32_t until_ms; /* EACH_SECOND */
};

struct seen {
    uint64_t at_ms;
    int from;
    char what; /* I, R, C (cookie reply), K (keepalive); events: E (error), X (keys expired),
                  U (key update) */
};

struct story {
    const char *name;
    struct pair_options options;
    uint64_t jitter_ns;
    uint32_t lost[2][4]; /* datagrams by number, of each seat */
    struct act acts[4];
    uint32_t end_s;
    struct seen units[24];
    struct seen events[8];
};

#define HANDSHAKE(t, i, r)                                                                         \
    {t, i, 'I'}, {t + 10, r, 'R'},                                                                 \
    {                                                                                              \
        t + 20, i, 'K'                                                                             \
    }
#define MAX_JITTER 333000000

static const struct story stories[] = {
    {"a quiet session ends after 3 x REJECT_AFTER_TIME", .end_s = 2000,
     .units = {HANDSHAKE(0, C, S)}, .events = {{540010, S, 'X'}, {540020, C, 'X'}}},
    {"a lost initiation costs 5.000 s", .lost = {{1}}, .end_s = 60,
     .units = {{0, C, 'I'}, HANDSHAKE(5000, C, S)}},
    {"and with the most jitter 5.333 s", .jitter_ns = MAX_JITTER, .lost = {{1}}, .end_s = 60,
     .units = {{0, C, 'I'}, HANDSHAKE(5333, C, S)}},
    {"a lost response costs the same", .lost = {{0}, {1}}, .end_s = 60,
     .units = {{0, C, 'I'}, {10, S, 'R'}, HANDSHAKE(5000, C, S)}},
    {"three losses are three times that: no back-off", .lost = {{1, 2, 3}}, .end_s = 60,
     .units = {{0, C, 'I'}, {5000, C, 'I'}, {10000, C, 'I'}, HANDSHAKE(15000, C, S)}},
    {"a lost key confirmation: the server stays half open until data comes", .lost = {{2}},
     .acts = {{8000, SEND, C}}, .end_s = 30, .units = {HANDSHAKE(0, C, S), {18010, S, 'K'}}},
    {"nobody answers: 18 initiations, then an error after 90 s", .acts = {{0, CUT, S}},
     .end_s = 500,
     .units = {{0, C, 'I'},
               {5000, C, 'I'},
               {10000, C, 'I'},
               {15000, C, 'I'},
               {20000, C, 'I'},
               {25000, C, 'I'},
               {30000, C, 'I'},
               {35000, C, 'I'},
               {40000, C, 'I'},
               {45000, C, 'I'},
               {50000, C, 'I'},
               {55000, C, 'I'},
               {60000, C, 'I'},
               {65000, C, 'I'},
               {70000, C, 'I'},
               {75000, C, 'I'},
               {80000, C, 'I'},
               {85000, C, 'I'}},
     .events = {{90000, C, 'E'}}},
    {"with the most jitter REKEY_ATTEMPT_TIME comes first", .jitter_ns = MAX_JITTER,
     .acts = {{0, CUT, S}}, .end_s = 500,
     .units = {{0, C, 'I'},
               {5333, C, 'I'},
               {10666, C, 'I'},
               {15999, C, 'I'},
               {21332, C, 'I'},
               {26665, C, 'I'},
               {31998, C, 'I'},
               {37331, C, 'I'},
               {42664, C, 'I'},
               {47997, C, 'I'},
               {53330, C, 'I'},
               {58663, C, 'I'},
               {63996, C, 'I'},
               {69329, C, 'I'},
               {74662, C, 'I'},
               {79995, C, 'I'},
               {85328, C, 'I'}},
     .events = {{90661, C, 'E'}}},
    {"data without an answer: a keepalive after 10 s", .acts = {{1000, SEND, C}}, .end_s = 100,
     .units = {HANDSHAKE(0, C, S), {11010, S, 'K'}}},
    {"more data meanwhile: one keepalive more", .acts = {{1000, SEND, C}, {9000, SEND, C}},
     .end_s = 100, .units = {HANDSHAKE(0, C, S), {11010, S, 'K'}, {21010, S, 'K'}}},
    {"an answer makes the keepalive needless", .acts = {{1000, SEND, C}, {2000, SEND, S}},
     .end_s = 100, .units = {HANDSHAKE(0, C, S), {12010, C, 'K'}}},
    {"silence after data: a handshake after 15 s", .acts = {{500, CUT, S}, {1000, SEND, C}},
     .end_s = 17, .units = {HANDSHAKE(0, C, S), {11010, S, 'K'}, {16000, C, 'I'}, {16010, S, 'R'}}},
    {"persistent keepalives", .options = {.keepalive_s = 25}, .end_s = 80,
     .units = {HANDSHAKE(0, C, S), {25020, C, 'K'}, {50020, C, 'K'}, {75020, C, 'K'}}},
    {"the initiator renews keys when it sends after 120 s",
     .acts = {{1000, EACH_SECOND, C, 130000}, {1500, EACH_SECOND, S, 130000}}, .end_s = 130,
     .units = {HANDSHAKE(0, C, S), HANDSHAKE(121000, C, S)},
     .events = {{121020, C, 'U'}, {121030, S, 'U'}}},
    {"the responder does not", .acts = {{150000, SEND, S}, {151000, SEND, S}}, .end_s = 155,
     .units = {HANDSHAKE(0, C, S)}},
    {"the initiator renews keys when it receives after 165 s", .acts = {{170000, SEND, S}},
     .end_s = 175, .units = {HANDSHAKE(0, C, S), HANDSHAKE(170010, C, S)},
     .events = {{170030, C, 'U'}, {170040, S, 'U'}}},
    {"after 180 s the responder begins by itself", .acts = {{190000, SEND, S}}, .end_s = 199,
     .units = {HANDSHAKE(0, C, S), {190000, S, 'I'}, {190010, C, 'R'}},
     .events = {{190000, S, 'X'}, {190020, S, 'U'}, {190030, C, 'U'}}},
    {"a rekey asked for too early waits for REKEY_TIMEOUT", .acts = {{2000, REKEY, C}}, .end_s = 30,
     .units = {HANDSHAKE(0, C, S), HANDSHAKE(5000, C, S)},
     .events = {{5020, C, 'U'}, {5030, S, 'U'}}},
    {"later it begins at once", .acts = {{7000, REKEY, C}}, .end_s = 30,
     .units = {HANDSHAKE(0, C, S), HANDSHAKE(7000, C, S)},
     .events = {{7020, C, 'U'}, {7030, S, 'U'}}},
    {"the responder may ask as well", .acts = {{7000, REKEY, S}}, .end_s = 30,
     .units = {HANDSHAKE(0, C, S), HANDSHAKE(7000, S, C)},
     .events = {{7020, S, 'U'}, {7030, C, 'U'}}},
    {"a cookie costs a round trip and REKEY_TIMEOUT", .options = {.mode = "cookie"}, .end_s = 30,
     .units = {{0, C, 'I'}, {10, S, 'C'}, HANDSHAKE(5000, C, S)}},
    {"a cookie serves again", .options = {.validation = SD_VALIDATE_ALWAYS},
     .acts = {{60000, REKEY, C}, {100000, REKEY, C}}, .end_s = 110,
     .units = {{0, C, 'I'},
               {10, S, 'C'},
               HANDSHAKE(5000, C, S),
               HANDSHAKE(60000, C, S),
               HANDSHAKE(100000, C, S)},
     .events = {{60020, C, 'U'}, {60030, S, 'U'}, {100020, C, 'U'}, {100030, S, 'U'}}},
    {"its secret lives 120 s: the second cookie is of the old one",
     .options = {.validation = SD_VALIDATE_ALWAYS}, .acts = {{118000, REKEY, C}}, .end_s = 150,
     .units = {{0, C, 'I'},
               {10, S, 'C'},
               HANDSHAKE(5000, C, S),
               {118000, C, 'I'},
               {118010, S, 'C'},
               {123000, C, 'I'},
               {123010, S, 'C'},
               HANDSHAKE(128000, C, S)},
     .events = {{128020, C, 'U'}, {128030, S, 'U'}}},
};

/* Draws of 8 bytes are jitter; the others stay random. */
static uint64_t jitter;
static void fixed_jitter(struct sd_env *env, void *buf, size_t len)
{
    if (len == sizeof jitter)
        memcpy(buf, &jitter, len);
    else
        sd_rng_fill(&env->rng, buf, len);
}

struct due {
    struct pair *pair;
    const struct act *act;
};

static bool cut[2];
static bool lose(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    return !cut[u->from];
}

static void act_now(void *ctx)
{
    struct due *d = ctx;
    struct sd_mem *m = d->pair->mem;
    sd_time next = sd_mem_now(m) + SD_SECOND;
    switch (d->act->what) {
    case EACH_SECOND:
        if (next <= d->act->until_ms * SD_MS)
            sd_mem_at(m, next, act_now, d);
        pair_send(d->pair, d->act->seat, 100);
        break;
    case SEND:
        pair_send(d->pair, d->act->seat, 100);
        break;
    case REKEY:
        pair_check(d->pair, SD_OK,
                   sd_mem_control(m, d->act->seat, 1, &(struct sd_control){.verb = SD_REKEY}),
                   "rekey");
        break;
    case CUT:
        cut[d->act->seat] = true;
        break;
    case NOTHING:
        break;
    }
}

static char letter_of_unit(const struct sd_mem_unit *u)
{
    return u->data[0] == WG_DATA ? (u->len == WG_DATA_MIN ? 'K' : 0) : " IRC"[u->data[0]];
}

static char letter_of_event(const struct sd_mem_event *e)
{
    return e->kind == SD_EV_ERROR         ? 'E'
           : e->kind == SD_EV_KEY_EXPIRED ? 'X'
           : e->kind == SD_EV_KEY_UPDATE  ? 'U'
                                          : 0;
}

static void compare(struct pair *p, const struct story *story, const struct seen *expected,
                    sd_time at, int from, char what)
{
    /* Jitter of whole milliseconds: times are exact. */
    if (expected->what == what && expected->from == from && expected->at_ms * SD_MS == at)
        return;
    sd_mem_print(p->mem);
    fail_msg("%s: expected %c of seat %d at %llu ms, found %c of seat %d at %llu ns", story->name,
             expected->what ? expected->what : '-', expected->from,
             (unsigned long long)expected->at_ms, what, from, (unsigned long long)at);
}

static void tell(const struct story *story)
{
    struct pair p;
    struct due due[4];
    print_message("          %s\n", story->name);
    jitter = story->jitter_ns;
    cut[0] = cut[1] = false;
    pair_make(&p, &story->options);
    for (int seat = 0; seat < 2; seat++) {
        sd_mem_seat(p.mem, seat)->env->random = fixed_jitter;
        sd_mem_drop(p.mem, seat, story->lost[seat]);
    }
    sd_mem_on_unit(p.mem, lose, NULL);
    for (int i = 0; i < 4; i++) {
        due[i] = (struct due){&p, &story->acts[i]};
        if (story->acts[i].what == CUT && !story->acts[i].at_ms)
            act_now(&due[i]);
        else if (story->acts[i].what)
            sd_mem_at(p.mem, story->acts[i].at_ms * SD_MS, act_now, &due[i]);
    }
    pair_open(&p);
    sd_mem_run(p.mem, story->end_s * SD_SECOND);

    size_t n = 0;
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        char what = letter_of_unit(u);
        /* What the server says to nobody does not belong to the story of a silent server. */
        if (what && !(story->acts[0].what == CUT && !story->acts[0].at_ms && u->from == S))
            compare(&p, story, &story->units[n++], u->sent, u->from, what);
    }
    pair_check(&p, 0, story->units[n].what, "messages still expected");
    n = 0;
    for (size_t i = 0; i < sd_mem_events(p.mem); i++) {
        const struct sd_mem_event *e = sd_mem_event(p.mem, i);
        char what = letter_of_event(e);
        if (what)
            compare(&p, story, &story->events[n++], e->at, e->seat, what);
    }
    pair_check(&p, 0, story->events[n].what, "events still expected");
    pair_end(&p);
}

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(stories); i++)
        tell(&stories[i]);
}

/* With drawn jitter: between 5.000 and 5.333 s each, and not always the same. */
static void test_jitter(void **state)
{
    (void)state;
    sd_time least = SD_NEVER, most = 0, sum = 0;
    enum { RUNS = 400 };
    static const uint32_t first[] = {1, 0};
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        struct pair p;
        pair_make(&p, &(struct pair_options){.seed = seed});
        sd_mem_drop(p.mem, p.client, first);
        pair_open(&p);
        sd_mem_run(p.mem, 6 * SD_SECOND);
        const struct sd_mem_event *e = sd_mem_find(p.mem, p.client, SD_EV_READY, 0);
        pair_check(&p, true, e != NULL, "ready");
        sd_time added = e->at - 20 * SD_MS;
        sum += added;
        least = added < least ? added : least;
        most = added > most ? added : most;
        pair_end(&p);
    }
    assert_in_range(least, 5000 * SD_MS, 5010 * SD_MS);
    assert_in_range(most, 5320 * SD_MS, 5333 * SD_MS);
    assert_in_range(sum / RUNS, 5145 * SD_MS, 5188 * SD_MS); /* 166.5 ms in the mean */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_jitter),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
