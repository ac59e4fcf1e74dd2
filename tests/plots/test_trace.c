/* Traces read back: what is there is there, and what is wrong is said with its line. */
#include "plots/trace.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                                       \
    "{\"kind\":\"run\",\"run\":\"r\",\"protocol\":\"tls13\",\"mode\":\"fresh\",\"machines\":["     \
    "{\"name\":\"a\",\"role\":\"host\",\"address\":\"10.0.0.1\"},"                                 \
    "{\"name\":\"b\",\"role\":\"host\",\"address\":\"10.0.0.2\"}]}\n"
#define PACKET(more) "{\"kind\":\"packet\",\"from\":\"a\",\"to\":\"b\"," more "}\n"

static void every_field_is_read(void **state)
{
    (void)state;
    static const char text[] = HEAD PACKET(
        "\"t\":5,\"arrive\":30,\"fate\":\"corrupted\",\"src\":\"10.0.0.1:1\","
        "\"dst\":\"10.0.0.2:2\",\"proto\":\"udp\",\"len\":60,\"what\":\"x \\u00e9\"")
        PACKET(
            "\"t\":5,\"fate\":\"queue\",\"len\":0") "{\"t\":6,\"kind\":\"event\",\"machine\":\"b\","
                                                    "\"conn\":7,\"name\":\"ready\","
                                                    "\"detail\":\"d\"}\n"
                                                    "{\"t\":7,\"kind\":\"note\",\"text\":\"n\"}\n";
    struct sd_trace *trace;
    struct sd_error error = {0};
    if (sd_trace_parse(&trace, text, strlen(text), "f", &error) < 0)
        fail_msg("expected a trace, found: %s", error.text);
    assert_string_equal(trace->run, "r");
    assert_string_equal(trace->protocol, "tls13");
    assert_string_equal(trace->mode, "fresh");
    assert_int_equal(trace->machines, 2);
    assert_string_equal(trace->machine[1].address, "10.0.0.2");
    assert_int_equal(trace->entries, 4);
    const struct sd_trace_entry *entry = trace->entry;
    assert_int_equal(entry[0].kind, SD_TRACE_PACKET);
    assert_int_equal(entry[0].t, 5);
    assert_int_equal(entry[0].packet.arrive, 30);
    assert_int_equal(entry[0].packet.from, 0);
    assert_int_equal(entry[0].packet.to, 1);
    assert_int_equal(entry[0].packet.fate, SD_TRACE_CORRUPTED);
    assert_int_equal(entry[0].packet.len, 60);
    assert_string_equal(entry[0].packet.what, "x \xc3\xa9");
    assert_string_equal(entry[0].packet.src, "10.0.0.1:1");
    assert_true(entry[1].packet.arrive == SD_NEVER);
    assert_int_equal(entry[1].packet.fate, SD_TRACE_QUEUE);
    assert_string_equal(entry[1].packet.what, "");
    assert_int_equal(entry[2].event.machine, 1);
    assert_int_equal(entry[2].event.conn, 7);
    assert_string_equal(entry[2].event.name, "ready");
    assert_string_equal(entry[3].note.text, "n");
    assert_memory_equal(entry[3].line, "{\"t\":7,", 7);
    sd_trace_free(trace);
}

static void every_mistake_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"", "f:1: expected a first line of \"kind\":\"run\", found an empty file"},
        {"{}\n", "f:1: expected a first line of \"kind\":\"run\", found no \"kind\""},
        {"{\"kind\":\"note\"}\n", "f:1: expected a first line of \"kind\":\"run\", found note"},
        {"[]\n", "f:1: expected one JSON object, found an array"},
        {"x\n", "f:1: expected one JSON object, found"},
        {"{\"kind\":\"run\"}\n", "f:1: expected an array of at least one machine"},
        {"{\"kind\":\"run\",\"machines\":[]}\n", "f:1: expected an array of at least one machine"},
        {"{\"kind\":\"run\",\"machines\":[{}]}\n", "f:1: expected a text as \"name\", found none"},
        {"{\"kind\":\"run\",\"machines\":[{\"name\":\"a\"},{\"name\":\"a\"}]}\n",
         "f:1: expected machines of different names, found a"},
        {HEAD "{\"t\":1}\n", "f:2: expected packet, event or note as \"kind\", found none"},
        {HEAD "{\"t\":1,\"kind\":\"pocket\"}\n", "found pocket"},
        {HEAD "{\"t\":-1,\"kind\":\"note\"}\n", "f:2: expected a whole number, not negative"},
        {HEAD "{\"t\":1.5,\"kind\":\"note\"}\n", "found a fraction"},
        {HEAD "{\"t\":1,\"kind\":\"note\"}\n", "f:2: expected a text as \"text\", found none"},
        {HEAD "{\"t\":1,\"kind\":\"note\",\"text\":\"\"}", "f:2: expected a newline at the end"},
        {HEAD
         "{\"t\":2,\"kind\":\"note\",\"text\":\"\"}\n{\"t\":1,\"kind\":\"note\",\"text\":\"\"}\n",
         "f:3: expected lines sorted by \"t\""},
        {HEAD "{\"t\":1,\"t\":2,\"kind\":\"note\",\"text\":\"\"}\n",
         "f:2: expected one JSON object"},
        {HEAD PACKET("\"t\":1,\"len\":1"), "f:2: expected arrived, lost, corrupted, queue,"},
        {HEAD PACKET("\"t\":1,\"len\":1,\"fate\":\"eaten\""), "found eaten"},
        {HEAD PACKET("\"t\":1,\"fate\":\"lost\""), "f:2: expected a whole number"},
        {HEAD PACKET("\"t\":1,\"fate\":\"lost\",\"len\":4294967296"), "found 4294967296"},
        {HEAD PACKET("\"t\":2,\"arrive\":1,\"fate\":\"arrived\",\"len\":1"),
         "f:2: expected \"arrive\" no earlier than \"t\""},
        {HEAD
         "{\"t\":1,\"kind\":\"packet\",\"from\":\"a\",\"to\":\"a\",\"fate\":\"lost\",\"len\":1}\n",
         "f:2: expected two machines"},
        {HEAD "{\"t\":1,\"kind\":\"event\",\"machine\":\"c\",\"name\":\"x\"}\n",
         "f:2: expected a machine of the first line as \"machine\", found c"},
        {HEAD "{\"t\":1,\"kind\":\"event\",\"machine\":\"a\"}\n",
         "f:2: expected a text as \"name\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sd_trace *trace;
        struct sd_error error = {0};
        int rc = sd_trace_parse(&trace, rows[i].text, strlen(rows[i].text), "f", &error);
        if (rc != SD_E_IO || !strstr(error.text, rows[i].error))
            fail_msg("row %zu\nexpected %d: ...%s...\nfound %d: %s", i, SD_E_IO, rows[i].error, rc,
                     error.text);
    }
}

static void a_missing_file_says_what_to_do(void **state)
{
    (void)state;
    struct sd_trace *trace;
    struct sd_error error = {0};
    assert_int_equal(sd_trace_load(&trace, HERE "/lab", "no-such-run", &error), SD_E_IO);
    if (!strstr(error.text, "no-such-run.jsonl") || !strstr(error.text, "--trace"))
        fail_msg("expected the file's name and --trace, found: %s", error.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(every_mistake_is_named),
        cmocka_unit_test(a_missing_file_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
