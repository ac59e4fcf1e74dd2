/* ladder_place.c - at which height every moment of a ladder stands.
 *
 * Height is time, but not to one scale: what would lie on top of each other is drawn apart, and
 * silences are folded. */
#include "plots/ladder_picture.h"
#include "plots/svg.h"
#include <math.h>
#include <stdlib.h>

#define FOLD 48.0 /* height of a folded silence */

double sd_measure_label(const char *text, size_t len)
{
    return sd_text_width(text, len, LABEL_SIZE);
}

double sd_measure_event(const char *text, size_t len)
{
    return sd_text_width(text, len, EVENT_SIZE);
}

const struct sd_trace_entry *sd_picture_entry(const struct picture *picture, size_t row)
{
    return picture->ladder->row[row].entry;
}

double sd_picture_line(const struct picture *picture, uint32_t machine)
{
    return picture->line[picture->ladder->line_of[machine]];
}

void sd_picture_packet_text(const struct picture *picture, const struct sd_ladder_row *row,
                            struct packet_text *text)
{
    *text = (struct packet_text){0};
    double room = fabs(sd_picture_line(picture, row->entry->packet.from) -
                       sd_picture_line(picture, row->entry->packet.to)) -
                  56;
    sd_label_packet(&text->label, row->entry);
    text->lines = sd_label_wrap(&text->label, room, sd_measure_label, text->line, LABEL_LINES);
    text->cut = text->lines > LABEL_LINES;
    if (text->cut)
        text->lines = LABEL_LINES;
    if (row->addresses) {
        sd_label_addresses(&text->addresses, row->entry);
        size_t lines = sd_label_wrap(&text->addresses, room, sd_measure_event, text->address, 2);
        text->address_lines = lines > 2 ? 2 : lines;
    }
    for (size_t i = 0; i < text->lines; i++)
        text->width = fmax(text->width, sd_measure_label(text->label.text + text->line[i].start,
                                                         text->line[i].len));
    for (size_t i = 0; i < text->address_lines; i++)
        text->width =
            fmax(text->width, sd_measure_event(text->addresses.text + text->address[i].start,
                                               text->address[i].len));
    text->height = LINE * (double)(text->lines + text->address_lines);
}

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static void add_moment(struct picture *picture, sd_time t, uint64_t order, size_t row,
                       enum moment_kind kind)
{
    picture->moment[picture->moments++] =
        (struct moment){.t = t, .order = order, .row = row, .kind = kind};
}

/* Arrivals come before what they cause, except those of packets that take no time. */
static void list_moments(struct picture *picture)
{
    size_t rows = picture->ladder->rows;
    for (size_t i = 0; i < rows; i++) {
        const struct sd_trace_entry *entry = sd_picture_entry(picture, i);
        uint64_t order = rows + 2 * i;
        if (picture->ladder->row[i].like) {
            add_moment(picture, picture->ladder->row[i].until, order, i, LIKE);
            continue;
        }
        if (entry->kind != SD_TRACE_PACKET) {
            add_moment(picture, entry->t, order, i,
                       entry->kind == SD_TRACE_EVENT ? HAPPENS : NOTED);
            continue;
        }
        add_moment(picture, entry->t, order, i, LEAVES);
        if (entry->packet.arrive != SD_NEVER)
            add_moment(picture, entry->packet.arrive,
                       entry->packet.arrive > entry->t ? i : order + 1, i, ARRIVES);
    }
    qsort(picture->moment, picture->moments, sizeof *picture->moment, by_time);
}

static size_t event_lines(const struct picture *picture, const struct sd_trace_entry *entry)
{
    struct sd_label label;
    struct sd_label_line line[EVENT_LINES];
    sd_label_event(&label, picture->ladder, entry);
    size_t lines = sd_label_wrap(&label, GUTTER - 24, sd_measure_event, line, EVENT_LINES);
    return lines > EVENT_LINES ? EVENT_LINES : lines;
}

/* What was drawn last between two neighbouring lifelines, and beside each lifeline. */
struct heights {
    struct {
        double middle;    /* lower edge of the last arrow at its middle, as its label leans */
        double begins[2]; /* of the last packet to the right, to the left */
        double arrives[2];
    } lane[SD_LADDER_LINES];
    double event[SD_LADDER_LINES];
};

static void push_down(struct heights *heights, double y)
{
    for (size_t i = 0; i < SD_LADDER_LINES; i++) {
        heights->lane[i].middle = fmax(heights->lane[i].middle, y);
        for (int way = 0; way < 2; way++) {
            heights->lane[i].begins[way] = fmax(heights->lane[i].begins[way], y);
            heights->lane[i].arrives[way] = fmax(heights->lane[i].arrives[way], y);
        }
    }
}

/* A packet between two lifelines crosses the lanes from low up to, but not with, high. */
struct crossing {
    size_t low, high;
    int way;
    double lean; /* of its label, above and below its middle */
    double fall; /* expected, from begin to arrival */
    struct packet_text text;
};

static struct crossing crossing_of(const struct picture *picture, size_t row)
{
    const struct sd_ladder *ladder = picture->ladder;
    const struct sd_trace_entry *entry = ladder->row[row].entry;
    size_t from = (size_t)ladder->line_of[entry->packet.from];
    size_t to = (size_t)ladder->line_of[entry->packet.to];
    struct crossing crossing = {
        .low = from < to ? from : to,
        .high = from < to ? to : from,
        .way = from > to,
        .fall = FLIGHT,
    };
    if (entry->packet.arrive != SD_NEVER)
        crossing.fall =
            fmax(10, FLIGHT * (double)(entry->packet.arrive - entry->t) / (double)ladder->flight);
    sd_picture_packet_text(picture, &ladder->row[row], &crossing.text);
    crossing.lean = crossing.text.width / 2 * crossing.fall /
                    (picture->line[crossing.high] - picture->line[crossing.low]);
    return crossing;
}

