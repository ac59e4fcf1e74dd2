/* test_wireguard_noise.c - what agents put on the wire against a second derivation from the
 * whitepaper (paper.h), with the key log as the only help: both views, both directions. */
#include "protocols/wireguard/wireguard.h"
#include "tests/crypto/hex.h"
#include "tests/wireguard/pair.h"
#include "tests/wireguard/paper.h"
#include <sodium.h>
#include <string.h>

/* The nth key of that name in a seat's key log. */
static void logged_key(struct pair *p, int seat, const char *name, size_t nth, uint8_t key[32])
{
    const char *at = sd_mem_keylog(p->mem, seat);
    while ((at = strstr(at, name)) && nth--)
        at++;
    size_t len = 0;
    at = at ? strchr(at, '=') : NULL;
    if (!at || sodium_base642bin(key, 32, at + 1, 44, NULL, &len, NULL,
                                 sodium_base64_VARIANT_ORIGINAL) != 0)
        fail_msg("expected %s in the key log, found:\n%s", name, sd_mem_keylog(p->mem, seat));
    assert_int_equal(len, 32);
}

static void check_view(struct pair *p, int seat, size_t nth, const char *name)
{
    const struct sd_mem_unit *i = sd_mem_unit(p->mem, pair_find(p, p->client, WG_INITIATION, nth));
    const struct sd_mem_unit *m = sd_mem_unit(p->mem, pair_find(p, p->server, WG_RESPONSE, nth));
    struct paper_view v = {
        .initiator = seat == p->client, .initiation = i->data, .response = m->data};
    struct paper_result r;
    logged_key(p, seat, "LOCAL_STATIC_PRIVATE_KEY", nth, v.static_private);
    logged_key(p, seat, "REMOTE_STATIC_PUBLIC_KEY", nth, v.remote_static);
    logged_key(p, seat, "LOCAL_EPHEMERAL_PRIVATE_KEY", nth, v.ephemeral_private);
    logged_key(p, seat, "PRESHARED_KEY", nth, v.psk);
    memcpy(v.static_public, p->identity[seat].x25519_public, 32);
    paper_handshake(&v, &r);

    print_message("          %s, seat %d\n", name, seat);
    assert_memory_equal(r.static_key, p->identity[p->client].x25519_public, 32);
    assert_true(r.mac1_initiation);
    assert_true(r.empty);
    assert_true(r.mac1_response);
    /* TAI64N of the moment it was sent, on the grid */
    uint64_t seconds = 0;
    for (int k = 0; k < 8; k++)
        seconds = seconds << 8 | r.timestamp[k];
    assert_int_equal(seconds, UINT64_C(0x400000000000000a) + SD_EPOCH_S + i->sent / SD_SECOND);
    assert_int_equal(r.timestamp[9] | r.timestamp[10] | r.timestamp[11], 0);

    /* The client's last packet and the server's last packet of this session. */
    uint8_t out[2048];
    size_t from_client = pair_sent(p, p->client, WG_DATA) - 1;
    size_t from_server = pair_sent(p, p->server, WG_DATA) - 1;
    const struct sd_mem_unit *d =
        sd_mem_unit(p->mem, pair_find(p, p->client, WG_DATA, from_client));
    assert_int_equal(paper_open(r.initiator_to_responder, d->data, d->len, out), 112);
    assert_memory_equal(out, inner_packet(INNER(0), INNER(1), 100), 100);
    for (int k = 100; k < 112; k++)
        assert_int_equal(out[k], 0);
    d = sd_mem_unit(p->mem, pair_find(p, p->server, WG_DATA, from_server));
    assert_int_equal(paper_open(r.responder_to_initiator, d->data, d->len, out), 208);
    assert_memory_equal(out, inner_packet(INNER(1), INNER(0), 200), 200);
}

static void test_known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
    } rows[] = {
        {"no pre-shared key", {.seed = 3}},
        {"pre-shared key", {.seed = 4, .mode = "psk", .psk_client = true, .psk_server = true}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        pair_ready(&p, &rows[i].options);
        for (size_t handshake = 0; handshake < 2; handshake++) {
            pair_send(&p, p.client, 100);
            pair_send(&p, p.server, 200);
            sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
            check_view(&p, p.client, handshake, rows[i].name);
            check_view(&p, p.server, handshake, rows[i].name);
            sd_mem_control(p.mem, p.client, 1, &(struct sd_control){.verb = SD_REKEY});
            sd_mem_run(p.mem, sd_mem_now(p.mem) + 6 * SD_SECOND);
        }
        pair_end(&p);
    }
}

/* 5.4.2: the two constants, as every implementation has them. */
static void test_start_values(void **state)
{
    (void)state;
    struct pair p;
    pair_make(&p, &(struct pair_options){0});
    struct wireguard *wg = (struct wireguard *)sd_mem_seat(p.mem, p.client)->agent;
    hex_check("HASH(CONSTRUCTION)",
              "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36",
              wg->start_chaining_key, 32);
    hex_check("HASH(HASH(CONSTRUCTION) || IDENTIFIER)",
              "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3", wg->start_hash,
              32);
    pair_end(&p);
}

/* No bit of a handshake message may be changed; the type's bits make it another message. */
struct flip {
    int from;
    uint8_t type;
    size_t bit;
};

static bool flip_bit(void *ctx, struct sd_mem_unit *u)
{
    const struct flip *f = ctx;
    if (u->from == f->from && u->data[0] == f->type)
        u->data[f->bit / 8] ^= (uint8_t)(1u << f->bit % 8);
    return true;
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int from;
        uint8_t type;
        size_t len, without; /* bits past `without` are not covered: mac2 when there is no cookie */
    } rows[] = {
        {"Initiation", 0, WG_INITIATION, 148, 132},
        {"Response", 1, WG_RESPONSE, 92, 76},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        for (size_t bit = 0; bit < 8 * rows[i].without; bit += 5) {
            struct flip f = {rows[i].from, rows[i].type, bit};
            struct pair p;
            pair_make(&p, &(struct pair_options){.seed = 9});
            sd_mem_on_unit(p.mem, flip_bit, &f);
            pair_open(&p);
            sd_mem_run(p.mem, SD_SECOND);
            size_t ready = sd_mem_count(p.mem, -1, SD_EV_READY);
            if (ready)
                print_error("%s: bit %zu was changed and nobody noticed\n", rows[i].name, bit);
            pair_check(&p, 0, ready, "ready");
            pair_end(&p);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_start_values),
        cmocka_unit_test(test_every_bit_counts),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
