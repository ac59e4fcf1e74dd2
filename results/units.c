#include "results/units.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct sd_unit units[] = {
    {SD_DIM_TIME, 1, "ns"},         {SD_DIM_TIME, 1000, "us"},  {SD_DIM_TIME, 1000000, "ms"},
    {SD_DIM_TIME, 1000000000, "s"}, {SD_DIM_SHARE, 1, "ppm"},   {SD_DIM_SIZE, 1, "bytes"},
    {SD_DIM_RATE, 1, "bps"},        {SD_DIM_PACKETS, 1, "pps"},
};

struct sd_unit sd_unit_of(const char *column)
{
    struct sd_unit found = {SD_DIM_NUMBER, 1, ""};
    for (const char *word = column; *word;) {
        size_t len = strcspn(word, "_");
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (strlen(units[i].mark) == len && !memcmp(units[i].mark, word, len))
                found = units[i];
        word += len + (word[len] == '_');
    }
    return found;
}

/* The fewest decimals that show value x scale whole, up to nine. */
static unsigned whole_decimals(double value)
{
    unsigned decimals = 0;
    for (; decimals < 9; decimals++) {
        double shown = value * pow(10, decimals);
        if (fabs(shown - nearbyint(shown)) < 1e-6)
            break;
    }
    return decimals;
}

/* A step of a dimension: shown in this unit while the largest (for exact: the smallest but zero)
 * value is at least `from` of the dimension's own. */
struct step {
    enum sd_dimension dimension;
    double from, exact_from, scale;
    const char *unit;
};
static const struct step steps[] = {
    {SD_DIM_TIME, 1e11, 1e9, 1e-9, "s"},
    {SD_DIM_TIME, 1e6, 1e5, 1e-6, "ms"},
    {SD_DIM_TIME, 1e4, 1e3, 1e-3, "µs"},
    {SD_DIM_TIME, 0, 0, 1, "ns"},
    {SD_DIM_SHARE, 0, 0, 1e-4, "%"},
    {SD_DIM_SIZE, 10.0 * 1048576, 1048576, 1.0 / 1048576, "MiB"},
    {SD_DIM_SIZE, 10.0 * 1024, 1024, 1.0 / 1024, "KiB"},
    {SD_DIM_SIZE, 0, 0, 1, "B"},
    {SD_DIM_RATE, 1e9, 1e9, 1e-9, "Gbit/s"},
    {SD_DIM_RATE, 1e5, 1e5, 1e-6, "Mbit/s"},
    {SD_DIM_RATE, 0, 0, 1e-3, "kbit/s"},
    {SD_DIM_PACKETS, 0, 0, 1, "/s"},
    {SD_DIM_NUMBER, 0, 0, 1, ""},
};

/* Whether values between least (not zero) and most read well in that unit: the largest is not a
 * small fraction, and the smallest can still be seen, unless the largest would be very long. */
static bool suits(const struct step *step, double most, double least, bool exact)
{
    if (!exact)
        return most >= step->from && (least * 100 >= step->from || most >= step->from * 1000);
    bool size = step->dimension == SD_DIM_SIZE && step->exact_from > 0;
    return least >= step->exact_from && !(size && fmod(least, step->exact_from) > 0);
}

/* Enough that the smallest value shows a digit, if two decimals are enough for that. */
static unsigned visible_decimals(double least)
{
    return least >= 1000 ? 0 : least >= 1 || least <= 0 ? 1 : 2;
}

struct sd_shown sd_unit_shown(struct sd_unit unit, const struct sd_value *value, size_t count,
                              bool exact)
{
    double most = 0, least = INFINITY;
    unsigned asked = 0; /* decimals that the values came with */
    for (size_t i = 0; i < count; i++) {
        if (value[i].kind != SD_VALUE_KNOWN)
            continue;
        double number = sd_value_number(value[i]) * (double)unit.base;
        most = fmax(most, number);
        if (number > 0)
            least = fmin(least, number);
        if (value[i].decimals > asked)
            asked = value[i].decimals;
    }
    if (!isfinite(least))
        least = 0;

    const struct step *step = steps;
    while (step->dimension != unit.dimension || !suits(step, most, least, exact))
        step++;
    struct sd_shown shown = {.scale = step->scale * (double)unit.base, .unit = step->unit};
    if (exact) {
        for (size_t i = 0; i < count; i++) {
            unsigned needed = value[i].kind == SD_VALUE_KNOWN
                                  ? whole_decimals(sd_value_number(value[i]) * shown.scale)
                                  : 0;
            if (needed > shown.decimals)
                shown.decimals = needed;
        }
    } else if (step->scale == 1)
        shown.decimals = asked;
    else
        shown.decimals = visible_decimals(least * step->scale);
    return shown;
}