static double begin_packet(struct picture *picture, size_t row, double y, struct heights *heights)
{
    struct crossing crossing = crossing_of(picture, row);
    for (size_t i = crossing.low; i < crossing.high; i++) {
        y = fmax(y, heights->lane[i].begins[crossing.way] + crossing.text.height + 6);
        y = fmax(y, heights->lane[i].middle + crossing.text.height + crossing.lean + 6 -
                        crossing.fall / 2);
    }
    for (size_t i = crossing.low; i < crossing.high; i++) {
        heights->lane[i].begins[crossing.way] = y;
        heights->lane[i].middle =
            fmax(heights->lane[i].middle, y + crossing.fall / 2 + crossing.lean);
    }
    picture->begins[row] = y;
    return y;
}

static double end_packet(struct picture *picture, size_t row, double y, struct heights *heights)
{
    struct crossing crossing = crossing_of(picture, row);
    y = fmax(y, picture->begins[row] + 10);
    double across = picture->line[crossing.high] - picture->line[crossing.low];
    bool steep = y - picture->begins[row] > STEEP * across;
    double apart = steep ? 8 : crossing.text.height + 6; /* steep arrows carry no label */
    for (size_t i = crossing.low; i < crossing.high; i++)
        y = fmax(y, heights->lane[i].arrives[crossing.way] + apart);
    if (steep)
        crossing.lean = 0;
    for (size_t i = crossing.low; i < crossing.high; i++) {
        heights->lane[i].arrives[crossing.way] = y;
        heights->lane[i].middle =
            fmax(heights->lane[i].middle, (picture->begins[row] + y) / 2 + crossing.lean);
    }
    picture->arrives[row] = y;
    return y;
}

/* Beside the outer lifelines there is room for names; elsewhere arrows must make some. */
static double place_event(struct picture *picture, size_t row, double y, struct heights *heights)
{
    const struct sd_trace_entry *entry = sd_picture_entry(picture, row);
    size_t line = (size_t)picture->ladder->line_of[entry->event.machine];
    double height = LINE * (double)event_lines(picture, entry) + 2;
    bool inner = line > 0 && line + 1 < picture->ladder->lines;
    y = fmax(y, heights->event[line]);
    if (inner)
        y = fmax(y, heights->lane[line].middle + LINE);
    heights->event[line] = y + height;
    if (inner)
        heights->lane[line].middle = y + height;
    picture->begins[row] = y;
    return y;
}

static double place_moment(struct picture *picture, const struct moment *moment, double y,
                           struct heights *heights)
{
    switch (moment->kind) {
    case LEAVES:
        return begin_packet(picture, moment->row, y, heights);
    case ARRIVES:
        return end_packet(picture, moment->row, y, heights);
    case HAPPENS:
        return place_event(picture, moment->row, y, heights);
    case LIKE:
    case NOTED:
        for (size_t i = 0; i + 1 < picture->ladder->lines; i++)
            y = fmax(y, heights->lane[i].middle);
        y += LINE + 6;
        push_down(heights, y);
        picture->begins[moment->row] = y;
        return y;
    }
    return y;
}

static void place_all(struct picture *picture)
{
    struct sd_ladder *ladder = picture->ladder;
    struct heights heights = {0};
    push_down(&heights, TOP - 30);
    double y = TOP, lowest = TOP;
    for (size_t i = 0; i < picture->moments; i++) {
        struct moment *moment = &picture->moment[i];
        sd_time gap = i ? moment->t - picture->moment[i - 1].t : 0;
        if (moment->kind == LIKE) {
            y = fmax(y, lowest); /* it says itself how long it lasts */
        } else if (gap > ladder->fold) {
            moment->folded = gap;
            ladder->folds = true;
            moment->fold_y = fmax(y, lowest) + FOLD / 2;
            push_down(&heights, moment->fold_y + 14);
            y = moment->fold_y + FOLD / 2;
        } else {
            y += (double)gap / (double)ladder->flight * FLIGHT;
        }
        moment->y = y = place_moment(picture, moment, y, &heights);
        double low = y;
        const struct sd_trace_entry *entry = sd_picture_entry(picture, moment->row);
        if (moment->kind == HAPPENS)
            low += LINE * (double)(event_lines(picture, entry) - 1);
        else if (moment->kind == LEAVES && entry->packet.arrive == SD_NEVER)
            low += FLIGHT * 0.6;
        lowest = fmax(lowest, low);
    }
    picture->bottom = fmax(lowest, TOP + 20) + 16;
}

int sd_picture_place(struct picture *picture, struct sd_error *error)
{
    size_t rows = picture->ladder->rows ? picture->ladder->rows : 1;
    picture->moment = calloc(2 * rows, sizeof *picture->moment);
    picture->begins = calloc(rows, sizeof *picture->begins);
    picture->arrives = calloc(rows, sizeof *picture->arrives);
    if (!picture->moment || !picture->begins || !picture->arrives)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    list_moments(picture);
    place_all(picture);
    return SD_OK;
}
