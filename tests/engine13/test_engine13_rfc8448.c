/* test_engine13_rfc8448.c - the key schedule on the handshakes of RFC 8448: every secret, the keys
 * of records, Finished, binder and the key of a ticket, from the messages and the client's private
 * key. */
#include "protocols/engine13/inside.h"
#include "tests/crypto/hex.h"
#include "tests/engine13/rfc8448.h"

static struct {
    uint8_t secret[2][4][SD_HASH_MAX]; /* by who sends (client first) and level */
} given;

static bool no_message(void *ctx, enum sd_e13_level level, const uint8_t *message, size_t len)
{
    (void)ctx, (void)level, (void)message, (void)len;
    return true;
}

static void take_secret(void *ctx, bool sending, enum sd_e13_level level,
                        const struct sd_e13_suite *suite, const uint8_t *secret)
{
    (void)ctx;
    memcpy(given.secret[!sending][level], secret, sd_hash_len(suite->hash));
}

static void no_news(void *ctx, const struct sd_event *news)
{
    (void)ctx, (void)news;
}

static const struct sd_e13_carrier carrier = {no_message, take_secret, NULL, no_news};

static void add(struct sd_e13_session *s, const char *message)
{
    struct hex h = hex_of(message);
    e13_transcript_add(s, h.data, h.len);
}

static void check_key(const struct sd_e13_session *s, const char *label, const uint8_t *secret,
                      const char *expected)
{
    uint8_t out[16];
    size_t len = strlen(expected) / 2;
    sd_e13_traffic_key(s->context->flavour, s->suite, secret, label, out, len);
    hex_check(label, expected, out, len);
}

static void check_finished(struct sd_e13_session *s, const uint8_t *base_key, const char *finished)
{
    uint8_t hash[SD_HASH_MAX], verify_data[SD_HASH_MAX];
    e13_transcript_hash(s, hash);
    e13_verify_data(s, base_key, hash, verify_data);
    hex_check("Finished", finished + 2 * TLS_HANDSHAKE_HEADER, verify_data, SD_SHA256_LEN);
    add(s, finished);
}

static void check_binder(struct sd_e13_session *s, const struct trace *t)
{
    struct hex hello = hex_of(t->hello);
    memset(hello.data + hello.len - SD_SHA256_LEN, 0, SD_SHA256_LEN);
    s->opening->psk.hash = SD_SHA256;
    assert_int_equal(e13_fill_binder(s, hello.data, hello.len), 0);
    hex_check("binder", t->binder, hello.data + hello.len - SD_SHA256_LEN, SD_SHA256_LEN);
    hex_check("ClientHello", t->hello, hello.data, hello.len);
    e13_enter_early(s);
    hex_check("client_early_traffic_secret", t->client_early, given.secret[0][SD_E13_EARLY], 32);
}

static void enter_hellos(struct sd_e13_session *s, const struct trace *t)
{
    uint8_t hash[SD_HASH_MAX];
    assert_true(t->binder || e13_transcript_begin(s));
    if (!t->binder)
        add(s, t->hello);
    if (t->retry) {
        e13_transcript_hash(s, hash);
        assert_true(e13_transcript_begin(s));
        e13_transcript_add_message_hash(s, hash);
        add(s, t->retry);
        add(s, t->second_hello);
    }
    add(s, t->server_hello);
}

/* The server's public key is the key share in its hello, the first extension. */
static void agree(struct sd_e13_session *s, const struct trace *t, uint8_t shared[32])
{
    struct hex hello = hex_of(t->server_hello), key = hex_of(t->private_key);
    uint16_t group = t->retry ? E13_SECP256R1 : E13_X25519;
    size_t len = t->retry ? SD_P256_POINT : SD_X25519_LEN, at = 0;
    const uint8_t wanted[] = {0, (uint8_t)group, 0, (uint8_t)len};
    while (at + sizeof wanted + len <= hello.len && memcmp(hello.data + at, wanted, 4) != 0)
        at++;
    memcpy(t->retry ? s->opening->p256 : s->opening->x25519, key.data, key.len);
    assert_true(e13_agree(s, group, sd_reader_of(hello.data + at + 4, len), shared));
    hex_check("shared secret", t->shared, shared, 32);
}

