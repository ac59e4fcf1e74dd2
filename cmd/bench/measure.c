/* measure.c - two sides in turns, the best of each. */
#include "cmd/bench/bench.h"

#include <stdio.h>

static int measure(struct bench_side *s, bool first, struct sd_error *error)
{
    double ns = s->cost(s->ctx, error);
    if (ns < 0)
        return error->code;
    if (first || ns < s->best_ns)
        s->best_ns = ns;
    return SD_OK;
}

int bench_in_turns(struct bench_side *a, struct bench_side *b, int rounds, struct sd_error *error)
{
    for (int round = 0; round < rounds; round++) {
        int result = measure(a, round == 0, error);
        if (result == SD_OK)
            result = measure(b, round == 0, error);
        if (result != SD_OK)
            return result;
    }
    return SD_OK;
}

/* "940 ns", "1.52 ms" */
static void time_text(double ns, char *text, size_t cap)
{
    if (ns < 1e4)
        snprintf(text, cap, "%.0f ns", ns);
    else if (ns < 1e6)
        snprintf(text, cap, "%.1f us", ns / 1e3);
    else
        snprintf(text, cap, "%.2f ms", ns / 1e6);
}

void bench_ratio(struct bench_row *row, const struct bench_side *a, const struct bench_side *b)
{
    char over[24], under[24];
    time_text(a->best_ns, over, sizeof over);
    time_text(b->best_ns, under, sizeof under);
    snprintf(row->detail, sizeof row->detail, "%s / %s", over, under);
    row->value = a->best_ns / b->best_ns;
}
