/* names.c - what a run is called, in files and on the command line. */
#include "results/csv.h"
#include "results/store.h"
#include "sim/core/random.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_safely(struct sd_text *text, const char *word)
{
    for (; *word; word++) {
        if (isalnum((unsigned char)*word) || strchr("._+-", *word))
            sd_text_add(text, word, 1);
        else
            sd_text_format(text, "=%02X", (unsigned)(unsigned char)*word);
    }
}

#define NAME_LONGEST 200 /* file systems allow 255 bytes, ".pcapng.new" included */

int sd_run_name(char *name, size_t cap, const char *scenario, const char *const *cells,
                size_t cells_count, uint32_t repeat)
{
    if (cap < 32)
        return SD_E_ARG;
    struct sd_text text = {0};
    uint64_t hash = sd_hash_text(0, scenario);
    add_safely(&text, scenario);
    for (size_t i = 0; i < cells_count; i++) {
        const char *cell = cells[i] ? cells[i] : "";
        hash = sd_hash_text(hash, cell);
        if (*cell) {
            sd_text_put(&text, "-");
            add_safely(&text, cell);
        }
    }
    sd_text_format(&text, "-r%" PRIu32, repeat);
    size_t longest = cap - 1 < NAME_LONGEST ? cap - 1 : NAME_LONGEST;
    if (text.bad || text.len > longest)
        snprintf(name, cap, "%.*s-%016" PRIx64, (int)longest - 17, text.bad ? "run" : text.text,
                 sd_hash_u64(hash, repeat));
    else
        memcpy(name, text.text, text.len + 1);
    free(text.text);
    return SD_OK;
}
