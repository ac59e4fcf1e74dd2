#include "plots/trace.h"
#include "results/files.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- where texts live -- */

#define CHUNK 65536
struct chunk {
    struct chunk *next;
    size_t used, size;
    char text[];
};
struct named {
    const char *name;
    uint32_t machine;
};
struct sd_trace_store {
    char *file; /* the whole file; entries' lines point into it */
    struct chunk *chunk;
    struct named *by_name; /* every machine */
    size_t entry_cap;
};

static const char *keep(struct sd_trace_store *store, const char *text)
{
    size_t need = strlen(text) + 1;
    if (need == 1)
        return "";
    struct chunk *chunk = store->chunk;
    if (!chunk || chunk->size - chunk->used < need) {
        size_t size = need > CHUNK ? need : CHUNK;
        chunk = malloc(sizeof *chunk + size);
        if (!chunk)
            return NULL;
        *chunk = (struct chunk){.next = store->chunk, .size = size};
        store->chunk = chunk;
    }
    char *at = chunk->text + chunk->used;
    memcpy(at, text, need);
    chunk->used += need;
    return at;
}

void sd_trace_free(struct sd_trace *trace)
{
    if (!trace)
        return;
    while (trace->store && trace->store->chunk) {
        struct chunk *next = trace->store->chunk->next;
        free(trace->store->chunk);
        trace->store->chunk = next;
    }
    if (trace->store) {
        free(trace->store->file);
        free(trace->store->by_name);
    }
    free(trace->store);
    free(trace->machine);
    free(trace->entry);
    free(trace);
}

/* -- one line -- */

struct parser {
    struct sd_trace *trace;
    const char *name; /* of the file */
    size_t line;
    struct sd_error *error;
};

static int wrong(const struct parser *parser, const char *expected, const char *found)
{
    return sd_fail(parser->error, SD_E_IO, "%s:%zu: expected %s, found %.120s", parser->name,
                   parser->line, expected, found);
}

static int no_memory(const struct parser *parser)
{
    return sd_fail(parser->error, SD_E_NOMEM, "%s:%zu: out of memory", parser->name, parser->line);
}

static const char *type_name(const json_t *value)
{
    if (!value)
        return "none";
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return names[json_typeof(value)];
}

/* A text; with optional, "" when it is not there. */
static int take_text(const struct parser *parser, const json_t *object, const char *key,
                     bool optional, const char **text)
{
    const json_t *value = json_object_get(object, key);
    if (!value && optional) {
        *text = "";
        return SD_OK;
    }
    char expected[64];
    snprintf(expected, sizeof expected, "a text as \"%s\"", key);
    if (!json_is_string(value))
        return wrong(parser, expected, type_name(value));
    *text = keep(parser->trace->store, json_string_value(value));
    return *text ? SD_OK : no_memory(parser);
}

static int take_number(const struct parser *parser, const json_t *object, const char *key,
                       uint64_t most, uint64_t *number)
{
    const json_t *value = json_object_get(object, key);
    char expected[64];
    snprintf(expected, sizeof expected, "a whole number, not negative, as \"%s\"", key);
    if (!json_is_integer(value))
        return wrong(parser, expected, type_name(value));
    json_int_t n = json_integer_value(value);
    if (n < 0 || (uint64_t)n > most) {
        char found[32];
        snprintf(found, sizeof found, "%" JSON_INTEGER_FORMAT, n);
        return wrong(parser, expected, found);
    }
    *number = (uint64_t)n;
    return SD_OK;
}

