/* plot_script.c - what gnuplot is told: axes, grid and data.  Titles, legend and notes are not
 * its business; they are drawn where their width is known. */
#include "plots/gnuplot.h"
#include "plots/plot_layout.h"
#include "plots/svg.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool known(struct sd_value value)
{
    return value.kind == SD_VALUE_KNOWN;
}

/* A little inside the frame, where marks of "never" stand. */
static double near_top(const struct sd_axis *axis)
{
    return axis->log ? axis->high / pow(axis->high / axis->low, 0.035)
                     : axis->high - (axis->high - axis->low) * 0.035;
}

/* A tick's label is a format. */
static void put_tick_label(FILE *to, const char *text)
{
    char format[2 * SD_AMOUNT];
    size_t len = 0;
    for (; *text && len + 2 < sizeof format; text++) {
        if (*text == '%')
            format[len++] = '%';
        format[len++] = *text;
    }
    format[len] = '\0';
    sd_gnuplot_text(to, format);
}

static void put_ticks(FILE *to, char axis, const struct sd_axis *ticks, bool words)
{
    fprintf(to, "set %ctics (", axis);
    for (size_t i = 0; i < ticks->ticks; i++) {
        fputs(i ? ", " : "", to);
        put_tick_label(to, words ? ticks->tick[i].text : "");
        fprintf(to, " %.12g", ticks->tick[i].at);
    }
    fputs(")\n", to);
}

static void put_axes(const struct plot_layout *layout, size_t panel, FILE *to)
{
    const struct plot_panel *at = &layout->panel[panel];
    const struct sd_axis *x = &layout->x, *y = &layout->y;
    fprintf(to,
            "unset label\n"
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            at->left / PLOT_WIDTH, (at->left + at->width) / PLOT_WIDTH,
            1 - at->top / layout->height, 1 - (at->top + at->height) / layout->height);
    fprintf(to, "%s logscale x\n%s logscale y\n", x->log ? "set" : "unset",
            y->log ? "set" : "unset");
    fprintf(to, "set xrange [%.12g:%.12g] noextend\nset yrange [%.12g:%.12g] noextend\n", x->low,
            x->high, y->low, y->high);
    put_ticks(to, 'x', x, true);
    put_ticks(to, 'y', y, panel % layout->columns == 0);
    if (layout->rotated)
        fputs("set xtics rotate by 35 right\n", to);
}

static void put_look(FILE *to, const struct sd_style *style, double width, double size)
{
    fprintf(to, " lc rgb '%s' lw %.1f pt %d ps %.2f", style->light, width, style->shape, size);
}

/* -- lines -- */

/* So that points and whiskers of several series at one x stay apart. */
static double shifted(const struct plot_layout *layout, double x, size_t series)
{
    const struct plot_data *data = layout->data;
    double by = ((double)series - ((double)data->series.count - 1) / 2) * layout->dodge /
                layout->panel[0].width;
    if (layout->x.log)
        return x * pow(layout->x.high / layout->x.low, by);
    return x + by * (layout->x.high - layout->x.low);
}

static double x_of(const struct plot_layout *layout, size_t x)
{
    const struct plot_data *data = layout->data;
    return layout->x_words ? (double)x : strtod(data->x.cell[x], NULL);
}

/* Blocks $LpsI: x, value of show[I], low, high; a blank line where the line breaks.
 * $NpsI: x of what never happens. */
