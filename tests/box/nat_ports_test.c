/* nat_ports_test.c - the ports of a NAT, to the last one, and settings that it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "sim/box/ip.h"
#include "sim/box/nat.h"

#define A_IP     0x0a000101u
#define B_IP     0x0a000201u
#define EXTERNAL 0xc6336401u
#define S_IP     0xcb007101u

/* -- ports run out -- */

static enum sd_verdict translate(struct sd_nat *nat, uint32_t host, uint16_t port, uint8_t proto,
                                 sd_time now, uint16_t *external)
{
    uint8_t data[40] = {0};
    sd_ip_write_header(data, sizeof data, proto, 1, host, S_IP);
    sd_write16(data + 20, port);
    sd_write16(data + 22, 443);
    data[SD_IP_HEADER + SD_TCP_OFFSET] = 0x50;
    struct sd_packet packet = {.data = data,
                               .len = sizeof data,
                               .cap = sizeof data,
                               .ifindex = 2,
                               .direction = SD_OUT,
                               .now = now};
    struct sd_passage passage = {.packet = &packet};
    enum sd_verdict verdict = sd_nat_pass(nat, &passage);
    *external = sd_read16(data + 20);
    return verdict;
}

#define PORTS (65536 - 1024)

static void exhausted(void **state)
{
    (void)state;
    struct sd_nat *nat =
        sd_nat_new(&(struct sd_nat_settings){.external_ip = EXTERNAL, .outside = 2, .seed = 4});
    static bool taken[65536];
    memset(taken, 0, sizeof taken);
    uint16_t port;
    for (uint32_t n = 0; n < PORTS; n++) {
        enum sd_verdict verdict = translate(nat, A_IP + n / 60000, (uint16_t)(1 + n % 60000),
                                            SD_PROTO_UDP, n * SD_US, &port);
        if (verdict != SD_CHANGED || port < 1024 || taken[port])
            fail_msg("binding %u of %u: expected a free port, found %d, %u", n + 1, PORTS, verdict,
                     port);
        taken[port] = true;
    }
    const struct sd_nat_counters *c = sd_nat_counters_of(nat);
    assert_int_equal(c->exhausted, 0);
    assert_int_equal(translate(nat, B_IP, 1, SD_PROTO_UDP, SD_SECOND, &port), SD_DROP);
    assert_int_equal(c->exhausted, 1);
    /* TCP has ports of its own, and those that have one keep it. */
    assert_int_equal(translate(nat, B_IP, 1, SD_PROTO_TCP, SD_SECOND, &port), SD_CHANGED);
    assert_int_equal(translate(nat, A_IP, 1, SD_PROTO_UDP, 25 * SD_SECOND, &port), SD_CHANGED);
    /* Once idle ones have expired there is room again, though the table never grew. */
    assert_int_equal(translate(nat, B_IP, 1, SD_PROTO_UDP, 40 * SD_SECOND, &port), SD_CHANGED);
    assert_int_equal(c->exhausted, 1);
    assert_int_equal(c->bindings, PORTS + 2);
    sd_nat_free(nat);
}

/* Rebinding a full table leaves no binding where it was. */
static void rebound_when_full(void **state)
{
    (void)state;
    struct sd_nat *nat =
        sd_nat_new(&(struct sd_nat_settings){.external_ip = EXTERNAL, .outside = 2, .seed = 4});
    static uint16_t before[PORTS];
    static bool taken[65536];
    memset(taken, 0, sizeof taken);
    uint32_t kept = 0;
    for (uint32_t n = 0; n < PORTS; n++)
        translate(nat, A_IP + n / 60000, (uint16_t)(1 + n % 60000), SD_PROTO_UDP, 0, &before[n]);
    assert_int_equal(sd_nat_rebind(nat, SD_REBIND_PORT, 0), SD_OK);
    for (uint32_t n = 0; n < PORTS; n++) {
        uint16_t port;
        assert_int_equal(
            translate(nat, A_IP + n / 60000, (uint16_t)(1 + n % 60000), SD_PROTO_UDP, 1, &port),
            SD_CHANGED);
        assert_false(taken[port]);
        taken[port] = true;
        kept += port == before[n];
    }
    assert_in_range(kept, 0, 1); /* the last may find only its own */
    sd_nat_free(nat);
}

/* -- wrong settings -- */

static void refused(void **state)
{
    (void)state;
    const struct sd_nat_settings bad[] = {
        {.external_ip = 0, .outside = 1},
        {.external_ip = EXTERNAL, .outside = -1},
        {.external_ip = EXTERNAL, .outside = 1, .mapping = (enum sd_nat_mapping)3},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sd_nat_new(&bad[i]) != NULL)
            fail_msg("settings %zu: expected a refusal", i);
    struct sd_nat *nat =
        sd_nat_new(&(struct sd_nat_settings){.external_ip = EXTERNAL, .outside = 2});
    assert_int_equal(sd_nat_rebind(nat, 0, 0), SD_E_ARG);
    assert_int_equal(sd_nat_rebind(nat, 4, 0), SD_E_ARG);
    assert_int_equal(sd_nat_rebind(nat, SD_REBIND_ADDRESS, 0), SD_E_ARG);
    assert_int_equal(sd_nat_rebind(nat, SD_REBIND_ADDRESS, EXTERNAL), SD_E_ARG);
    assert_int_equal(sd_nat_rebind(nat, SD_REBIND_PORT, 0), SD_OK);
    struct sd_addr a = sd_ipv4_word(A_IP, 1), s = sd_ipv4_word(S_IP, 1), out;
    assert_false(sd_nat_external(nat, SD_PROTO_UDP, &a, &s, &out));
    sd_nat_free(nat);
    sd_nat_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exhausted),
        cmocka_unit_test(rebound_when_full),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
