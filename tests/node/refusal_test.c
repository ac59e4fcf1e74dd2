/* refusal_test.c - what never happened has no value, and what cannot be is refused. */
#include "tests/node/world.h"

#include <string.h>

/* -- what never happened has no value -- */

static void absent_values(void **state)
{
    (void)state;
    static const char *const absent[] = {
        "handshake.time",    "reply.time",           "handshake.bytes", "handshake.time.mean",
        "success",           "transfer.time",        "transfer.bytes",  "stream.lost",
        "handshake.flights", "transfer.longest_gap",
    };
    struct world w;
    world_make(&w, &(struct world_options){.protocol = "dtls12"});
    world_run(&w, SD_SECOND);
    for (size_t i = 0; i < SD_ROWS(absent); i++)
        world_check(&w, UINT64_MAX, world_metric(&w, absent[i]), absent[i]);
    world_check(&w, UINT64_MAX, world_machine_metric(&w, w.server, "amplification"),
                "amplification");
    world_check(&w, UINT64_MAX, world_machine_metric(&w, w.server, "cpu.share"), "cpu.share");
    world_check(&w, UINT64_MAX, world_machine_metric(&w, -1, "bytes_in"), "nobody's");
    world_check(&w, 0, world_metric(&w, "attempts"), "attempts");
    world_free(&w);
    /* The server cannot be reached: begun, and no more. */
    world_make(&w, &(struct world_options){.protocol = "tls13", .forth = {.loss_ppm = SD_PPM}});
    world_connect(&w);
    world_run(&w, 300 * SD_SECOND);
    world_check(&w, UINT64_MAX, world_metric(&w, "handshake.time"), "handshake.time");
    world_check(&w, 0, world_metric(&w, "success"), "success");
    world_check(&w, true, world_saw(&w, "client", "refused"), "refused");
    world_free(&w);
}

/* -- a mode that needs an earlier session, and no way to have one -- */

static void no_earlier_session(void **state)
{
    (void)state;
    struct sd_error e = {0};
    struct sd_lab *lab;
    assert_int_equal(sd_lab_create(&lab, &(struct sd_lab_config){.seed = 1}, &e), SD_OK);
    sd_machine client = sd_lab_host(lab, &(struct sd_machine_config){.name = "client"}, &e);
    sd_machine server = sd_lab_host(lab, &(struct sd_machine_config){.name = "server"}, &e);
    sd_machine here = sd_lab_router(lab, "here", &e), there = sd_lab_router(lab, "there", &e);
    assert_true(sd_lab_link(lab, &(struct sd_lab_link){.a = client, .b = here}, &e) >= 0);
    assert_true(sd_lab_link(lab, &(struct sd_lab_link){.a = server, .b = there}, &e) >= 0);
    struct sd_lab_agent agent = {.protocol = "tls13", .mode = "resumed", .role = SD_ROLE_CLIENT};
    assert_int_equal(sd_lab_agent(lab, client, &agent, &e), SD_OK);
    agent.role = SD_ROLE_SERVER;
    assert_int_equal(sd_lab_agent(lab, server, &agent, &e), SD_OK);
    assert_int_equal(sd_lab_start(lab, &e), SD_E_STATE);
    assert_non_null(strstr(e.text, "client did not get"));
    sd_lab_destroy(lab);
}

/* -- wrong arguments -- */

