/* ladder_arrow.c - a packet in a ladder's picture: its arrow and its label. */
#include "plots/ladder_picture.h"
#include "plots/style.h"
#include "plots/svg.h"
#include <inttypes.h>
#include <math.h>

#define PI 3.14159265358979323846

static const char *kind_colour(enum sd_label_kind kind)
{
    switch (kind) {
    case SD_LABEL_ENCRYPTED:
        return SD_ENCRYPTED;
    case SD_LABEL_SIZE:
        return SD_MUTED;
    case SD_LABEL_FATE:
        return SD_BAD;
    default:
        return SD_INK;
    }
}

void sd_picture_line_text(FILE *to, const struct sd_label *label, struct sd_label_line line,
                          bool more)
{
    for (size_t at = line.start, end = line.start + line.len; at < end;) {
        size_t stop = at;
        while (stop < end && label->kind[stop] == label->kind[at])
            stop++;
        bool bold = label->kind[at] == SD_LABEL_ENCRYPTED || label->kind[at] == SD_LABEL_FATE;
        fprintf(to, "<tspan fill=\"%s\"%s>", kind_colour(label->kind[at]),
                bold ? " font-weight=\"bold\"" : "");
        sd_xml_part(to, label->text + at, stop - at);
        fputs("</tspan>", to);
        at = stop;
    }
    if (more)
        fputs("<tspan fill=\"" SD_MUTED "\">\xe2\x80\xa6</tspan>", to);
}

static void put_head(FILE *to, double x, double y, double dx, double dy, const char *colour)
{
    double len = hypot(dx, dy), ux = dx / len, uy = dy / len;
    double bx = x - 12 * ux, by = y - 12 * uy;
    fprintf(to, "<path d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fz\" fill=\"%s\"/>\n", x, y, bx - 5 * uy,
            by + 5 * ux, bx + 5 * uy, by - 5 * ux, colour);
}

static void put_cross(FILE *to, double x, double y)
{
    fprintf(to,
            "<path d=\"M%.1f %.1fl14 14m0 -14l-14 14\" stroke=\"" SD_BAD
            "\" stroke-width=\"3\" fill=\"none\"/>\n",
            x - 7, y - 7);
}

struct arrow {
    double x0, y0, x1, y1;   /* as far as it is drawn */
    double whole_x, whole_y; /* where it would have ended */
};

static struct arrow arrow_of(const struct picture *picture, size_t row)
{
    const struct sd_trace_entry *entry = sd_picture_entry(picture, row);
    struct arrow arrow = {
        .x0 = sd_picture_line(picture, entry->packet.from),
        .y0 = picture->begins[row],
        .whole_x = sd_picture_line(picture, entry->packet.to),
    };
    bool arrived = entry->packet.arrive != SD_NEVER;
    arrow.whole_y = arrived ? picture->arrives[row] : arrow.y0 + FLIGHT * 0.8;
    double share = arrived ? 1 : 0.75;
    arrow.x1 = arrow.x0 + (arrow.whole_x - arrow.x0) * share;
    arrow.y1 = arrow.y0 + (arrow.whole_y - arrow.y0) * share;
    return arrow;
}

static void put_tip(FILE *to, const struct picture *picture, const struct sd_trace_entry *entry)
{
    const struct sd_trace_machine *machine = picture->ladder->trace->machine;
    char left[SD_MS_TEXT], arrived[SD_MS_TEXT];
    fputs("<title>", to);
    sd_xml(to, machine[entry->packet.from].name);
    fputs(" to ", to);
    sd_xml(to, machine[entry->packet.to].name);
    fprintf(to, ", left %s ms, ", sd_ms_text(entry->t, left));
    if (entry->packet.arrive != SD_NEVER)
        fprintf(to, "arrived %s ms", sd_ms_text(entry->packet.arrive, arrived));
    if (entry->packet.fate != SD_TRACE_ARRIVED)
        fprintf(to, "%s%s", entry->packet.arrive != SD_NEVER ? ", " : "",
                sd_trace_fate_name(entry->packet.fate));
    fputs("\n", to);
    sd_xml(to, entry->packet.what);
    fprintf(to, "\n%" PRIu32 " bytes, ", entry->packet.len);
    sd_xml(to, entry->packet.proto);
    fputs(" ", to);
    sd_xml(to, entry->packet.src);
    fputs(" to ", to);
    sd_xml(to, entry->packet.dst);
    fputs("</title>\n", to);
}

static void put_shaft(FILE *to, struct arrow arrow, enum sd_trace_fate fate, bool arrived,
                      bool encrypted)
{
    bool lost = fate == SD_TRACE_LOST || fate == SD_TRACE_QUEUE;
    const char *colour = lost || fate == SD_TRACE_CORRUPTED ? SD_BAD
                         : encrypted                        ? SD_ENCRYPTED
                                                            : SD_INK;
    const char *dash = fate == SD_TRACE_CORRUPTED   ? " stroke-dasharray=\"10 5\""
                       : fate == SD_TRACE_DUPLICATE ? " stroke-dasharray=\"3 4\""
                                                    : "";
    double dx = arrow.whole_x - arrow.x0, dy = arrow.whole_y - arrow.y0, len = hypot(dx, dy);
    double stop = arrived ? 10 : 0; /* the shaft ends inside the head */
    fprintf(to,
            "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"%s\" stroke-width=\"%s\"%s "
            "fill=\"none\"/>\n",
            arrow.x0, arrow.y0, arrow.x1 - stop * dx / len, arrow.y1 - stop * dy / len, colour,
            encrypted ? "3" : "1.8", dash);
    if (arrived)
        put_head(to, arrow.x1, arrow.y1, dx, dy, colour);
    else if (lost)
        put_cross(to, arrow.x1, arrow.y1);
}

