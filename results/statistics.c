#include "results/statistics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const sd_stat_names[SD_STATS + 1] = {
    [SD_STAT_N] = "n",
    [SD_STAT_OK] = "ok",
    [SD_STAT_FAILED] = "failed",
    [SD_STAT_UNFINISHED] = "unfinished",
    [SD_STAT_P25] = "p25",
    [SD_STAT_P50] = "p50",
    [SD_STAT_P75] = "p75",
    [SD_STAT_P85] = "p85",
    [SD_STAT_P95] = "p95",
    [SD_STAT_P99] = "p99",
    [SD_STAT_MEDIAN] = "median",
    [SD_STAT_MEDIAN_LOW] = "median_low",
    [SD_STAT_MEDIAN_HIGH] = "median_high",
    [SD_STAT_MEAN] = "mean",
    [SD_STAT_MIN] = "min",
    [SD_STAT_MAX] = "max",
    [SD_STAT_SUM] = "sum",
    [SD_STAT_RATE] = "rate",
    [SD_STAT_RATE_LOW] = "rate_low",
    [SD_STAT_RATE_HIGH] = "rate_high",
};

bool sd_stat_parse(const char *word, enum sd_stat *stat)
{
    for (int i = 0; i < SD_STATS; i++)
        if (!strcmp(sd_stat_names[i], word)) {
            *stat = (enum sd_stat)i;
            return true;
        }
    return false;
}

bool sd_stat_counts(enum sd_stat stat)
{
    switch (stat) {
    case SD_STAT_N:
    case SD_STAT_OK:
    case SD_STAT_FAILED:
    case SD_STAT_UNFINISHED:
    case SD_STAT_RATE:
    case SD_STAT_RATE_LOW:
    case SD_STAT_RATE_HIGH:
        return true;
    default:
        return false;
    }
}

/* -- samples -- */

