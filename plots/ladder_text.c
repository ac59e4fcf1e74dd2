/* ladder_text.c - a ladder for a terminal or a text file: one row a packet, in the order in which
 * they left; when it arrived stands at the right. */
#include "plots/ladder_plan.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WIDEST    120
#define TIME_WIDE 11 /* a column of times, left and right */
#define LABELS    12 /* lines of one label */

/* One line of the page, a code point a cell. */
struct page {
    FILE *to;
    const struct sd_ladder *ladder;
    int columns, line[SD_LADDER_LINES]; /* column of each lifeline */
    uint32_t cell[WIDEST];
    char last[SD_MS_TEXT]; /* the time written last, at the left */
};

static double characters(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return (double)count;
}

static int wide(const char *text)
{
    return (int)characters(text, strlen(text));
}

/* Control characters in names and details must not reach a terminal. */
static uint32_t printable(uint32_t code)
{
    if (code == 0xa0) /* a blank where no line may break */
        return ' ';
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ? '?' : code;
}

static void put(struct page *page, int column, const char *text, size_t len)
{
    for (size_t i = 0; i < len; column++) {
        unsigned char c = (unsigned char)text[i++];
        uint32_t code = c < 0x80 ? c : c < 0xe0 ? c & 0x1fu : c < 0xf0 ? c & 0xfu : c & 7u;
        while (i < len && ((unsigned char)text[i] & 0xc0) == 0x80)
            code = code << 6 | ((unsigned char)text[i++] & 0x3fu);
        if (column >= 0 && column < page->columns)
            page->cell[column] = printable(code);
    }
}

static void put_text(struct page *page, int column, const char *text)
{
    put(page, column, text, strlen(text));
}

static void put_code(struct page *page, int from, int to, uint32_t code)
{
    for (int i = from; i < to; i++)
        if (i >= 0 && i < page->columns)
            page->cell[i] = code;
}

#define LIFELINE 0x2502u /* box drawings light vertical */
#define FOLDED   0x250au
#define SHAFT    0x2500u
#define BROKEN   0x254cu /* light double dash horizontal */

static void begin(struct page *page, uint32_t lifeline)
{
    put_code(page, 0, page->columns, ' ');
    for (size_t i = 0; i < page->ladder->lines; i++)
        put_code(page, page->line[i], page->line[i] + 1, lifeline);
}

static void end(struct page *page)
{
    int len = page->columns;
    while (len > 0 && page->cell[len - 1] == ' ')
        len--;
    for (int i = 0; i < len; i++) {
        uint32_t c = page->cell[i];
        if (c < 0x80) {
            fputc((int)c, page->to);
        } else if (c < 0x800) {
            fputc((int)(0xc0 | c >> 6), page->to);
            fputc((int)(0x80 | (c & 0x3f)), page->to);
        } else if (c < 0x10000) {
            fputc((int)(0xe0 | c >> 12), page->to);
            fputc((int)(0x80 | (c >> 6 & 0x3f)), page->to);
            fputc((int)(0x80 | (c & 0x3f)), page->to);
        } else {
            fputc((int)(0xf0 | c >> 18), page->to);
            fputc((int)(0x80 | (c >> 12 & 0x3f)), page->to);
            fputc((int)(0x80 | (c >> 6 & 0x3f)), page->to);
            fputc((int)(0x80 | (c & 0x3f)), page->to);
        }
    }
    fputc('\n', page->to);
}

static void put_left_time(struct page *page, sd_time t)
{
    char text[SD_MS_TEXT];
    sd_ms_text(t, text);
    if (!strcmp(text, page->last))
        return;
    strcpy(page->last, text);
    put_text(page, TIME_WIDE - 1 - wide(text), text);
}

static void put_right(struct page *page, const char *text)
{
    put_text(page, page->columns - TIME_WIDE + 1, text);
}

