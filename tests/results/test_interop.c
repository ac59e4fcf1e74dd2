/* results/interop.c: the summary of what other people's programs said. */
#include "results/files.h"
#include "results/interop.h"
#include "tests/core/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct row {
    const char *what, *csv; /* NULL: there is no table */
    int rc;
    struct sd_interop_count count;
    const char *markdown;
} rows[] = {
    {.what = "no table", .rc = SD_OK, .markdown = ""},
    {.what = "cases of one peer and role are one row",
     .csv = "protocol,role,mode,peer,version,outcome,test\n"
            "tls13,client,\"PSK, 5 % loss\",s_server,\"3.0.22\",ok,interop_tls\n"
            "tls13,client,fresh,s_server,\"3.0.22\",failed,interop_tls\n"
            "tls13,server,fresh,s_client,\"3.0.22\",ok,interop_tls\n"
            "dtls12,client,fresh,s_server,\"3.0.22\",ok,interop_tls\n",
     .count = {.cases = 4, .failed = 1, .peers = 2},
     .markdown =
         "| tls13    | client   | s_server | 3.0.22  |     2 | PSK, 5 % loss; fresh (FAILED) "
         "|\n"},
    {.what = "a table of another kind", .csv = "protocol,role\ntls13,client\n", .rc = SD_E_IO},
};

static void test_summary(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        const struct row *row = &rows[i];
        char dir[] = "/tmp/sd_interopXXXXXX", path[64];
        struct sd_grid grid = {0};
        struct sd_text text = {0};
        struct sd_interop_count count;
        struct sd_error error = {0};
        assert_non_null(mkdtemp(dir));
        snprintf(path, sizeof path, "%s/tables", dir);
        assert_int_equal(sd_folder_make(path, &error), SD_OK);
        if (row->csv != NULL)
            assert_int_equal(
                sd_file_write(dir, "tables/interop.csv", row->csv, strlen(row->csv), &error),
                SD_OK);
        int rc = sd_interop_grid(dir, &grid, &count, &error);
        if (rc != row->rc)
            fail_msg("%s: expected %d, found %d: %s", row->what, row->rc, rc, error.text);
        if (rc == SD_OK) {
            assert_int_equal(count.cases, row->count.cases);
            assert_int_equal(count.failed, row->count.failed);
            assert_int_equal(count.peers, row->count.peers);
            sd_grid_print(&grid, SD_GRID_MARKDOWN, &text);
            if (strstr(text.text != NULL ? text.text : "", row->markdown) == NULL)
                fail_msg("%s: expected\n%sfound\n%s", row->what, row->markdown, text.text);
        }
        free(text.text);
        sd_grid_free(&grid);
        snprintf(path, sizeof path, "rm -r '%s'", dir);
        assert_int_equal(system(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_summary)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
