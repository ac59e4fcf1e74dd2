/* Every probe can say yes and can say no: rows of protocols, modes and settings with and without
 * the feature, and features broken on purpose.  The numbers are those of the column "verdict". */
#include "lua/scenario.h"
#include "sim/core/env.h"
#include "tests/lua/tree.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOT_APPLICABLE, NO, PARTLY, YES };
static const char *const words[] = {"not applicable", "no", "partly", "yes"};

#define PROBE(name)   "scenarios/features/" name ".lua"
#define CONTROL(name) "tests/features/" name ".lua"

static const struct {
    const char *probe, *settings; /* that leave one point */
    uint64_t verdict;
} rows[] = {
    {PROBE("forward-secrecy"), "protocol=wireguard", YES},
    {PROBE("forward-secrecy"), "protocol=tls12 mode=psk", YES},
    {PROBE("forward-secrecy"), "protocol=dtls12 mode=psk", NO}, /* no Diffie-Hellman in it */
    {PROBE("forward-secrecy"), "protocol=tcpcrypt mode=plain", NO},
    {CONTROL("rsa-key-transport"), "protocol=tls12", NO},
    {PROBE("confidentiality"), "protocol=tcpcrypt", YES},
    {PROBE("confidentiality"), "protocol=tcpcrypt mode=plain", NO},
    {PROBE("integrity"), "protocol=curvecp", YES},
    {PROBE("integrity"), "protocol=tcpcrypt", YES},
    {PROBE("integrity"), "protocol=tcpcrypt mode=plain", NO},
    {PROBE("responder-auth"), "protocol=tls13", YES},
    {PROBE("responder-auth"), "protocol=srtp", YES},
    {PROBE("responder-auth"), "protocol=tcpcrypt", NO},
    {PROBE("mutual-auth"), "protocol=dtls12", YES},
    {PROBE("mutual-auth"), "protocol=tcpcrypt", NO},
    {PROBE("pre-shared-key"), "protocol=wireguard mode=psk", YES},
    {PROBE("pre-shared-key"), "protocol=wireguard mode=fresh", NO},
    {PROBE("algorithm-negotiation"), "protocol=tcpcrypt", YES},
    {PROBE("algorithm-negotiation"), "protocol=gquic", PARTLY},
    {PROBE("algorithm-negotiation"), "protocol=wireguard", NO},
    {PROBE("auth-delegation"), "protocol=tls12 mode=fresh", YES},
    {PROBE("auth-delegation"), "protocol=tcpcrypt mode=fresh", YES},
    {PROBE("auth-delegation"), "protocol=ipsec mode=eap", YES},
    {PROBE("auth-delegation"), "protocol=curvecp mode=fresh", NO},
    {PROBE("dos-mitigation"), "protocol=dtls12 defence=always", YES},
    {PROBE("dos-mitigation"), "protocol=curvecp defence=always", PARTLY},
    {PROBE("dos-mitigation"), "protocol=dtls12 defence=never", NO},
    {PROBE("mobility"), "protocol=curvecp mode=fresh", YES},
    {PROBE("mobility"), "protocol=dtls13 mode=cid", YES},
    {PROBE("mobility"), "protocol=dtls13 mode=fresh", NO},
    {PROBE("mobility"), "protocol=curvecp mode=reference", PARTLY},
    {PROBE("mobility"), "protocol=tls13 mode=fresh", NO},
    {PROBE("source-validation"), "protocol=wireguard defence=always", YES},
    {PROBE("source-validation"), "protocol=dtls12 defence=never", NO},
    {PROBE("source-validation"), "protocol=curvecp defence=always", PARTLY},
    {PROBE("app-negotiation"), "protocol=dtls12", YES},
    {PROBE("app-negotiation"), "protocol=curvecp", NO},
    {PROBE("extensions"), "protocol=tls13", YES},
    {PROBE("extensions"), "protocol=ipsec", YES},
    {PROBE("extensions"), "protocol=tcpcrypt", YES},
    {PROBE("extensions"), "protocol=wireguard", NO},
    {PROBE("session-cache"), "protocol=tcpcrypt mode=resumed", YES},
    {PROBE("session-cache"), "protocol=tcpcrypt mode=fresh", NO},
    {PROBE("length-hiding"), "protocol=tls13", YES},
    {PROBE("length-hiding"), "protocol=dtls13", YES},
    {PROBE("length-hiding"), "protocol=wireguard", PARTLY},
    {PROBE("length-hiding"), "protocol=tls12", NO},
    {PROBE("early-data"), "protocol=tls13 mode=early", YES},
    {PROBE("early-data"), "protocol=tls13 mode=resumed", NO},
    {PROBE("early-data"), "protocol=tcpcrypt mode=resumed", NO}, /* the server has answered */
    {PROBE("replay-prevention"), "protocol=dtls12", YES},
    {CONTROL("early-replay"), "anti_replay=on", YES},
    {CONTROL("early-replay"), "anti_replay=off", NO},
    {PROBE("out-of-order"), "protocol=dtls12", YES},
    {PROBE("out-of-order"), "protocol=curvecp", YES},
    {PROBE("out-of-order"), "protocol=tls12", NO},
    {PROBE("key-update"), "protocol=tls13", YES},
    {PROBE("key-update"), "protocol=tls12", NO},
    {PROBE("key-expiration"), "protocol=wireguard", YES},
    {PROBE("key-expiration"), "protocol=ipsec", YES},
    {PROBE("key-expiration"), "protocol=dtls12", NO},
    {PROBE("termination"), "protocol=tls12", YES},
    {PROBE("termination"), "protocol=wireguard", NO},
    {PROBE("termination"), "protocol=tcpcrypt mode=plain", NO}, /* a forged FIN will do */
    {PROBE("exporter"), "protocol=dtls12", YES},
    {PROBE("exporter"), "protocol=wireguard", NO},
    {PROBE("identity-hiding"), "protocol=wireguard", YES},
    {PROBE("identity-hiding"), "protocol=tls13", PARTLY},
    {PROBE("identity-hiding"), "protocol=quic", PARTLY}, /* Initial packets hide nothing */
    {PROBE("identity-hiding"), "protocol=dtls12", NO},
    {PROBE("identity-hiding"), "protocol=tcpcrypt", NOT_APPLICABLE},
    {PROBE("partial-encryption"), "protocol=srtp", YES},
    {PROBE("partial-encryption"), "protocol=dtls12", NO},
    {PROBE("reliable"), "protocol=curvecp", YES},
    {PROBE("reliable"), "protocol=dtls12", NO},
    {PROBE("path-validation"), "protocol=quic mode=fresh", YES},
    {PROBE("path-validation"), "protocol=dtls13 mode=cid", YES},
    {PROBE("path-validation"), "protocol=wireguard mode=fresh", NO},
    {PROBE("path-validation"), "protocol=tls13 mode=fresh", NOT_APPLICABLE},
    {PROBE("transparency"), "protocol=wireguard mode=fresh", YES},
    {PROBE("transparency"), "protocol=tcpcrypt mode=plain", YES},
    {PROBE("transparency"), "protocol=curvecp mode=fresh", NO},
    {PROBE("multiplexing"), "protocol=wireguard mode=fresh", YES},
    {PROBE("multiplexing"), "protocol=quic mode=fresh", YES},
    {PROBE("multiplexing"), "protocol=minimalt mode=fresh", YES},
    {PROBE("multiplexing"), "protocol=curvecp mode=fresh", PARTLY},
    {PROBE("multiplexing"), "protocol=dtls12 mode=fresh", NO},
    {PROBE("multiplexing"), "protocol=tls13 mode=fresh", NO},
    {PROBE("identities"), "protocol=curvecp", YES},
    {PROBE("identities"), "protocol=tcpcrypt", NO},
    {PROBE("reliable-handshake"), "protocol=dtls12", YES},
    {PROBE("reliable-handshake"), "protocol=dtls12 loss=100%", NO},
    {PROBE("segmentation"), "protocol=tls12", YES},
    {PROBE("segmentation"), "protocol=dtls12", NO},
    {PROBE("segmentation"), "protocol=wireguard", NOT_APPLICABLE},
};

