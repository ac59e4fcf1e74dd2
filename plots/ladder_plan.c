#include "plots/ladder_plan.h"
#include "plots/style.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A silence is folded when it lasts longer than this many flights. */
#define FOLD_FLIGHTS 3

static const struct {
    const char *name;
    enum sd_mark mark;
} marks[] = {
    {"validated", SD_MARK_GOOD},  {"peer auth", SD_MARK_GOOD},    {"ready", SD_MARK_GOOD},
    {"resumed", SD_MARK_GOOD},    {"early ok", SD_MARK_GOOD},     {"first byte", SD_MARK_GOOD},
    {"reply", SD_MARK_GOOD},      {"received all", SD_MARK_GOOD}, {"early refused", SD_MARK_BAD},
    {"key expired", SD_MARK_BAD}, {"error", SD_MARK_BAD},         {"refused", SD_MARK_BAD},
    {"reset", SD_MARK_BAD},
};

enum sd_mark sd_event_mark(const char *name)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (!strcmp(name, marks[i].name))
            return marks[i].mark;
    return SD_MARK_OTHER;
}

/* Arrows say these already. */
static bool is_drawn(const struct sd_trace_entry *entry)
{
    return entry->kind != SD_TRACE_EVENT ||
           (strcmp(entry->event.name, "data") && strcmp(entry->event.name, "writable"));
}

const char *sd_ms_text(sd_time t, char text[SD_MS_TEXT])
{
    uint64_t us = (t + 500) / 1000;
    snprintf(text, SD_MS_TEXT, "%" PRIu64 ".%03" PRIu64, us / 1000, us % 1000);
    return text;
}

const char *sd_span_text(sd_time t, char text[SD_MS_TEXT])
{
    if (t >= SD_SECOND)
        snprintf(text, SD_MS_TEXT, "%.4g s", (double)t / (double)SD_SECOND);
    else if (t >= SD_MS)
        snprintf(text, SD_MS_TEXT, "%.4g ms", (double)t / (double)SD_MS);
    else
        snprintf(text, SD_MS_TEXT, "%.4g us", (double)t / (double)SD_US);
    return text;
}

void sd_ladder_title(const struct sd_ladder *ladder, char *text, size_t cap)
{
    const struct sd_trace *trace = ladder->trace;
    const struct sd_style *style = sd_style_find(trace->protocol);
    const char *protocol = style ? style->title : trace->protocol;
    snprintf(text, cap, "%s%s%s", *protocol ? protocol : "Trace", *trace->mode ? ", " : "",
             trace->mode);
}

/* -- labels -- */

static void add_part(struct sd_label *label, enum sd_label_kind kind, const char *text, size_t len)
{
    static const char more[] = "\xe2\x80\xa6";
    size_t room = SD_LABEL - 1 - label->len;
    if (len > room) {
        size_t keep = room > sizeof more ? room - (sizeof more - 1) : 0;
        while (keep && ((unsigned char)text[keep] & 0xc0) == 0x80)
            keep--;
        if (!keep)
            return;
        add_part(label, kind, text, keep);
        add_part(label, kind, more, sizeof more - 1);
        return;
    }
    memcpy(label->text + label->len, text, len);
    memset(label->kind + label->len, kind, len);
    label->len += len;
    label->text[label->len] = '\0';
}

static void add(struct sd_label *label, enum sd_label_kind kind, const char *text)
{
    add_part(label, kind, text, strlen(text));
}

/* How much of text, from its opening bracket on, is encrypted: to the bracket that closes it.
 * Braces and square brackets are, as RFC 8446 writes them; parentheses only where a message could
 * stand (early data), not behind one (its extensions). */
static size_t encrypted_part(const char *text, bool begins)
{
    char open = *text, close = open == '{' ? '}' : open == '[' ? ']' : ')';
    if (open != '{' && open != '[' && !(open == '(' && begins))
        return 0;
    size_t depth = 0;
    for (size_t i = 0; text[i]; i++) {
        depth += text[i] == open;
        if (text[i] == close && --depth == 0)
            return i + 1;
    }
    return strlen(text);
}

