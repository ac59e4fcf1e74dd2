/* Scripts of any bytes and of any words, loaded and run over a double of the lab; and settings of
 * any text.
 *
 * Input: what (1), then for 0 the bytes of a script, for 1 words by number (one byte each) inside a
 * good script, for 2 the values of --set NAME, where the next byte chooses the name. */
#include "lua/loaded.h"
#include "sim/core/root.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lua/script_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES, WORDS, SETTING, WHATS };

static char text[SD_FUZZ_INPUT_MAX * 16];

static void load_and_run(const char *name, const char *values)
{
    struct sd_scenario *s = calloc(1, sizeof *s);
    struct sd_script *script = NULL;
    struct sd_error error = {0};
    struct sd_setting setting = {name, values};
    if (!s)
        abort();
    s->path = strdup("fuzz.lua");
    s->file = strdup(text);
    s->file_len = strlen(text);
    s->name = strdup("fuzz");
    s->question = strdup("?");
    s->shown_path = strdup("fuzz.lua");
    s->setting = malloc(sizeof setting);
    if (!s->path || !s->file || !s->name || !s->question || !s->shown_path || !s->setting)
        abort();
    *s->setting = setting;
    s->config.setting_count = name ? 1 : 0;
    int rc = sd_scenario_open(s, &script, &error);
    if (rc == SD_OK)
        rc = sd_scenario_take(s, script, &error);
    sd_script_free(script);
    if (rc == SD_OK && s->metrics.count <= SD_RUN_METRICS) {
        struct sd_run_result result;
        rc = sd_scenario_run(s, &(struct sd_run_request){0}, &result, &error);
    }
    /* Whatever a script says is the script's fault, told in words. */
    if (rc < 0 && ((rc != SD_E_SCENARIO && rc != SD_E_USAGE) || !error.text[0]))
        abort();
    sd_scenario_free(s);
}

static const char *const words[] = {
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    "=",
    "==",
    "<",
    "<=",
    "*",
    "/",
    "+",
    "-",
    "..",
    ".",
    ":",
    "#",
    "\n",
    "local",
    "x",
    "y",
    "=",
    "function",
    "(run, event)",
    "(r)",
    "end",
    "return",
    "if",
    "then",
    "else",
    "for i = 1, 3 do",
    "do",
    "while",
    "true",
    "false",
    "nil",
    "and",
    "or",
    "not",
    "0",
    "1",
    "2",
    "3",
    "0.5",
    "1e9",
    "-1",
    "1e308",
    "\"a\"",
    "\"ready\"",
    "\"error\"",
    "\"reply\"",
    "\"fresh\"",
    "\"tls13\"",
    "\"handshake.time\"",
    "\"server.cpu\"",
    "\"new\"",
    "ms",
    "s",
    "us",
    "ns",
    "minutes",
    "bps",
    "Mbps",
    "B",
    "KiB",
    "percent",
    "pps",
    "each",
    "each.loss",
    "each.protocol",
    "loss",
    "delay",
    "rate",
    "queue",
    "mtu",
    "burst",
    "drop",
    "forth",
    "back",
    "blackhole",
    "jitter",
    "corrupt",
    "client",
    "server",
    "attacker",
    "router",
    "lan",
    "wan",
    "client:connect(server)",
    "client:request(server)",
    "server:send(client, 1*KiB)",
    ":send(1*B)",
    ":close()",
    "client:move()",
    "router:rebind",
    "wan:set",
    "client:flood(server)",
    "router:record",
    "client:replay",
    "client:stream(server)",
    "client:call(server)",
    "host",
    "hosts",
    "nat",
    "link",
    "star",
    "at",
    "on",
    "every",
    "after",
    "stop",
    "stop()",
    "note",
    "cost",
    "addresses",
    "first_message",
    "known",
    "scenario",
    "sweep =",
    "quick =",
    "except =",
    "measure =",
    "expect =",
    "plot =",
    "table =",
    "ladder =",
    "when =",
    "columns =",
    "by =",
    "timeline =",
    "network =",
    "agents =",
    "tags =",
    "protocols.all",
    "modes.all",
    "protocol =",
    "mode =",
    "repeats =",
    "at(0*s,",
    "at(1*s,",
    "on(client, \"ready\",",
    "pairs",
    "ipairs",
    "tostring",
    "string.format",
    "string.rep",
    "table.insert",
    "table.sort",
    "table.concat",
    "math.floor",
    "error",
    "assert",
    "run",
    "event",
    "r",
    "run:note",
    "run:random",
    "run:stop",
    "run.now",
    "event.detail",
    "r.outcome",
    "r.handshake.time",
    "r.server",
    "r[\"cpu.server\"]",
    ":within",
    "select",
    "type",
    "tonumber",
    "math",
    "string",
    "goto",
    "repeat",
    "until",
    "%",
    "//",
    "&",
};
#define COUNT (sizeof words / sizeof *words)

