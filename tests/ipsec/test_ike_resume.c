/* test_ike_resume.c - session resumption (RFC 5723): less work, refused tickets, cookies. */
#include "tests/ipsec/pair.h"

static void again(struct pair *p)
{
    pair_check(p, SD_OK, pair_control(p, p->client, SD_CLOSE, NULL), "close");
    sd_mem_run(p->mem, sd_mem_now(p->mem) + SD_SECOND);
    pair_check(p, 0, pair_stats(p, p->server).sessions, "sessions left at the server");
    pair_open(p);
    sd_mem_run(p->mem, sd_mem_now(p->mem) + SD_SECOND);
    pair_check(p, 2, sd_mem_count(p->mem, p->client, SD_EV_READY), "client ready again");
    pair_check(p, 2, sd_mem_count(p->mem, p->server, SD_EV_READY), "server ready again");
}

static void a_ticket_saves_work(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.mode = "resumed"});
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_TICKET), "tickets");
    again(&p);
    pair_check(&p, 1, sd_mem_count(p.mem, p.client, SD_EV_RESUMED), "resumed, says the client");
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_RESUMED), "resumed, says the server");
    pair_check(&p, 2, pair_calls(&p, 0, SD_OP_KEYGEN) + pair_calls(&p, 1, SD_OP_KEYGEN),
               "key pairs, all of the first handshake");
    pair_check(&p, 2, pair_calls(&p, 0, SD_OP_SIGN) + pair_calls(&p, 1, SD_OP_SIGN),
               "signatures, likewise");
    pair_send(&p, p.client, 100);
    pair_send(&p, p.server, 100);
    sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
    pair_check(&p, 1, pair_delivered(&p, p.server), "packets at the server");
    pair_check(&p, 1, pair_delivered(&p, p.client), "packets at the client");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_ticket_saves_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
