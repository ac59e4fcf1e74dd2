/* test_gquic_packets.c - every packet of a connection against a second reading of the protocol
 * (spec.c), and what becomes of packets that were changed on the way. */
#include "tests/gquic/pair.h"
#include "tests/gquic/spec.h"
#include <openssl/pem.h>
#include <string.h>

struct watch {
    struct pair *p;
    struct spec_secrets secrets;
    uint8_t private_key[32]; /* of the client, for this connection */
    uint8_t scfg[512];
    size_t scfg_len;
    size_t opened[SPEC_LEVELS][2]; /* by level and direction */
    size_t bad;
    uint8_t leaf[2048];
    size_t leaf_len;
};

static size_t leaf_of(const char *pem, uint8_t *der)
{
    BIO *b = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
    int len = i2d_X509(x, &der);
    X509_free(x);
    BIO_free(b);
    return (size_t)len;
}

static void append(struct spec_secrets *s, const void *data, size_t len)
{
    memcpy(s->context + s->context_len, data, len);
    s->context_len += len;
}

/* A full CHLO fixes the initial keys, and what both kinds of keys have in common. */
static void learn_initial(struct watch *w, const struct spec_packet *packet, const uint8_t *chlo,
                          size_t len)
{
    size_t n;
    struct spec_secrets *s = &w->secrets;
    const uint8_t *aead = spec_value(chlo, len, "AEAD", &n), *pubs;
    const uint8_t *nonce = spec_value(chlo, len, "NONC", &n), *sno;
    const struct gq_connection *c = pair_connection(w->p, w->p->client);
    memcpy(w->private_key, c->handshake->private_key, 32);
    if (!w->scfg_len) { /* no REJ was seen: the client had it before */
        w->scfg_len = c->server->config.len;
        memcpy(w->scfg, c->server->config.raw, w->scfg_len);
    }
    s->chacha = memcmp(aead, "CC20", 4) == 0;
    memcpy(s->nonces[SPEC_INITIAL], nonce, 32);
    memcpy(s->nonces[SPEC_FORWARD_SECURE], nonce, 32);
    s->nonces_len[SPEC_INITIAL] = 32;
    sno = spec_value(chlo, len, "SNO", &n);
    if (sno) {
        memcpy(s->nonces[SPEC_INITIAL] + 32, sno, 32);
        s->nonces_len[SPEC_INITIAL] = 64;
    }
    s->context_len = 0;
    append(s, packet->cid, 8);
    append(s, chlo, len);
    append(s, w->scfg, w->scfg_len);
    append(s, w->leaf, w->leaf_len);
    pubs = spec_value(w->scfg, w->scfg_len, "PUBS", &n);
    s->known[SPEC_INITIAL] = spec_x25519(s->premaster[SPEC_INITIAL], w->private_key, pubs + 3);
}

static void learn_forward_secure(struct watch *w, const uint8_t *shlo, size_t len)
{
    size_t n;
    struct spec_secrets *s = &w->secrets;
    memcpy(s->nonces[SPEC_FORWARD_SECURE] + 32, spec_value(shlo, len, "SNO", &n), 32);
    s->nonces_len[SPEC_FORWARD_SECURE] = 64;
    s->known[SPEC_FORWARD_SECURE] = spec_x25519(s->premaster[SPEC_FORWARD_SECURE], w->private_key,
                                                spec_value(shlo, len, "PUBS", &n));
}

static bool look(void *ctx, struct sd_mem_unit *u)
{
    struct watch *w = ctx;
    static struct spec_packet packet;
    bool to_server = u->to == w->p->server;
    size_t len, n;
    if (spec_header(&packet, u->data, u->len, to_server) && packet.has_nonce)
        memcpy(w->secrets.diversification, packet.nonce, 32);
    if (!spec_open(&packet, &w->secrets, u->data, u->len, to_server)) {
        w->bad++;
        return true;
    }
    w->opened[packet.level][to_server]++;
    const uint8_t *message = spec_crypto(&packet, &len), *value;
    if (!message)
        return true;
    if (memcmp(message, "REJ", 4) == 0 && (value = spec_value(message, len, "SCFG", &n))) {
        w->scfg_len = n;
        memcpy(w->scfg, value, n);
    } else if (memcmp(message, "CHLO", 4) == 0 && spec_value(message, len, "PUBS", &n)) {
        learn_initial(w, &packet, message, len);
    } else if (memcmp(message, "SHLO", 4) == 0) {
        learn_forward_secure(w, message, len);
    }
    return true;
}

static const struct sd_option chacha[] = {{"aead", "CC20"}, {0}};

