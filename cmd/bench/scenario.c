/* scenario.c - how much of a scenario passes in a second of processor time, script, metrics and
 * all: spoofed packets of a flood, virtual time of a sweep over losses. */
#include <stdio.h>
#include <string.h>

#include "cmd/bench/bench.h"
#include "cmd/scenarios.h"
#include "cmd/stopwatch.h"

#define FULL_REPEATS  20
#define QUICK_REPEATS 2

struct sample {
    const char *scenario, *metric;
    struct sd_setting set[4];
    size_t sets;
    double sum; /* of the metric */
    double cpu_ns;
    size_t runs;
};

static int metric_index(const struct sd_scenario *s, const char *metric, struct sd_error *error)
{
    for (size_t i = 0; i < sd_scenario_metrics(s); i++)
        if (strcmp(sd_scenario_metric(s, i), metric) == 0)
            return (int)i;
    return sd_fail(error, SD_E_INTERNAL, "bench: %s does not measure %s", sd_scenario_name(s),
                   metric);
}

static int run_all(struct sample *sample, struct sd_scenario *s, struct sd_error *error)
{
    int metric = metric_index(s, sample->metric, error);
    if (metric < 0)
        return metric;
    double start = sd_cpu_ns();
    for (size_t point = 0; point < sd_scenario_points(s); point++)
        for (uint32_t repeat = 0; repeat < sd_scenario_repeats(s); repeat++) {
            struct sd_run_request request = {.point = point, .repeat = repeat};
            struct sd_run_result result;
            int ran = sd_scenario_run(s, &request, &result, error);
            if (ran < 0)
                return ran;
            if (result.has[metric])
                sample->sum += (double)result.value[metric];
            sample->runs++;
        }
    sample->cpu_ns = sd_cpu_ns() - start;
    return SD_OK;
}

static int take(struct sample *sample, uint32_t repeats, struct sd_error *error)
{
    struct sd_scenarios found;
    struct sd_scenario_config config = {
        .settings = sample->set, .setting_count = sample->sets, .base_seed = 1, .repeats = repeats};
    int result = sd_scenarios_find(&found, &sample->scenario, 1, &config, error);
    if (result != SD_OK)
        return result;
    result = run_all(sample, found.file[0].scenario, error);
    sd_scenarios_free(&found);
    return result;
}

int bench_flood(struct bench_run *run, bool quick, struct sd_error *error)
{
    static const struct {
        const char *protocol, *row, *what;
    } floods[] = {
        {"wireguard", "flood-wireguard",
         "spoofed WireGuard Initiations, each made anew, in a second of one processor"},
        {"dtls12", "flood-dtls12", "the same for DTLS ClientHellos"},
    };
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        struct sample sample = {.scenario = "spoofed-flood",
                                .metric = "packets_out_attacker",
                                .set = {{"protocol", floods[i].protocol},
                                        {"defence", "default"},
                                        {"rate", quick ? "1000pps" : "20000pps"}},
                                .sets = 3};
        int result = take(&sample, 1, error);
        if (result != SD_OK)
            return result;
        struct bench_row row = {.name = floods[i].row,
                                .unit = "packets/s",
                                .value = sample.sum / (sample.cpu_ns / 1e9)};
        snprintf(row.what, sizeof row.what, "%s", floods[i].what);
        snprintf(row.detail, sizeof row.detail, "%.0f packets in %.2f s", sample.sum,
                 sample.cpu_ns / 1e9);
        bench_report(run, &row);
    }
    return SD_OK;
}

int bench_loss_sweep(struct bench_run *run, bool quick, struct sd_error *error)
{
    struct sample sample = {.scenario = "handshake-loss", .metric = "handshake_time_ns"};
    int result = take(&sample, quick ? QUICK_REPEATS : FULL_REPEATS, error);
    if (result != SD_OK)
        return result;
    struct bench_row row = {.name = "loss-sweep",
                            .what = "virtual time of the loss sweep in a second of one processor",
                            .unit = "s/s",
                            .value = sample.sum / sample.cpu_ns};
    snprintf(row.detail, sizeof row.detail, "%.0f s in %zu runs of %.2f ms", sample.sum / 1e9,
             sample.runs, sample.cpu_ns / 1e6 / (double)sample.runs);
    bench_report(run, &row);
    return SD_OK;
}