/* Lines from the left edge on, over no lifelines. */
static void put_plain(struct page *page, const char *text)
{
    struct sd_label label = {0};
    struct sd_label_line line[LABELS];
    snprintf(label.text, sizeof label.text, "%s", text);
    label.len = strlen(label.text);
    size_t lines = sd_label_wrap(&label, page->columns, characters, line, LABELS);
    for (size_t i = 0; i < lines && i < LABELS; i++) {
        put_code(page, 0, page->columns, ' ');
        put(page, 0, label.text + line[i].start, line[i].len);
        end(page);
    }
}

/* -- rows -- */

static void put_names(struct page *page)
{
    const struct sd_ladder *ladder = page->ladder;
    for (int row = 0; row < 2; row++) {
        begin(page, ' ');
        for (size_t i = 0; i < ladder->lines; i++) {
            const struct sd_trace_machine *machine = &ladder->trace->machine[ladder->machine[i]];
            const char *text = row == 0 ? machine->name : machine->address;
            int room = ladder->lines > 1 ? page->line[1] - page->line[0] - 1
                                         : page->columns - 2 * TIME_WIDE;
            int len = wide(text);
            size_t bytes = strlen(text);
            while (len > room) {
                do
                    bytes--;
                while (((unsigned char)text[bytes] & 0xc0) == 0x80);
                len--;
            }
            int at = page->line[i] - len / 2;
            if (i + 1 == ladder->lines && at + len > page->line[i] + 1)
                at = page->line[i] + 1 - len;
            if (i == 0)
                at = page->line[i];
            put(page, at, text, bytes);
        }
        if (row == 0) {
            put_text(page, TIME_WIDE - 3, "ms");
            put_right(page, "arrives");
        }
        end(page);
    }
}

static void put_shaft(struct page *page, const struct sd_trace_entry *entry, int from, int to)
{
    bool right = from < to, arrived = entry->packet.arrive != SD_NEVER;
    int low = (right ? from : to) + 1, high = right ? to : from, reach = (high - low) * 3 / 4;
    bool whole = entry->packet.fate == SD_TRACE_ARRIVED || !arrived;
    uint32_t shaft = whole ? SHAFT : BROKEN;
    uint32_t end = entry->packet.fate == SD_TRACE_UNDER_WAY ? ' ' : 'X';
    if (arrived) {
        put_code(page, low, high, shaft);
        put_code(page, right ? high - 1 : low, right ? high : low + 1, right ? '>' : '<');
    } else if (right) {
        put_code(page, low, low + reach, shaft);
        put_code(page, low + reach, low + reach + 1, end);
    } else {
        put_code(page, high - reach, high, shaft);
        put_code(page, high - reach - 1, high - reach, end);
    }
}

static void put_packet(struct page *page, const struct sd_ladder_row *row)
{
    const struct sd_trace_entry *entry = row->entry;
    int from = page->line[page->ladder->line_of[entry->packet.from]];
    int to = page->line[page->ladder->line_of[entry->packet.to]];
    int low = from < to ? from : to, room = abs(to - from) - 1;
    bool arrived = entry->packet.arrive != SD_NEVER;
    struct sd_label label, addresses;
    struct sd_label_line line[LABELS];
    sd_label_packet(&label, entry);

    int len = (int)characters(label.text, label.len);
    int inside = arrived ? room : room * 3 / 4;
    bool within = len + 4 <= inside && !row->addresses;
    size_t lines = within ? 0 : sd_label_wrap(&label, room - 2, characters, line, LABELS);
    for (size_t i = 0; i < lines && i < LABELS; i++) {
        begin(page, LIFELINE);
        put_left_time(page, entry->t);
        put(page, low + 2, label.text + line[i].start, line[i].len);
        end(page);
    }
    if (row->addresses) {
        sd_label_addresses(&addresses, entry);
        lines = sd_label_wrap(&addresses, room - 2, characters, line, LABELS);
        for (size_t i = 0; i < lines && i < LABELS; i++) {
            begin(page, LIFELINE);
            put(page, low + 2, addresses.text + line[i].start, line[i].len);
            end(page);
        }
    }

    begin(page, LIFELINE);
    put_left_time(page, entry->t);
    put_shaft(page, entry, from, to);
    if (within) {
        int start = arrived || from < to ? low : low + room - inside;
        int at = start + 1 + (inside - len) / 2;
        put_code(page, at - 1, at + len + 1, ' ');
        put(page, at, label.text, label.len);
    }
    char text[SD_MS_TEXT];
    put_right(page, arrived ? sd_ms_text(entry->packet.arrive, text)
                    : entry->packet.fate == SD_TRACE_UNDER_WAY ? ""
                                                               : "never");
    end(page);
}