static void add_what(struct sd_label *label, const char *what)
{
    const char *clear = what;
    for (const char *at = what; *at;) {
        bool begins = at == what || (at - what >= 2 && at[-2] == ',' && at[-1] == ' ');
        size_t len = encrypted_part(at, begins);
        if (!len) {
            at++;
            continue;
        }
        add_part(label, SD_LABEL_CLEAR, clear, (size_t)(at - clear));
        add_part(label, SD_LABEL_ENCRYPTED, at, len);
        label->encrypted = true;
        clear = at += len;
    }
    add(label, SD_LABEL_CLEAR, clear);
}

void sd_label_packet(struct sd_label *label, const struct sd_trace_entry *entry)
{
    static const char *const endings[] = {
        [SD_TRACE_ARRIVED] = "",
        [SD_TRACE_LOST] = " lost",
        [SD_TRACE_CORRUPTED] = " corrupted",
        [SD_TRACE_QUEUE] = " dropped: queue full",
        [SD_TRACE_DUPLICATE] = " duplicate",
        [SD_TRACE_UNDER_WAY] = " under way at the end",
    };
    *label = (struct sd_label){0};
    add_what(label, *entry->packet.what ? entry->packet.what : entry->packet.proto);
    char size[32];
    snprintf(size, sizeof size,
             " %" PRIu32 "\xc2\xa0"
             "B",
             entry->packet.len);
    add(label, SD_LABEL_SIZE, size);
    add(label, entry->packet.fate == SD_TRACE_UNDER_WAY ? SD_LABEL_SIZE : SD_LABEL_FATE,
        endings[entry->packet.fate]);
}

void sd_label_event(struct sd_label *label, const struct sd_ladder *ladder,
                    const struct sd_trace_entry *entry)
{
    *label = (struct sd_label){0};
    char conn[32];
    snprintf(conn, sizeof conn, "#%" PRIu32 " ", entry->event.conn);
    if (ladder->conns && entry->event.conn)
        add(label, SD_LABEL_SIZE, conn);
    add(label, SD_LABEL_CLEAR, entry->event.name);
    if (*entry->event.detail) {
        add(label, SD_LABEL_SIZE, ": ");
        add(label, SD_LABEL_SIZE, entry->event.detail);
    }
}

void sd_label_addresses(struct sd_label *label, const struct sd_trace_entry *entry)
{
    *label = (struct sd_label){0};
    add(label, SD_LABEL_SIZE, entry->packet.src);
    add(label, SD_LABEL_SIZE, " \xe2\x86\x92 ");
    add(label, SD_LABEL_SIZE, entry->packet.dst);
}

static size_t next_character(const char *text, size_t at)
{
    at++;
    while (((unsigned char)text[at] & 0xc0) == 0x80)
        at++;
    return at;
}

size_t sd_label_wrap(const struct sd_label *label, double most,
                     double (*measure)(const char *text, size_t len), struct sd_label_line *line,
                     size_t cap)
{
    size_t lines = 0, start = 0;
    while (start < label->len && label->text[start] == ' ')
        start++;
    while (start < label->len) {
        size_t end = start, blank = 0;
        while (end < label->len) {
            size_t next = next_character(label->text, end);
            if (end > start && measure(label->text + start, next - start) > most)
                break;
            if (label->text[end] == ' ')
                blank = end;
            end = next;
        }
        size_t stop = end < label->len && blank > start ? blank : end;
        if (lines < cap)
            line[lines] = (struct sd_label_line){start, stop - start};
        lines++;
        start = stop;
        while (start < label->len && label->text[start] == ' ')
            start++;
    }
    return lines;
}

/* -- which machines, in which order -- */

static bool in_window(const struct sd_ladder *ladder, const struct sd_trace_entry *entry)
{
    return entry->t >= ladder->from && entry->t <= ladder->to && is_drawn(entry);
}

static size_t *count_work(const struct sd_ladder *ladder)
{
    const struct sd_trace *trace = ladder->trace;
    size_t *work = calloc(trace->machines, sizeof *work);
    for (size_t i = 0; work && i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (!in_window(ladder, entry))
            continue;
        if (entry->kind == SD_TRACE_PACKET) {
            work[entry->packet.from]++;
            work[entry->packet.to]++;
        } else if (entry->kind == SD_TRACE_EVENT) {
            work[entry->event.machine]++;
        }
    }
    return work;
}