static void put_line_data(const struct plot_layout *layout, size_t panel, size_t series, FILE *to)
{
    const struct plot_data *data = layout->data;
    for (size_t i = 0; i < data->spec->shown; i++) {
        fprintf(to, "$L%zu_%zu_%zu << END\n", panel, series, i);
        for (size_t x = 0; x < data->x.count; x++) {
            const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
            struct sd_value value = sd_sample_stat(sample, data->spec->show[i]), low, high;
            if (!known(value)) {
                fputs("\n", to);
                continue;
            }
            if (i > 0 || !sd_plot_spread(layout, sample, &low, &high))
                low = high = value;
            fprintf(to, "%.12g %.12g %.12g %.12g\n", shifted(layout, x_of(layout, x), series),
                    sd_plot_place(layout, value), sd_plot_place(layout, low),
                    known(high) ? sd_plot_place(layout, high) : near_top(&layout->y));
        }
        fprintf(to, "END\n$N%zu_%zu_%zu << END\n", panel, series, i);
        for (size_t x = 0; x < data->x.count; x++)
            if (sd_sample_stat(sd_plot_sample(data, panel, series, x), data->spec->show[i]).kind ==
                SD_VALUE_NEVER)
                fprintf(to, "%.12g %.12g\n", shifted(layout, x_of(layout, x), series),
                        near_top(&layout->y));
        fputs("END\n", to);
    }
}

static bool has_points(const struct plot_data *data, size_t panel, size_t series, enum sd_stat stat,
                       enum sd_value_kind kind)
{
    for (size_t x = 0; x < data->x.count; x++) {
        const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
        if (sample->n && sd_sample_stat(sample, stat).kind == kind)
            return true;
    }
    return false;
}

/* Whiskers and lines of one series, the first statistic last. */
static void put_strokes(const struct plot_layout *layout, size_t panel, size_t series, FILE *to)
{
    const struct plot_data *data = layout->data;
    const char *colour = sd_plot_style(data, series)->light;
    for (size_t i = data->spec->shown; i-- > 0;) {
        if (!has_points(data, panel, series, data->spec->show[i], SD_VALUE_KNOWN))
            continue;
        if (i == 0 && layout->whiskers)
            fprintf(to,
                    ", $L%zu_%zu_0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' "
                    "lw 1.4 notitle",
                    panel, series, colour);
        fprintf(to, ", $L%zu_%zu_%zu using 1:2 with lines lc rgb '%s' lw %.1f dt %s notitle", panel,
                series, i, colour, i ? 1.4 : 2.4, i ? "(2,4)" : "solid");
    }
}

static void put_marks(const struct plot_layout *layout, size_t panel, size_t series, FILE *to)
{
    const struct plot_data *data = layout->data;
    const struct sd_style *style = sd_plot_style(data, series);
    for (size_t i = data->spec->shown; i-- > 0;) {
        enum sd_stat stat = data->spec->show[i];
        if (has_points(data, panel, series, stat, SD_VALUE_KNOWN)) {
            fprintf(to, ", $L%zu_%zu_%zu using 1:2 with points", panel, series, i);
            put_look(to, style, i ? 1.4 : 2, i ? 0.6 : 1.2);
            fputs(" notitle", to);
        }
        if (has_points(data, panel, series, stat, SD_VALUE_NEVER)) {
            fprintf(to, ", $N%zu_%zu_%zu using 1:2 with points", panel, series, i);
            fprintf(to, " lc rgb '%s' lw 1.6 pt 8 ps %.1f notitle", style->light, i ? 0.9 : 1.5);
        }
    }
}

/* Where each panel shows one series: the others behind it, in grey, to compare. */
static void put_others(const struct plot_layout *layout, size_t panel, FILE *to)
{
    const struct plot_data *data = layout->data;
    for (size_t other = 0; layout->alone && other < data->panel.count; other++)
        if (other != panel && has_points(data, other, other, data->spec->show[0], SD_VALUE_KNOWN))
            fprintf(to, ", $L%zu_%zu_0 using 1:2 with lines lc rgb '" SD_FAINT "' lw 1.6 notitle",
                    other, other);
}

/* Marks over all lines: where lines coincide, they tell whose these are. */
static void put_lines(const struct plot_layout *layout, size_t panel, FILE *to)
{
    size_t count = layout->data->series.count;
    fputs("plot NaN notitle", to);
    put_others(layout, panel, to);
    for (size_t series = 0; series < count; series++)
        put_strokes(layout, panel, series, to);
    for (size_t series = 0; series < count; series++)
        put_marks(layout, panel, series, to);
    fputs("\n", to);
}

