/* test_tcpcrypt_session.c - encrypted connections: data, new keys, ends, and what an attacker does
 * to them. */
#include "tests/tcpcrypt/pair.h"
#include <stdlib.h>
#include <string.h>

static int open_pair(struct pair *p, const struct pair_setup *setup)
{
    pair_make(p, setup ? setup : &(struct pair_setup){0});
    return pair_connect(p, CLIENT, SERVER);
}

static int control(struct pair *p, int talk, int seat, enum sd_verb verb)
{
    struct sd_control c = {.verb = verb};
    int result = sd_mem_control(p->mem, seat, pair_conn(p, talk, seat), &c);
    pair_run(p, SD_SECOND);
    return result;
}

static const struct tc_session *session(struct pair *p, int talk, int seat)
{
    const struct tc_session *s = tc_session_find(pair_agent(p, seat), pair_conn(p, talk, seat));
    assert_non_null(s);
    return s;
}

/* -- data -- */

static void streams_of_any_size_in_any_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, TC_CHUNK - 1, TC_CHUNK, TC_CHUNK + 1, TC_WRITE_MAX, 300000};
    static const uint32_t chunks[] = {0, 1, 2, 19, 1448};
    static const char *const ciphers[] = {"aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"};
    static uint8_t data[300000];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < SD_ROWS(sizes); i++) {
        for (size_t k = 0; k < SD_ROWS(chunks); k++) {
            struct pair p;
            size_t len;
            if (chunks[k] && chunks[k] < 19 && sizes[i] > TC_CHUNK + 1)
                continue; /* slow, and no other case */
            pair_make(&p, &(struct pair_setup){.server = {{"ciphers", ciphers[(i + k) % 3]}}});
            sd_mem_link(p.mem)->stream_chunk = chunks[k];
            int talk = pair_connect(&p, CLIENT, SERVER);
            sd_mem_send(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), 0, data, sizes[i], true);
            pair_run(&p, 60 * SD_SECOND);
            const uint8_t *got = sd_mem_received(p.mem, SERVER, &len);
            if (len != sizes[i] || memcmp(got, data, len) != 0)
                fail_msg("%zu bytes in pieces of %u: found %zu", sizes[i], chunks[k], len);
            assert_int_equal(sd_mem_count(p.mem, SERVER, SD_EV_CLOSED), 1);
            assert_int_equal(sd_mem_count(p.mem, CLIENT, SD_EV_CLOSED), 1);
            pair_free(&p);
        }
    }
}

/* Bytes offered before there are keys wait for them. */
static void early_writers_wait(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){0});
    int talk = sd_mem_connect(p.mem, CLIENT, SERVER);
    p.opener[talk] = CLIENT;
    sd_mem_run(p.mem, 60 * SD_MS); /* the SYN-ACK is there, Init2 is not */
    assert_int_equal(session(&p, talk, CLIENT)->state, TC_EXPECT_INIT2);
    sd_mem_send(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), 0, "waited", 6, false);
    pair_run(&p, SD_SECOND);
    pair_heard(&p, SERVER, "waited");
    pair_free(&p);
}

static void urgent_data_is_marked(void **state)
{
    (void)state;
    struct pair p;
    int talk = open_pair(&p, NULL);
    pair_say(&p, CLIENT, talk, "0123456789");
    sd_mem_send(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), SD_TCPCRYPT_URGENT, "now!", 4, false);
    pair_say(&p, CLIENT, talk, "later");
    pair_heard(&p, SERVER, "0123456789now!later");
    for (size_t i = 0; i < 3; i++) {
        const struct sd_mem_event *e = sd_mem_find(p.mem, SERVER, SD_EV_DATA, i);
        assert_non_null(e);
        assert_int_equal(e->stream, i == 1 ? SD_TCPCRYPT_URGENT : 0);
        assert_int_equal(e->code, i == 1 ? 13 : 0); /* the index of '!' */
    }
    pair_free(&p);
}

/* -- 3.8 -- */