/* How far packets would travel over the page, lifelines in this order. */
static size_t distance(size_t between[SD_LADDER_LINES][SD_LADDER_LINES], const uint8_t *order,
                       size_t lines)
{
    size_t sum = 0;
    for (size_t a = 0; a < lines; a++)
        for (size_t b = a + 1; b < lines; b++)
            sum += between[order[a]][order[b]] * (b - a);
    return sum;
}

static bool next_order(uint8_t *order, size_t lines)
{
    size_t i = lines - 1;
    while (i > 0 && order[i - 1] >= order[i])
        i--;
    if (i == 0)
        return false;
    size_t j = lines - 1;
    while (order[j] <= order[i - 1])
        j--;
    uint8_t swap = order[i - 1];
    order[i - 1] = order[j];
    order[j] = swap;
    for (j = lines - 1; i < j; i++, j--) {
        swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    return true;
}

/* So that routers stand between those they join: of all orders the first in which packets travel
 * least. */
static void order_lines(struct sd_ladder *ladder)
{
    const struct sd_trace *trace = ladder->trace;
    size_t between[SD_LADDER_LINES][SD_LADDER_LINES] = {{0}};
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (entry->kind != SD_TRACE_PACKET || !in_window(ladder, entry))
            continue;
        int a = ladder->line_of[entry->packet.from], b = ladder->line_of[entry->packet.to];
        if (a >= 0 && b >= 0) {
            between[a][b]++;
            between[b][a]++;
        }
    }
    uint8_t order[SD_LADDER_LINES] = {0, 1, 2, 3, 4, 5}, best[SD_LADDER_LINES];
    size_t least = SIZE_MAX;
    do {
        size_t sum = distance(between, order, ladder->lines);
        if (sum < least) {
            least = sum;
            memcpy(best, order, sizeof best);
        }
    } while (next_order(order, ladder->lines));

    uint32_t machine[SD_LADDER_LINES];
    memcpy(machine, ladder->machine, sizeof machine);
    for (size_t i = 0; i < ladder->lines; i++) {
        ladder->machine[i] = machine[best[i]];
        ladder->line_of[ladder->machine[i]] = (int8_t)i;
    }
}

static int choose_lines(struct sd_ladder *ladder, struct sd_error *error)
{
    const struct sd_trace *trace = ladder->trace;
    size_t *work = count_work(ladder), working = 0;
    ladder->line_of = malloc(trace->machines);
    if (!work || !ladder->line_of) {
        free(work);
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    }
    memset(ladder->line_of, -1, trace->machines);
    for (size_t i = 0; i < trace->machines; i++)
        working += work[i] > 0;
    /* Nothing happened: the first machines, with bare lifelines. */
    size_t want = working ? working : trace->machines < 2 ? trace->machines : 2;
    while (ladder->lines < want && ladder->lines < SD_LADDER_LINES) {
        size_t busiest = trace->machines;
        for (size_t i = 0; i < trace->machines; i++)
            if (ladder->line_of[i] < 0 && (busiest == trace->machines || work[i] > work[busiest]))
                busiest = i;
        ladder->line_of[busiest] = 0;
        ladder->lines++;
    }
    ladder->other_machines = want - ladder->lines;
    size_t line = 0;
    for (size_t i = 0; i < trace->machines; i++)
        if (ladder->line_of[i] == 0) {
            ladder->line_of[i] = (int8_t)line;
            ladder->machine[line++] = (uint32_t)i;
        }
    free(work);
    order_lines(ladder);
    return SD_OK;
}

/* -- which rows -- */

static bool stands(const struct sd_ladder *ladder, const struct sd_trace_entry *entry)
{
    if (entry->kind == SD_TRACE_PACKET)
        return ladder->line_of[entry->packet.from] >= 0 && ladder->line_of[entry->packet.to] >= 0;
    return entry->kind == SD_TRACE_NOTE || ladder->line_of[entry->event.machine] >= 0;
}

/* The addresses last seen from one lifeline to another, so that a change is shown. */
struct seen {
    const char *src, *dst;
};

