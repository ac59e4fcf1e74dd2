/* trace - who sent what, when, in one traced run: a ladder on the terminal or as a picture. */
#include "plots/trace.h"
#include "cmd/again.h"
#include "cmd/commands.h"
#include "cmd/next.h"
#include "plots/draft.h"
#include "plots/ladder.h"
#include "plots/stored.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* -- --window -- */

/* "900ms", "1.5s", "900": a time at the start of text, in ms unless it says otherwise. */
static bool take_time(const char **text, sd_time *t)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
    char *end;
    if (!isdigit((unsigned char)**text) && **text != '.')
        return false;
    double number = strtod(*text, &end), ns = 1e6;
    if (end == *text)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (!strncmp(end, units[i].name, len) && (end[len] == '-' || end[len] == '\0')) {
            ns = units[i].ns;
            end += len;
            break;
        }
    }
    number = round(number * ns);
    if (!(number >= 0 && number < 9e18))
        return false;
    *t = (sd_time)number;
    *text = end;
    return true;
}

static int take_window(const char *text, struct sd_ladder_view *view, struct sd_error *error)
{
    const char *at = text;
    bool from = take_time(&at, &view->from), good = *at == '-';
    at += good;
    bool to = good && take_time(&at, &view->to);
    if (!good || *at || (!from && !to))
        return sd_fail(error, SD_E_USAGE,
                       "trace: --window expects FROM-TO, such as 900ms-1.5s (ms unless it says "
                       "otherwise; one of them may be left out), found '%s'",
                       text);
    if (to && view->to <= view->from)
        return sd_fail(error, SD_E_USAGE, "trace: --window %s ends before it begins", text);
    return SD_OK;
}

/* -- which run -- */

#define SUGGESTIONS 6

/* The only traced run whose name contains the word; NULL: none, or several. */
static const char *only_one(char *const *traced, const char *word)
{
    const char *found = NULL;
    for (; *traced; traced++) {
        if (!strstr(*traced, word))
            continue;
        if (found)
            return NULL;
        found = *traced;
    }
    return found;
}

static void add_suggestion(char *text, size_t cap, size_t *count, const char *run)
{
    size_t len = strlen(text);
    if ((*count)++ < SUGGESTIONS)
        snprintf(text + len, cap - len, "\n    %s", run);
}

static int no_such_run(const char *dir, const char *run, char *const *traced,
                       const struct sd_stored *stored, struct sd_error *error)
{
    char text[SUGGESTIONS * SD_STORED_NAME] = "";
    size_t count = 0;
    for (char *const *at = traced; *at; at++)
        if (strstr(*at, run))
            add_suggestion(text, sizeof text, &count, *at);
    if (count)
        return sd_fail(error, SD_E_USAGE, "%s has %zu traced runs like '%s'; which?%.450s%s", dir,
                       count, run, text, count > SUGGESTIONS ? "\n    ..." : "");

    const char *nearest = sd_nearest(run, (const char *const *)traced);
    if (!nearest) {
        static char name[SD_STORED_NAME];
        const char *only[2] = {name, NULL};
        for (size_t row = 0; !nearest && row < sd_frame_rows(stored->frame); row++)
            if (sd_stored_run_name(stored, row, name))
                nearest = sd_nearest(run, only);
    }
    if (nearest)
        return sd_fail(error, SD_E_USAGE, "%s has no run '%s'; did you mean %s?", dir, run,
                       nearest);
    for (char *const *at = traced; *at; at++)
        add_suggestion(text, sizeof text, &count, *at);
    if (count)
        return sd_fail(error, SD_E_USAGE, "%s has no run '%s'; traced are%.450s%s", dir, run, text,
                       count > SUGGESTIONS ? "\n    ..." : "");
    return sd_fail(error, SD_E_USAGE,
                   "%s has no run '%s', and none of its runs was traced; run it again with --trace",
                   dir, run);
}

/* next: what to type to have it. */
static int not_traced(const struct sd_stored *stored, size_t row, const char *run, char *next,
                      size_t cap, struct sd_error *error)
{
    char out[4200];
    snprintf(out, sizeof out, "%s-traced", stored->dir);
    if (!sd_again(stored, row, "--trace", out, next, cap))
        snprintf(next, cap, "%s --trace", sd_stored_text(stored->manifest, "command"));
    return sd_fail(error, SD_E_USAGE, "%s has no trace of %s, which was run without --trace",
                   stored->dir, run);
}

/* The name of the traced run that the word means, to be freed. */
static int find_run(const char *dir, const char *word, char **run, char *next, size_t cap,
                    struct sd_error *error)
{
    if (!strchr(word, '/') && sd_stored_has(dir, "events", word, ".jsonl")) {
        *run = strdup(word);
        return *run ? SD_OK : sd_fail(error, SD_E_NOMEM, "out of memory");
    }
    struct sd_stored stored;
    char **traced = NULL;
    size_t count;
    int rc = sd_stored_load(&stored, dir, error);
    if (rc < 0)
        return rc;
    rc = sd_names(dir, "events", ".jsonl", &traced, &count, error);
    if (rc == SD_OK) {
        long row = sd_stored_find(&stored, word);
        const char *only = only_one(traced, word);
        if (row >= 0)
            rc = not_traced(&stored, (size_t)row, word, next, cap, error);
        else if (!only)
            rc = no_such_run(dir, word, traced, &stored, error);
        else if (!(*run = strdup(only)))
            rc = sd_fail(error, SD_E_NOMEM, "out of memory");
    }
    sd_names_free(traced);
    sd_stored_free(&stored);
    return rc;
}