static void put_event(struct page *page, const struct sd_trace_entry *entry)
{
    const struct sd_ladder *ladder = page->ladder;
    size_t line = (size_t)ladder->line_of[entry->event.machine];
    bool last = line > 0 && line + 1 == ladder->lines;
    int room = page->line[last ? line : line + 1] - page->line[last ? line - 1 : line] - 4;
    if (ladder->lines == 1)
        room = page->columns - page->line[0] - 3;
    struct sd_label label;
    struct sd_label_line piece[LABELS];
    sd_label_event(&label, ladder, entry);
    size_t pieces = sd_label_wrap(&label, room, characters, piece, LABELS);
    for (size_t i = 0; i < pieces && i < LABELS; i++) {
        begin(page, LIFELINE);
        put_left_time(page, entry->t);
        if (i == 0)
            put_code(page, page->line[line], page->line[line] + 1,
                     sd_event_mark(entry->event.name) == SD_MARK_BAD ? '!' : '*');
        const char *text = label.text + piece[i].start;
        int len = (int)characters(text, piece[i].len);
        put(page, last ? page->line[line] - 1 - len : page->line[line] + 2, text, piece[i].len);
        end(page);
    }
}

static void put_across(struct page *page, uint32_t lifeline, const char *text)
{
    struct sd_label label = {0};
    struct sd_label_line line[LABELS];
    int left = page->line[0] + 2, right = page->line[page->ladder->lines - 1] - 1;
    if (page->ladder->lines == 1)
        right = page->columns;
    snprintf(label.text, sizeof label.text, "%s", text);
    label.len = strlen(label.text);
    size_t lines = sd_label_wrap(&label, right - left, characters, line, LABELS);
    for (size_t i = 0; i < lines && i < LABELS; i++) {
        int len = (int)characters(label.text + line[i].start, line[i].len);
        int at = left + (right - left - len) / 2;
        begin(page, lifeline);
        put_code(page, at - 1, at + len + 1, ' ');
        put(page, at, label.text + line[i].start, line[i].len);
        end(page);
    }
}

static void put_note(struct page *page, const struct sd_trace_entry *entry)
{
    char text[SD_LABEL];
    snprintf(text, sizeof text, "note: %.*s", SD_LABEL - 8, entry->note.text);
    put_across(page, LIFELINE, text);
}

static void put_like(struct page *page, const struct sd_ladder_row *row)
{
    char text[SD_LABEL], from[SD_MS_TEXT], to[SD_MS_TEXT];
    snprintf(text, sizeof text, "\xe2\x80\xa6 %zu more like these, from %s to %s ms", row->like,
             sd_ms_text(row->entry->t, from), sd_ms_text(row->until, to));
    put_across(page, FOLDED, text);
}

/* -- the page -- */

static void put_more(struct page *page)
{
    const struct sd_ladder *ladder = page->ladder;
    char text[SD_LABEL], from[SD_MS_TEXT], to[SD_MS_TEXT];
    if (ladder->more_packets) {
        snprintf(text, sizeof text,
                 "\xe2\x80\xa6 %zu packet%s more, from %s to %s ms: --window %" PRIu64 "ms-%" PRIu64
                 "ms",
                 ladder->more_packets, ladder->more_packets == 1 ? "" : "s",
                 sd_ms_text(ladder->more_from, from), sd_ms_text(ladder->more_to, to),
                 ladder->more_from / SD_MS, ladder->more_to / SD_MS + 1);
        put_across(page, FOLDED, text);
    }
    if (ladder->other_machines) {
        fputc('\n', page->to);
        snprintf(text, sizeof text,
                 "%zu machines more have no lifeline; %zu of their packets are not shown.",
                 ladder->other_machines, ladder->other_packets);
        put_plain(page, text);
    }
}