#define REST                                                                                       \
    "  sweep = { protocol = { \"tls13\" }, loss = { 0*percent, 1*percent } },\n"                   \
    "  timeline = { at(0*s, client:connect(server)), at(1*s, stop \"late\") },\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const names[] = {"loss", "protocol", "mode", "los"};
    char values[SD_FUZZ_INPUT_MAX + 1];
    if (len < 2)
        return 0;
    size_t n = 0;
    switch (data[0] % WHATS) {
    case BYTES:
        memcpy(text, data + 1, len - 1);
        text[len - 1] = '\0';
        load_and_run(NULL, NULL);
        break;
    case WORDS:
        /* At the top of the file, inside of scenario, or after it. */
        n = (size_t)sprintf(text, "%s", data[1] % 3 == 0 ? "" : SCRIPT_HEAD);
        for (size_t i = 2; i < len; i++)
            n += (size_t)sprintf(text + n, "%s ", words[data[i] % COUNT]);
        sprintf(text + n, "\n%s%s}", data[1] % 3 == 0 ? SCRIPT_HEAD : "",
                data[1] % 3 == 2 ? "" : REST);
        load_and_run(NULL, NULL);
        break;
    default:
        memcpy(values, data + 2, len - 2);
        values[len - 2] = '\0';
        strcpy(text, SCRIPT_HEAD REST "}");
        load_and_run(names[data[1] % 4], values);
    }
    return 0;
}

static void add_file(void (*add)(const void *data, size_t len), const char *path)
{
    struct sd_error error;
    char *bytes = NULL;
    size_t len;
    if (sd_script_read(path, &bytes, &len, &error) < 0 || len + 1 > SD_FUZZ_INPUT_MAX)
        abort();
    char *seed = malloc(len + 1);
    if (!seed)
        abort();
    seed[0] = BYTES;
    memcpy(seed + 1, bytes, len);
    add(seed, len + 1);
    free(seed);
    free(bytes);
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char *const files[] = {"nat-rebinding", "replay", "spoofed-flood",
                                        "first-packet-loss"};
    static const char *const settings[] = {"\2\0"
                                           "1%,2%",
                                           "\2\0"
                                           "31.169ms",
                                           "\2\0"
                                           "-1e5",
                                           "\2\1"
                                           "all",
                                           "\2\2"
                                           "fresh,early"};
    char path[4096];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/scenarios/%s.lua", sd_root(NULL), files[i]);
        add_file(add, path);
    }
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        add(settings[i], 2 + strlen(settings[i] + 2));
    static const char small[] = "\0" SCRIPT_HEAD REST "}";
    add(small, sizeof small - 1);
    uint8_t every[2 + COUNT];
    for (int place = 0; place < 3; place++) {
        every[0] = WORDS;
        every[1] = (uint8_t)place;
        for (size_t i = 0; i < COUNT; i++)
            every[2 + i] = (uint8_t)i;
        add(every, 12);
        add(every, sizeof every);
    }
}
