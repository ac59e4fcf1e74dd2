/* test_minimalt_packets.c - what goes over the wire, opened by a second derivation (spec.h) that
 * has no more than the keys that the servers hold. */
#include "protocols/crypto/box.h"
#include "tests/minimalt/pair.h"
#include "tests/minimalt/spec.h"
#include <string.h>

/* The keys of all tunnels of a conversation, as an eavesdropper with s and s' finds them. */
#define TUNNELS 16
struct keys {
    struct pair *p;
    struct {
        uint64_t tid;
        uint8_t secret[32];
    } tunnel[TUNNELS];
    size_t tunnels;
};

static bool open_as(struct keys *k, struct spec_packet *s, const struct sd_mem_unit *u,
                    const uint8_t secret[32])
{
    if (!spec_open(s, u->data, u->len, secret))
        return false;
    for (size_t i = 0; i < k->tunnels; i++)
        if (k->tunnel[i].tid == s->tid)
            return true;
    assert_true(k->tunnels < TUNNELS);
    k->tunnel[k->tunnels].tid = s->tid;
    memcpy(k->tunnel[k->tunnels++].secret, secret, 32);
    return true;
}

static bool open_unit(struct keys *k, struct spec_packet *s, const struct sd_mem_unit *u)
{
    const struct minimalt *server = pair_agent(k->p, k->p->server);
    uint8_t secret[32];
    size_t box;
    assert_true(spec_read(s, u->data, u->len, &box));
    if (s->shows_key) {
        uint8_t key[32];
        memcpy(key, s->key, 32);
        spec_secret(secret, key, server->ephemeral[0].private_key);
        if (open_as(k, s, u, secret))
            return true;
        spec_secret(secret, key, server->long_private);
        if (open_as(k, s, u, secret))
            return true;
    }
    for (size_t i = 0; i < k->tunnels; i++) {
        memcpy(secret, k->tunnel[i].secret, 32);
        if (open_as(k, s, u, secret))
            return true;
        spec_rekey(secret);
        if (open_as(k, s, u, secret))
            return true;
    }
    return false;
}

/* -- a whole conversation -- */

static void test_conversation(void **state)
{
    (void)state;
    static const struct {
        bool from_client;
        const char *calls;
        bool shows_key;
        size_t len; /* 0: any */
    } rows[] = {
        {true, "request", true, 392},
        {false, "give", false, 0},
        {true, "create-auth data", true, 392},
        {true, "next-tid", false, 87},
        {false, "ack", false, 51},
        {false, "data", false, 147},
        {false, "", false, 40},
        {true, "next-tid", false, 87},
        {true, "", false, 40},
        {false, "", false, 40},
    };
    struct pair p;
    struct keys k = {.p = &p};
    pair_make(&p, &(struct pair_options){.reply = 100});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100, false);
    pair_run(&p, 500 * SD_MS);
    pair_check(&p, SD_ROWS(rows), sd_mem_units(p.mem), "packets");
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        struct spec_packet s;
        if (!open_unit(&k, &s, u))
            fail_msg("packet %zu: expected a box that opens", i);
        if (strcmp(spec_calls(&s), rows[i].calls) != 0)
            fail_msg("packet %zu: expected calls '%s', found '%s'", i, rows[i].calls,
                     spec_calls(&s));
        pair_check(&p, rows[i].from_client, u->from == p.client, "sender");
        pair_check(&p, rows[i].shows_key, s.shows_key, "C' is shown");
        if (rows[i].len)
            pair_check(&p, rows[i].len, u->len, "bytes");
    }
    pair_check(&p, 2, k.tunnels, "tunnels");
    pair_end(&p);
}