/* What is written in capitals. */
static const char *const capitals[][2] = {
    {"rtt", "RTT"}, {"rtts", "RTTs"}, {"cpu", "CPU"}, {"nat", "NAT"}, {"mtu", "MTU"},
};

void sd_unit_heading(const char *column, struct sd_unit unit, struct sd_shown shown, char *heading,
                     size_t cap)
{
    size_t len = 0;
    *heading = '\0';
    /* Bytes shown as bytes say so in words. */
    bool kept = unit.dimension == SD_DIM_SIZE && !strcmp(shown.unit, "B");
    for (const char *word = column; *word && len < cap;) {
        size_t letters = strcspn(word, "_");
        const char *text = word;
        int width = (int)letters;
        for (size_t i = 0; i < sizeof capitals / sizeof *capitals; i++)
            if (strlen(capitals[i][0]) == letters && !memcmp(capitals[i][0], word, letters))
                text = capitals[i][1];
        bool is_unit = *unit.mark && strlen(unit.mark) == letters &&
                       !memcmp(unit.mark, word, letters) && strlen(column) > letters;
        if (!is_unit || kept) {
            int n = snprintf(heading + len, cap - len, "%s%.*s", len ? " " : "", width, text);
            len += n > 0 ? (size_t)n : 0;
        }
        word += letters + (word[letters] == '_');
    }
    if (*shown.unit && !kept && len < cap)
        snprintf(heading + len, cap - len, "%s(%s)", len ? " " : "", shown.unit);
}

void sd_unit_cell(struct sd_value value, struct sd_shown shown, char *cell, size_t cap)
{
    if (value.kind == SD_VALUE_KNOWN)
        snprintf(cell, cap, "%.*f", (int)shown.decimals, sd_value_number(value) * shown.scale);
    else
        snprintf(cell, cap, "%s", value.kind == SD_VALUE_NEVER ? "∞" : "–");
}

void sd_unit_words(const char *column, uint64_t number, char *words, size_t cap)
{
    struct sd_value value = {.kind = SD_VALUE_KNOWN, .number = number};
    struct sd_shown shown = sd_unit_shown(sd_unit_of(column), &value, 1, true);
    char cell[64];
    sd_unit_cell(value, shown, cell, sizeof cell);
    bool close = !*shown.unit || *shown.unit == '%' || *shown.unit == '/';
    snprintf(words, cap, "%s%s%s", cell, close ? "" : " ", shown.unit);
}

void sd_cell_words(const char *column, const char *cell, char *words, size_t cap)
{
    struct sd_unit unit = sd_unit_of(column);
    size_t len = strlen(column), mark = strlen(unit.mark);
    size_t digits = strspn(cell, "0123456789");
    if (!strcmp(column, "protocol") || !strcmp(column, "mode"))
        snprintf(words, cap, "%s", cell);
    else if (!digits || cell[digits] || digits > 19)
        snprintf(words, cap, "%s=%s", column, cell);
    else {
        char number[64];
        sd_unit_words(column, strtoull(cell, NULL, 10), number, sizeof number);
        char *blank = strchr(number, ' ');
        if (blank)
            memmove(blank, blank + 1, strlen(blank));
        /* The unit of "rtt_us" is in the number now; that of a name's middle stays. */
        bool last = mark && len > mark + 1 && !strcmp(column + len - mark, unit.mark);
        snprintf(words, cap, "%.*s=%s", (int)(last ? len - mark - 1 : len), column, number);
    }
}
