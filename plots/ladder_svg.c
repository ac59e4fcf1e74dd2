/* ladder_svg.c - a ladder as a picture, 1280 wide: time runs down, arrows slant from when a packet
 * left to when it arrived. */
#include "plots/draft.h"
#include "plots/ladder_picture.h"
#include "plots/style.h"
#include "plots/svg.h"
#include <stdlib.h>
#include <string.h>

static void put_mark(FILE *to, double x, double y, enum sd_mark mark)
{
    switch (mark) {
    case SD_MARK_GOOD:
        fprintf(to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"7\" fill=\"" SD_GOOD "\"/>\n", x, y);
        break;
    case SD_MARK_BAD:
        fprintf(to,
                "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"14\" fill=\"" SD_BAD "\"/>\n",
                x - 7, y - 7);
        break;
    case SD_MARK_OTHER:
        fprintf(to, "<path d=\"M%.1f %.1fl8 8l-8 8l-8 -8z\" fill=\"" SD_OTHER "\"/>\n", x, y - 8);
        break;
    }
}

static void put_event(struct picture *picture, size_t row)
{
    const struct sd_ladder *ladder = picture->ladder;
    const struct sd_trace_entry *entry = sd_picture_entry(picture, row);
    int at = ladder->line_of[entry->event.machine];
    double x = picture->line[at], y = picture->begins[row];
    bool left = at == 0 && ladder->lines > 1;
    struct sd_label label;
    struct sd_label_line line[EVENT_LINES];
    sd_label_event(&label, ladder, entry);
    size_t lines = sd_label_wrap(&label, GUTTER - 24, sd_measure_event, line, EVENT_LINES);
    FILE *to = picture->to;
    fputs("<g><title>", to);
    sd_xml(to, label.text);
    fputs("</title>\n", to);
    put_mark(to, x, y, sd_event_mark(entry->event.name));
    for (size_t i = 0; i < lines && i < EVENT_LINES; i++) {
        fprintf(to, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" text-anchor=\"%s\"" HALO ">",
                left ? x - 14 : x + 14, y + 5 + LINE * (double)i, EVENT_SIZE,
                left ? "end" : "start");
        sd_picture_line_text(to, &label, line[i], lines > EVENT_LINES && i + 1 == EVENT_LINES);
        fputs("</text>\n", to);
    }
    fputs("</g>\n", to);
}

static void put_note(struct picture *picture, size_t row)
{
    double left = picture->line[0], right = picture->line[picture->ladder->lines - 1];
    const char *text = sd_picture_entry(picture, row)->note.text;
    struct sd_label label = {0};
    struct sd_label_line line[1];
    snprintf(label.text, sizeof label.text, "%s", text);
    label.len = strlen(label.text);
    size_t lines =
        sd_label_wrap(&label, PICTURE_WIDTH - PICTURE_AXIS - 60, sd_measure_event, line, 1);
    fprintf(picture->to,
            "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" font-style=\"italic\" "
            "text-anchor=\"middle\"" HALO ">",
            (left + right) / 2, picture->begins[row] - 4, EVENT_SIZE);
    if (lines)
        sd_picture_line_text(picture->to, &label, line[0], lines > 1);
    fputs("</text>\n", picture->to);
}

static void put_names(const struct picture *picture)
{
    const struct sd_ladder *ladder = picture->ladder;
    FILE *to = picture->to;
    for (size_t i = 0; i < ladder->lines; i++) {
        const struct sd_trace_machine *machine = &ladder->trace->machine[ladder->machine[i]];
        double x = picture->line[i];
        bool host = !strcmp(machine->role, "host") || !*machine->role;
        fprintf(to,
                "<rect x=\"%.1f\" y=\"50\" width=\"168\" height=\"50\" rx=\"%d\" fill=\"" SD_WASH
                "\" stroke=\"" SD_MUTED "\"%s/>\n",
                x - 84, host ? 4 : 25, host ? "" : " stroke-dasharray=\"5 3\"");
        sd_svg_text(to, x, 71, 17, "middle", " font-weight=\"bold\" fill=\"" SD_INK "\"",
                    machine->name);
        char under[128];
        snprintf(under, sizeof under, "%s%s%s", host ? "" : machine->role,
                 !host && *machine->address ? " " : "", machine->address);
        sd_svg_text(to, x, 91, 14, "middle", " fill=\"" SD_MUTED "\"", under);
        fprintf(to,
                "<path d=\"M%.1f 100V%.1f\" stroke=\"" SD_MUTED
                "\" stroke-width=\"1.5\" fill=\"none\"/>\n",
                x, picture->bottom);
    }
}