/* -- bars -- */

/* Left away where not even upright ones stay apart. */
static void put_bar_label(const struct plot_layout *layout, const struct plot_bar *bar,
                          const char *text, double y, FILE *to)
{
    if (layout->upright && layout->bar < PLOT_LABEL * 0.85)
        return;
    fputs("set label ", to);
    sd_gnuplot_text(to, text);
    fprintf(to, " at first %.12g, first %.12g %s font ',%.0f' tc rgb '" SD_INK "'\n", bar->x, y,
            layout->upright ? "left rotate by 90 offset 0, 0.4" : "center offset 0, 0.6",
            PLOT_LABEL);
}

/* In place of a bar: nothing was measured, or it never happened. */
static void put_bar_word(const struct plot_bar *bar, const char *word, FILE *to)
{
    fputs("set label ", to);
    sd_gnuplot_text(to, word);
    fprintf(to,
            " at first %.12g, graph 0.03 left rotate by 90 font ',%.0f' tc rgb '" SD_MUTED "'\n",
            bar->x, PLOT_LABEL);
}

/* Where show[i] stands over its bar. */
static void put_bar_marks(const struct plot_layout *layout, size_t panel, size_t series, size_t i,
                          enum sd_value_kind kind, FILE *to)
{
    const struct plot_data *data = layout->data;
    for (size_t x = 0; x < data->x.count; x++) {
        const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
        struct sd_value value = sd_sample_stat(sample, data->spec->show[i]);
        if (sample->n && value.kind == kind)
            fprintf(to, "%.12g %.12g\n", sd_plot_bar(layout, panel, series, x).x,
                    known(value) ? sd_plot_place(layout, value) : near_top(&layout->y));
    }
}

static void put_bar_data(const struct plot_layout *layout, size_t panel, size_t series, FILE *to)
{
    const struct plot_data *data = layout->data;
    const struct plot_spec *spec = data->spec;
    fprintf(to, "$L%zu_%zu_0 << END\n", panel, series);
    for (size_t x = 0; x < data->x.count; x++) {
        const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
        struct sd_value value = sd_sample_stat(sample, spec->show[0]), low = value, high = value;
        struct plot_bar bar = sd_plot_bar(layout, panel, series, x);
        if (!sample->n || !known(value))
            continue;
        if (!sd_plot_spread(layout, sample, &low, &high))
            low = high = value;
        fprintf(to, "%.12g %.12g %.12g %.12g %.6f\n", bar.x, sd_plot_place(layout, value),
                sd_plot_place(layout, low),
                known(high) ? sd_plot_place(layout, high) : near_top(&layout->y), bar.width);
    }
    fprintf(to, "END\n$N%zu_%zu_0 << END\n", panel, series);
    for (size_t x = 0; x < data->x.count; x++) {
        const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
        struct plot_bar bar = sd_plot_bar(layout, panel, series, x);
        if (sample->n && sd_sample_stat(sample, spec->show[0]).kind == SD_VALUE_NEVER)
            fprintf(to, "%.12g %.12g %.6f\n", bar.x, layout->y.high, bar.width);
    }
    fputs("END\n", to);
    for (size_t i = 1; i < spec->shown; i++) {
        fprintf(to, "$L%zu_%zu_%zu << END\n", panel, series, i);
        put_bar_marks(layout, panel, series, i, SD_VALUE_KNOWN, to);
        fprintf(to, "END\n$N%zu_%zu_%zu << END\n", panel, series, i);
        put_bar_marks(layout, panel, series, i, SD_VALUE_NEVER, to);
        fputs("END\n", to);
    }
}

