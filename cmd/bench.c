/* bench.c - `shakedown bench`: what the lab costs, as ratios to what it stands on, with targets. */
#include "cmd/bench/bench.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/args.h"
#include "cmd/commands.h"

#define ROWS_MAX 64

struct bench_run {
    struct bench_row row[ROWS_MAX];
    size_t rows;
};

void bench_report(struct bench_run *run, const struct bench_row *row)
{
    if (run->rows < ROWS_MAX)
        run->row[run->rows++] = *row;
}

/* -- the result -- */

static void value_text(const struct bench_row *r, char *text, size_t cap)
{
    if (r->unit == NULL)
        snprintf(text, cap, "%.2f", r->value);
    else
        snprintf(text, cap, "%.0f %s", r->value, r->unit);
}

static void print_table(const struct bench_run *run)
{
    printf("%-23s %16s   %-16s %s\n", "benchmark", "found", "target", "both sides");
    for (size_t i = 0; i < run->rows; i++) {
        const struct bench_row *r = &run->row[i];
        char value[48], target[32] = "";
        value_text(r, value, sizeof value);
        if (r->at_most > 0)
            snprintf(target, sizeof target, "<= %.2f%s", r->at_most,
                     r->value > r->at_most ? "  missed" : "");
        printf("%-23s %16s   %-16s %s\n    %s\n", r->name, value, target, r->detail, r->what);
        if (*r->beside)
            printf("    %s\n", r->beside);
    }
}

static int print_json(const struct bench_run *run, struct sd_error *error)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < run->rows; i++) {
        const struct bench_row *r = &run->row[i];
        json_t *o =
            json_pack("{s:s, s:f, s:s, s:s, s:s}", "name", r->name, "value", r->value, "unit",
                      r->unit != NULL ? r->unit : "ratio", "what", r->what, "detail", r->detail);
        if (r->at_most > 0)
            json_object_set_new(o, "at_most", json_real(r->at_most));
        if (*r->beside)
            json_object_set_new(o, "beside", json_string(r->beside));
        json_array_append_new(rows, o);
    }
    int bad = json_dumpf(rows, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(rows);
    putchar('\n');
    return bad ? sd_fail(error, SD_E_NOMEM, "bench: no memory for the result") : SD_OK;
}

/* -- which -- */

static bool asked(const struct sd_args *args, const char *name)
{
    for (size_t i = 0; i < args->words; i++)
        if (strcmp(args->word[i], name) == 0)
            return true;
    return args->words == 0;
}

static int check_names(const struct sd_args *args, struct sd_error *error)
{
    const char *known[ROWS_MAX + 1] = {0};
    for (size_t i = 0; benches[i].name != NULL && i < ROWS_MAX; i++)
        known[i] = benches[i].name;
    for (size_t w = 0; w < args->words; w++) {
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], args->word[w]) != 0)
            i++;
        if (known[i] != NULL)
            continue;
        const char *near = sd_nearest(args->word[w], known);
        return sd_fail(error, SD_E_USAGE, "bench: no benchmark '%s'%s%s; see bench --help",
                       args->word[w], near != NULL ? ", did you mean " : "",
                       near != NULL ? near : "");
    }
    return SD_OK;
}

static int run_all(const struct sd_args *args, struct bench_run *run, struct sd_error *error)
{
    int result = check_names(args, error);
    for (const struct bench *b = benches; b->name != NULL && result == SD_OK; b++) {
        if (!asked(args, b->name))
            continue;
        fprintf(stderr, "bench: %s: %s\n", b->name, b->what);
        result = b->run(run, sd_args_has(args, "quick"), error);
    }
    return result;
}

static int run(const struct sd_args *args)
{
    static struct bench_run run;
    struct sd_error error = {0};
    run.rows = 0;
    int result = run_all(args, &run, &error);
    if (result == SD_OK && sd_args_has(args, "json"))
        result = print_json(&run, &error);
    else if (result == SD_OK)
        print_table(&run);
    return result == SD_OK ? SD_EXIT_GOOD : sd_complain(&error);
}

static const struct sd_flag flags[] = {
    {"quick", SD_FLAG_SWITCH, NULL, "fewer and smaller rounds: rougher numbers", 0, 0},
    {"json", SD_FLAG_SWITCH, NULL, "an array of rows instead of a table", 0, 0},
    {0},
};

const struct sd_command sd_command_bench = {
    .name = "bench",
    .arguments = "[NAME...]",
    .what = "measure what the lab itself costs, as ratios with targets",
    .examples = "  shakedown bench\n"
                "  shakedown bench tls13 wireguard --quick\n"
                "  shakedown bench --json > bench.json\n",
    .notes = "NAME: tls13, quic, wireguard, curvecp, minimalt, tcpcrypt, ipsec, esp, srtp, dtls13, "
             "gquic, forwarding, tls13-scale, wireguard-scale, flood, "
             "loss-sweep; without one, all, in some minutes.  Costs are processor time, both sides "
             "of a ratio are measured in turns, and the best of each counts.  The machine should "
             "have little else to do.  The exit status says whether everything ran, not whether "
             "targets were met.",
    .flags = flags,
    .most = 32,
    .run = run,
};