static int take_machine(const struct parser *parser, const json_t *object, const char *key,
                        uint32_t *machine)
{
    const json_t *value = json_object_get(object, key);
    char expected[80];
    snprintf(expected, sizeof expected, "a machine of the first line as \"%s\"", key);
    if (!json_is_string(value))
        return wrong(parser, expected, type_name(value));
    const struct sd_trace *trace = parser->trace;
    const char *name = json_string_value(value);
    size_t low = 0, high = trace->machines;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct named *at = &trace->store->by_name[middle];
        int order = strcmp(name, at->name);
        if (order == 0) {
            *machine = at->machine;
            return SD_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return wrong(parser, expected, name);
}

static const char *const fate_names[] = {
    [SD_TRACE_ARRIVED] = "arrived",     [SD_TRACE_LOST] = "lost",
    [SD_TRACE_CORRUPTED] = "corrupted", [SD_TRACE_QUEUE] = "queue",
    [SD_TRACE_DUPLICATE] = "duplicate", [SD_TRACE_UNDER_WAY] = "under way",
};
#define FATES (sizeof fate_names / sizeof *fate_names)

const char *sd_trace_fate_name(enum sd_trace_fate fate)
{
    return fate_names[fate];
}

static int take_fate(const struct parser *parser, const json_t *object, enum sd_trace_fate *fate)
{
    static const char expected[] =
        "arrived, lost, corrupted, queue, duplicate or under way as \"fate\"";
    const json_t *value = json_object_get(object, "fate");
    if (!json_is_string(value))
        return wrong(parser, expected, type_name(value));
    for (size_t i = 0; i < FATES; i++)
        if (!strcmp(json_string_value(value), fate_names[i])) {
            *fate = (enum sd_trace_fate)i;
            return SD_OK;
        }
    return wrong(parser, expected, json_string_value(value));
}

static int take_packet(const struct parser *parser, const json_t *object,
                       struct sd_trace_entry *entry)
{
    uint64_t len = 0;
    int rc = take_machine(parser, object, "from", &entry->packet.from);
    if (rc == SD_OK)
        rc = take_machine(parser, object, "to", &entry->packet.to);
    if (rc == SD_OK)
        rc = take_fate(parser, object, &entry->packet.fate);
    if (rc == SD_OK)
        rc = take_number(parser, object, "len", UINT32_MAX, &len);
    if (rc == SD_OK)
        rc = take_text(parser, object, "src", true, &entry->packet.src);
    if (rc == SD_OK)
        rc = take_text(parser, object, "dst", true, &entry->packet.dst);
    if (rc == SD_OK)
        rc = take_text(parser, object, "proto", true, &entry->packet.proto);
    if (rc == SD_OK)
        rc = take_text(parser, object, "what", true, &entry->packet.what);
    if (rc < 0)
        return rc;
    entry->packet.len = (uint32_t)len;
    entry->packet.arrive = SD_NEVER;
    if (entry->packet.from == entry->packet.to)
        return wrong(parser, "two machines as \"from\" and \"to\"",
                     parser->trace->machine[entry->packet.from].name);
    if (!json_object_get(object, "arrive"))
        return SD_OK;
    rc = take_number(parser, object, "arrive", INT64_MAX, &entry->packet.arrive);
    if (rc == SD_OK && entry->packet.arrive < entry->t)
        return wrong(parser, "\"arrive\" no earlier than \"t\"", "an arrival before the departure");
    return rc;
}

static int take_event(const struct parser *parser, const json_t *object,
                      struct sd_trace_entry *entry)
{
    uint64_t conn = 0;
    int rc = take_machine(parser, object, "machine", &entry->event.machine);
    if (rc == SD_OK && json_object_get(object, "conn"))
        rc = take_number(parser, object, "conn", UINT32_MAX, &conn);
    if (rc == SD_OK)
        rc = take_text(parser, object, "name", false, &entry->event.name);
    if (rc == SD_OK)
        rc = take_text(parser, object, "detail", true, &entry->event.detail);
    entry->event.conn = (uint32_t)conn;
    return rc;
}

static int take_entry(const struct parser *parser, const json_t *object, const char *line,
                      size_t len)
{
    struct sd_trace *trace = parser->trace;
    if (trace->entries == trace->store->entry_cap) {
        size_t cap = trace->store->entry_cap ? trace->store->entry_cap * 2 : 64;
        struct sd_trace_entry *grown = realloc(trace->entry, cap * sizeof *grown);
        if (!grown)
            return no_memory(parser);
        trace->entry = grown;
        trace->store->entry_cap = cap;
    }
    struct sd_trace_entry *entry = &trace->entry[trace->entries];
    memset(entry, 0, sizeof *entry);
    entry->line = line;
    entry->line_len = len;

    const char *kind = json_string_value(json_object_get(object, "kind"));
    int rc = take_number(parser, object, "t", INT64_MAX, &entry->t);
    if (rc < 0)
        return rc;
    if (trace->entries && entry->t < entry[-1].t)
        return wrong(parser, "lines sorted by \"t\"", "an earlier time than the line before has");
    if (kind && !strcmp(kind, "packet")) {
        entry->kind = SD_TRACE_PACKET;
        rc = take_packet(parser, object, entry);
    } else if (kind && !strcmp(kind, "event")) {
        entry->kind = SD_TRACE_EVENT;
        rc = take_event(parser, object, entry);
    } else if (kind && !strcmp(kind, "note")) {
        entry->kind = SD_TRACE_NOTE;
        rc = take_text(parser, object, "text", false, &entry->note.text);
    } else {
        return wrong(parser, "packet, event or note as \"kind\"", kind ? kind : "none");
    }
    if (rc == SD_OK)
        trace->entries++;
    return rc;
}

/* -- the first line -- */

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int sort_names(const struct parser *parser)
{
    struct sd_trace *trace = parser->trace;
    struct named *sorted = calloc(trace->machines, sizeof *sorted);
    if (!sorted)
        return no_memory(parser);
    trace->store->by_name = sorted;
    for (uint32_t i = 0; i < trace->machines; i++)
        sorted[i] = (struct named){trace->machine[i].name, i};
    qsort(sorted, trace->machines, sizeof *sorted, by_name);
    for (size_t i = 1; i < trace->machines; i++)
        if (!strcmp(sorted[i - 1].name, sorted[i].name))
            return wrong(parser, "machines of different names", sorted[i].name);
    return SD_OK;
}

static int take_head(const struct parser *parser, const json_t *object)
{
    struct sd_trace *trace = parser->trace;
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (!kind || strcmp(kind, "run"))
        return wrong(parser, "a first line of \"kind\":\"run\"", kind ? kind : "no \"kind\"");
    int rc = take_text(parser, object, "run", true, &trace->run);
    if (rc == SD_OK)
        rc = take_text(parser, object, "protocol", true, &trace->protocol);
    if (rc == SD_OK)
        rc = take_text(parser, object, "mode", true, &trace->mode);
    if (rc < 0)
        return rc;

    const json_t *machines = json_object_get(object, "machines");
    if (!json_is_array(machines) || json_array_size(machines) == 0)
        return wrong(parser, "an array of at least one machine as \"machines\"",
                     machines ? "none in it" : "none");
    trace->machine = calloc(json_array_size(machines), sizeof *trace->machine);
    if (!trace->machine)
        return no_memory(parser);
    for (size_t i = 0; rc == SD_OK && i < json_array_size(machines); i++) {
        const json_t *machine = json_array_get(machines, i);
        struct sd_trace_machine *to = &trace->machine[i];
        rc = take_text(parser, machine, "name", false, &to->name);
        if (rc == SD_OK)
            rc = take_text(parser, machine, "role", true, &to->role);
        if (rc == SD_OK)
            rc = take_text(parser, machine, "address", true, &to->address);
    }
    trace->machines = json_array_size(machines);
    return rc < 0 ? rc : sort_names(parser);
}

/* -- the file -- */

static int take_line(struct parser *parser, const char *line, size_t len)
{
    json_error_t why;
    json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(object)) {
        int rc = wrong(parser, "one JSON object",
                       object        ? type_name(object)
                       : why.text[0] ? why.text
                                     : "none");
        json_decref(object);
        return rc;
    }
    int rc;
    if (parser->trace->head) {
        rc = take_entry(parser, object, line, len);
    } else {
        rc = take_head(parser, object);
        parser->trace->head = line;
        parser->trace->head_len = len;
    }
    json_decref(object);
    return rc;
}

