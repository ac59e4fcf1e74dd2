/* table - the tables of stored results. */
#include "cmd/commands.h"
#include "cmd/next.h"
#include "results/tables.h"
#include <stdlib.h>
#include <string.h>

static const struct sd_flag flags[] = {
    {"md", SD_FLAG_SWITCH, NULL, "for people, as DIR/tables/NAME.md; the default", 0, 0},
    {"csv", SD_FLAG_SWITCH, NULL, "for scripts, as DIR/tables/NAME.csv", 0, 0},
    {"json", SD_FLAG_SWITCH, NULL, "an array of tables: name, title, scenario, rows", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

static int choose_format(const struct sd_args *args, enum sd_grid_format *format,
                         struct sd_error *error)
{
    int given = 0;
    *format = SD_GRID_MARKDOWN;
    for (int i = 0; flags[i].name; i++)
        given += sd_args_has(args, flags[i].name);
    if (given > 1)
        return sd_fail(error, SD_E_USAGE, "table: expects one of --md, --csv and --json");
    if (sd_args_has(args, "csv"))
        *format = SD_GRID_CSV;
    if (sd_args_has(args, "json"))
        *format = SD_GRID_JSON;
    return SD_OK;
}

/* Tables from *first to before *end: the one named, or all. */
static int choose_tables(const struct sd_tables *tables, const struct sd_args *args, size_t *first,
                         size_t *end, struct sd_error *error)
{
    size_t count = sd_tables_count(tables);
    *first = 0;
    *end = count;
    if (args->words < 2)
        return SD_OK;
    const char **names = calloc(count + 1, sizeof *names);
    if (!names)
        return sd_fail(error, SD_E_NOMEM, "out of memory for tables");
    for (size_t i = 0; i < count; i++) {
        names[i] = sd_tables_name(tables, i);
        if (!strcmp(names[i], args->word[1])) {
            *first = i;
            *end = i + 1;
        }
    }
    int rc = SD_OK;
    if (*end - *first != 1 || strcmp(names[*first], args->word[1]) != 0) {
        const char *nearest = sd_nearest(args->word[1], names);
        rc = sd_fail(error, SD_E_USAGE, "%s has no table '%s'%s%s; its first is %s", args->word[0],
                     args->word[1], nearest ? "; did you mean " : "", nearest ? nearest : "",
                     count ? names[0] : "missing");
    }
    free(names);
    return rc;
}

static int print(const struct sd_tables *tables, size_t first, size_t end,
                 enum sd_grid_format format, struct sd_error *error)
{
    if (format == SD_GRID_CSV && end - first > 1)
        return sd_fail(error, SD_E_USAGE,
                       "table: --csv prints one table; name one, such as %s, or read DIR/tables",
                       sd_tables_name(tables, first));
    if (format == SD_GRID_JSON)
        printf("[");
    for (size_t i = first; i < end; i++) {
        struct sd_text text = {0};
        int rc = sd_tables_text(tables, i, format, &text, error);
        if (rc == SD_OK)
            printf("%s%s",
                   i == first               ? ""
                   : format == SD_GRID_JSON ? ",\n"
                                            : "\n",
                   text.text ? text.text : "");
        free(text.text);
        if (rc < 0)
            return rc;
    }
    if (format == SD_GRID_JSON)
        printf("]\n");
    return SD_OK;
}

static int run(const struct sd_args *args)
{
    struct sd_error error = {0};
    struct sd_tables *tables = NULL;
    enum sd_grid_format format;
    size_t first, end;
    int rc = choose_format(args, &format, &error);
    if (rc == SD_OK)
        rc = sd_tables_load(&tables, args->word[0], &error);
    if (rc == SD_OK)
        rc = choose_tables(tables, args, &first, &end, &error);
    if (rc == SD_OK)
        rc = print(tables, first, end, format, &error);
    sd_tables_free(tables);
    if (rc < 0)
        return sd_complain(&error);
    if (format == SD_GRID_MARKDOWN)
        sd_next("shakedown", "plot", args->word[0], NULL);
    return SD_EXIT_GOOD;
}

const struct sd_command sd_command_table = {
    .name = "table",
    .arguments = "DIR [NAME]",
    .what = "the tables of stored results; runs nothing",
    .examples = "shakedown table results/runs/survey\n"
                "shakedown table results/runs/survey handshake-rtt --csv\n",
    .flags = flags,
    .least = 1,
    .most = 2,
    .run = run,
};