/* Of every packet: the nonce is twice the time or later, grows, and says who opened the tunnel. */
static void test_nonces(void **state)
{
    (void)state;
    struct pair p;
    struct keys k = {.p = &p};
    uint64_t last[2] = {0};
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 100000, false);
    pair_send(&p, p.server, 100000, false);
    pair_run(&p, 3 * SD_SECOND);
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        struct spec_packet s;
        assert_true(open_unit(&k, &s, u));
        bool client = u->from == p.client;
        uint64_t time = SD_EPOCH_S * SD_SECOND + u->sent;
        pair_check(&p, client, s.nonce & 1, "direction");
        if (s.nonce / 2 < time || s.nonce / 2 > time + SD_MS)
            fail_msg("packet %zu: expected a nonce of its time", i);
        assert_true(s.nonce > last[client]);
        last[client] = s.nonce;
        assert_true(s.tid != 0 && s.sequence <= 0x7fffffff);
    }
    pair_end(&p);
}

/* Sequence numbers begin with 1 in each tunnel, and have no gap. */
static void test_sequences(void **state)
{
    (void)state;
    struct pair p;
    struct keys k = {.p = &p};
    uint32_t next = 1;
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 50000, false);
    pair_run(&p, 3 * SD_SECOND);
    for (size_t i = 0; i < sd_mem_units(p.mem); i++) {
        const struct sd_mem_unit *u = sd_mem_unit(p.mem, i);
        struct spec_packet s;
        assert_true(open_unit(&k, &s, u));
        if (u->from == p.client && s.sequence != 0)
            pair_check(&p, next++, s.sequence, "sequence");
    }
    assert_true(next > 30);
    pair_end(&p);
}

/* createAuth: the paper's U and x. */
static void test_authenticator(void **state)
{
    (void)state;
    struct pair p;
    struct keys k = {.p = &p};
    pair_cached(&p, &(struct pair_options){0});
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 1, false);
    struct spec_packet s;
    size_t len;
    assert_true(open_unit(&k, &s, pair_unit(&p, p.client, 'F', 0)));
    const uint8_t *a = spec_call(&s, 4, &len);
    assert_non_null(a);
    const struct sd_identity *server = sd_identity("server.example"),
                             *user = sd_identity("client.example");
    assert_memory_equal(a, "\0\0\0\1", 4);
    assert_memory_equal(a + 4, user->x25519_public, 32);
    assert_true(spec_authenticator(a + 36, 1, s.key, a + 4, server->x25519_private));
    assert_false(spec_authenticator(a + 36, 2, s.key, a + 4, server->x25519_private));
    assert_int_equal(len, 4 + 32 + 48 + 5);
    assert_memory_equal(a + 84, "bytes", 5);
    pair_end(&p);
}

/* Somebody else's U, or x of another tunnel: a connection that is refused. */
static bool change_user(void *ctx, struct sd_mem_unit *u)
{
    struct pair *p = ctx;
    struct spec_packet s;
    struct keys k = {.p = p};
    if (u->from != p->client || pair_letter(u->data, u->len) != 'F' || !open_unit(&k, &s, u))
        return true;
    uint8_t nonce[24] = "minimaLT", text[2048];
    size_t box = 48, len = u->len - box - 16;
    memcpy(nonce + 8, u->data, 8);
    nonce[8] &= 0x3f;
    memcpy(nonce + 16, u->data + 8, 8);
    assert_true(spec_unbox(text, u->data + box, u->len - box, nonce, k.tunnel[0].secret));
    text[8 + 7 + 4 + 32] ^= 1; /* x */
    sd_box_seal(u->data + box, text, len, nonce, k.tunnel[0].secret);
    return true;
}

static void test_wrong_authenticator(void **state)
{
    (void)state;
    struct pair p;
    pair_cached(&p, &(struct pair_options){0});
    sd_mem_on_unit(p.mem, change_user, &p);
    pair_open(&p, &(struct pair_options){0});
    pair_send(&p, p.client, 10, false);
    pair_run(&p, 3 * SD_SECOND);
    pair_check(&p, 0, sd_mem_count(p.mem, p.server, SD_EV_READY), "server READY");
    pair_check(&p, 1, pair_dropped(&p, p.server, SD_DROP_AUTH), "drops");
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_ERROR), "client ERROR");
    pair_end(&p);
}

