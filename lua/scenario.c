#include "lua/scenario.h"

struct sd_scenario {
    int unused;
};

int sd_scenario_load(struct sd_scenario **out, const char *path,
                     const struct sd_scenario_config *config, struct sd_error *error)
{
    (void)out;
    (void)config;
    return sd_fail(error, SD_E_UNSUPPORTED, "%s: this build has no scenario language", path);
}

void sd_scenario_free(struct sd_scenario *s)
{
    (void)s;
}

#define NOTHING(type, name, value)                                                                 \
    type name(const struct sd_scenario *s)                                                         \
    {                                                                                              \
        (void)s;                                                                                   \
        return value;                                                                              \
    }
NOTHING(const char *, sd_scenario_name, "")
NOTHING(const char *, sd_scenario_title, "")
NOTHING(const char *, sd_scenario_question, "")
NOTHING(const char *const *, sd_scenario_tags, NULL)
NOTHING(const char *, sd_scenario_sha256, "")
NOTHING(const char *, sd_scenario_json, "{}")
NOTHING(size_t, sd_scenario_columns, 0)
NOTHING(size_t, sd_scenario_points, 0)
NOTHING(uint32_t, sd_scenario_repeats, 0)
NOTHING(size_t, sd_scenario_metrics, 0)

const char *sd_scenario_column(const struct sd_scenario *s, size_t column)
{
    (void)s;
    (void)column;
    return "";
}

const char *sd_scenario_cell(const struct sd_scenario *s, size_t point, size_t column)
{
    (void)s;
    (void)point;
    (void)column;
    return "";
}

uint64_t sd_scenario_seed(const struct sd_scenario *s, size_t point, uint32_t repeat)
{
    (void)s;
    return point + repeat;
}

const char *sd_scenario_metric(const struct sd_scenario *s, size_t metric)
{
    (void)s;
    (void)metric;
    return "";
}

const char *sd_outcome_name(enum sd_outcome outcome)
{
    static const char *const names[] = {"ok", "failed", "unfinished"};
    return names[outcome];
}

int sd_scenario_run(struct sd_scenario *s, const struct sd_run_request *request,
                    struct sd_run_result *result, struct sd_error *error)
{
    (void)s;
    (void)request;
    (void)result;
    return sd_fail(error, SD_E_UNSUPPORTED, "this build has no scenario language");
}

const char *sd_scenario_expectation(const struct sd_scenario *s, size_t index)
{
    (void)s;
    (void)index;
    return "";
}

const struct sd_word sd_words[] = {{NULL, NULL}};