static void wrong_arguments(void **state)
{
    (void)state;
    struct sd_error e = {0};
    struct sd_lab *lab;
    assert_int_equal(sd_lab_create(&lab, &(struct sd_lab_config){.seed = 1}, &e), SD_OK);
    struct sd_machine_config host = {.name = "a"};
    sd_machine a = sd_lab_host(lab, &host, &e);
    assert_int_equal(sd_lab_host(lab, &host, &e), SD_E_ARG);
    assert_non_null(strstr(e.text, "'a' twice"));
    assert_int_equal(sd_lab_host(lab, &(struct sd_machine_config){.name = ""}, &e), SD_E_ARG);
    assert_int_equal(sd_lab_host(lab, &(struct sd_machine_config){.name = "c", .cores = 5000}, &e),
                     SD_E_ARG);
    assert_int_equal(sd_lab_nat(lab, &(struct sd_nat_config){.name = "n", .mapping = 7}, &e),
                     SD_E_ARG);
    sd_machine b = sd_lab_host(lab, &(struct sd_machine_config){.name = "b"}, &e);
    sd_machine nat = sd_lab_nat(lab, &(struct sd_nat_config){.name = "n"}, &e);
    assert_true(a >= 0 && b >= 0 && nat >= 0);

    const struct sd_lab_link links[] = {
        {.a = a, .b = a},
        {.a = a, .b = 77},
        {.a = a, .b = b, .mtu = 10},
        {.a = a, .b = b, .forth = {.loss_ppm = 2000000}},
        {.a = a, .b = b, .back = {.drop = {5, 3}}},
        {.a = a, .b = b, .delay = SD_NEVER},
    };
    for (size_t i = 0; i < SD_ROWS(links); i++)
        assert_int_equal(sd_lab_link(lab, &links[i], &e), SD_E_ARG);
    assert_int_equal(sd_lab_link(lab, &(struct sd_lab_link){.a = a, .b = b}, &e), 0);

    const struct sd_lab_agent agents[] = {
        {.protocol = "tls14", .role = SD_ROLE_CLIENT},
        {.protocol = "tls13", .role = SD_ROLE_CLIENT, .mode = "slow"},
        {.protocol = "tls13"},
        {.protocol = "tls13", .role = SD_ROLE_CLIENT, .identity = "nobody"},
        {.protocol = NULL, .role = SD_ROLE_CLIENT},
    };
    for (size_t i = 0; i < SD_ROWS(agents); i++)
        assert_int_equal(sd_lab_agent(lab, a, &agents[i], &e), SD_E_ARG);
    assert_int_equal(sd_lab_agent(lab, a, &agents[0], &e), SD_E_ARG);
    assert_non_null(strstr(e.text, "did you mean tls1"));
    struct sd_lab_agent good = {.protocol = "tls13", .role = SD_ROLE_CLIENT};
    assert_int_equal(sd_lab_agent(lab, nat, &good, &e), SD_E_ARG);
    assert_int_equal(sd_lab_agent(lab, a, &good, &e), SD_OK);
    assert_int_equal(sd_lab_agent(lab, a, &good, &e), SD_E_STATE);

    /* Not started yet. */
    assert_int_equal(sd_lab_run(lab, 1), SD_E_STATE);
    assert_int_equal(sd_lab_connect(lab, &(struct sd_lab_connect){.client = a, .server = b}), 0);
    assert_int_equal(sd_lab_save_trace(lab, "/dev/null", &e), SD_E_STATE);
    assert_int_equal(sd_lab_save_capture(lab, "/dev/null", NULL, &e), SD_E_STATE);
    assert_int_equal(sd_lab_rebind(lab, nat, SD_REBIND_PORT), SD_E_STATE);
    assert_int_equal(sd_lab_start(lab, &e), SD_E_ARG); /* the NAT has no links */
    assert_non_null(strstr(e.text, "nat n"));
    sd_lab_destroy(lab);

    struct world w;
    world_make(&w, &(struct world_options){.protocol = "tls13"});
    assert_int_equal(sd_lab_host(w.lab, &host, &e), SD_E_STATE);
    assert_int_equal(sd_lab_link(w.lab, &links[0], &e), SD_E_STATE);
    assert_int_equal(sd_lab_start(w.lab, &e), SD_E_STATE);
    assert_int_equal(
        sd_lab_connect(w.lab, &(struct sd_lab_connect){.client = w.server, .server = w.client}), 0);
    struct sd_lab_connect small = {.client = w.client, .server = w.server, .request_len = 35};
    assert_int_equal(sd_lab_connect(w.lab, &small), 0);
    assert_int_equal(world_metric(&w, "attempts"), 2); /* refused ones count */
    assert_int_equal(sd_lab_send(w.lab, 9, w.client, 100), SD_E_ARG);
    assert_int_equal(sd_lab_close(w.lab, 0, w.client), SD_E_ARG);
    assert_int_equal(sd_lab_rekey(w.lab, 1, w.client), SD_E_ARG);
    assert_int_equal(sd_lab_move(w.lab, 5), SD_E_ARG);
    assert_int_equal(sd_lab_rebind(w.lab, w.client, SD_REBIND_PORT), SD_E_ARG);
    assert_int_equal(sd_lab_set_link(w.lab, 3, &links[0]), SD_E_ARG);
    struct sd_lab_link corrupt = {.forth = {.corrupt_ppm = 1}};
    assert_int_equal(sd_lab_set_link(w.lab, w.link, &corrupt), SD_E_STATE);
    assert_int_equal(sd_lab_tap(w.lab, &(struct sd_tap){.at = 9}), SD_E_ARG);
    assert_int_equal(sd_lab_replay(w.lab, &(struct sd_replay){.tap = 0}), SD_E_ARG);
    assert_int_equal(sd_lab_flood(w.lab, &(struct sd_flood){.from = w.client, .to = w.server}, &e),
                     SD_E_ARG);
    assert_int_equal(sd_lab_at(w.lab, 0, NULL, NULL), SD_E_ARG);
    world_run(&w, SD_SECOND);
    assert_int_equal(sd_lab_at(w.lab, 0, world_stream, &w), SD_E_ARG);
    /* A second lab would need a second network. */
    struct sd_lab *second;
    assert_int_equal(sd_lab_create(&second, &(struct sd_lab_config){.seed = 1}, &e), SD_OK);
    assert_int_equal(sd_lab_start(second, &e), SD_E_STATE);
    sd_lab_destroy(second);
    world_free(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(absent_values),
        world_test(no_earlier_session),
        world_test(wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