/* -- what is shown -- */

static int draw_file(const struct sd_trace *trace, const struct sd_ladder_view *view,
                     const char *file, struct sd_error *error)
{
    size_t len = strlen(file);
    if (len < 5 || strcmp(file + len - 4, ".svg"))
        return sd_fail(error, SD_E_USAGE,
                       "trace: --ladder expects a file ending in .svg, found '%s'", file);
    const char *slash = strrchr(file, '/');
    char *dir = slash == file ? strdup("/")
                : slash       ? strndup(file, (size_t)(slash - file))
                              : strdup(".");
    struct sd_draft draft = {0};
    int rc = dir ? sd_draft_begin(&draft, error) : sd_fail(error, SD_E_NOMEM, "out of memory");
    if (rc == SD_OK)
        rc = sd_ladder_svg(trace, view, draft.to, error);
    if (rc == SD_OK)
        rc = sd_draft_land(&draft, dir, slash ? slash + 1 : file, error);
    sd_draft_drop(&draft);
    free(dir);
    if (rc == SD_OK)
        sd_next("open", file, NULL);
    return rc;
}

static void print_lines(const struct sd_trace *trace, const struct sd_ladder_view *view)
{
    printf("%.*s\n", (int)trace->head_len, trace->head);
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (entry->t >= view->from && (!view->to || entry->t <= view->to))
            printf("%.*s\n", (int)entry->line_len, entry->line);
    }
}

static int terminal_columns(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        return size.ws_col;
    return 0;
}

static int show(const struct sd_args *args, const struct sd_trace *trace, struct sd_error *error)
{
    struct sd_ladder_view view = {
        .packets = sd_args_count(args, "packets", 0),
        .every = sd_args_has(args, "every"),
        .columns = terminal_columns(),
    };
    int rc = SD_OK;
    if (sd_args_has(args, "window"))
        rc = take_window(sd_args_text(args, "window", ""), &view, error);
    if (rc < 0)
        return rc;
    if (sd_args_has(args, "ladder"))
        return draw_file(trace, &view, sd_args_text(args, "ladder", ""), error);
    if (sd_args_has(args, "json")) {
        print_lines(trace, &view);
        return SD_OK;
    }
    rc = sd_ladder_text(trace, &view, stdout, error);
    if (rc == SD_OK)
        sd_next("shakedown", "trace", args->word[0], args->word[1], "--ladder", "ladder.svg", NULL);
    return rc;
}

static int run(const struct sd_args *args)
{
    struct sd_error error = {0};
    struct sd_trace *trace = NULL;
    char *name = NULL, next[4200] = "";
    int rc = SD_OK;
    if (sd_args_has(args, "ladder") + sd_args_has(args, "text") + sd_args_has(args, "json") > 1)
        rc = sd_fail(&error, SD_E_USAGE, "trace: expects one of --ladder, --text and --json");
    if (rc == SD_OK)
        rc = find_run(args->word[0], args->word[1], &name, next, sizeof next, &error);
    if (rc == SD_OK)
        rc = sd_trace_load(&trace, args->word[0], name, &error);
    if (rc == SD_OK)
        rc = show(args, trace, &error);
    sd_trace_free(trace);
    free(name);
    int status = rc < 0 ? sd_complain(&error) : SD_EXIT_GOOD;
    if (*next)
        fprintf(stderr, "next: %s\n", next);
    return status;
}

static const struct sd_flag flags[] = {
    {"ladder", SD_FLAG_TEXT, "FILE.svg", "draw it as a picture", 0, 0},
    {"text", SD_FLAG_SWITCH, NULL, "as text on standard output; the default", 0, 0},
    {"json", SD_FLAG_SWITCH, NULL, "the lines of DIR/events/RUN.jsonl", 0, 0},
    {"window", SD_FLAG_TEXT, "FROM-TO", "only what began then: 900ms-1.5s, 2s-", 0, 0},
    {"every", SD_FLAG_SWITCH, NULL, "every packet, where many are alike", 0, 0},
    {"packets", SD_FLAG_COUNT, "N", "how many packets to draw; default 60", 1, 100000},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_trace = {
    .name = "trace",
    .arguments = "DIR RUN",
    .what = "who sent what, when: one traced run as a ladder diagram",
    .examples = "shakedown trace results/runs/survey handshake-rtt-tls13-fresh-r0\n"
                "shakedown trace results/runs/survey tls13 --ladder tls13.svg\n"
                "shakedown trace results/runs/nat-rebinding wireguard --window 900ms-1.5s\n",
    .notes =
        "RUN is the name of a file in DIR/events, or a part of it that only one has.\n"
        "Runs are traced by `shakedown run ... --trace`; a survey traces one of each protocol.\n",
    .flags = flags,
    .least = 2,
    .most = 2,
    .run = run,
};
