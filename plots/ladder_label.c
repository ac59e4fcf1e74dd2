/* ladder_label.c - what stands in a ladder: packets and events in words, times, titles. */
#include "plots/ladder_plan.h"
#include "plots/style.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

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

/* A blank where a line may end: not the one between a number and its unit. */
static bool is_break(const char *text, size_t at)
{
    bool unit = at > 0 && isdigit((unsigned char)text[at - 1]) && text[at + 1] == 'B' &&
                !isalnum((unsigned char)text[at + 2]);
    return text[at] == ' ' && !unit;
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
            if (is_break(label->text, end))
                blank = end;
            if (end > start && measure(label->text + start, next - start) > most)
                break;
            end = next;
        }
        size_t stop = end < label->len && blank > start ? blank : end;
        size_t last = stop;
        while (last > start && label->text[last - 1] == ' ')
            last--;
        if (lines < cap)
            line[lines] = (struct sd_label_line){start, last - start};
        lines++;
        start = stop;
        while (start < label->len && label->text[start] == ' ')
            start++;
    }
    return lines;
}
