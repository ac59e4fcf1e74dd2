/* test_eap.c - MS-CHAPv2 against RFC 2759 9.2 and RFC 3079 3.5.3, and what the methods refuse. */
#include "protocols/ipsec/eap.h"
#include "tests/core/unit.h"
#include "tests/crypto/hex.h"

static const char authenticator_challenge[] = "5b5d7c7d7b3f2f3e3c2c602132262628";
static const char peer_challenge[] = "21402324255e262a28295f2b3a337c7e";
static const char nt_response[] = "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df";
static const char authenticator_response[] = "S=407A5589115FD0D6209F510FE9C04566932CDA56";

/* RFC 3079 3.5.3 has the server's sending key of 16 bytes: the second half of what both agree on.
 */
static const char server_send_key[] = "8b7cdc149b993a1ba118cb153f56dccb";

/* Whoever draws a challenge gets the one of the RFC. */
static void published(struct sd_env *env, void *buf, size_t len)
{
    const struct hex h = hex_of(env->ctx);
    assert_int_equal(len, h.len);
    memcpy(buf, h.data, len);
}

static struct ike_eap someone(void)
{
    return (struct ike_eap){
        .method = &eap_mschapv2, .identity = "User", .secret = "clientPass", .secret_len = 10};
}

static void respond(struct ike_eap *eap, const uint8_t *request, size_t len, uint8_t *response,
                    size_t *response_len)
{
    struct sd_env env = {.random = published, .ctx = (void *)(uintptr_t)peer_challenge};
    struct sd_reader in = sd_reader_of(request, len);
    struct sd_writer out = sd_writer_of(response, 256);
    assert_true(eap_mschapv2.respond(eap, &env, &in, &out));
    *response_len = sd_written(&out);
}

static void published_exchange(void **state)
{
    (void)state;
    struct ike_eap client = someone(), server = someone();
    struct sd_env env = {.random = published, .ctx = (void *)(uintptr_t)authenticator_challenge};
    uint8_t request[256], response[256];
    size_t response_len;
    struct sd_writer out = sd_writer_of(request, sizeof request);
    assert_int_equal(eap_mschapv2.serve(&server, &env, NULL, &out), EAP_MORE);
    respond(&client, request, sd_written(&out), response, &response_len);
    hex_check("peer challenge", peer_challenge, response + 5, 16);
    hex_check("NT response", nt_response, response + 5 + 24, 24);

    struct sd_reader in = sd_reader_of(response, response_len);
    out = sd_writer_of(request, sizeof request);
    assert_int_equal(eap_mschapv2.serve(&server, &env, &in, &out), EAP_MORE);
    assert_memory_equal(request + 4, authenticator_response, strlen(authenticator_response));
    respond(&client, request, sd_written(&out), response, &response_len);
    in = sd_reader_of(response, response_len);
    assert_int_equal(eap_mschapv2.serve(&server, &env, &in, &out), EAP_GOOD);

    assert_memory_equal(client.key, server.key, sizeof client.key);
    hex_check("the server's sending key", server_send_key, server.key + 16, 16);
}

/* A server that does not know the password cannot say what the client expects of it. */
static void a_false_server(void **state)
{
    (void)state;
    struct ike_eap client = someone();
    uint8_t request[64] = {1, 1, 0, 21, 16}, response[256];
    size_t len;
    respond(&client, request, 21, response, &len);
    memcpy(request, "\3\1\0\56S=407A5589115FD0D6209F510FE9C04566932CDA57", 46);
    struct sd_env env = {.random = published};
    struct sd_reader in = sd_reader_of(request, 46);
    struct sd_writer out = sd_writer_of(response, sizeof response);
    assert_false(eap_mschapv2.respond(&client, &env, &in, &out));
    assert_false(client.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(published_exchange),
                                       cmocka_unit_test(a_false_server)};
    assert_int_equal(sd_core_init(), SD_OK);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