int sd_sample_add(struct sd_sample *sample, enum sd_outcome_kind outcome, const uint64_t *value)
{
    if (value && outcome == SD_WAS_OK) {
        if (sample->values == sample->cap) {
            size_t cap = sample->cap ? sample->cap * 2 : 32;
            uint64_t *grown = realloc(sample->value, cap * sizeof *grown);
            if (!grown)
                return SD_E_NOMEM;
            sample->value = grown;
            sample->cap = cap;
        }
        sample->value[sample->values++] = *value;
    }
    sample->was[outcome]++;
    sample->n++;
    return SD_OK;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void sd_sample_sort(struct sd_sample *sample)
{
    if (sample->values > 1)
        qsort(sample->value, sample->values, sizeof *sample->value, ascending);
}

void sd_sample_free(struct sd_sample *sample)
{
    free(sample->value);
    *sample = (struct sd_sample){0};
}

/* -- statistics -- */

static struct sd_value known(uint64_t number)
{
    return (struct sd_value){.kind = SD_VALUE_KNOWN, .number = number};
}

size_t sd_percentile_rank(size_t n, unsigned p)
{
    size_t rank = n / 100 * p + (n % 100 * p + 99) / 100;
    return rank ? rank : 1;
}

struct sd_value sd_sample_rank(const struct sd_sample *sample, size_t rank)
{
    if (rank >= 1 && rank <= sample->values)
        return known(sample->value[rank - 1]);
    /* When every run that is ok lacks it, the thing is not there to be measured. */
    bool measured = sample->values > 0 || sample->was[SD_WAS_OK] < sample->n;
    return (struct sd_value){.kind = measured ? SD_VALUE_NEVER : SD_VALUE_NONE};
}

/* n choose k times 2^-n for k = 0, 1, ... until their sum would exceed tail; returns how many k
 * fit.  By logarithms, so that n may be large. */
static size_t binomial_tail(size_t n, double tail)
{
    double sum = 0, logarithm = -(double)n * log(2);
    for (size_t k = 0; k <= n; k++) {
        sum += exp(logarithm);
        if (sum > tail)
            return k;
        logarithm += log((double)(n - k)) - log((double)k + 1);
    }
    return n;
}

/* The median lies between the values of ranks k and n + 1 - k with at least 95 %, where the
 * probability of fewer than k of n fair tosses is at most 2.5 %.  Fewer than six runs say
 * nothing: 0. */
static struct sd_value median_bound(const struct sd_sample *sample, bool high)
{
    size_t k = binomial_tail(sample->n, 0.025);
    if (!k)
        return (struct sd_value){.kind = SD_VALUE_NONE};
    return sd_sample_rank(sample, high ? sample->n + 1 - k : k);
}

static uint64_t rate_bound(const struct sd_sample *sample, double side)
{
    const double z = 1.959964; /* of 95 % */
    double n = (double)sample->n, p = (double)sample->was[SD_WAS_OK] / n;
    double middle = p + z * z / (2 * n), spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    double bound = (middle + side * spread) / (1 + z * z / n);
    return (uint64_t)llround(1e6 * fmin(fmax(bound, 0), 1));
}

static struct sd_value total(const struct sd_sample *sample, bool mean)
{
    sd_wide sum = 0;
    if (!mean && !sample->was[SD_WAS_OK])
        return known(0); /* a sum is over the runs that are ok: over none of them, too */
    if (!sample->values)
        return sd_sample_rank(sample, 1);
    for (size_t i = 0; i < sample->values; i++)
        sum += sample->value[i];
    if (mean)
        sum = (2 * sum + sample->values) / (2 * sample->values);
    return known(sum > UINT64_MAX ? UINT64_MAX : (uint64_t)sum);
}

static struct sd_value percentile(const struct sd_sample *sample, unsigned p)
{
    return sd_sample_rank(sample, sd_percentile_rank(sample->n, p));
}

struct sd_value sd_sample_stat(const struct sd_sample *sample, enum sd_stat stat)
{
    const size_t *was = sample->was;
    if (stat == SD_STAT_N)
        return known(sample->n);
    if (!sample->n)
        return (struct sd_value){.kind = SD_VALUE_NONE};
    switch (stat) {
    case SD_STAT_OK:
        return known(was[SD_WAS_OK]);
    case SD_STAT_FAILED:
        return known(was[SD_WAS_FAILED]);
    case SD_STAT_UNFINISHED:
        return known(was[SD_WAS_UNFINISHED]);
    case SD_STAT_P25:
        return percentile(sample, 25);
    case SD_STAT_P50:
    case SD_STAT_MEDIAN:
        return percentile(sample, 50);
    case SD_STAT_P75:
        return percentile(sample, 75);
    case SD_STAT_P85:
        return percentile(sample, 85);
    case SD_STAT_P95:
        return percentile(sample, 95);
    case SD_STAT_P99:
        return percentile(sample, 99);
    case SD_STAT_MEDIAN_LOW:
        return median_bound(sample, false);
    case SD_STAT_MEDIAN_HIGH:
        return median_bound(sample, true);
    case SD_STAT_MIN:
        return sd_sample_rank(sample, 1);
    case SD_STAT_MAX:
        return sd_sample_rank(sample, sample->n);
    case SD_STAT_MEAN:
        return total(sample, true);
    case SD_STAT_SUM:
        return total(sample, false);
    case SD_STAT_RATE:
        return known((2000000 * was[SD_WAS_OK] + sample->n) / (2 * sample->n));
    case SD_STAT_RATE_LOW:
        return known(rate_bound(sample, -1));
    case SD_STAT_RATE_HIGH:
        return known(rate_bound(sample, 1));
    case SD_STAT_N:
    case SD_STATS:
        break;
    }
    return (struct sd_value){.kind = SD_VALUE_NONE};
}

double sd_value_number(struct sd_value value)
{
    double number = (double)value.number;
    for (unsigned i = 0; i < value.decimals; i++)
        number /= 10;
    return number;
}
