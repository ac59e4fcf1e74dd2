/* The feature table: the best of a protocol's runs, what editions say of it, where they differ; and
 * claims that cannot be. */
#include "results/claims.h"
#include "results/features.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct sd_error error;

static const char manifest_text[] =
    "{\"scenarios\": [{\"name\": \"secrecy\", \"feature\": \"FS\", \"columns\": [\"protocol\", "
    "\"mode\"]},"
    "{\"name\": \"early\", \"feature\": \"ED\", \"columns\": [\"protocol\", \"mode\"]},"
    "{\"name\": \"other\", \"columns\": [\"protocol\", \"mode\"]}]}";

/* Verdicts: 0 not applicable, 1 no, 2 partly, 3 yes. */
static const char runs_text[] = "protocol,mode,scenario,repeat,seed,outcome,detail,verdict\n"
                                "tls13,fresh,other,0,1,ok,it is no probe,3\n"
                                "tls13,fresh,secrecy,0,2,ok,nothing opened,3\n"
                                "curvecp,fresh,secrecy,0,3,ok,nothing opened either,3\n"
                                "gquic,fresh,secrecy,0,4,failed,it ended early,\n"
                                "tls13,fresh,early,0,5,ok,it came late,1\n"
                                "tls13,early,early,0,6,ok,it came first,3\n"
                                "tls13,psk,early,0,7,ok,it came late again,1\n"
                                "curvecp,fresh,early,0,8,ok,it makes no sense,0\n";

static struct sd_frame *frame_of(const char *text)
{
    struct sd_frame *frame;
    if (sd_frame_parse(&frame, strdup(text), strlen(text), "runs.csv", &error) < 0)
        fail_msg("%s", error.text);
    return frame;
}

static const struct {
    size_t feature, protocol; /* FS, ED; in the order of the runs */
    enum sd_found found;
    const char *run, *mode, *seen;
    const char *claim[SD_EDITIONS];
    bool differs[SD_EDITIONS];
} cells[] = {
    {0,
     0,
     SD_FOUND_YES,
     "secrecy-tls13-fresh-r0",
     "fresh",
     "nothing opened",
     {"required", "mandatory", NULL},
     {false, false, false}},
    {0,
     1,
     SD_FOUND_YES,
     "secrecy-curvecp-fresh-r0",
     "fresh",
     "nothing opened either",
     {"yes", "unsupported", NULL},
     {false, true, false}},
    {0,
     2,
     SD_FOUND_NOTHING,
     "secrecy-gquic-fresh-r0",
     "fresh",
     "it ended early",
     {"required", NULL, NULL},
     {false, false, false}},
    {1,
     0,
     SD_FOUND_YES,
     "early-tls13-early-r0",
     "early",
     "it came first",
     {"yes", "supported", NULL},
     {false, false, false}},
    {1,
     1,
     SD_FOUND_NOT_APPLICABLE,
     "early-curvecp-fresh-r0",
     "fresh",
     "it makes no sense",
     {NULL, "unsupported", NULL},
     {false, false, false}},
    {1, 2, SD_FOUND_NOTHING, "", "", "", {NULL, NULL, NULL}, {false, false, false}},
};

static void cells_say_what_was_found_and_claimed(void **state)
{
    (void)state;
    json_t *manifest = json_loads(manifest_text, 0, NULL);
    struct sd_frame *frame = frame_of(runs_text);
    struct sd_features *features;
    if (sd_features_make(&features, manifest, frame, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(sd_features_count(features), 2);
    assert_int_equal(sd_features_protocols(features), 3);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        const struct sd_feature_cell *cell =
            sd_features_cell(features, cells[i].feature, cells[i].protocol);
        if (cell->found != cells[i].found || strcmp(cell->run, cells[i].run) ||
            strcmp(cell->mode, cells[i].mode) || strcmp(cell->seen, cells[i].seen))
            fail_msg("row %zu: expected %s in %s, found %s in %s", i,
                     sd_found_names[cells[i].found], cells[i].run, sd_found_names[cell->found],
                     cell->run);
        for (int e = 0; e < SD_EDITIONS; e++) {
            const char *claim = cell->says[e].claim, *expected = cells[i].claim[e];
            if (!claim != !expected || (claim && strcmp(claim, expected) != 0))
                fail_msg("row %zu: %s: expected the claim %s, found %s", i, sd_editions[e].title,
                         expected ? expected : "(none)", claim ? claim : "(none)");
            assert_int_equal(sd_features_disagree(cell, (enum sd_edition)e), cells[i].differs[e]);
        }
    }
    assert_int_equal(sd_features_disagreements(features), 1);
    struct sd_grid grid = {0};
    sd_disagreements_grid(features, &grid);
    assert_int_equal(grid.cells, grid.columns);
    assert_string_equal(grid.cell[1], "curvecp");
    sd_grid_free(&grid);
    sd_features_free(features);
    sd_frame_free(frame);
    json_decref(manifest);
}

static void without_probes_there_is_no_table(void **state)
{
    (void)state;
    json_t *manifest = json_loads("{\"scenarios\": [{\"name\": \"other\"}]}", 0, NULL);
    struct sd_frame *frame = frame_of(runs_text);
    struct sd_features *features;
    assert_int_equal(sd_features_make(&features, manifest, frame, &error), SD_OK);
    assert_null(features);
    sd_frame_free(frame);
    json_decref(manifest);
}

/* -- claims that cannot be -- */

static const struct {
    const char *row, *message;
} wrong[] = {
    {"FS,tls13,required,4.1", NULL},
    {"FX,tls13,required,4.1", "draft-00.csv:2: there is no feature 'FX'"},
    {"FS,tls13,perhaps,4.1",
     "draft-00.csv:2: expected a protocol and a claim, found 'tls13' and 'perhaps'"},
    {"FS,,yes,4.1", "draft-00.csv:2: expected a protocol and a claim, found '' and 'yes'"},
    {"FS,tls13,yes,4.1\nFS,tls13,no,5", "draft-00.csv:3: FS of tls13 is there twice"},
};

static void put(const char *root, const char *name, const char *header, const char *row)
{
    char path[300];
    snprintf(path, sizeof path, "%s/results/claims/%s", root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n%s%s", header, row, *row ? "\n" : "");
    fclose(file);
}

static void make_folder(const char *root, const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0777), 0);
}

static void wrong_claims_are_told(void **state)
{
    (void)state;
    char root[] = "/tmp/sd_claims_XXXXXX", command[64];
    assert_non_null(mkdtemp(root));
    make_folder(root, "scenarios");
    make_folder(root, "results");
    make_folder(root, "results/claims");
    setenv("SHAKEDOWN_ROOT", root, 1);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct sd_claims *claims = NULL;
        for (int e = 0; e < SD_EDITIONS; e++)
            put(root, sd_editions[e].file, "feature,protocol,claim,where",
                e == SD_DRAFT_00 ? wrong[i].row : "");
        put(root, "reasons.csv", "feature,protocol,reason", "");
        error = (struct sd_error){0};
        int rc = sd_claims_load(&claims, &error);
        if (!wrong[i].message) {
            assert_int_equal(rc, SD_OK);
            sd_claims_free(claims);
        } else if (rc != SD_E_IO || !strstr(error.text, wrong[i].message)) {
            fail_msg("row %zu: expected %s, found %s", i, wrong[i].message, error.text);
        }
    }
    unsetenv("SHAKEDOWN_ROOT");
    snprintf(command, sizeof command, "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_say_what_was_found_and_claimed),
        cmocka_unit_test(without_probes_there_is_no_table),
        cmocka_unit_test(wrong_claims_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
