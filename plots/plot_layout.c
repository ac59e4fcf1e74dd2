#include "plots/plot_layout.h"
#include "plots/svg.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIGHT 26.0 /* margin at the right */
#define GAP   26.0 /* between panels */

bool sd_plot_spread(const struct plot_layout *layout, const struct sd_sample *sample,
                    struct sd_value *low, struct sd_value *high)
{
    enum sd_stat stat = layout->data->spec->show[0];
    bool rate = stat == SD_STAT_RATE;
    if (sample->n < 2 || (!rate && stat != SD_STAT_MEDIAN && stat != SD_STAT_P50))
        return false;
    *low = sd_sample_stat(sample, rate ? SD_STAT_RATE_LOW : SD_STAT_P25);
    *high = sd_sample_stat(sample, rate ? SD_STAT_RATE_HIGH : SD_STAT_P75);
    return low->kind == SD_VALUE_KNOWN && high->kind != SD_VALUE_NONE;
}

/* -- ranges -- */

struct range {
    double least, most;
};

static void widen(struct range *range, struct sd_value value)
{
    if (value.kind != SD_VALUE_KNOWN)
        return;
    range->least = fmin(range->least, sd_value_number(value));
    range->most = fmax(range->most, sd_value_number(value));
}

static void take_sample(struct plot_layout *layout, struct range *range,
                        const struct sd_sample *sample)
{
    const struct plot_spec *spec = layout->data->spec;
    struct sd_value low, high;
    if (!sample->n)
        return;
    if (spec->kind == PLOT_CDF) {
        widen(range, sd_sample_stat(sample, SD_STAT_MIN));
        if (sample->values)
            widen(range, sd_sample_rank(sample, sample->values));
        return;
    }
    for (size_t i = 0; i < spec->shown; i++) {
        struct sd_value value = sd_sample_stat(sample, spec->show[i]);
        widen(range, value);
        layout->nevers |= value.kind == SD_VALUE_NEVER;
    }
    if (sd_plot_spread(layout, sample, &low, &high)) {
        widen(range, low);
        widen(range, high);
        layout->whiskers = true;
    }
}

/* What the values are: what the measure is called, or runs. */
static void name_values(struct plot_layout *layout)
{
    const struct plot_spec *spec = layout->data->spec;
    layout->y_name = sd_stored_measure_name(spec->scenario, spec->y);
    layout->y_column = spec->y;
    if (spec->kind != PLOT_CDF && sd_stat_counts(spec->show[0])) {
        bool rate = spec->show[0] == SD_STAT_RATE;
        layout->y_name = rate ? "share.of.runs.that.are.ok" : "runs";
        layout->y_column = rate ? "ppm" : "runs";
    }
}

static void make_axis(struct sd_axis *axis, const struct plot_layout *layout, struct range range)
{
    if (layout->data->spec->log)
        sd_axis_log(axis, layout->y_name, layout->y_column, range.least, range.most);
    else
        sd_axis_linear(axis, layout->y_name, layout->y_column, range.least, range.most);
}

static void share_axis(struct sd_axis *axis)
{
    static const double shares[] = {0, 0.25, 0.5, 0.75, 1};
    *axis = (struct sd_axis){.high = 1.02};
    for (size_t i = 0; i < 5; i++) {
        axis->tick[i].at = shares[i];
        snprintf(axis->tick[i].text, SD_AMOUNT, "%.0f%%", 100 * shares[i]);
    }
    axis->ticks = 5;
    snprintf(axis->title, sizeof axis->title, "share of runs");
}

static double tick_width(const struct sd_axis *axis)
{
    double widest = 0;
    for (size_t i = 0; i < axis->ticks; i++)
        widest =
            fmax(widest, sd_text_width(axis->tick[i].text, strlen(axis->tick[i].text), PLOT_TICK));
    return widest;
}

static double share_of(const struct sd_axis *axis, double at)
{
    return axis->log ? log(at / axis->low) / log(axis->high / axis->low)
                     : (at - axis->low) / (axis->high - axis->low);
}

static double half_width(const struct sd_tick *tick)
{
    return sd_text_width(tick->text, strlen(tick->text), PLOT_TICK) / 2 + 4;
}

/* Ticks of a numeric x stand at the sweep's values; labels that would touch are left out. */
static void number_axis(struct plot_layout *layout, double width)
{
    const struct plot_data *data = layout->data;
    const char *column = data->spec->x;
    double least = strtod(data->x.cell[0], NULL);
    double most = strtod(data->x.cell[data->x.count - 1], NULL);
    bool log_x = least > 0 && most / least >= 100;
    struct sd_axis scale, *axis = &layout->x;
    if (log_x)
        sd_axis_log(&scale, column, column, least, most);
    else
        sd_axis_linear(&scale, column, column, least, most);
    *axis = (struct sd_axis){.log = log_x};
    snprintf(axis->title, sizeof axis->title, "%s", scale.title);
    double margin = most > least ? (most - least) * 0.04 : fmax(most * 0.5, 1);
    axis->low = log_x ? least / pow(most / least, 0.04) : least - margin;
    axis->high = log_x ? most * pow(most / least, 0.04) : most + margin;

    double last = -INFINITY;
    for (size_t i = 0; i < data->x.count && axis->ticks < SD_TICKS; i++) {
        struct sd_tick *tick = &axis->tick[axis->ticks];
        tick->at = strtod(data->x.cell[i], NULL);
        if (log_x)
            sd_cell_text(column, data->x.cell[i], tick->text, SD_AMOUNT);
        else
            snprintf(tick->text, SD_AMOUNT, "%.6g", tick->at / scale.of_unit);
        double share = share_of(axis, tick->at), half = half_width(tick) - 1;
        if (share * width - half < last)
            continue;
        last = share * width + half;
        axis->ticks++;
    }
}

