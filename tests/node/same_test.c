/* same_test.c - the same seed gives the same bytes: metrics, trace, capture and keys; second in a
 * process, too.  And what is in them. */
#include "tests/node/world.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/shakedown-node-XXXXXX";

struct record {
    char *metrics, *trace, *capture, *keys;
};

static char *path_of(const char *name, char path[128])
{
    snprintf(path, 128, "%s/%s", directory, name);
    return path;
}

/* The file as hexadecimal text; it is gone afterwards. */
static char *take_file(const char *name)
{
    char path[128];
    FILE *f = fopen(path_of(name, path), "rb");
    if (f == NULL)
        return calloc(1, 1);
    fseek(f, 0, SEEK_END);
    size_t len = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(len + 1);
    char *text = malloc(2 * len + 1);
    assert_int_equal(fread(bytes, 1, len, f), len);
    fclose(f);
    remove(path);
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    text[2 * len] = '\0';
    free(bytes);
    return text;
}

static char *all_metrics(const struct world *w)
{
    size_t cap = 16384, len = 0;
    char *text = calloc(1, cap);
    for (const struct sd_metric *m = sd_metrics; m->name != NULL; m++) {
        sd_machine last = m->scope == SD_METRIC_MACHINE ? w->server : -1;
        for (sd_machine id = last >= 0 ? 0 : -1; id <= last; id++) {
            uint64_t value;
            bool has = sd_lab_metric(w->lab, m, id, &value);
            len += (size_t)snprintf(text + len, cap - len, "%s %d %s %" PRIu64 "\n", m->column, id,
                                    has ? "=" : "-", value);
            assert_true(len < cap);
        }
    }
    return text;
}

static void save(struct world *w)
{
    char path[128], keys[128];
    struct sd_error error = {0};
    if (sd_lab_save_trace(w->lab, path_of("run-1.jsonl", path), &error) != SD_OK ||
        sd_lab_save_capture(w->lab, path_of("run-1.pcapng", path), path_of("run-1.keys", keys),
                            &error) != SD_OK)
        fail_msg("%s", error.text);
}

struct row {
    const char *protocol, *mode;
    bool costs;
    bool keyless; /* there is no format for its keys */
};
static const struct row rows[] = {
    {.protocol = "tls13", .mode = "fresh"},
    {.protocol = "tls13", .mode = "early"},
    {.protocol = "tls12", .mode = "resumed", .costs = true},
    {.protocol = "quic", .mode = "fresh"},
    {.protocol = "quic", .mode = "early", .costs = true},
    {.protocol = "quic", .mode = "token"},
    {.protocol = "dtls12", .mode = "cookie"},
    {.protocol = "gquic", .mode = "fresh", .keyless = true},
    {.protocol = "gquic", .mode = "early", .costs = true, .keyless = true},
    {.protocol = "dtls13", .mode = "early"},
    {.protocol = "dtls13", .mode = "cid", .costs = true},
    {.protocol = "wireguard", .mode = "fresh"},
    {.protocol = "wireguard", .mode = "psk", .costs = true},
    {.protocol = "srtp", .mode = "resumed", .costs = true},
    {.protocol = "srtp", .mode = "dtls13-cid"},
    {.protocol = "tcpcrypt", .mode = "resumed", .costs = true, .keyless = true},
    {.protocol = "ipsec", .mode = "fresh"},
    {.protocol = "ipsec", .mode = "eap", .costs = true},
    {.protocol = "ipsec", .mode = "resumed", .costs = true},
    {.protocol = "minimalt", .mode = "cookie", .costs = true, .keyless = true},
};

static const struct sd_cost_table costs = {
    .name = "test",
    .unit_in_ns = 5000,
    .rows = 2,
    .row = {{SD_OP_DERIVE, "*", 50000, 0}, {SD_OP_SIGN, "*", 30000, 0}},
};

static struct world_options stormy(const struct row *row)
{
    return (struct world_options){
        .protocol = row->protocol,
        .mode = row->mode,
        .middle = WORLD_NAT,
        .rate_bps = 10000000,
        .costs = row->costs ? &costs : NULL,
        .forth = {.loss_ppm = 50000, .duplicate_ppm = 50000, .jitter = 3 * SD_MS},
        .back = {.loss_ppm = 50000, .reorder_ppm = 100000, .corrupt_ppm = 30000},
        .trace = true,
        .capture = true,
    };
}

static void stream_up(void *ctx)
{
    struct world *w = ctx;
    sd_lab_stream(w->lab, w->conn, w->client, 200, 20 * SD_MS, 50);
}

