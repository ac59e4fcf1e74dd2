/* runs.csv, whatever its bytes: read, and every cell looked at. */
#include "results/groups.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_frame *frame;
    struct sd_error error = {0};
    char *text = malloc(len + 1);
    if (!text)
        return 0;
    memcpy(text, data, len);
    text[len] = '\0';
    if (sd_frame_parse(&frame, text, len, "runs.csv", &error) < 0) {
        if (error.code >= 0 || !*error.text)
            abort(); /* refused without a word */
        return 0;
    }
    size_t letters = 0;
    for (size_t row = 0; row < sd_frame_rows(frame); row++)
        for (size_t c = 0; c < sd_frame_columns(frame); c++) {
            uint64_t number;
            letters += strlen(sd_frame_cell(frame, row, (int)c));
            sd_frame_integer(frame, row, (int)c, &number);
        }
    if (letters > len)
        abort(); /* cells overlap */
    static const char *const by[] = {"protocol"};
    struct sd_query query = {.scenario = "a", .by = by, .bys = 1};
    struct sd_groups *groups;
    if (sd_groups_make(&groups, frame, &query, &error) == SD_OK) {
        struct sd_ask ask = {
            .metric = "x_ns", .per = "rtt_us", .stat = SD_STAT_MEAN, .decimals = 2};
        struct sd_value value;
        for (size_t g = 0; g < sd_groups_count(groups); g++)
            sd_groups_stat(groups, g, &ask, &value, &error);
        sd_groups_free(groups);
    }
    sd_frame_free(frame);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char *const seeds[] = {
        "protocol,scenario,rtt_us,outcome,x_ns\ntls12,a,50,ok,1000\ntls12,a,0,failed,\n",
        "protocol,scenario,rtt_us,outcome,x_ns\n\"t,\"\"l\",a,5,ok,18446744073709551615\n",
        "a,b\r\n1,2\r\n",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        add(seeds[i], strlen(seeds[i]));
}
