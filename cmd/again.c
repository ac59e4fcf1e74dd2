#include "cmd/again.h"
#include "cmd/args.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "loss_ppm", "20000" as `--set` takes them: "loss=2%". */
static void setting_of(const char *column, const char *cell, char *text, size_t cap)
{
    static const struct {
        const char *suffix, *unit;
        uint64_t whole; /* the larger unit, where it divides the cell */
        const char *larger;
    } units[] = {
        {"_us", "us", 1000, "ms"},
        {"_bps", "bps", 1000000, "Mbps"},
        {"_bytes", "B", 1024, "KiB"},
        {"_pps", "pps", 1, "pps"},
    };
    size_t len = strlen(column);
    char *end;
    unsigned long long value = strtoull(cell, &end, 10);
    bool number = isdigit((unsigned char)*cell) && !*end;
    if (number && len > 4 && !strcmp(column + len - 4, "_ppm")) {
        snprintf(text, cap, "%.*s=%.7g%%", (int)(len - 4), column, (double)value / 1e4);
        return;
    }
    for (size_t i = 0; number && i < sizeof units / sizeof *units; i++) {
        size_t suffix = strlen(units[i].suffix);
        if (len <= suffix || strcmp(column + len - suffix, units[i].suffix))
            continue;
        bool whole = value && value % units[i].whole == 0;
        snprintf(text, cap, "%.*s=%llu%s", (int)(len - suffix), column,
                 whole ? value / units[i].whole : value, whole ? units[i].larger : units[i].unit);
        return;
    }
    snprintf(text, cap, "%s=%s", column, cell);
}

static const json_t *scenario_of(const struct sd_stored *stored, size_t row)
{
    size_t index;
    json_t *scenario;
    json_array_foreach((json_t *)stored->scenarios, index, scenario)
    {
        if (sd_stored_of(stored, row, scenario))
            return scenario;
    }
    return NULL;
}

bool sd_again(const struct sd_stored *stored, size_t row, const char *flag, const char *out,
              char *line, size_t cap)
{
    const json_t *scenario = scenario_of(stored, row);
    const char *path = sd_stored_text(scenario, "path");
    *line = '\0';
    bool fits =
        sd_args_quote(line, cap, "shakedown") && sd_args_quote(line, cap, "run") &&
        sd_args_quote(line, cap, access(path, R_OK) == 0 ? path : sd_stored_text(scenario, "name"));
    size_t index;
    json_t *column;
    json_array_foreach(json_object_get(scenario, "columns"), index, column)
    {
        const char *name = json_string_value(column);
        int at = name ? sd_frame_column(stored->frame, name) : -1;
        char text[512];
        if (at < 0)
            continue;
        setting_of(name, sd_frame_cell(stored->frame, row, at), text, sizeof text);
        fits = fits && sd_args_quote(line, cap, "--set") && sd_args_quote(line, cap, text);
    }
    const char *seed = sd_stored_text(stored->manifest, "base_seed");
    if (*seed && strcmp(seed, "1"))
        fits = fits && sd_args_quote(line, cap, "--seed") && sd_args_quote(line, cap, seed);
    if (json_is_true(json_object_get(scenario, "quick")))
        fits = fits && sd_args_quote(line, cap, "--quick");
    uint64_t repeat = 0;
    char repeats[24];
    sd_frame_integer(stored->frame, row, sd_frame_column(stored->frame, "repeat"), &repeat);
    snprintf(repeats, sizeof repeats, "%" PRIu64, repeat + 1);
    return fits && scenario && sd_args_quote(line, cap, "--repeats") &&
           sd_args_quote(line, cap, repeats) && sd_args_quote(line, cap, flag) &&
           sd_args_quote(line, cap, "--out") && sd_args_quote(line, cap, out);
}