static void record(const struct row *row, struct record *r)
{
    struct world w;
    struct world_options o = stormy(row);
    world_make(&w, &o);
    world_connect(&w);
    sd_lab_at(w.lab, SD_SECOND, stream_up, &w);
    sd_lab_note(w.lab, "a \"note\" of the script's \\ with\tbreaks");
    world_run(&w, 20 * SD_SECOND);
    r->metrics = all_metrics(&w);
    save(&w);
    world_free(&w);
    r->trace = take_file("run-1.jsonl");
    r->capture = take_file("run-1.pcapng");
    r->keys = take_file("run-1.keys");
}

static void compare(const struct row *row, const char *what, char *first, char *second)
{
    if (strcmp(first, second) != 0)
        fail_msg("%s %s: %s: expected the same the second time, found:\n%.3000s\nand:\n%.3000s",
                 row->protocol, row->mode, what, first, second);
    free(first);
    free(second);
}

static void twice_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        struct record first, second;
        record(&rows[i], &first);
        record(&rows[i], &second);
        assert_true(strlen(first.trace) > 2000 && strlen(first.capture) > 2000);
        assert_true(rows[i].keyless || strlen(first.keys) > 100);
        compare(&rows[i], "metrics", first.metrics, second.metrics);
        compare(&rows[i], "trace", first.trace, second.trace);
        compare(&rows[i], "capture", first.capture, second.capture);
        compare(&rows[i], "keys", first.keys, second.keys);
    }
}

/* What looks on must not change what happens. */
static void watching_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < SD_ROWS(rows); i++) {
        char *metrics[2];
        for (int watched = 0; watched < 2; watched++) {
            struct world w;
            struct world_options o = stormy(&rows[i]);
            o.trace = o.capture = watched;
            o.back.corrupt_ppm = 1; /* checksums are on in both */
            world_make(&w, &o);
            world_connect(&w);
            world_run(&w, 20 * SD_SECOND);
            metrics[watched] = all_metrics(&w);
            world_free(&w);
        }
        compare(&rows[i], "metrics without and with a trace", metrics[0], metrics[1]);
    }
}

/* -- the trace's lines -- */

static json_t *next_line(FILE *f)
{
    char line[4096];
    if (fgets(line, sizeof line, f) == NULL)
        return NULL;
    json_error_t error;
    json_t *j = json_loads(line, 0, &error);
    if (j == NULL)
        fail_msg("a line is no JSON (%s): %s", error.text, line);
    return j;
}

static const char *text_of(const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));
    return text != NULL ? text : "";
}

static void the_trace_tells_the_handshake(void **state)
{
    (void)state;
    struct world w;
    char path[128];
    world_make(&w, &(struct world_options){.protocol = "tls13",
                                           .forth = {.drop = {1}, .duplicate_ppm = 0},
                                           .back = {.duplicate_ppm = SD_PPM},
                                           .trace = true,
                                           .capture = true});
    world_connect(&w);
    world_run(&w, 10 * SD_SECOND);
    save(&w);
    world_free(&w);
    FILE *f = fopen(path_of("run-1.jsonl", path), "r");
    assert_non_null(f);
    json_t *head = next_line(f);
    assert_string_equal(text_of(head, "kind"), "run");
    assert_string_equal(text_of(head, "run"), "run-1");
    assert_string_equal(text_of(head, "protocol"), "tls13");
    assert_int_equal(json_array_size(json_object_get(head, "machines")), 2);
    json_decref(head);
    json_int_t last = 0;
    int lost = 0, duplicates = 0, hellos = 0, ready = 0;
    for (json_t *j; (j = next_line(f)) != NULL; json_decref(j)) {
        json_int_t t = json_integer_value(json_object_get(j, "t"));
        assert_true(t >= last);
        last = t;
        ready += strcmp(text_of(j, "name"), "ready") == 0;
        if (strcmp(text_of(j, "kind"), "packet") != 0)
            continue;
        const char *fate = text_of(j, "fate"), *what = text_of(j, "what");
        json_t *arrive = json_object_get(j, "arrive");
        bool is_lost = strcmp(fate, "lost") == 0;
        assert_true(is_lost == (arrive == NULL));
        if (!is_lost)
            assert_int_equal(json_integer_value(arrive) - t, 25 * SD_MS);
        lost += is_lost;
        duplicates += strcmp(fate, "duplicate") == 0;
        hellos += strstr(what, "ClientHello") != NULL;
        if (is_lost)
            assert_string_equal(what, "SYN");
    }
    fclose(f);
    remove(path);
    assert_int_equal(lost, 1);
    assert_int_equal(hellos, 1);
    assert_int_equal(ready, 2);
    assert_true(duplicates >= 3);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) != NULL ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char path[128];
    remove(path_of("run-1.pcapng", path));
    remove(path_of("run-1.keys", path));
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(twice_the_same),
        world_test(watching_changes_nothing),
        world_test(the_trace_tells_the_handshake),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