static void put_bar_words(const struct plot_layout *layout, size_t panel, FILE *to)
{
    const struct plot_data *data = layout->data;
    for (size_t series = 0; series < data->series.count; series++)
        for (size_t x = 0; x < data->x.count; x++) {
            const struct sd_sample *sample = sd_plot_sample(data, panel, series, x);
            struct sd_value value = sd_sample_stat(sample, data->spec->show[0]), low, high;
            struct plot_bar bar = sd_plot_bar(layout, panel, series, x);
            char text[SD_AMOUNT];
            if (!sample->n)
                continue;
            if (value.kind == SD_VALUE_NEVER)
                put_bar_word(&bar, "never", to);
            else if (value.kind == SD_VALUE_NONE)
                put_bar_word(&bar, "no value", to);
            if (!known(value))
                continue;
            sd_plot_number(layout, sd_value_number(value), text);
            if (!sd_plot_spread(layout, sample, &low, &high))
                high = value;
            for (size_t i = 1; i < data->spec->shown; i++) {
                struct sd_value more = sd_sample_stat(sample, data->spec->show[i]);
                if (known(high) && known(more) && more.number > high.number)
                    high = more;
            }
            if (known(high))
                put_bar_label(layout, &bar, text, sd_plot_place(layout, high), to);
        }
}

static void put_bars(const struct plot_layout *layout, size_t panel, FILE *to)
{
    const struct plot_data *data = layout->data;
    const struct plot_spec *spec = data->spec;
    put_bar_words(layout, panel, to);
    fputs("plot NaN notitle", to);
    for (size_t series = 0; series < data->series.count; series++) {
        const struct sd_style *style = sd_plot_style(data, series);
        if (has_points(data, panel, series, spec->show[0], SD_VALUE_NEVER))
            fprintf(to,
                    ", $N%zu_%zu_0 using 1:2:3 with boxes fs solid 0.18 noborder lc rgb '%s' "
                    "notitle",
                    panel, series, style->light);
        if (has_points(data, panel, series, spec->show[0], SD_VALUE_KNOWN)) {
            fprintf(to,
                    ", $L%zu_%zu_0 using 1:2:5 with boxes fs solid 1 noborder lc rgb '%s' notitle",
                    panel, series, style->light);
            if (layout->whiskers)
                fprintf(to,
                        ", $L%zu_%zu_0 using 1:3:(0):($4-$3) with vectors nohead lc rgb '" SD_INK
                        "' lw 1.6 notitle",
                        panel, series);
        }
        for (size_t i = 1; i < spec->shown; i++) {
            if (has_points(data, panel, series, spec->show[i], SD_VALUE_KNOWN))
                fprintf(to,
                        ", $L%zu_%zu_%zu using 1:2 with points pt 12 ps 1.1 lw 1.8 lc rgb '" SD_INK
                        "' notitle",
                        panel, series, i);
            if (has_points(data, panel, series, spec->show[i], SD_VALUE_NEVER))
                fprintf(to,
                        ", $N%zu_%zu_%zu using 1:2 with points pt 8 ps 1.2 lw 1.6 lc rgb '" SD_INK
                        "' notitle",
                        panel, series, i);
        }
    }
    fputs("\n", to);
}

/* -- distributions -- */

/* $L: value, share of runs that it does not exceed; to the right edge, so that a curve which ends
 * below 1 is seen to.  $N: where the curve's shape stands: twice, and each curve's elsewhere, so
 * that curves which coincide are told apart. */