static void rekeying(void **state)
{
    (void)state;
    struct pair p;
    int talk = open_pair(&p, NULL);
    uint8_t first[TC_KEY_LEN];
    memcpy(first, session(&p, talk, CLIENT)->send.key, sizeof first);
    assert_int_equal(control(&p, talk, CLIENT, SD_REKEY), SD_OK);
    assert_int_equal(control(&p, talk, SERVER, SD_REKEY), SD_OK);
    pair_say(&p, CLIENT, talk, "third ");
    for (int seat = 0; seat < 2; seat++) {
        const struct tc_session *s = session(&p, talk, seat);
        assert_int_equal(s->send.generation, 2);
        assert_int_equal(s->receive.generation, 2);
        assert_int_equal(sd_mem_count(p.mem, seat, SD_EV_KEY_UPDATE), 2);
    }
    assert_memory_not_equal(first, session(&p, talk, CLIENT)->send.key, 16);
    /* Both at once: their frames cross, and nobody answers. */
    struct sd_control c = {.verb = SD_REKEY};
    sd_mem_control(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), &c);
    sd_mem_control(p.mem, SERVER, pair_conn(&p, talk, SERVER), &c);
    /* One at a time with nothing to say. */
    assert_int_equal(sd_mem_control(p.mem, CLIENT, pair_conn(&p, talk, CLIENT), &c), SD_E_STATE);
    pair_run(&p, SD_SECOND);
    pair_say(&p, CLIENT, talk, "fourth");
    assert_int_equal(session(&p, talk, CLIENT)->send.generation, 3);
    assert_int_equal(session(&p, talk, SERVER)->send.generation, 3);
    pair_heard(&p, SERVER, "third fourth");
    pair_free(&p);
}

static void keys_end_with_their_frames(void **state)
{
    (void)state;
    struct pair p;
    int talk = open_pair(&p, &(struct pair_setup){.client = {{"rekey_frames", "3"}}});
    for (int i = 0; i < 10; i++)
        pair_say(&p, CLIENT, talk, "x");
    pair_heard(&p, SERVER, "xxxxxxxxxx");
    assert_int_equal(session(&p, talk, CLIENT)->send.generation, 3); /* 3, 3, 3, and one more */
    assert_int_equal(session(&p, talk, SERVER)->send.generation, 3);
    pair_free(&p);
}

/* -- ends: 3.7 -- */

static bool in_the_middle;
static size_t cut_at;

/* FIN under way where none was sent. */
static bool add_fin(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (in_the_middle)
        u->flags |= SD_UNIT_FIN;
    in_the_middle = false;
    return true;
}

/* A frame that loses its end, and FIN. */
static bool cut(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (in_the_middle) {
        u->len = cut_at < u->len ? cut_at : u->len;
        u->flags |= SD_UNIT_FIN;
    }
    in_the_middle = false;
    return true;
}

static void a_forged_fin_is_no_end(void **state)
{
    (void)state;
    for (cut_at = 0; cut_at < 30; cut_at++) {
        struct pair p;
        int talk = open_pair(&p, NULL);
        p.change = cut_at == 0 ? add_fin : cut;
        in_the_middle = true;
        pair_say(&p, CLIENT, talk, "half of what");
        pair_expect(&p, SERVER, SD_EV_ERROR, "truncated");
        assert_int_equal(sd_mem_count(p.mem, SERVER, SD_EV_CLOSED), 0);
        pair_heard(&p, SERVER, cut_at == 0 ? "half of what" : "");
        pair_expect(&p, CLIENT, SD_EV_ERROR, "reset");
        pair_free(&p);
    }
}