static void put_times(const struct picture *picture)
{
    char text[SD_MS_TEXT], shown[SD_MS_TEXT] = "";
    double free = 0;
    FILE *to = picture->to;
    sd_svg_text(to, PICTURE_AXIS - 10, TOP - 30, AXIS_SIZE, "end", " fill=\"" SD_MUTED "\"", "ms");
    for (size_t i = 0; i < picture->moments; i++) {
        const struct moment *moment = &picture->moment[i];
        fprintf(to,
                "<path d=\"M%.1f %.1fH%.1f\" stroke=\"" SD_MUTED
                "\" stroke-width=\"1\" fill=\"none\"/>\n",
                PICTURE_AXIS - 4, moment->y, PICTURE_AXIS + 2);
        sd_ms_text(moment->t, text);
        if (moment->y < free || !strcmp(text, shown))
            continue;
        strcpy(shown, text);
        sd_svg_text(to, PICTURE_AXIS - 10, moment->y + 5, AXIS_SIZE, "end",
                    " fill=\"" SD_MUTED "\"", text);
        free = moment->y + AXIS_SIZE + 3;
    }
}

/* A torn strip over the lifelines: here the scale leaps. */
static void put_strip(FILE *to, double left, double right, double y)
{
    fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"20\" fill=\"" SD_WASH "\"/>\n",
            left, y - 10, right - left);
    fprintf(to,
            "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fH%.1f\" stroke=\"" SD_MUTED
            "\" stroke-dasharray=\"2 4\" fill=\"none\"/>\n",
            left, y - 10, right, left, y + 10, right);
}

static void put_band(const struct picture *picture, double y, const char *text)
{
    double right = picture->line[picture->ladder->lines - 1];
    put_strip(picture->to, PICTURE_AXIS, right + 12, y);
    sd_svg_text(picture->to, (picture->line[0] + right) / 2, y + 5, AXIS_SIZE, "middle",
                " fill=\"" SD_MUTED "\"", text);
}

static void put_folds(const struct picture *picture)
{
    char text[128], span[SD_MS_TEXT], from[SD_MS_TEXT], to[SD_MS_TEXT];
    for (size_t i = 0; i < picture->moments; i++) {
        const struct moment *moment = &picture->moment[i];
        const struct sd_ladder_row *row = &picture->ladder->row[moment->row];
        if (moment->folded) {
            snprintf(text, sizeof text, "%s pass", sd_span_text(moment->folded, span));
            put_band(picture, moment->fold_y, text);
        }
        if (moment->kind == LIKE) {
            snprintf(text, sizeof text,
                     "\xe2\x80\xa6 %zu packets more like these, from %s to %s ms", row->like,
                     sd_ms_text(row->entry->t, from), sd_ms_text(row->until, to));
            put_band(picture, moment->y - 4, text);
        }
    }
}

