/* list - what there is: protocols, scenarios, metrics, features, words, cost tables. */
#include "cmd/commands.h"
#include "cmd/scenarios.h"
#include "cmd/versions.h"
#include "results/grid.h"
#include "sim/core/agent.h"
#include "sim/core/features.h"
#include "sim/node/lab.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Every list is a JSON array of objects; the text is printed from it, so both say the same. */
struct kind {
    const char *name;
    const char *const *column; /* keys of the text form, NULL-ended */
    json_t *(*make)(struct sd_error *);
    const char *next;
};

static json_t *list_protocols(struct sd_error *error)
{
    (void)error;
    json_t *list = json_array();
    for (const struct sd_agent_ops *const *at = sd_agents; *at; at++) {
        json_t *modes = json_array(), *features = json_array();
        for (const struct sd_mode *mode = (*at)->modes; mode->name; mode++)
            json_array_append_new(modes, json_string(mode->name));
        for (const struct sd_feature *feature = sd_features; feature->bit; feature++)
            if ((*at)->features & feature->bit)
                json_array_append_new(features, json_string(feature->brief));
        const char *service = (*at)->service == SD_SERVICE_STREAM     ? "stream"
                              : (*at)->service == SD_SERVICE_DATAGRAM ? "datagram"
                                                                      : "ip";
        json_array_append_new(list, json_pack("{ss ss ss ss so so}", "name", (*at)->name, "title",
                                              (*at)->title, "spec", (*at)->spec, "service", service,
                                              "modes", modes, "features", features));
    }
    return list;
}

static json_t *list_scenarios(struct sd_error *error)
{
    struct sd_scenarios all;
    if (sd_scenarios_all(&all, error) < 0)
        return NULL;
    json_t *list = json_array();
    for (size_t i = 0; i < all.count; i++) {
        const struct sd_scenario *scenario = all.file[i].scenario;
        if (!scenario)
            continue;
        json_t *tags = json_array();
        for (const char *const *tag = sd_scenario_tags(scenario); tag && *tag; tag++)
            json_array_append_new(tags, json_string(*tag));
        size_t runs = sd_scenario_points(scenario) * sd_scenario_repeats(scenario);
        json_array_append_new(
            list, json_pack("{ss ss ss so si ss}", "name", sd_scenario_name(scenario), "title",
                            sd_scenario_title(scenario), "question", sd_scenario_question(scenario),
                            "tags", tags, "runs", (int)runs, "path", all.file[i].path));
    }
    sd_scenarios_free(&all);
    return list;
}

static json_t *list_metrics(struct sd_error *error)
{
    (void)error;
    json_t *list = json_array();
    for (const struct sd_metric *metric = sd_metrics; metric->name; metric++) {
        char column[128];
        snprintf(column, sizeof column, "%s%s", metric->column,
                 metric->scope == SD_METRIC_MACHINE   ? "_MACHINE"
                 : metric->scope == SD_METRIC_CLIENTS ? "[_MACHINE]"
                                                      : "");
        json_array_append_new(list,
                              json_pack("{ss ss ss ss}", "name", metric->name, "column", column,
                                        "dimension", metric->dim, "what", metric->what));
    }
    return list;
}

/* The name of the scenario that is a probe of it; "" where there is none. */
static const char *probe_of(const struct sd_scenarios *all, const char *feature)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct sd_scenario *scenario = all->file[i].scenario;
        json_t *about = scenario ? json_loads(sd_scenario_json(scenario), 0, NULL) : NULL;
        const char *of = json_string_value(json_object_get(about, "feature"));
        bool found = of && !strcmp(of, feature);
        json_decref(about);
        if (found)
            return sd_scenario_name(scenario);
    }
    return "";
}

static json_t *list_features(struct sd_error *error)
{
    struct sd_scenarios all;
    if (sd_scenarios_all(&all, error) < 0)
        return NULL;
    json_t *list = json_array();
    for (const struct sd_feature *feature = sd_features; feature->bit; feature++) {
        json_t *claimed = json_array();
        for (const struct sd_agent_ops *const *at = sd_agents; *at; at++)
            if ((*at)->features & feature->bit)
                json_array_append_new(claimed, json_string((*at)->name));
        json_array_append_new(list,
                              json_pack("{ss ss ss ss so}", "name", feature->brief, "title",
                                        feature->title, "meaning", feature->meaning, "probe",
                                        probe_of(&all, feature->brief), "claimed_by", claimed));
    }
    sd_scenarios_free(&all);
    return list;
}

static json_t *list_words(struct sd_error *error)
{
    (void)error;
    json_t *list = json_array();
    for (const struct sd_word *word = sd_words; word->word; word++)
        json_array_append_new(list, json_pack("{ss ss}", "name", word->word, "what", word->what));
    return list;
}

