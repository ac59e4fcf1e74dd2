/* test_tcpcrypt_keys.c - whole connections, fresh and resumed, against the second derivation. */
#include "tests/tcpcrypt/pair.h"
#include "tests/tcpcrypt/rfc.h"
#include <string.h>

static struct pair_wire of[2], option[2];
static struct rfc_text text;
static uint8_t transcript[80 + 300];

static void bytes_equal(const char *what, const uint8_t *expected, const uint8_t *found, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (expected[i] != found[i])
            fail_msg("%s: byte %zu of %zu: expected %02x, found %02x", what, i, len, expected[i],
                     found[i]);
}

static void session_id(struct pair *p, int seat, int talk, uint8_t id[33])
{
    struct sd_control c = {
        .verb = SD_EXPORT, .text = SD_TCPCRYPT_SESSION_ID, .out = id, .out_len = 33};
    assert_int_equal(sd_mem_control(p->mem, seat, pair_conn(p, talk, seat), &c), SD_OK);
}

static void check_id(struct pair *p, int talk, const uint8_t expected[33])
{
    uint8_t id[33];
    for (int seat = 0; seat < 2; seat++) {
        session_id(p, seat, talk, id);
        bytes_equal("session id", expected, id, 33);
    }
}

/* Both streams of a connection decrypt to what was said; keys as of who was host A first. */
static void check_text(struct pair *p, int talk, const uint8_t ss[32], const uint8_t *sn,
                       size_t sn_len, unsigned cipher, int first_a, const size_t offset[2],
                       const char *const said[2], unsigned rekeys)
{
    for (int seat = 0; seat < 2; seat++) {
        pair_stream(p, talk, seat, &of[seat]);
        rfc_decrypt(&text, ss, sn, sn_len, cipher, seat != first_a, of[seat].data, of[seat].len,
                    offset[seat]);
        if (text.broken)
            fail_msg("seat %d, cipher %u: frame %u does not decrypt", seat, cipher, text.frames);
        assert_int_equal(text.len, strlen(said[seat]));
        bytes_equal("plaintext", (const uint8_t *)said[seat], text.data, text.len);
        assert_int_equal(text.rekeys, rekeys);
        assert_int_equal(text.fins, 1);
        assert_true(text.fin_last);
    }
}

/* Says something each way under three generations of keys, then ends it. */
static void converse(struct pair *p, int talk)
{
    pair_say(p, CLIENT, talk, "one ");
    pair_say(p, SERVER, talk, "uno ");
    for (int seat = 0; seat < 2; seat++) {
        struct sd_control c = {.verb = SD_REKEY};
        assert_int_equal(sd_mem_control(p->mem, seat, pair_conn(p, talk, seat), &c), SD_OK);
        pair_run(p, SD_SECOND);
        pair_say(p, CLIENT, talk, "two ");
        pair_say(p, SERVER, talk, "due ");
    }
}
static const char *const said[2] = {"one two two ", "uno due due "};

static void end(struct pair *p, int talk)
{
    sd_mem_close(p->mem, CLIENT, pair_conn(p, talk, CLIENT));
    pair_run(p, SD_SECOND);
}

struct row {
    const char *tep_name, *cipher_name;
    int tep;
    unsigned cipher;
    const char *client_teps;
};
static const struct row rows[] = {
    {"x25519", "aes-128-gcm", 0x23, 1, "x25519,p256"},
    {"x25519", "aes-256-gcm", 0x23, 2, "x25519,p256"},
    {"x25519", "chacha20-poly1305", 0x23, 16, "x25519,p256"},
    {"p256", "aes-128-gcm", 0x21, 1, "x25519,p256"},
    {"p256", "aes-256-gcm", 0x21, 2, "x25519,p256"},
    {"p256", "chacha20-poly1305", 0x21, 16, "x25519,p256"},
    {"x448", "aes-128-gcm", 0x24, 1, "x25519,x448"},
    {"x448", "chacha20-poly1305", 0x24, 16, "x25519,x448"},
    {"p521", "aes-128-gcm", 0x22, 1, "x25519,p521"},
    {"p521", "aes-256-gcm", 0x22, 2, "x25519,p521"},
};

static void make(struct pair *p, const struct row *row)
{
    struct pair_setup setup = {.mode = "resumed",
                               .role = SD_ROLE_BOTH,
                               .client = {{"teps", row->client_teps}},
                               .server = {{"teps", row->tep_name}, {"ciphers", row->cipher_name}}};
    pair_make(p, &setup);
}

