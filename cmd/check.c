/* check - the expectations of stored results, and what became different from the baseline. */
#include "results/check.h"
#include "cmd/commands.h"
#include "cmd/scenarios.h"
#include "results/files.h"
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_DIR "results/runs/survey"

/* --baseline, or results/baseline of here or of the source tree; "" when there is none. */
static void find_baseline(const struct sd_args *args, char *path, size_t cap)
{
    const char *asked = sd_args_text(args, "baseline", NULL), *root = sd_root(NULL);
    const char *const in[] = {".", root ? root : "."};
    if (asked) {
        snprintf(path, cap, "%s", asked);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        char manifest[4300];
        snprintf(manifest, sizeof manifest, "%.4000s/results/baseline/manifest.json", in[i]);
        snprintf(path, cap, "%.4000s/results/baseline", in[i]);
        if (access(manifest, R_OK) == 0)
            return;
    }
    *path = '\0';
}

static int write_junit(const struct sd_check *check, const char *file, struct sd_error *error)
{
    struct sd_text text = {0};
    char *for_dir = strdup(file), *for_name = strdup(file);
    sd_check_junit(check, &text);
    int rc = !for_dir || !for_name || text.bad
                 ? sd_fail(error, SD_E_NOMEM, "out of memory for %s", file)
                 : sd_file_write(dirname(for_dir), basename(for_name), text.text, text.len, error);
    free(for_dir);
    free(for_name);
    free(text.text);
    return rc;
}

static int verdict(const struct sd_check *check, const char *dir, const char *baseline)
{
    if (sd_check_failures(check)) {
        fprintf(stderr, "next: shakedown check --rules says why each tolerance is what it is\n");
        if (check->count[SD_CHANGE_WORSE] + check->count[SD_CHANGE_VANISHED])
            fprintf(stderr,
                    "where the change is meant: cp %s/manifest.json %s/runs.csv "
                    "%s/expectations.csv %s/\n",
                    dir, dir, dir, baseline);
        return SD_EXIT_EXPECTATION;
    }
    if (*baseline && check->points)
        return SD_EXIT_GOOD;
    fprintf(stderr, "shakedown: nothing to compare: %s\n",
            *baseline ? "the baseline and these results have no point in common"
                      : "there is no results/baseline; give --baseline DIR");
    return SD_EXIT_USAGE;
}

static int run(const struct sd_args *args)
{
    const char *dir = args->words ? args->word[0] : DEFAULT_DIR;
    const char *junit = sd_args_text(args, "junit", NULL);
    struct sd_error error = {0};
    struct sd_check *check = NULL;
    struct sd_text text = {0};
    char baseline[4200];
    if (sd_args_has(args, "rules")) {
        sd_check_rules(&text);
        printf("%s", text.text ? text.text : "");
        free(text.text);
        return SD_EXIT_GOOD;
    }
    find_baseline(args, baseline, sizeof baseline);
    int rc = sd_check_make(&check, dir, *baseline ? baseline : NULL, &error);
    if (rc == SD_OK) {
        sd_check_print(check, sd_args_has(args, "all"), &text);
        printf("%s", text.text ? text.text : "");
        if (junit)
            rc = write_junit(check, junit, &error);
    }
    int status = rc < 0 ? sd_complain(&error) : verdict(check, dir, baseline);
    free(text.text);
    sd_check_free(check);
    return status;
}

static const struct sd_flag flags[] = {
    {"baseline", SD_FLAG_TEXT, "DIR", "what to compare with; default results/baseline", 0, 0},
    {"junit", SD_FLAG_TEXT, "FILE", "write it as JUnit XML too", 0, 0},
    {"all", SD_FLAG_SWITCH, NULL, "show what is within its tolerance too", 0, 0},
    {"rules", SD_FLAG_SWITCH, NULL, "the tolerances and their reasons; checks nothing", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_check = {
    .name = "check",
    .arguments = "[DIR]",
    .what = "expectations, and what became different from a baseline",
    .examples = "shakedown check\n"
                "shakedown check results/runs/survey --junit check.xml\n"
                "shakedown check results/runs/new --baseline results/runs/old\n",
    .notes = "DIR is " DEFAULT_DIR " unless given.\n"
             "Exit status: 0 all as before; 1 an expectation failed, a value is outside its\n"
             "tolerance, or something vanished; 2 there is nothing to compare.\n",
    .flags = flags,
    .most = 1,
    .run = run,
};
