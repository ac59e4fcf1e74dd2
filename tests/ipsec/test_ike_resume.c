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

/* 2.6: a ticket does not prove an address. */
static void a_ticket_and_a_cookie(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.mode = "resumed", .validation = SD_VALIDATE_ALWAYS});
    sd_time began = sd_mem_now(p.mem) + SD_SECOND;
    again(&p);
    pair_check(&p, 2, pair_sent(&p, p.client, IKE_SESSION_RESUME, 0), "requests");
    pair_check(&p, 1, sd_mem_count(p.mem, p.server, SD_EV_RESUMED), "resumed");
    pair_check(&p, 60 * SD_MS, sd_mem_find(p.mem, p.client, SD_EV_READY, 1)->at - began,
               "until the client is ready");
    pair_end(&p);
}

/* 4.3.2: a ticket that is not the responder's: TICKET_NACK, and all from the beginning. */
static bool change_ticket(void *ctx, struct sd_mem_unit *u)
{
    (void)ctx;
    if (u->len > 100 && u->data[18] == IKE_SESSION_RESUME && !(u->data[19] & IKE_FLAG_RESPONSE))
        u->data[100] ^= 1;
    return true;
}

static void a_ticket_that_is_none(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.mode = "resumed"});
    sd_mem_on_unit(p.mem, change_ticket, NULL);
    again(&p);
    pair_check(&p, 0, sd_mem_count(p.mem, -1, SD_EV_RESUMED), "resumed");
    pair_check(&p, true, pair_said(&p, p.client, SD_EV_NOTE, "TICKET_NACK"), "refused");
    pair_check(&p, 4, pair_calls(&p, 0, SD_OP_SIGN) + pair_calls(&p, 1, SD_OP_SIGN), "signatures");
    pair_end(&p);
}

static void a_ticket_that_is_old(void **state)
{
    (void)state;
    struct pair p;
    pair_ready(&p, &(struct pair_options){.mode = "resumed"});
    pair_control(&p, p.client, SD_CLOSE, NULL);
    sd_mem_run(p.mem, 3700 * SD_SECOND);
    pair_open(&p);
    sd_mem_run(p.mem, sd_mem_now(p.mem) + SD_SECOND);
    pair_check(&p, 0, pair_sent(&p, p.client, IKE_SESSION_RESUME, 0), "with an old ticket");
    pair_check(&p, 2, sd_mem_count(p.mem, p.client, SD_EV_READY), "ready");
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ticket_saves_work), cmocka_unit_test(a_ticket_and_a_cookie),
        cmocka_unit_test(a_ticket_that_is_none), cmocka_unit_test(a_ticket_that_is_old)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