/* -- changed on the way -- */

struct flip {
    struct pair *p;
    size_t bit, unit;
    bool done;
};

static bool flip_bit(void *ctx, struct sd_mem_unit *u)
{
    struct flip *f = ctx;
    if (f->done || f->unit-- != 0)
        return true;
    f->done = true;
    if (f->bit / 8 < u->len)
        u->data[f->bit / 8] ^= (uint8_t)(1u << f->bit % 8);
    return true;
}

/* About every thirty-first bit of every packet of a conversation: the conversation is as it would
 * have been, only later, and nothing arrives that was not said. */
static void test_flipped_bits(void **state)
{
    (void)state;
    enum { PACKETS = 6 };
    size_t flips = 0;
    for (size_t unit = 0; unit < PACKETS; unit++) {
        for (size_t bit = 0; bit < 392 * 8; bit += unit % 2 ? 37 : 31) {
            struct pair p;
            struct flip f = {.p = &p, .bit = bit, .unit = unit};
            pair_cached(&p, &(struct pair_options){.reply = 50});
            sd_mem_on_unit(p.mem, flip_bit, &f);
            pair_open(&p, &(struct pair_options){0});
            pair_send(&p, p.client, 100, false);
            pair_run(&p, 10 * SD_SECOND);
            pair_received(&p, p.server, 100);
            pair_received(&p, p.client, 50);
            pair_check(&p, 0, sd_mem_count(p.mem, -1, SD_EV_ERROR), "ERROR");
            flips += f.done;
            pair_end(&p);
        }
    }
    assert_true(flips > 400);
}

/* What is no packet at all. */
static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t first; /* byte */
        size_t len;
        int reason;
    } rows[] = {
        {"nothing", 0, 0, SD_DROP_MALFORMED},
        {"half a header", 0, 15, SD_DROP_MALFORMED},
        {"no box", 0, 16, SD_DROP_MALFORMED},
        {"half a tag", 0, 39, SD_DROP_MALFORMED},
        {"no such tunnel", 1, 40, SD_DROP_UNKNOWN},
        {"C' and no box", 0x80, 71, SD_DROP_MALFORMED},
        {"C', of another time", 0x81, 88, SD_DROP_REPLAY},
        {"half a puzzle", 0x40, 163, SD_DROP_MALFORMED},
        {"a puzzle nobody waits for", 0x41, 164, SD_DROP_UNKNOWN},
        {"a puzzle and a box", 0x40, 204, SD_DROP_MALFORMED},
        {"C', solution and no box", 0xc0, 219, SD_DROP_MALFORMED},
        {"too long", 1, 2100, SD_DROP_MALFORMED},
    };
    struct pair p;
    uint8_t packet[2200];
    pair_make(&p, &(struct pair_options){0});
    const struct sd_path path = {.local = sd_mem_address(p.mem, p.server, SD_PROTO_UDP, MT_PORT),
                                 .remote = sd_ipv4(192, 0, 2, 1, 999)};
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        for (int initiator = 0; initiator < 2; initiator++) {
            memset(packet, 1, sizeof packet);
            packet[0] = rows[i].first;
            packet[15] = (uint8_t)initiator;
            uint64_t before = pair_dropped(&p, p.server, rows[i].reason);
            sd_mem_inject(p.mem, p.server, &path, packet, rows[i].len);
            pair_run(&p, SD_MS);
            /* A server's nonce in a first packet: nobody's tunnel. */
            bool other = !initiator && rows[i].reason == SD_DROP_REPLAY;
            print_message("          %s\n", rows[i].name);
            pair_check(&p, before + !other, pair_dropped(&p, p.server, rows[i].reason), "drops");
        }
    }
    pair_check(&p, 0, pair_sent(&p, p.server, 0), "answers");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation),        cmocka_unit_test(test_nonces),
        cmocka_unit_test(test_sequences),           cmocka_unit_test(test_authenticator),
        cmocka_unit_test(test_wrong_authenticator), cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_malformed),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