static void put_more(struct picture *picture)
{
    const struct sd_ladder *ladder = picture->ladder;
    char text[256], from[SD_MS_TEXT], to[SD_MS_TEXT];
    double x = (picture->line[0] + picture->line[ladder->lines - 1]) / 2;
    if (ladder->more_packets) {
        snprintf(text, sizeof text, "\xe2\x80\xa6 %zu packet%s more, from %s to %s ms",
                 ladder->more_packets, ladder->more_packets == 1 ? "" : "s",
                 sd_ms_text(ladder->more_from, from), sd_ms_text(ladder->more_to, to));
        picture->bottom += 26;
        sd_svg_text(picture->to, x, picture->bottom, LABEL_SIZE, "middle",
                    " font-weight=\"bold\" fill=\"" SD_INK "\"", text);
        picture->bottom += 6;
    }
    if (ladder->other_machines) {
        snprintf(text, sizeof text,
                 "%zu machines more have no lifeline; %zu of their packets are not drawn",
                 ladder->other_machines, ladder->other_packets);
        picture->bottom += 24;
        sd_svg_text(picture->to, x, picture->bottom, EVENT_SIZE, "middle", " fill=\"" SD_MUTED "\"",
                    text);
    }
    if (!ladder->rows) {
        picture->bottom += 24;
        sd_svg_text(picture->to, x, picture->bottom, EVENT_SIZE, "middle", " fill=\"" SD_MUTED "\"",
                    ladder->windowed ? "nothing happened in this window" : "nothing happened");
    }
}

/* -- the key -- */

struct key_item {
    bool wanted;
    enum { KEY_ARROW, KEY_MARK, KEY_FOLD } kind;
    enum sd_trace_fate fate;
    bool encrypted;
    enum sd_mark mark;
    const char *text;
};

static bool has_mark(const struct sd_ladder *ladder, enum sd_mark mark)
{
    for (size_t i = 0; i < ladder->rows; i++)
        if (ladder->row[i].entry->kind == SD_TRACE_EVENT &&
            sd_event_mark(ladder->row[i].entry->event.name) == mark)
            return true;
    return false;
}

static void put_key(struct picture *picture)
{
    const struct sd_ladder *ladder = picture->ladder;
    uint32_t fates = ladder->fates;
    const struct key_item items[] = {
        {true, KEY_ARROW, SD_TRACE_ARRIVED, false, 0, "in the clear"},
        {ladder->encrypted, KEY_ARROW, SD_TRACE_ARRIVED, true, 0,
         "bold words are encrypted: { } by handshake keys, [ ] by application keys, ( ) as early "
         "data"},
        {fates & (1u << SD_TRACE_LOST | 1u << SD_TRACE_QUEUE), KEY_ARROW, SD_TRACE_LOST, false, 0,
         "never arrives"},
        {fates & 1u << SD_TRACE_CORRUPTED, KEY_ARROW, SD_TRACE_CORRUPTED, false, 0,
         "changed on its way"},
        {fates & 1u << SD_TRACE_DUPLICATE, KEY_ARROW, SD_TRACE_DUPLICATE, false, 0,
         "repeated by the network"},
        {has_mark(ladder, SD_MARK_GOOD), KEY_MARK, 0, false, SD_MARK_GOOD, "progress"},
        {has_mark(ladder, SD_MARK_BAD), KEY_MARK, 0, false, SD_MARK_BAD, "trouble"},
        {has_mark(ladder, SD_MARK_OTHER), KEY_MARK, 0, false, SD_MARK_OTHER, "another event"},
        {ladder->folds, KEY_FOLD, 0, false, 0, "time folded"},
    };
    FILE *to = picture->to;
    double x = 30, y = picture->bottom + 44;
    fprintf(to, "<path d=\"M30 %.1fH%.1f\" stroke=\"" SD_FAINT "\" fill=\"none\"/>\n", y - 24,
            PICTURE_WIDTH - 30);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        const struct key_item *item = &items[i];
        if (!item->wanted)
            continue;
        double glyph = item->kind == KEY_MARK ? 24 : 70;
        double wide = glyph + sd_text_width(item->text, strlen(item->text), EVENT_SIZE);
        if (x + wide > PICTURE_WIDTH - 20 && x > 30) {
            x = 30;
            y += 28;
        }
        if (item->kind == KEY_ARROW)
            sd_picture_sample(to, x, y, item->fate, item->encrypted);
        else if (item->kind == KEY_MARK)
            put_mark(to, x + 8, y, item->mark);
        else
            put_strip(to, x, x + 60, y);
        sd_svg_text(to, x + glyph, y + 5, EVENT_SIZE, "start", " fill=\"" SD_INK "\"", item->text);
        x += wide + 24;
    }
    picture->bottom = y + 24;
}