static void take_row(struct sd_ladder *ladder, const struct sd_trace_entry *entry,
                     struct seen seen[SD_LADDER_LINES][SD_LADDER_LINES], bool nat)
{
    struct sd_ladder_row *row = &ladder->row[ladder->rows++];
    *row = (struct sd_ladder_row){.entry = entry};
    if (entry->kind != SD_TRACE_PACKET)
        return;
    ladder->fates |= 1u << entry->packet.fate;
    struct sd_label label;
    sd_label_packet(&label, entry);
    ladder->encrypted |= label.encrypted;
    struct seen *last =
        &seen[ladder->line_of[entry->packet.from]][ladder->line_of[entry->packet.to]];
    if (*entry->packet.src && *entry->packet.dst)
        row->addresses =
            last->src ? strcmp(last->src, entry->packet.src) || strcmp(last->dst, entry->packet.dst)
                      : nat;
    last->src = entry->packet.src;
    last->dst = entry->packet.dst;
}

static int choose_rows(struct sd_ladder *ladder, size_t most, struct sd_error *error)
{
    const struct sd_trace *trace = ladder->trace;
    struct seen seen[SD_LADDER_LINES][SD_LADDER_LINES] = {{{NULL, NULL}}};
    ladder->row = calloc(trace->entries ? trace->entries : 1, sizeof *ladder->row);
    if (!ladder->row)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    bool nat = false;
    for (size_t i = 0; i < ladder->lines; i++)
        nat |= !strcmp(trace->machine[ladder->machine[i]].role, "nat");
    size_t packets = 0;
    uint32_t conn = 0;
    for (size_t i = 0; i < trace->entries; i++) {
        const struct sd_trace_entry *entry = &trace->entry[i];
        if (!in_window(ladder, entry))
            continue;
        bool packet = entry->kind == SD_TRACE_PACKET;
        if (!stands(ladder, entry)) {
            ladder->other_packets += packet;
            continue;
        }
        if (packets == most && (packet || ladder->more_packets)) {
            ladder->more_from = ladder->more_packets ? ladder->more_from : entry->t;
            ladder->more_packets += packet;
            ladder->more_to = entry->t;
            continue;
        }
        packets += packet;
        take_row(ladder, entry, seen, nat);
        if (entry->kind == SD_TRACE_EVENT && entry->event.conn) {
            ladder->conns |= conn && conn != entry->event.conn;
            conn = entry->event.conn;
        }
    }
    return SD_OK;
}

static int by_time(const void *a, const void *b)
{
    const sd_time *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int measure_flight(struct sd_ladder *ladder, struct sd_error *error)
{
    sd_time *flight = calloc(ladder->rows + 1, sizeof *flight);
    if (!flight)
        return sd_fail(error, SD_E_NOMEM, "out of memory for a ladder");
    size_t count = 0;
    for (size_t i = 0; i < ladder->rows; i++) {
        const struct sd_trace_entry *entry = ladder->row[i].entry;
        if (entry->kind == SD_TRACE_PACKET && entry->packet.arrive != SD_NEVER &&
            entry->packet.arrive > entry->t)
            flight[count++] = entry->packet.arrive - entry->t;
    }
    qsort(flight, count, sizeof *flight, by_time);
    ladder->flight = count ? flight[count / 2] : SD_MS;
    ladder->fold =
        ladder->flight < SD_NEVER / FOLD_FLIGHTS ? ladder->flight * FOLD_FLIGHTS : SD_NEVER - 1;
    free(flight);
    return SD_OK;
}

int sd_ladder_plan(struct sd_ladder *ladder, const struct sd_trace *trace,
                   const struct sd_ladder_view *view, struct sd_error *error)
{
    *ladder = (struct sd_ladder){
        .trace = trace,
        .windowed = view->from > 0 || view->to > 0,
        .from = view->from,
        .to = view->to ? view->to : SD_NEVER,
    };
    int rc = choose_lines(ladder, error);
    if (rc == SD_OK)
        rc = choose_rows(ladder, view->packets ? view->packets : SD_LADDER_PACKETS, error);
    if (rc == SD_OK)
        rc = measure_flight(ladder, error);
    if (rc < 0)
        sd_ladder_drop(ladder);
    return rc;
}

void sd_ladder_drop(struct sd_ladder *ladder)
{
    free(ladder->line_of);
    free(ladder->row);
    ladder->line_of = NULL;
    ladder->row = NULL;
}