static json_t *list_costs(struct sd_error *error)
{
    char name[SD_COSTS][SD_COST_NAME];
    int names = sd_cost_names(name, error);
    if (names < 0)
        return NULL;
    json_t *list = json_array();
    for (int i = 0; i < names; i++) {
        struct sd_error why = {0};
        const struct sd_cost_table *table = sd_costs_load(name[i], &why);
        if (table)
            json_array_append_new(list, json_pack("{ss si si ss}", "name", table->name, "version",
                                                  (int)table->version, "rows", (int)table->rows,
                                                  "machine", table->machine));
        else
            fprintf(stderr, "shakedown: %s\n", why.text);
    }
    return list;
}

static const char *const protocol_columns[] = {"name", "service", "spec", "modes", NULL};
static const char *const scenario_columns[] = {"name", "runs", "tags", "question", NULL};
static const char *const metric_columns[] = {"name", "column", "what", NULL};
static const char *const feature_columns[] = {"name", "title", "probe", "meaning", NULL};
static const char *const word_columns[] = {"name", "what", NULL};
static const char *const cost_columns[] = {"name", "version", "rows", "machine", NULL};

static const struct kind kinds[] = {
    {"protocols", protocol_columns, list_protocols,
     "next: shakedown run handshake-rtt --set protocol=NAME"},
    {"scenarios", scenario_columns, list_scenarios, "next: shakedown run NAME"},
    {"metrics", metric_columns, list_metrics,
     "_MACHINE: of the machine named before it, \"server.cpu\".  [_MACHINE]: of the conversations "
     "that\n"
     "the clients named before it began, \"honest.success\"; what belongs to one is their median.\n"
     "next: name one in a scenario's measure = { ... }"},
    {"features", feature_columns, list_features,
     "next: shakedown run features, or the probe of one"},
    {"words", word_columns, list_words, "next: read a scenario of scenarios/, then write one"},
    {"costs", cost_columns, list_costs, "next: cost \"NAME\" in a scenario's host"},
};
#define KINDS (sizeof kinds / sizeof *kinds)

static void cell_text(const json_t *object, const char *key, char *text, size_t cap)
{
    const json_t *value = json_object_get(object, key);
    size_t len = 0, index;
    json_t *item;
    *text = '\0';
    if (json_is_integer(value))
        snprintf(text, cap, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_string(value))
        snprintf(text, cap, "%s", json_string_value(value));
    else
        json_array_foreach((json_t *)value, index, item)
        {
            int n =
                snprintf(text + len, cap - len, "%s%s", index ? " " : "", json_string_value(item));
            len += n > 0 && (size_t)n < cap - len ? (size_t)n : 0;
        }
}

static void print_text(const struct kind *kind, json_t *list)
{
    struct sd_grid grid = {0};
    struct sd_text out = {0};
    char text[512];
    size_t index;
    json_t *object;
    for (int c = 0; kind->column[c]; c++)
        sd_grid_column(&grid, kind->column[c], false);
    json_array_foreach(list, index, object)
    {
        for (int c = 0; kind->column[c]; c++) {
            cell_text(object, kind->column[c], text, sizeof text);
            sd_grid_cell(&grid, text);
        }
    }
    sd_grid_print(&grid, SD_GRID_TEXT, &out);
    fputs(out.text ? out.text : "", stdout);
    sd_grid_free(&grid);
    free(out.text);
}

static int run(const struct sd_args *args)
{
    const char *names[KINDS + 1] = {0};
    const struct kind *kind = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        names[i] = kinds[i].name;
        if (!strcmp(kinds[i].name, args->word[0]))
            kind = &kinds[i];
    }
    struct sd_error error = {0};
    if (!kind) {
        const char *nearest = sd_nearest(args->word[0], names);
        sd_fail(&error, SD_E_USAGE,
                "list: expects protocols, scenarios, metrics, features, words or costs, found "
                "'%s'%s%s%s",
                args->word[0], nearest ? "; did you mean " : "", nearest ? nearest : "",
                nearest ? "?" : "");
        return sd_complain(&error);
    }
    json_t *list = kind->make(&error);
    if (!list)
        return sd_complain(&error);
    if (sd_args_has(args, "json")) {
        json_dumpf(list, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        printf("\n");
    } else {
        print_text(kind, list);
        fprintf(stderr, "%s\n", kind->next);
    }
    json_decref(list);
    return SD_EXIT_GOOD;
}

static const struct sd_flag flags[] = {
    {"json", SD_FLAG_SWITCH, NULL, "the whole list as JSON", 0, 0},
    {NULL, SD_FLAG_SWITCH, NULL, NULL, 0, 0},
};

const struct sd_command sd_command_list = {
    .name = "list",
    .arguments = "protocols|scenarios|metrics|features|words|costs",
    .what = "what there is to run, measure and write in a script",
    .examples = "shakedown list scenarios\n"
                "shakedown list protocols --json\n",
    .flags = flags,
    .least = 1,
    .most = 1,
    .run = run,
};