/* The column is the last that a probe has. */
static bool verdict_of(struct sd_scenario *s, struct sd_run_result *result, uint64_t *verdict)
{
    struct sd_error error = {0};
    if (sd_scenario_points(s) != 1)
        fail_msg("%s: expected settings that leave one point, found %zu", sd_scenario_name(s),
                 sd_scenario_points(s));
    if (sd_scenario_run(s, &(struct sd_run_request){0}, result, &error) < 0)
        fail_msg("%s", error.text);
    size_t last = sd_scenario_metrics(s) - 1;
    assert_string_equal(sd_scenario_metric(s, last), "verdict");
    *verdict = result->value[last];
    return result->has[last];
}

static void probes_say(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_run_result result;
        uint64_t verdict;
        struct sd_scenario *s = tree_scenario(rows[i].probe, rows[i].settings, false, 0);
        bool there = verdict_of(s, &result, &verdict);
        if (!there || verdict != rows[i].verdict || !*result.detail) {
            print_message("%s, %s: expected %s, found %s: %s\n", rows[i].probe, rows[i].settings,
                          words[rows[i].verdict], there ? words[verdict] : "nothing",
                          result.detail);
            wrong++;
        }
        sd_scenario_free(s);
    }
    assert_int_equal(wrong, 0);
}

static int begin(void **state)
{
    (void)state;
    return sd_core_init();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(probes_say)};
    return cmocka_run_group_tests(tests, begin, NULL);
}