static void the_end_is_authenticated(void **state)
{
    (void)state;
    for (int seat = 0; seat < 2; seat++) {
        struct pair p;
        int talk = open_pair(&p, NULL);
        assert_int_equal(control(&p, talk, seat, SD_CLOSE), SD_OK);
        pair_expect(&p, CLIENT, SD_EV_CLOSED, "FINp");
        pair_expect(&p, SERVER, SD_EV_CLOSED, "FINp");
        assert_int_equal(sd_mem_count(p.mem, -1, SD_EV_ERROR), 0);
        assert_int_equal(pair_agent(&p, CLIENT)->sessions, 0);
        assert_int_equal(pair_agent(&p, SERVER)->stats.sessions, 0);
        pair_free(&p);
    }
}

static void given_up_before_there_are_keys(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){0});
    int talk = sd_mem_connect(p.mem, CLIENT, SERVER);
    p.opener[talk] = CLIENT;
    sd_mem_run(p.mem, 60 * SD_MS);
    assert_int_equal(control(&p, talk, CLIENT, SD_CLOSE), SD_OK);
    pair_expect(&p, CLIENT, SD_EV_CLOSED, "given up");
    pair_expect(&p, SERVER, SD_EV_ERROR, "reset");
    assert_int_equal(pair_agent(&p, SERVER)->stats.half_open, 0);
    pair_free(&p);
}

/* -- forgeries: every byte of every message -- */

struct forgery {
    size_t unit, seen, byte;
    uint8_t bit;
    bool done;
};

static bool flip(struct pair *p, struct sd_mem_unit *u)
{
    struct forgery *f = p->ctx;
    if (f->seen++ == f->unit && f->byte < u->len) {
        u->data[f->byte] ^= f->bit;
        f->done = true;
    }
    return true;
}

/* A changed bit never changes what is heard: the connection ends with an error, or (in reserved
 * bits that are ignored, or in lengths that make the receiver wait) nothing more comes. */
static void a_changed_bit_changes_no_text(void **state)
{
    (void)state;
    size_t changed = 0, waited = 0;
    for (size_t unit = 0; unit < 4; unit++) {
        for (size_t byte = 0; byte < 120; byte++) {
            struct forgery f = {.unit = unit, .byte = byte, .bit = (uint8_t)(1u << byte % 8)};
            struct pair p;
            size_t len;
            pair_make(&p, &(struct pair_setup){.mode = byte % 2 ? "p256" : "fresh"});
            p.change = flip;
            p.ctx = &f;
            int talk = sd_mem_connect(p.mem, CLIENT, SERVER);
            p.opener[talk] = CLIENT;
            pair_run(&p, SD_SECOND);
            if (sd_mem_count(p.mem, CLIENT, SD_EV_READY))
                pair_say(&p, CLIENT, talk, "request");
            if (sd_mem_count(p.mem, SERVER, SD_EV_DATA))
                pair_say(&p, SERVER, talk, "reply");
            bool error = sd_mem_count(p.mem, -1, SD_EV_ERROR) > 0;
            const uint8_t *got = sd_mem_received(p.mem, SERVER, &len);
            bool same = len == 7 && memcmp(got, "request", 7) == 0;
            got = sd_mem_received(p.mem, CLIENT, &len);
            same = same && len == 5 && memcmp(got, "reply", 5) == 0;
            if (f.done && same)
                fail_msg("unit %zu, byte %zu: expected a failure, found none", unit, byte);
            if (!f.done && !same)
                fail_msg("nothing was changed: expected the text, found %zu bytes", len);
            changed += f.done;
            waited += f.done && !error;
            pair_free(&p);
        }
    }
    /* Init1 79, Init2 74, frames of 27 and 25 bytes; a longer length field waits for more. */
    print_message("%zu changed, %zu of them still wait for more bytes\n", changed, waited);
    assert_true(changed > 200 && waited < 12);
}

static const struct {
    const char *what, *message, *error;
    bool to_server;
} messages[] = {
    {"another magic", "15101a0f0000004f", "no Init message", true},
    {"Init2 where Init1 is due", "097105e00000004f", "no Init message", true},
    {"Init1 where Init2 is due", "15101a0e0000004f", "no Init message", false},
    {"length 0", "15101a0e00000000", "impossible length", true},
    {"length 7", "15101a0e00000007", "impossible length", true},
    {"length of 4 GiB", "15101a0effffffff", "impossible length", true},
    {"only a header", "15101a0e00000008", "too short", true},
    {"ciphers beyond its end", "15101a0e0000000bff0001", "too short", true},
    {"no public key", "15101a0e0000000b010001", "too short", true},
    {"only a header of Init2", "097105e000000008", "too short", false},
};

