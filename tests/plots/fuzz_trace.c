/* fuzz_trace.c - any bytes as events/RUN.jsonl: refused or drawn, whatever the window. */
#include "plots/draft.h"
#include "plots/ladder.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static void draw(const struct sd_trace *trace, struct sd_ladder_view view)
{
    struct sd_draft draft;
    struct sd_error error = {0};
    if (sd_draft_begin(&draft, &error) < 0 || sd_ladder_text(trace, &view, draft.to, &error) < 0 ||
        sd_ladder_svg(trace, &view, draft.to, &error) < 0 || sd_draft_end(&draft, &error) < 0)
        abort();
    sd_draft_drop(&draft);
}

/* The first bytes are the view: from and to in ms, packets, columns. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_trace *trace;
    struct sd_error error = {0};
    if (len < 4)
        return 0;
    if (sd_trace_parse(&trace, (const char *)data + 4, len - 4, "input", &error) < 0) {
        if (!strstr(error.text, "input:"))
            abort();
        return 0;
    }
    draw(trace, (struct sd_ladder_view){.from = data[0] * SD_MS,
                                        .to = data[1] * SD_MS,
                                        .packets = data[2],
                                        .columns = data[3]});
    sd_trace_free(trace);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char *const seeds[] = {
        "\0\0\0\0{\"kind\":\"run\",\"run\":\"r\",\"protocol\":\"quic\",\"mode\":\"early\","
        "\"machines\":[{\"name\":\"a\",\"role\":\"host\",\"address\":\"10.0.0.1\"},"
        "{\"name\":\"n\",\"role\":\"nat\"},{\"name\":\"b\"}]}\n"
        "{\"t\":0,\"kind\":\"packet\",\"from\":\"a\",\"to\":\"n\",\"arrive\":9,\"fate\":"
        "\"arrived\","
        "\"src\":\"1.2.3.4:5\",\"dst\":\"6.7.8.9:10\",\"proto\":\"udp\",\"len\":99,"
        "\"what\":\"Initial (cookie), {x}, (early data), [y\"}\n"
        "{\"t\":9,\"kind\":\"packet\",\"from\":\"n\",\"to\":\"b\",\"fate\":\"lost\",\"len\":1}\n"
        "{\"t\":9000000000000000000,\"kind\":\"event\",\"machine\":\"n\",\"conn\":3,"
        "\"name\":\"rebound\",\"detail\":\"\xc3\xa9\"}\n"
        "{\"t\":9223372036854775807,\"kind\":\"note\",\"text\":\"\"}\n",
        "\0\5\1\170{\"kind\":\"run\",\"machines\":[{\"name\":\"a\"}]}\n",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        add(seeds[i], 4 + strlen(seeds[i] + 4));
}