void sd_picture_arrow(struct picture *picture, size_t row)
{
    const struct sd_trace_entry *entry = sd_picture_entry(picture, row);
    struct sd_label label;
    sd_label_packet(&label, entry);
    fputs("<g>", picture->to);
    put_tip(picture->to, picture, entry);
    put_shaft(picture->to, arrow_of(picture, row), entry->packet.fate,
              entry->packet.arrive != SD_NEVER, label.encrypted);
    fputs("</g>\n", picture->to);
}

void sd_picture_sample(FILE *to, double x, double y, enum sd_trace_fate fate, bool encrypted)
{
    bool arrived = fate != SD_TRACE_LOST && fate != SD_TRACE_QUEUE;
    struct arrow arrow = {x, y, arrived ? x + 60 : x + 45, y, x + 60, y};
    put_shaft(to, arrow, fate, arrived, encrypted);
}

/* A label leans with its arrow: it covers a row of small boxes. */
#define SLICES 6
struct area {
    struct box slice[SLICES];
};

/* wide x high, centred at x, its lower edge through (x, y) with this slope. */
static struct area area_of(double x, double y, double slope, double wide, double high)
{
    struct area area;
    for (int i = 0; i < SLICES; i++) {
        double from = x - wide / 2 + wide * i / SLICES, to = from + wide / SLICES;
        double bottom = y + slope * ((from + to) / 2 - x);
        area.slice[i] = (struct box){from, bottom - high, to, bottom};
    }
    return area;
}

static double overlap(const struct picture *picture, const struct area *area)
{
    double sum = 0;
    for (size_t i = 0; i < BOXES && i < picture->boxes; i++)
        for (size_t j = 0; j < SLICES; j++) {
            const struct box *a = &picture->box[i], *b = &area->slice[j];
            double wide = fmin(a->right, b->right) - fmax(a->left, b->left);
            double high = fmin(a->bottom, b->bottom) - fmax(a->top, b->top);
            if (wide > 0 && high > 0)
                sum += wide * high;
        }
    return sum;
}

static void keep(struct picture *picture, const struct area *area)
{
    for (size_t i = 0; i < SLICES; i++)
        picture->box[picture->boxes++ % BOXES] = area->slice[i];
}

/* The place along its arrow, from 0 to 1, where a label of this size covers least; -1: beside the
 * sender, without leaning. */
static double find_place(struct picture *picture, struct arrow arrow, double wide, double high)
{
    static const double places[] = {0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74};
    double dx = arrow.whole_x - arrow.x0, dy = arrow.whole_y - arrow.y0, run = fabs(dx);
    double best = 0.5, least = INFINITY;
    struct area area, kept = {0};
    if (dy > STEEP * run) {
        kept = area_of(arrow.x0 + (dx < 0 ? -1 : 1) * (12 + wide / 2), arrow.y0 - 4, 0, wide, high);
        least = overlap(picture, &kept);
        best = -1;
    }
    for (size_t i = 0; least > 1 && i < sizeof places / sizeof *places; i++) {
        if (wide / 2 > run * fmin(places[i], 1 - places[i]) - 8 && i > 0)
            continue;
        area =
            area_of(arrow.x0 + dx * places[i], arrow.y0 + dy * places[i] - 4, dy / dx, wide, high);
        double covered = overlap(picture, &area);
        if (covered < least - 1) {
            least = covered;
            best = places[i];
            kept = area;
        }
    }
    keep(picture, &kept);
    return best;
}

void sd_picture_label(struct picture *picture, size_t row)
{
    const struct sd_ladder_row *at = &picture->ladder->row[row];
    struct arrow arrow = arrow_of(picture, row);
    struct packet_text text;
    sd_picture_packet_text(picture, at, &text);
    double dx = arrow.whole_x - arrow.x0, dy = arrow.whole_y - arrow.y0;
    FILE *to = picture->to;
    double place = find_place(picture, arrow, text.width, text.height);
    if (place < 0) {
        fprintf(to, "<g transform=\"translate(%.1f %.1f)\" text-anchor=\"%s\">\n",
                arrow.x0 + (dx < 0 ? -12 : 12), arrow.y0, dx < 0 ? "end" : "start");
    } else {
        double angle = atan2(dx < 0 ? -dy : dy, fabs(dx)) * 180 / PI;
        fprintf(to, "<g transform=\"translate(%.1f %.1f) rotate(%.2f)\" text-anchor=\"middle\">\n",
                arrow.x0 + dx * place, arrow.y0 + dy * place, angle);
    }
    for (size_t i = 0; i < text.lines; i++) {
        fprintf(to, "<text y=\"%.1f\" font-size=\"%.0f\"" HALO ">",
                -7 - LINE * (double)(text.lines + text.address_lines - 1 - i), LABEL_SIZE);
        sd_picture_line_text(to, &text.label, text.line[i], text.cut && i + 1 == text.lines);
        fputs("</text>\n", to);
    }
    for (size_t i = 0; i < text.address_lines; i++) {
        fprintf(to, "<text y=\"%.1f\" font-size=\"%.0f\"" HALO ">",
                -7 - LINE * (double)(text.address_lines - 1 - i), EVENT_SIZE - 1);
        sd_picture_line_text(to, &text.addresses, text.address[i], false);
        fputs("</text>\n", to);
    }
    fputs("</g>\n", to);
}
