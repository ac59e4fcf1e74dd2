/* What a manifest asks of tables, whatever it says: made or refused with a word. */
#include "results/tables.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static const char rows[] =
    "protocol,mode,scenario,loss_ppm,rtt_us,repeat,seed,outcome,detail,x_ns\n"
    "tls12,fresh,a,0,80000,0,1,ok,,160000000\n"
    "tls12,fresh,a,0,0,1,2,ok,,18446744073709551615\n"
    "tls13,early,a,25000,80000,1,6,unfinished,stopped,\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sd_error error = {0};
    struct sd_frame *frame;
    struct sd_tables *tables;
    json_t *manifest = json_loadb((const char *)data, len, 0, NULL);
    if (!manifest)
        return 0;
    char *text = strdup(rows);
    if (!text || sd_frame_parse(&frame, text, strlen(rows), "", &error) < 0) {
        json_decref(manifest);
        return 0;
    }
    if (sd_tables_make(&tables, manifest, frame, "DIR", &error) < 0) {
        if (!*error.text)
            abort();
        return 0;
    }
    for (size_t i = 0; i < sd_tables_count(tables); i++)
        for (int format = SD_GRID_MARKDOWN; format <= SD_GRID_JSON; format++) {
            struct sd_text out = {0};
            error = (struct sd_error){0};
            if (sd_tables_text(tables, i, (enum sd_grid_format)format, &out, &error) < 0 &&
                !*error.text)
                abort();
            free(out.text);
        }
    sd_tables_free(tables);
    return 0;
}

void sd_fuzz_seeds(void (*add)(const void *data, size_t len))
{
    static const char *const seeds[] = {
        "{\"scenarios\":[{\"name\":\"a\",\"title\":\"A\",\"columns\":[\"mode\"],\"measure\":"
        "[{\"column\":\"x_ns\"}],\"tables\":[]}]}",
        "{\"scenarios\":[{\"name\":\"a\",\"tables\":[{\"name\":\"t\",\"by\":[\"rtt_us\"],\"when\":"
        "{\"mode\":[\"fresh\"]},\"columns\":[{\"name\":\"r\",\"metric\":\"x_ns\",\"stat\":\"p95\","
        "\"per\":\"rtt_us\",\"decimals\":9},{\"name\":\"ok_ppm\",\"stat\":\"rate\"}]}]}]}",
        "{\"scenarios\":[{\"name\":\"a\",\"tables\":[{\"by\":[],\"columns\":[{\"name\":\"m\","
        "\"metric\":\"x_ns\",\"stat\":\"sum\",\"decimals\":1}]}]}]}",
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
        add(seeds[i], strlen(seeds[i]));
}
