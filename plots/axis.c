#include "plots/axis.h"
#include "plots/style.h"
#include "results/units.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rounded to so many digits. */
static double digits(double value, int count)
{
    if (value <= 0)
        return 0;
    double unit = pow(10, floor(log10(value)) - count + 1);
    return unit > 1 ? round(value / unit) * unit : round(value);
}

void sd_amount_text(const char *column, double value, char text[SD_AMOUNT])
{
    double rounded = digits(value, 3);
    struct sd_unit unit = sd_unit_of(column);
    /* Sizes count in powers of two; decimal digits would leave them in bytes. */
    if (unit.dimension == SD_DIM_SIZE && value >= 1024) {
        double kibi = value >= 1048576 ? 1048576 : 1024;
        snprintf(text, SD_AMOUNT, "%.4g %s", value / kibi, kibi > 1024 ? "MiB" : "KiB");
        return;
    }
    sd_unit_words(column, (uint64_t)fmin(rounded, 9e18), text, SD_AMOUNT);
}

void sd_cell_text(const char *column, const char *cell, char *text, size_t cap)
{
    const struct sd_style *style = !strcmp(column, "protocol") ? sd_style_find(cell) : NULL;
    char *end = NULL;
    unsigned long long number = isdigit((unsigned char)*cell) ? strtoull(cell, &end, 10) : 0;
    if (style)
        snprintf(text, cap, "%s", style->title);
    else if (end && !*end)
        sd_unit_words(column, number, text, cap);
    else
        snprintf(text, cap, "%s", cell);
}

void sd_name_text(const char *name, char *text, size_t cap)
{
    char column[128];
    snprintf(column, sizeof column, "%s", name);
    bool dotted = strchr(column, '.') != NULL; /* a measure: its name holds no unit */
    for (char *at = column; *at; at++)
        if (*at == '.')
            *at = '_';
    struct sd_unit none = {SD_DIM_NUMBER, 1, ""};
    struct sd_shown bare = {.scale = 1, .unit = ""};
    sd_unit_heading(column, dotted ? none : sd_unit_of(column), bare, text, cap);
}

/* -- ticks -- */

static void add_tick(struct sd_axis *axis, double at, const char *text)
{
    if (axis->ticks == SD_TICKS)
        return;
    axis->tick[axis->ticks].at = at;
    snprintf(axis->tick[axis->ticks].text, SD_AMOUNT, "%s", text);
    axis->ticks++;
}

/* 1, 2 or 5 times a power of ten, so that at most `count` steps fill the range. */
static double nice_step(double range, int count)
{
    double rough = range / count, power = pow(10, floor(log10(rough)));
    double share = rough / power;
    return (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10) * power;
}

/* The unit in which `most` is a handy number. */
static struct sd_shown unit_for(struct sd_unit unit, double most)
{
    bool size = unit.dimension == SD_DIM_SIZE;
    double near = size ? exp2(floor(log2(fmax(most, 1)))) : digits(most, 1);
    struct sd_value value = {.kind = SD_VALUE_KNOWN, .number = (uint64_t)fmin(near, 9e18)};
    return sd_unit_shown(unit, &value, 1, true);
}

void sd_axis_linear(struct sd_axis *axis, const char *name, const char *column, double least,
                    double most)
{
    *axis = (struct sd_axis){0};
    struct sd_unit unit = sd_unit_of(column);
    bool empty = least > most || most <= 0;
    struct sd_shown shown = unit_for(unit, empty ? 1e6 / (double)unit.base : most);
    axis->of_unit = 1 / shown.scale;
    double top = empty ? axis->of_unit : most;
    double step = nice_step(top / axis->of_unit, 6) * axis->of_unit;
    if (unit.dimension == SD_DIM_NUMBER || unit.dimension == SD_DIM_PACKETS)
        step = fmax(step, 1); /* half a packet is none */
    axis->high = ceil(top / step - 1e-9) * step;
    for (int i = 0; i * step <= axis->high * (1 + 1e-9); i++) {
        char text[SD_AMOUNT];
        snprintf(text, sizeof text, "%.7g", i * step / axis->of_unit);
        add_tick(axis, i * step, text);
    }
    char words[96];
    sd_name_text(name, words, sizeof words);
    snprintf(axis->title, sizeof axis->title, *shown.unit ? "%s (%s)" : "%s", words,
             unit.dimension == SD_DIM_PACKETS ? "packets/s" : shown.unit);
}

/* Ticks at base^k, of these every stride-th; with between, at 2 and 5 times them too. */
static void log_ticks(struct sd_axis *axis, const char *column, double base, int stride,
                      bool between)
{
    static const double steps[] = {1, 2, 5};
    int first = (int)floor(log(axis->low) / log(base) / stride) * stride;
    for (int k = first; pow(base, k) <= axis->high * (1 + 1e-9); k += stride)
        for (int i = 0; i < (between ? 3 : 1); i++) {
            double at = pow(base, k) * steps[i];
            char text[SD_AMOUNT];
            if (at < axis->low * (1 - 1e-9) || at > axis->high * (1 + 1e-9))
                continue;
            sd_amount_text(column, at, text);
            if (at >= 1) /* what is counted is whole */
                add_tick(axis, at, text);
        }
}

/* So that at most eight ticks fill the range, at powers that read well. */
static int stride_for(double powers)
{
    static const int strides[] = {1, 2, 4, 5, 10, 20};
    size_t i = 0;
    while (i + 1 < sizeof strides / sizeof *strides && powers / strides[i] > 8)
        i++;
    return strides[i];
}

void sd_axis_log(struct sd_axis *axis, const char *name, const char *column, double least,
                 double most)
{
    if (least > most || least <= 0) {
        sd_axis_linear(axis, name, column, least, most);
        return;
    }
    double room = most / least < 3 ? 2 : 1.3;
    *axis = (struct sd_axis){.log = true, .low = least / room, .high = most * room, .of_unit = 1};
    double base = sd_unit_of(column).dimension == SD_DIM_SIZE ? 2 : 10;
    double powers = log(axis->high / axis->low) / log(base);
    if (base == 10 && powers < 3.6)
        log_ticks(axis, column, 10, 1, true);
    else
        log_ticks(axis, column, base, stride_for(powers), false);
    sd_name_text(name, axis->title, sizeof axis->title);
}

void sd_axis_add_zero(struct sd_axis *axis)
{
    if (!axis->log || axis->ticks == SD_TICKS)
        return;
    double range = axis->high / axis->low;
    axis->zero = axis->low / pow(range, 0.08);
    axis->low /= pow(range, 0.12);
    memmove(axis->tick + 1, axis->tick, axis->ticks * sizeof *axis->tick);
    axis->tick[0] = (struct sd_tick){.at = axis->zero, .text = "0"};
    axis->ticks++;
}

double sd_axis_place(const struct sd_axis *axis, double value)
{
    return value <= 0 && axis->log ? axis->zero : value;
}
