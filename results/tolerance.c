#include "results/tolerance.h"
#include "results/units.h"
#include <stdio.h>
#include <string.h>

#define PERCENT 10000

const struct sd_tolerance sd_tolerances[] = {
    {"ok", SD_ALIKE, SD_WORSE_EITHER, 0, 0,
     "where all runs ended well, or none did, that is a fact about the protocol"},
    {"ok", SD_VARYING, SD_WORSE_LESS, 0, 10 * PERCENT,
     "another draw of the weather may end a run or two of thirty"},
    {"success_ppm*", SD_ALIKE, SD_WORSE_LESS, 0, 0, "nothing random is in it"},
    {"success_ppm*", SD_VARYING, SD_WORSE_LESS, 0, 10 * PERCENT,
     "another draw of the weather may end one conversation of ten"},
    {"cpu_*", SD_ALIKE, SD_WORSE_MORE, 1 * PERCENT, 0,
     "cost tables are data; a library may hash or derive once more"},
    {"cpu_*", SD_VARYING, SD_WORSE_MORE, 15 * PERCENT, 1000,
     "as the number of packets that it answers"},
    {"state_peak_bytes*", SD_ANY_SPREAD, SD_WORSE_MORE, 20 * PERCENT, 256,
     "libraries change the size of their structures between releases"},
    {"half_open_peak*", SD_VARYING, SD_WORSE_MORE, 10 * PERCENT, 2,
     "how many meet depends on the weather"},
    {"amplification_ppm*", SD_ANY_SPREAD, SD_WORSE_MORE, 1 * PERCENT, 0,
     "a signature may be two bytes longer; another answer is another number"},
    {"busy_ppm*", SD_ALIKE, SD_WORSE_MORE, 1 * PERCENT, 0, "as cpu"},
    {"replays_accepted*", SD_ANY_SPREAD, SD_WORSE_MORE, 0, 0, "each one is a hole"},
    {"delivered_twice*", SD_ANY_SPREAD, SD_WORSE_MORE, 0, 0, "each one is a hole"},
    {"*_ns*", SD_STEADY, SD_WORSE_EITHER, PERCENT / 10, 0,
     "a byte more in a packet moves a link's time; a round trip is far more"},
    {"*_ns*", SD_REDRAWN, SD_WORSE_EITHER, 7 * PERCENT, 0,
     "timers with jitter (a third of a second in five) draw again; a round trip is more"},
    {"*_ns*", SD_VARYING, SD_WORSE_EITHER, 15 * PERCENT, 200000,
     "medians of lossy runs move with each draw; a wrong timer moves them further"},
    {"*bytes*", SD_REDRAWN, SD_WORSE_EITHER, PERCENT / 10, 8,
     "an ECDSA signature in DER is a byte or two longer or shorter with each draw"},
    {"*handshake_bytes*", SD_VARYING, SD_WORSE_EITHER, 2 * PERCENT, 16,
     "signatures in DER differ by bytes, and losses repeat packets"},
    {"*handshake_count*", SD_VARYING, SD_WORSE_EITHER, 10 * PERCENT, 1,
     "another draw of the weather may begin one handshake again"},
    {"*", SD_ALIKE, SD_WORSE_EITHER, 0, 0,
     "counts, bytes, packets and operations of an undisturbed exchange are facts"},
    {"*", SD_VARYING, SD_WORSE_EITHER, 15 * PERCENT, 2, "counts follow the weather"},
};
const size_t sd_tolerances_count = sizeof sd_tolerances / sizeof *sd_tolerances;

/* '*' stands for any run of letters. */
static bool fits(const char *pattern, const char *word)
{
    for (; *pattern; pattern++, word++) {
        if (*pattern == '*') {
            while (pattern[1] == '*')
                pattern++;
            for (const char *rest = word;; rest++) {
                if (fits(pattern + 1, rest))
                    return true;
                if (!*rest)
                    return false;
            }
        }
        if (*pattern != *word)
            return false;
    }
    return !*word;
}

const struct sd_tolerance *sd_tolerance_of(const char *metric, enum sd_spread spread)
{
    const struct sd_tolerance *at = sd_tolerances;
    while (!fits(at->metric, metric) || !(at->spread & spread))
        at++;
    return at;
}

bool sd_tolerance_exceeded(const struct sd_tolerance *tolerance, struct sd_value baseline,
                           struct sd_value now)
{
    if (baseline.kind == SD_VALUE_NONE)
        return false;
    if (now.kind == SD_VALUE_NONE)
        return true;
    bool more, outside;
    if (baseline.kind == SD_VALUE_NEVER || now.kind == SD_VALUE_NEVER) {
        more = now.kind == SD_VALUE_NEVER;
        outside = baseline.kind != now.kind;
    } else {
        more = now.number > baseline.number;
        uint64_t apart = more ? now.number - baseline.number : baseline.number - now.number;
        sd_wide relative = (sd_wide)baseline.number * tolerance->relative_ppm / 1000000;
        outside = apart > tolerance->absolute && apart > relative;
    }
    return outside &&
           (tolerance->worse == SD_WORSE_EITHER || more == (tolerance->worse == SD_WORSE_MORE));
}

void sd_tolerance_words(const struct sd_tolerance *tolerance, const char *metric, char *words,
                        size_t cap)
{
    static const char *const sign[] = {
        [SD_WORSE_EITHER] = "±", [SD_WORSE_MORE] = "+", [SD_WORSE_LESS] = "-"};
    const char *side = sign[tolerance->worse];
    char absolute[64] = "", column[128];
    /* The metric may be a pattern: its unit is that of the word before a '*'. */
    snprintf(column, sizeof column, "%s", !strcmp(metric, "ok") ? "ppm" : metric);
    for (char *star; (star = strchr(column, '*'));)
        *star = '_';
    if (tolerance->absolute)
        sd_unit_words(column, tolerance->absolute, absolute, sizeof absolute);
    if (tolerance->relative_ppm && tolerance->absolute)
        snprintf(words, cap, "%s%g%% or %s", side, tolerance->relative_ppm / 1e4, absolute);
    else if (tolerance->relative_ppm)
        snprintf(words, cap, "%s%g%%", side, tolerance->relative_ppm / 1e4);
    else if (tolerance->absolute)
        snprintf(words, cap, "%s%s", side, absolute);
    else
        snprintf(words, cap, "%s",
                 tolerance->worse == SD_WORSE_MORE   ? "no more"
                 : tolerance->worse == SD_WORSE_LESS ? "no less"
                                                     : "exact");
}