static void put_key(struct page *page)
{
    const struct sd_ladder *ladder = page->ladder;
    char text[SD_LABEL];
    fputc('\n', page->to);
    put_plain(page,
              "Left: when it left or happened; right: when it arrived; ms since the run began.");
    if (ladder->encrypted)
        put_plain(page, "{ } and [ ]: encrypted, by handshake keys and by application keys; ( ) "
                        "where a message stands: early data.");
    snprintf(text, sizeof text, "*  event    !  trouble%s%s%s",
             ladder->fates & (1u << SD_TRACE_LOST | 1u << SD_TRACE_QUEUE)
                 ? "    \xe2\x94\x80\xe2\x94\x80X  never arrived"
                 : "",
             ladder->fates & (1u << SD_TRACE_CORRUPTED | 1u << SD_TRACE_DUPLICATE)
                 ? "    \xe2\x95\x8c\xe2\x95\x8c>  changed or repeated"
                 : "",
             ladder->folds ? "    \xe2\x94\x8a  time folded" : "");
    put_plain(page, text);
}

static void place_lines(struct page *page)
{
    int left = TIME_WIDE + 1, right = page->columns - TIME_WIDE - 1;
    int lines = (int)page->ladder->lines;
    for (int i = 0; i < lines; i++)
        page->line[i] = lines == 1 ? left : left + (right - left) * i / (lines - 1);
}

int sd_ladder_text(const struct sd_trace *trace, const struct sd_ladder_view *view, FILE *to,
                   struct sd_error *error)
{
    struct sd_ladder ladder;
    int rc = sd_ladder_plan(&ladder, trace, view, error);
    if (rc < 0)
        return rc;
    int columns = view->columns ? view->columns : 100;
    struct page page = {
        .to = to,
        .ladder = &ladder,
        .columns = columns < 80       ? 80
                   : columns > WIDEST ? WIDEST
                                      : columns,
    };
    place_lines(&page);

    char title[160], span[SD_MS_TEXT], text[SD_LABEL];
    sd_ladder_title(&ladder, title, sizeof title);
    snprintf(text, sizeof text, "%s%s%.300s", title, *trace->run ? ": " : "", trace->run);
    put_plain(&page, text);
    fputc('\n', to);
    put_names(&page);
    sd_time last = ladder.rows ? ladder.row[0].entry->t : 0;
    for (size_t i = 0; i < ladder.rows; i++) {
        const struct sd_ladder_row *row = &ladder.row[i];
        const struct sd_trace_entry *entry = row->entry;
        if (entry->t > last && entry->t - last > ladder.fold && !row->like) {
            snprintf(text, sizeof text, "%s pass", sd_span_text(entry->t - last, span));
            put_across(&page, FOLDED, text);
            ladder.folds = true;
        }
        /* What is under way when it arrives late is no silence. */
        sd_time end = row->like ? row->until : entry->t;
        if (entry->kind == SD_TRACE_PACKET && entry->packet.arrive != SD_NEVER &&
            entry->packet.arrive > end)
            end = entry->packet.arrive;
        last = end > last ? end : last;
        if (row->like)
            put_like(&page, row);
        else if (entry->kind == SD_TRACE_PACKET)
            put_packet(&page, row);
        else if (entry->kind == SD_TRACE_EVENT)
            put_event(&page, entry);
        else
            put_note(&page, entry);
    }
    if (!ladder.rows)
        put_across(&page, LIFELINE,
                   ladder.windowed ? "nothing happened in this window" : "nothing happened");
    put_more(&page);
    put_key(&page);
    sd_ladder_drop(&ladder);
    return ferror(to) ? sd_fail(error, SD_E_IO, "cannot write the ladder") : SD_OK;
}