static void test_second_reading(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct pair_options options;
        size_t clear[2]; /* unencrypted packets: from the server, to it */
    } rows[] = {
        {"Q043, AES-128-GCM", {.mode = "fresh"}, {1, 2}},
        {"Q043, ChaCha20-Poly1305", {.mode = "fresh", .client_options = chacha}, {1, 2}},
        {"Q046", {.mode = "q046"}, {1, 2}},
        {"Q046, ChaCha20-Poly1305", {.mode = "q046", .client_options = chacha}, {1, 2}},
        {"an RSA certificate", {.mode = "fresh", .identity = "server.rsa.example"}, {1, 2}},
        {"a token first", {.mode = "cookie"}, {2, 3}},
        {"a cached config", {.mode = "early"}, {0, 1}},
    };
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct pair p;
        static struct watch w;
        print_message("          %s\n", rows[i].name);
        struct pair_options o = rows[i].options;
        o.reply = 2000;
        memset(&w, 0, sizeof w);
        w.p = &p;
        w.leaf_len =
            leaf_of(sd_identity(o.identity ? o.identity : "server.example")->certificate, w.leaf);
        if (strcmp(o.mode, "early") == 0)
            pair_prepare(&p, &o);
        else
            pair_make(&p, &o);
        p.request = 3000;
        sd_mem_on_unit(p.mem, look, &w);
        pair_open(&p, NULL);
        pair_run(&p, SD_SECOND);
        sd_mem_close(p.mem, p.client, p.client_sid);
        pair_run(&p, SD_SECOND);
        pair_received(&p, p.server, 0, 3000);
        pair_received(&p, p.client, 0, 2000);
        pair_check(&p, 0, w.bad, "packets that the second reading does not open");
        for (int to = 0; to < 2; to++)
            pair_check(&p, rows[i].clear[to], w.opened[SPEC_CLEAR][to], "unencrypted packets");
        pair_check(&p, 1, w.opened[SPEC_INITIAL][0], "packets of the server with initial keys");
        assert_true(w.opened[SPEC_INITIAL][1] >= 3);
        assert_true(w.opened[SPEC_FORWARD_SECURE][0] >= 2);
        assert_true(w.opened[SPEC_FORWARD_SECURE][1] >= 1);
        pair_end(&p);
    }
}

/* Every packet goes a second time with one bit changed, before the good one: nobody minds. */
struct changing {
    struct pair *p;
    size_t bit, changed;
    bool only_sealed; /* leaves alone what everybody can make */
};

static bool change(void *ctx, struct sd_mem_unit *u)
{
    struct changing *c = ctx;
    char text[128];
    if (u->to < 0)
        return true;
    sd_gquic_agent.describe(u->data, u->len, u->to == c->p->server, text, sizeof text);
    if (strcmp(text, "Public Reset") == 0 || (c->only_sealed && !strstr(text, "encrypted")))
        return true;
    uint8_t copy[2048];
    memcpy(copy, u->data, u->len);
    size_t bit = c->bit < 8 * u->len ? c->bit : 8 + c->bit % (8 * u->len - 8);
    copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    sd_mem_inject(c->p->mem, u->to, &u->path, copy, u->len);
    c->changed++;
    return true;
}

static void test_changed_bits(void **state)
{
    (void)state;
    static const char *const modes[] = {"fresh", "q046"};
    for (size_t i = 0; i < SD_ROWS(modes); i++) {
        for (size_t bit = 0; bit < 8 * 1378; bit += 131) {
            struct pair p;
            const struct pair_options o = {.mode = modes[i], .reply = 1000};
            struct changing c = {.p = &p, .bit = bit, .only_sealed = true};
            pair_make(&p, &o);
            p.request = 500;
            sd_mem_on_unit(p.mem, change, &c);
            pair_open(&p, NULL);
            pair_run(&p, 2 * SD_SECOND);
            pair_received(&p, p.server, 0, 500);
            pair_received(&p, p.client, 0, 1000);
            pair_check(&p, 1, pair_count(&p, p.client, SD_EV_READY), "client READY");
            assert_true(c.changed > 3);
            pair_end(&p);
        }
    }
}

/* Unencrypted packets are nobody's in particular, but a changed bit shows; only the flags, which
 * say what kind of packet it is, are left out: half of them make one that has no check at all. */
static void test_changed_clear_bits(void **state)
{
    (void)state;
    for (size_t bit = 8; bit < 8 * 1350; bit += 61) {
        struct pair p;
        const struct pair_options o = {.mode = "fresh"};
        struct changing c = {.p = &p, .bit = bit};
        pair_make(&p, &o);
        sd_mem_on_unit(p.mem, change, &c);
        pair_open(&p, NULL);
        pair_run(&p, 2 * SD_SECOND);
        pair_check(&p, 1, pair_count(&p, p.client, SD_EV_READY), "client READY");
        pair_check(&p, 0, pair_count(&p, p.client, SD_EV_ERROR), "errors");
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_reading),
        cmocka_unit_test(test_changed_bits),
        cmocka_unit_test(test_changed_clear_bits),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