static void check_ticket(struct sd_e13_session *s, const struct trace *t)
{
    struct hex ticket = hex_of(t->ticket);
    struct sd_reader r =
        sd_reader_of(ticket.data + TLS_HANDSHAKE_HEADER, ticket.len - TLS_HANDSHAKE_HEADER);
    s->context->resume = true;
    assert_int_equal(e13_read_ticket(s, &r), 0);
    snprintf(s->server_name, sizeof s->server_name, "%s", "");
    assert_true(e13_take_ticket(s));
    hex_check("key of the ticket", t->ticket_key, s->opening->psk.key, s->opening->psk.len);
    assert_int_equal(s->opening->psk.lifetime, 30);
    assert_int_equal(s->opening->psk.early_max, 1024);
}

static void check_trace(const struct trace *t)
{
    struct sd_env env;
    struct sd_stats stats;
    struct sd_e13_context context = {0};
    const struct sd_config config = {.role = SD_ROLE_CLIENT};
    assert_int_equal(sd_env_init(&env, 1), SD_OK);
    struct sd_env *before = sd_enter(&env);
    assert_int_equal(sd_e13_context_init(&context, &sd_e13_tls, &config, &env, &stats, NULL),
                     SD_OK);
    const struct sd_e13_open open = {.carrier = &carrier, .client = true};
    struct sd_e13_session *s = sd_e13_new(&context, &open);
    s->suite = e13_suite(TLS_AES_128_GCM_SHA256);
    print_message("          %s\n", t->name);
    if (t->psk) {
        struct hex psk = hex_of(t->psk);
        memcpy(s->opening->psk.key, psk.data, s->opening->psk.len = psk.len);
        check_binder(s, t);
    } else {
        e13_extract_first(s, NULL, 0);
    }
    uint8_t shared[32];
    agree(s, t, shared);
    enter_hellos(s, t);
    e13_enter_handshake(s, shared, sizeof shared);
    const uint8_t *client_handshake = given.secret[0][SD_E13_HANDSHAKE];
    const uint8_t *server_handshake = given.secret[1][SD_E13_HANDSHAKE];
    hex_check("client_handshake_traffic_secret", t->client_handshake, client_handshake, 32);
    hex_check("server_handshake_traffic_secret", t->server_handshake, server_handshake, 32);
    check_key(s, "key", server_handshake, t->server_handshake_key);
    check_key(s, "iv", server_handshake, t->server_handshake_iv);
    for (size_t i = 0; i < SD_ROWS(t->flight) && t->flight[i]; i++)
        add(s, t->flight[i]);
    check_finished(s, server_handshake, t->server_finished);
    e13_enter_master(s);
    hex_check("client_application_traffic_secret_0", t->client_application, s->client_app, 32);
    hex_check("server_application_traffic_secret_0", t->server_application, s->server_app, 32);
    hex_check("exporter_master_secret", t->exporter, s->exporter, 32);
    check_key(s, "key", s->client_app, t->client_application_key);
    check_key(s, "iv", s->client_app, t->client_application_iv);
    if (t->end_of_early_data)
        add(s, t->end_of_early_data);
    check_finished(s, client_handshake, t->client_finished);
    e13_finish_schedule(s);
    hex_check("resumption_master_secret", t->resumption, s->resumption, 32);
    if (t->ticket)
        check_ticket(s, t);
    sd_e13_free(s);
    sd_e13_context_fini(&context);
    sd_leave(before);
    assert_int_equal(sd_heap_bytes(&env), 0);
    sd_env_fini(&env);
}

static void test_traces(void **state)
{
    (void)state;
    for (size_t i = 0; i < trace_count; i++)
        check_trace(&traces[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_traces)};
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