static const char *text_of_message;
static bool to_server;

static bool replace(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if ((u->to == SERVER) != to_server || !text_of_message)
        return true;
    size_t n = strlen(text_of_message) / 2;
    for (size_t i = 0; i < n && i < u->len; i++)
        u->data[i] = (uint8_t)strtoul(
            (char[]){text_of_message[2 * i], text_of_message[2 * i + 1], 0}, NULL, 16);
    u->len = n;
    text_of_message = NULL;
    return true;
}

static void malformed_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(messages); i++) {
        struct pair p;
        struct sd_stats stats;
        int hearer = messages[i].to_server ? SERVER : CLIENT;
        text_of_message = messages[i].message;
        to_server = messages[i].to_server;
        pair_make(&p, &(struct pair_setup){0});
        p.change = replace;
        pair_connect(&p, CLIENT, SERVER);
        print_message("%s\n", messages[i].what);
        pair_expect(&p, hearer, SD_EV_ERROR, messages[i].error);
        sd_seat_stats(sd_mem_seat(p.mem, hearer), &stats);
        assert_int_equal(stats.dropped[SD_DROP_MALFORMED], 1);
        assert_int_equal(stats.half_open, 0);
        pair_free(&p);
    }
}

/* Frames doubled or exchanged are out of place. */
static uint8_t kept[64];
static size_t kept_len;
static bool repeat_last(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (kept_len == u->len)
        memcpy(u->data, kept, kept_len);
    if (u->len <= sizeof kept)
        memcpy(kept, u->data, kept_len = u->len);
    return true;
}

static void a_frame_again_is_refused(void **state)
{
    (void)state;
    struct pair p;
    kept_len = 0;
    int talk = open_pair(&p, NULL);
    p.change = repeat_last;
    pair_say(&p, CLIENT, talk, "pay 1");
    pair_say(&p, CLIENT, talk, "pay 2");
    pair_heard(&p, SERVER, "pay 1");
    pair_expect(&p, SERVER, SD_EV_ERROR, "out of place");
    pair_free(&p);
}

/* -- the same seed, the same bytes -- */

static void the_same_again(void **state)
{
    (void)state;
    static struct pair_wire wire[2][4];
    for (int run = 0; run < 2; run++) {
        struct pair p;
        int talk = open_pair(&p, &(struct pair_setup){.mode = "resumed"});
        pair_say(&p, CLIENT, talk, "first");
        talk = pair_connect(&p, CLIENT, SERVER);
        pair_say(&p, CLIENT, talk, "second");
        control(&p, talk, SERVER, SD_REKEY);
        for (int i = 0; i < 4; i++)
            pair_stream(&p, i / 2, i % 2, &wire[run][i]);
        pair_free(&p);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(wire[0][i].len >= TC_FRAME_OVERHEAD);
        assert_int_equal(wire[0][i].len, wire[1][i].len);
        assert_memory_equal(wire[0][i].data, wire[1][i].data, wire[0][i].len);
    }
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_any_size_in_any_pieces),
        cmocka_unit_test(early_writers_wait),
        cmocka_unit_test(urgent_data_is_marked),
        cmocka_unit_test(rekeying),
        cmocka_unit_test(keys_end_with_their_frames),
        cmocka_unit_test(a_forged_fin_is_no_end),
        cmocka_unit_test(the_end_is_authenticated),
        cmocka_unit_test(given_up_before_there_are_keys),
        cmocka_unit_test(a_changed_bit_changes_no_text),
        cmocka_unit_test(malformed_messages),
        cmocka_unit_test(a_frame_again_is_refused),
        cmocka_unit_test(the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