/* -- the page -- */

static bool has_event_at(const struct sd_ladder *ladder, size_t line)
{
    for (size_t i = 0; i < ladder->rows; i++)
        if (ladder->row[i].entry->kind == SD_TRACE_EVENT &&
            ladder->line_of[ladder->row[i].entry->event.machine] == (int)line)
            return true;
    return false;
}

static void place_lines(struct picture *picture)
{
    const struct sd_ladder *ladder = picture->ladder;
    size_t last = ladder->lines - 1;
    double left = PICTURE_AXIS + (has_event_at(ladder, 0) ? GUTTER : 100);
    double right = PICTURE_WIDTH - (has_event_at(ladder, last) ? GUTTER : 100);
    for (size_t i = 0; i <= last; i++)
        picture->line[i] = last ? left + (right - left) * (double)i / (double)last : left;
}

static void put_page(struct picture *picture, const char *title)
{
    const struct sd_ladder *ladder = picture->ladder;
    sd_svg_text(picture->to, 30, 30, 21, "start", " font-weight=\"bold\" fill=\"" SD_INK "\"",
                title);
    sd_svg_text(picture->to, PICTURE_WIDTH - 30, 30, 15, "end", " fill=\"" SD_MUTED "\"",
                ladder->trace->run);
    put_names(picture);
    put_times(picture);
    put_folds(picture);
    for (size_t i = 0; i < ladder->rows; i++)
        if (ladder->row[i].entry->kind == SD_TRACE_PACKET && !ladder->row[i].like)
            sd_picture_arrow(picture, i);
    for (size_t i = 0; i < ladder->rows; i++) {
        enum sd_trace_kind kind = ladder->row[i].entry->kind;
        if (ladder->row[i].like)
            continue;
        if (kind == SD_TRACE_PACKET)
            sd_picture_label(picture, i);
        else if (kind == SD_TRACE_EVENT)
            put_event(picture, i);
        else
            put_note(picture, i);
    }
    put_more(picture);
    put_key(picture);
}

static void describe(const struct sd_ladder *ladder, char *text, size_t cap)
{
    size_t packets = 0;
    for (size_t i = 0; i < ladder->rows; i++)
        packets += ladder->row[i].entry->kind == SD_TRACE_PACKET && !ladder->row[i].like;
    snprintf(text, cap,
             "Ladder diagram of run %s: %zu packets between %zu machines, time in milliseconds "
             "running down.%s",
             *ladder->trace->run ? ladder->trace->run : "without a name", packets, ladder->lines,
             ladder->more_packets ? " It is cut; a last line counts the packets left out." : "");
}

int sd_ladder_svg(const struct sd_trace *trace, const struct sd_ladder_view *view, FILE *to,
                  struct sd_error *error)
{
    struct sd_ladder ladder;
    int rc = sd_ladder_plan(&ladder, trace, view, error);
    if (rc < 0)
        return rc;
    struct picture picture = {.ladder = &ladder};
    place_lines(&picture);
    struct sd_draft body = {0};
    rc = sd_picture_place(&picture, error);
    if (rc == SD_OK)
        rc = sd_draft_begin(&body, error);
    char title[160], text[512];
    if (rc == SD_OK) {
        sd_ladder_title(&ladder, title, sizeof title);
        describe(&ladder, text, sizeof text);
        picture.to = body.to;
        put_page(&picture, title);
        rc = sd_draft_end(&body, error);
    }
    if (rc == SD_OK) {
        sd_svg_begin(to, PICTURE_WIDTH, picture.bottom, title, text);
        fwrite(body.text, 1, body.len, to);
        sd_svg_end(to);
        if (ferror(to))
            rc = sd_fail(error, SD_E_IO, "cannot write the ladder");
    }
    sd_draft_drop(&body);
    free(picture.moment);
    free(picture.begins);
    free(picture.arrives);
    sd_ladder_drop(&ladder);
    return rc;
}