/* The first connection: ss[0] as it follows from the wire and host A's private key. */
static void check_fresh(struct pair *p, const struct row *row, uint8_t ss[32])
{
    int talk = pair_connect(p, CLIENT, SERVER);
    struct rfc_init init[2];
    uint8_t es[RFC_SHARED_MAX], id[33];
    converse(p, talk);
    pair_stream(p, talk, CLIENT, &of[CLIENT]);
    pair_stream(p, talk, SERVER, &of[SERVER]);
    pair_option(p, talk, SD_SEGMENT_SYN, &option[0]);
    pair_option(p, talk, SD_SEGMENT_SYN_ACK, &option[1]);
    rfc_init1(&init[0], of[CLIENT].data, of[CLIENT].len, row->tep);
    rfc_init2(&init[1], of[SERVER].data, of[SERVER].len, row->tep);
    assert_int_equal(init[1].cipher, row->cipher);
    size_t es_len = rfc_shared(es, row->tep, p->private_key, init[1].pub, init[1].pub_len);
    size_t len = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(transcript + len, option[i].data, option[i].len);
        len += option[i].len;
    }
    for (int i = 0; i < 2; i++) {
        memcpy(transcript + len, of[i].data, init[i].len);
        len += init[i].len;
    }
    memcpy(transcript + len, es, es_len);
    rfc_extract(ss, init[0].nonce, 32, transcript, len + es_len);
    rfc_session_id(id, (uint8_t)row->tep, ss, NULL, 0);
    check_id(p, talk, id);
    end(p, talk);
    check_text(p, talk, ss, NULL, 0, row->cipher, CLIENT, (size_t[]){init[0].len, init[1].len},
               said, 2);
}

/* A later one, opened by `from`: ss[i] is the next secret, the halves and nonces are on the wire.
 */
static void check_resumed(struct pair *p, const struct row *row, uint8_t ss[32], int from)
{
    uint8_t next[32], resume[18], sn[16], id[33];
    int talk = pair_connect(p, from, !from);
    rfc_cprf(next, 32, ss, (const uint8_t[]){0x01}, 1);
    memcpy(ss, next, 32);
    rfc_cprf(resume, 18, ss, (const uint8_t[]){0x06}, 1);
    size_t nonce_len[2], sn_len = 0;
    for (int seat = 0; seat < 2; seat++) { /* in order of nonce_a, nonce_b */
        pair_option(p, talk, seat == from ? SD_SEGMENT_SYN : SD_SEGMENT_SYN_ACK, &option[seat]);
        const uint8_t *o = option[seat].data, *end = o + option[seat].len;
        const uint8_t *tep = memchr(o, row->tep | 0x80, option[seat].len);
        assert_non_null(tep);
        bytes_equal("half of the identifier", resume + (seat ? 9 : 0), tep + 1, 9);
        nonce_len[seat] = (size_t)(end - tep) - 10;
        memcpy(sn + sn_len, tep + 10, nonce_len[seat]);
        sn_len += nonce_len[seat];
    }
    /* Beside what TCP says there is room for 20 bytes: 8 of nonce only where the option has one TEP
     * and no global suboption. */
    assert_int_equal(sn_len, from == SERVER ? 8 + 7 : 7 + 7);
    converse(p, talk);
    rfc_session_id(id, (uint8_t)(row->tep | 0x80), ss, sn, sn_len);
    check_id(p, talk, id);
    end(p, talk);
    check_text(p, talk, ss, sn, sn_len, row->cipher, CLIENT, (size_t[]){0, 0}, said, 2);
}

static void connections_as_the_rfc_derives_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        uint8_t ss[32];
        make(&p, &rows[i]);
        check_fresh(&p, &rows[i], ss);
        check_resumed(&p, &rows[i], ss, CLIENT);
        check_resumed(&p, &rows[i], ss, SERVER); /* the other host opens, and is host A now */
        check_resumed(&p, &rows[i], ss, CLIENT);
        assert_int_equal(sd_mem_count(p.mem, CLIENT, SD_EV_RESUMED), 3);
        assert_int_equal(sd_mem_count(p.mem, SERVER, SD_EV_CLOSED), 4);
        pair_free(&p);
    }
}

/* The transcript is part of PRK: an option changed under way gives two different keys. */
static void clear_aware(struct pair *p, struct sd_mem_unit *u)
{
    (void)p;
    if (u->segment == SD_SEGMENT_SYN_ACK + 1)
        u->data[2] &= (uint8_t)~TC_ENO_AWARE;
}

static void changed_options_break_the_connection(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_setup){.server = {{"aware", "on"}}});
    p.edit = clear_aware;
    int talk = pair_connect(&p, CLIENT, SERVER);
    pair_say(&p, CLIENT, talk, "hello");
    pair_expect(&p, SERVER, SD_EV_ERROR, "does not decrypt");
    pair_heard(&p, SERVER, "");
    pair_free(&p);
}

int main(void)
{
    if (sd_core_init() != SD_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_as_the_rfc_derives_them),
        cmocka_unit_test(changed_options_break_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
