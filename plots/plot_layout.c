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

/* Of what is above 0, and whether there are zeros. */
struct range {
    double least, most;
    bool zero;
};

static void widen(struct range *range, struct sd_value value)
{
    if (value.kind != SD_VALUE_KNOWN)
        return;
    double number = sd_value_number(value);
    range->zero |= number <= 0;
    range->most = fmax(range->most, number);
    if (number > 0)
        range->least = fmin(range->least, number);
}

static void take_sample(struct plot_layout *layout, struct range *range,
                        const struct sd_sample *sample)
{
    const struct plot_spec *spec = layout->data->spec;
    struct sd_value low, high;
    if (!sample->n)
        return;
    if (spec->kind == PLOT_CDF) {
        for (size_t rank = 1; rank <= sample->values; rank++)
            widen(range, sd_sample_rank(sample, rank));
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
    double least = range.zero && range.most <= 0 ? 0 : range.least;
    if (!layout->data->spec->log) {
        sd_axis_linear(axis, layout->y_name, layout->y_column, least, range.most);
        return;
    }
    sd_axis_log(axis, layout->y_name, layout->y_column, least, range.most);
    if (range.zero)
        sd_axis_add_zero(axis);
}

double sd_plot_place(const struct plot_layout *layout, struct sd_value value)
{
    bool across = layout->data->spec->kind == PLOT_CDF;
    return sd_axis_place(across ? &layout->x : &layout->y, sd_value_number(value));
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

/* -- points of several series at one x stand side by side -- */

#define DODGE 12.0 /* pixels; less where they would reach the next x */

/* The smallest gap between neighbours, as a share of the whole range. */
static double smallest_gap(const struct plot_data *data, bool log_x)
{
    double least = strtod(data->x.cell[0], NULL), gap = 1, last = least;
    double most = strtod(data->x.cell[data->x.count - 1], NULL);
    for (size_t i = 1; i < data->x.count; i++) {
        double x = strtod(data->x.cell[i], NULL);
        double here = log_x ? log(x / last) / log(most / least) : (x - last) / (most - least);
        gap = fmin(gap, here);
        last = x;
    }
    return gap;
}

static double dodge_for(const struct plot_data *data, double gap)
{
    bool alone = data->series.count < 2 || !strcmp(data->spec->by, data->spec->panel);
    return alone ? 0 : fmin(DODGE, 0.6 * gap / (double)data->series.count);
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
    layout->dodge = dodge_for(data, smallest_gap(data, log_x) * width * 0.9);
    double edge = (layout->dodge * (double)data->series.count / 2 + 14) / width;
    edge = fmin(0.25, fmax(0.037, edge));
    double beyond = edge / (1 - 2 * edge); /* of the range, so that `edge` of the axis is free */
    double margin = most > least ? (most - least) * beyond : fmax(most * 0.5, 1);
    axis->low = log_x ? least / pow(most / least, beyond) : least - margin;
    axis->high = log_x ? most * pow(most / least, beyond) : most + margin;

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
    double least = strtod(data->x.cell[0], NULL);
    double most = strtod(data->x.cell[data->x.count - 1], NULL);
    return smallest_gap(data, least > 0 && most / least >= 100) < 0.07;
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

/* Labels of the x axis that would touch: first those at 2 and 5 go, then every other one; that of 0
 * stays. */
static void thin_out(struct sd_axis *axis, double width)
{
    for (bool powers = axis->log; crowded(axis, width); powers = false) {
        size_t kept = 0;
        for (size_t i = 0; i < axis->ticks; i++)
            if (powers ? strchr("01", axis->tick[i].text[0]) != NULL : i % 2 == 0)
                axis->tick[kept++] = axis->tick[i];
        if (kept < 2)
            return;
        axis->ticks = kept;
    }
}

/* -- bars -- */

#define BAR_GAP  0.8  /* between the bars of one x and those of the next, in bars */
#define BAR_MOST 90.0 /* pixels */

static size_t bars_at(const struct plot_data *data, size_t x)
{
    size_t most = 0;
    if (!strcmp(data->spec->x, data->spec->by))
        return 1;
    for (size_t panel = 0; panel < data->panel.count; panel++) {
        size_t bars = 0;
        for (size_t series = 0; series < data->series.count; series++)
            bars += sd_plot_sample(data, panel, series, x)->n > 0;
        most = bars > most ? bars : most;
    }
    return most;
}

/* Room for what stands at x: its bars or its word, whichever is wider. */
static double slot_for(const struct plot_layout *layout, size_t x, double bar)
{
    double word = layout->rotated ? PLOT_TICK + 4 : 2 * half_width(&layout->x.tick[x]) + 4;
    return fmax(x < layout->x.ticks ? word : 0, ((double)bars_at(layout->data, x) + BAR_GAP) * bar);
}

static double slots_for(const struct plot_layout *layout, double bar)
{
    double sum = 0;
    for (size_t x = 0; x < layout->data->x.count; x++)
        sum += slot_for(layout, x, bar);
    return sum;
}

/* All bars are equally wide, as wide as there is room for. */
static void place_bars(struct plot_layout *layout, double width)
{
    size_t count = layout->data->x.count;
    double low = 0, high = BAR_MOST;
    for (int i = 0; i < 40; i++) {
        double middle = (low + high) / 2;
        *(slots_for(layout, middle) <= width ? &low : &high) = middle;
    }
    layout->bar = low;
    double spare = (width - slots_for(layout, low)) / (double)(count ? count : 1), left = 0;
    for (size_t x = 0; x < count && x < SD_TICKS; x++) {
        double slot = slot_for(layout, x, low) + spare;
        layout->x.tick[x].at = left + slot / 2;
        left += slot;
    }
    layout->x.low = 0;
    layout->x.high = width;
}

struct plot_bar sd_plot_bar(const struct plot_layout *layout, size_t panel, size_t series, size_t x)
{
    const struct plot_data *data = layout->data;
    double middle = layout->x.tick[x].at;
    size_t present = 0, place = 0;
    if (!strcmp(data->spec->x, data->spec->by))
        return (struct plot_bar){middle, layout->bar * 0.92};
    for (size_t i = 0; i < data->series.count; i++) {
        bool runs = sd_plot_sample(data, panel, i, x)->n > 0;
        present += runs;
        place += runs && i < series;
    }
    double from_middle = (double)place - ((double)present - 1) / 2;
    return (struct plot_bar){middle + from_middle * layout->bar, layout->bar * 0.92};
}

/* On a linear axis in the axis' unit, which the reader sees; else with its own. */
void sd_plot_number(const struct plot_layout *layout, double value, char text[SD_AMOUNT])
{
    if (layout->y.log)
        sd_amount_text(layout->y_column, value, text);
    else
        snprintf(text, SD_AMOUNT, value < 1000 * layout->y.of_unit ? "%.3g" : "%.0f",
                 value / layout->y.of_unit);
}

/* Room for the numbers over the bars. */
static void make_room(struct plot_layout *layout)
{
    const struct plot_data *data = layout->data;
    size_t samples = data->panel.count * data->series.count * data->x.count;
    double widest = 0, height = 400 / (double)layout->columns;
    for (size_t i = 0; i < samples; i++) {
        struct sd_value value = sd_sample_stat(&data->sample[i], data->spec->show[0]);
        char text[SD_AMOUNT];
        if (!data->sample[i].n || value.kind != SD_VALUE_KNOWN)
            continue;
        sd_plot_number(layout, sd_value_number(value), text);
        widest = fmax(widest, sd_text_width(text, strlen(text), PLOT_LABEL));
    }
    layout->upright = widest > layout->bar;
    double room = fmin(0.3, ((layout->upright ? widest : PLOT_LABEL) + 10) / height);
    struct sd_axis *y = &layout->y;
    y->high *= y->log ? pow(y->high / y->low, room) : 1 + room;
}

#define MANY_BARS 30 /* of a panel, so that it wants the whole width */

static size_t columns_for(const struct plot_data *data)
{
    size_t panels = data->panel.count, bars = 0;
    for (size_t x = 0; data->spec->kind == PLOT_BARS && x < data->x.count; x++)
        bars += bars_at(data, x);
    if (panels <= 1 || bars > MANY_BARS)
        return 1;
    return panels == 2 || panels == 4 ? 2 : panels <= 9 ? 3 : 4;
}

static void place_panels(struct plot_layout *layout, double left)
{
    static const double heights[] = {0, 400, 300, 240, 180};
    size_t panels = layout->data->panel.count, columns = layout->columns;
    size_t rows = (panels + columns - 1) / columns;
    bool named = *layout->data->spec->panel;
    double width = (PLOT_WIDTH - left - RIGHT - GAP * (double)(columns - 1)) / (double)columns;
    double name = named ? 30 : 12,
           height = panels > columns && columns == 1 ? 300 : heights[columns];
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
    struct range range = {.least = INFINITY, .most = -INFINITY};
    size_t panels = data->panel.count, samples = panels * data->series.count * data->x.count;
    name_values(layout);
    for (size_t i = 0; i < samples; i++)
        take_sample(layout, &range, &data->sample[i]);

    struct sd_axis values;
    /* A logarithmic axis has no foot: the shortest bar is to have some length. */
    if (spec->kind == PLOT_BARS && spec->log && range.least > 0 && range.least <= range.most)
        range.least /= fmax(1.2, pow(range.most / range.least, 0.12));
    make_axis(&values, layout, range);
    layout->fell_back = spec->log && !values.log && range.zero;
    layout->alone = *spec->by && !strcmp(spec->by, spec->panel);
    layout->columns = columns_for(data);
    layout->uneven = spec->kind == PLOT_LINES && data->numeric && is_uneven(data);
    layout->x_words =
        spec->kind == PLOT_BARS || (spec->kind == PLOT_LINES && (!data->numeric || layout->uneven));
    if (spec->kind == PLOT_CDF) {
        layout->x = values;
        share_axis(&layout->y);
    } else {
        layout->y = values;
        if (spec->kind == PLOT_LINES)
            layout->y.high *= 1.03; /* room for points at the edge */
    }

    double left = 50 + tick_width(&layout->y);
    double width =
        (PLOT_WIDTH - left - RIGHT - GAP * (double)(layout->columns - 1)) / (double)layout->columns;
    layout->below = 66;
    if (layout->x_words) {
        double slot = width / (double)(data->x.count ? data->x.count : 1);
        word_axis(layout);
        layout->dodge = dodge_for(data, slot);
        layout->rotated = tick_width(&layout->x) > slot - 8;
        if (spec->kind == PLOT_BARS) {
            place_bars(layout, width);
            make_room(layout);
        }
        if (layout->rotated)
            layout->below = 60 + tick_width(&layout->x) * 0.6;
    } else if (spec->kind == PLOT_LINES) {
        number_axis(layout, width);
    }
    if (spec->kind == PLOT_CDF)
        thin_out(&layout->x, width);
    place_panels(layout, left);
}