/* True: on an axis to scale, linear or logarithmic, two values would nearly coincide. */
static bool is_uneven(const struct plot_data *data)
{
    double least = strtod(data->x.cell[0], NULL), last = least;
    double most = strtod(data->x.cell[data->x.count - 1], NULL);
    bool log_x = least > 0 && most / least >= 100;
    for (size_t i = 1; i < data->x.count; i++) {
        double x = strtod(data->x.cell[i], NULL);
        double gap = log_x ? log(x / last) / log(most / least) : (x - last) / (most - least);
        if (gap < 0.07)
            return true;
        last = x;
    }
    return false;
}

/* Numbers that stand as words: where they do not fit with their unit, the axis names it. */
static void number_words(struct plot_layout *layout)
{
    const struct plot_data *data = layout->data;
    struct sd_axis scale, *axis = &layout->x;
    sd_axis_linear(&scale, data->spec->x, data->spec->x, 0,
                   strtod(data->x.cell[data->x.count - 1], NULL));
    for (size_t i = 0; i < axis->ticks; i++)
        snprintf(axis->tick[i].text, SD_AMOUNT, "%.6g",
                 strtod(data->x.cell[i], NULL) / scale.of_unit);
    snprintf(axis->title, sizeof axis->title, "%.100s, not to scale", scale.title);
}

static void word_axis(struct plot_layout *layout)
{
    const struct plot_data *data = layout->data;
    struct sd_axis *axis = &layout->x;
    *axis = (struct sd_axis){.low = -0.5, .high = (double)data->x.count - 0.5};
    for (size_t i = 0; i < data->x.count && i < SD_TICKS; i++) {
        axis->tick[i].at = (double)i;
        sd_cell_text(data->spec->x, data->x.cell[i], axis->tick[i].text, SD_AMOUNT);
        axis->ticks = i + 1;
    }
    sd_name_text(data->spec->x, axis->title, sizeof axis->title);
    if (layout->uneven)
        number_words(layout);
}

static bool crowded(const struct sd_axis *axis, double width)
{
    for (size_t i = 1; i < axis->ticks; i++)
        if ((share_of(axis, axis->tick[i].at) - share_of(axis, axis->tick[i - 1].at)) * width <
            half_width(&axis->tick[i]) + half_width(&axis->tick[i - 1]))
            return true;
    return false;
}

/* Labels of the x axis that would touch: first those at 2 and 5 go, then every other one. */
static void thin_out(struct sd_axis *axis, double width)
{
    for (bool powers = axis->log; crowded(axis, width); powers = false) {
        size_t kept = 0;
        for (size_t i = 0; i < axis->ticks; i++)
            if (powers ? strchr("1", axis->tick[i].text[0]) != NULL : i % 2 == 0)
                axis->tick[kept++] = axis->tick[i];
        if (kept < 2)
            return;
        axis->ticks = kept;
    }
}

static void place_panels(struct plot_layout *layout, double left)
{
    static const double heights[] = {0, 400, 300, 240};
    size_t panels = layout->data->panel.count, columns = layout->columns;
    size_t rows = (panels + columns - 1) / columns;
    bool named = *layout->data->spec->panel;
    double width = (PLOT_WIDTH - left - RIGHT - GAP * (double)(columns - 1)) / (double)columns;
    double name = named ? 30 : 12, height = heights[columns];
    for (size_t i = 0; i < panels; i++)
        layout->panel[i] = (struct plot_panel){
            .left = left + (double)(i % columns) * (width + GAP),
            .top = name + (double)(i / columns) * (height + name + layout->below),
            .width = width,
            .height = height,
        };
    layout->height = (double)rows * (name + height + layout->below);
}

void sd_plot_lay_out(struct plot_layout *layout, const struct plot_data *data, double top)
{
    *layout = (struct plot_layout){.data = data, .top = top};
    const struct plot_spec *spec = data->spec;
    struct range range = {INFINITY, -INFINITY};
    size_t panels = data->panel.count, samples = panels * data->series.count * data->x.count;
    name_values(layout);
    for (size_t i = 0; i < samples; i++)
        take_sample(layout, &range, &data->sample[i]);

    struct sd_axis values;
    make_axis(&values, layout, range);
    layout->fell_back = spec->log && !values.log && range.least <= range.most;
    layout->columns = panels <= 1 ? 1 : panels == 2 || panels == 4 ? 2 : 3;
    layout->uneven = spec->kind == PLOT_LINES && data->numeric && is_uneven(data);
    layout->x_words =
        spec->kind == PLOT_BARS || (spec->kind == PLOT_LINES && (!data->numeric || layout->uneven));
    if (spec->kind == PLOT_CDF) {
        layout->x = values;
        share_axis(&layout->y);
    } else {
        layout->y = values;
        /* Room for the numbers over the bars, and for points at the edge. */
        layout->y.high *= spec->kind != PLOT_BARS ? 1.03 : values.log ? 1.3 : 1.06;
    }

    double left = 50 + tick_width(&layout->y);
    double width =
        (PLOT_WIDTH - left - RIGHT - GAP * (double)(layout->columns - 1)) / (double)layout->columns;
    layout->below = 66;
    if (layout->x_words) {
        double slot = width / (double)(data->x.count ? data->x.count : 1);
        word_axis(layout);
        layout->rotated = tick_width(&layout->x) > slot - 8;
        if (layout->rotated)
            layout->below = 60 + tick_width(&layout->x) * 0.6;
    } else if (spec->kind == PLOT_LINES) {
        number_axis(layout, width);
    }
    if (spec->kind == PLOT_CDF)
        thin_out(&layout->x, width);
    place_panels(layout, left);
}
