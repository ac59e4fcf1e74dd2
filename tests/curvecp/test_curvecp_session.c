/* smoke */
#include "tests/curvecp/pair.h"

static void test_smoke(void **state)
{
    (void)state;
    struct pair p;
    pair_request(&p, &(struct pair_options){0}, 100);
    pair_run(&p, 100 * SD_MS);
    pair_received(&p, p.server, 100);
    pair_send(&p, p.server, 100000, true);
    pair_run(&p, 300 * SD_SECOND);
    sd_mem_print(p.mem);
    pair_received(&p, p.client, 100000);
    sd_mem_close(p.mem, p.client, p.client_sid);
    pair_run(&p, 300 * SD_SECOND);
    pair_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smoke),
    };
    if (sd_core_init() != SD_OK)
        return 3;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