/* Takes text over. */
static int parse(struct sd_trace **out, char *text, size_t len, const char *name,
                 struct sd_error *error)
{
    struct sd_trace *trace = calloc(1, sizeof *trace);
    struct sd_trace_store *store = calloc(1, sizeof *store);
    if (!trace || !store) {
        free(trace);
        free(store);
        free(text);
        return sd_fail(error, SD_E_NOMEM, "%s: out of memory", name);
    }
    store->file = text;
    trace->store = store;
    struct parser parser = {.trace = trace, .name = name, .error = error};
    int rc = SD_OK;
    for (size_t at = 0; rc == SD_OK && at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = (end ? (size_t)(end - text) : len) - at;
        parser.line++;
        if (!end)
            rc = wrong(&parser, "a newline at the end of the last line", "a file that was cut off");
        else
            rc = take_line(&parser, text + at, line_len);
        at += line_len + 1;
    }
    if (rc == SD_OK && !trace->head) {
        parser.line = 1;
        rc = wrong(&parser, "a first line of \"kind\":\"run\"", "an empty file");
    }
    if (rc < 0) {
        sd_trace_free(trace);
        return rc;
    }
    *out = trace;
    return SD_OK;
}

int sd_trace_parse(struct sd_trace **out, const char *text, size_t len, const char *name,
                   struct sd_error *error)
{
    char *copy = malloc(len ? len : 1);
    if (!copy)
        return sd_fail(error, SD_E_NOMEM, "%s: out of memory", name);
    memcpy(copy, text, len);
    return parse(out, copy, len, name, error);
}

int sd_trace_load(struct sd_trace **out, const char *dir, const char *run, struct sd_error *error)
{
    char *text, name[512], path[4200];
    size_t len;
    snprintf(name, sizeof name, "events/%s.jsonl", run);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int rc = sd_file_read(&text, &len, dir, name, "run it again with --trace", error);
    return rc < 0 ? rc : parse(out, text, len, path, error);
}