static void put_cdf_data(const struct plot_layout *layout, size_t panel, size_t series, FILE *to)
{
    const struct sd_sample *sample = sd_plot_sample(layout->data, panel, series, 0);
    double n = (double)sample->n;
    fprintf(to, "$L%zu_%zu_0 << END\n%.12g 0\n", panel, series, layout->x.low);
    for (size_t i = 0; i < sample->values; i++)
        if (i + 1 == sample->values || sample->value[i + 1] != sample->value[i])
            fprintf(to, "%.12g %.9g\n", sd_axis_place(&layout->x, (double)sample->value[i]),
                    (double)(i + 1) / n);
    if (sample->n)
        fprintf(to, "%.12g %.9g\n", layout->x.high, (double)sample->values / n);
    fprintf(to, "END\n$N%zu_%zu_0 << END\n", panel, series);
    for (unsigned half = 0; half < 2 && sample->n; half++) {
        double share =
            ((double)series + 0.5) / (2 * (double)layout->data->series.count) + half / 2.0;
        size_t rank = (size_t)ceil(share * n);
        struct sd_value value = sd_sample_rank(sample, rank ? rank : 1);
        if (known(value))
            fprintf(to, "%.12g %.9g\n", sd_plot_place(layout, value), share);
    }
    if (sample->values < sample->n)
        fprintf(to, "%.12g %.9g\n", layout->x.high, (double)sample->values / n);
    fputs("END\n", to);
}

static bool is_solid(const struct sd_style *style)
{
    return !strcmp(style->dash, "solid");
}

/* Solid curves first: dashes over them leave them to be seen. */
static void put_cdfs(const struct plot_layout *layout, size_t panel, FILE *to)
{
    const struct plot_data *data = layout->data;
    fputs("plot NaN notitle", to);
    for (size_t i = 0; i < 2 * data->series.count; i++) {
        size_t series = i % data->series.count;
        const struct sd_style *style = sd_plot_style(data, series);
        if (is_solid(style) == (i < data->series.count) &&
            sd_plot_sample(data, panel, series, 0)->n)
            fprintf(to, ", $L%zu_%zu_0 using 1:2 with steps lc rgb '%s' lw 2.2 dt %s notitle",
                    panel, series, style->light, style->dash);
    }
    for (size_t series = 0; series < data->series.count; series++) {
        if (!sd_plot_sample(data, panel, series, 0)->n)
            continue;
        fprintf(to, ", $N%zu_%zu_0 using 1:2 with points", panel, series);
        put_look(to, sd_plot_style(data, series), 2, 1.1);
        fputs(" notitle", to);
    }
    fputs("\n", to);
}

void sd_plot_script(const struct plot_layout *layout, FILE *to)
{
    static void (*const put_data[])(const struct plot_layout *, size_t, size_t, FILE *) = {
        [PLOT_LINES] = put_line_data, [PLOT_BARS] = put_bar_data, [PLOT_CDF] = put_cdf_data};
    static void (*const put_plot[])(const struct plot_layout *, size_t, FILE *) = {
        [PLOT_LINES] = put_lines, [PLOT_BARS] = put_bars, [PLOT_CDF] = put_cdfs};
    const struct plot_data *data = layout->data;
    fprintf(to,
            "set encoding utf8\n"
            "set terminal svg size %.0f,%.0f fixed noenhanced font 'Arial,%.0f' linewidth 1\n"
            "set output\n"
            "set key off\n"
            "set border 3 lc rgb '" SD_MUTED "' lw 1\n"
            "set tics nomirror out scale 0.6 textcolor rgb '" SD_INK "'\n"
            "set grid ytics xtics lt 1 lc rgb '" SD_FAINT "' lw 0.8\n"
            "set boxwidth 0.8\n",
            PLOT_WIDTH, layout->height, PLOT_TICK);
    if (layout->x_words)
        fputs("set grid noxtics\n", to);
    for (size_t panel = 0; panel < data->panel.count; panel++)
        for (size_t series = 0; series < data->series.count; series++)
            put_data[data->spec->kind](layout, panel, series, to);
    fputs("set multiplot\n", to);
    for (size_t panel = 0; panel < data->panel.count; panel++) {
        put_axes(layout, panel, to);
        put_plot[data->spec->kind](layout, panel, to);
    }
    fputs("unset multiplot\n", to);
}
