#include "tests/results/store.h"
#include <stdio.h>
#include <string.h>

#define LIST(...)                                                                                  \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

const struct sd_store_part test_parts[2] = {
    {
        .scenario = "alpha",
        .json = "{\"name\":\"alpha\",\"title\":\"Alpha\",\"repeats\":2,\"quick\":false,"
                "\"columns\":[\"protocol\",\"loss_ppm\"],\"metrics\":[\"time_ns\"],"
                "\"measure\":[{\"name\":\"time\",\"column\":\"time_ns\"}],\"tables\":[],"
                "\"expectations\":[\"it is quick\",\"it is \\\"good\\\", really\"]}",
        .sha256 = "aa",
        .columns = 2,
        .metrics = 1,
        .runs = ALPHA_RUNS,
        .column = LIST("protocol", "loss_ppm"),
        .metric = LIST("time_ns"),
    },
    {
        .scenario = "beta",
        .json = "{\"name\":\"beta\",\"title\":\"Beta\",\"repeats\":1,\"columns\":[\"protocol\","
                "\"mode\"],\"metrics\":[\"count\",\"time_ns\"],\"measure\":[],\"tables\":[],"
                "\"expectations\":[]}",
        .sha256 = "bb",
        .columns = 2,
        .metrics = 2,
        .runs = 1,
        .column = LIST("protocol", "mode"),
        .metric = LIST("count", "time_ns"),
    },
};

const char test_runs[] =
    "protocol,mode,scenario,loss_ppm,repeat,seed,outcome,detail,time_ns,count\n"
    "x,,alpha,0,0,1000,ok,\"with a comma, and \"\"quotes\"\"\",100,\n"
    "x,,alpha,0,1,1001,ok,,101,\n"
    "x,,alpha,20000,0,1002,ok,,102,\n"
    "x,,alpha,20000,1,1003,ok,,103,\n"
    "y,,alpha,0,0,1004,ok,,104,\n"
    "y,,alpha,0,1,1005,failed,crashed,,\n"
    "y,,alpha,20000,0,1006,ok,,106,\n"
    "y,,alpha,20000,1,1007,ok,,107,\n"
    "x,m,beta,,0,1000,ok,,100,3\n";

struct sd_store_config test_config(const char *dir, bool resume)
{
    static const struct sd_store_version versions[] = {{"openssl", "3.0.1"}, {"ns3", "3.37"}};
    static const struct sd_store_version costs[] = {{"reference", "1"}};
    return (struct sd_store_config){
        .dir = dir,
        .command = "shakedown run alpha beta --seed 18446744073709551615",
        .git = "abc",
        .base_seed = UINT64_MAX,
        .part = test_parts,
        .parts = 2,
        .version = versions,
        .versions = 2,
        .cost = costs,
        .costs = 1,
        .resume = resume,
    };
}

int test_add(struct sd_store *store, size_t part, size_t run, struct sd_error *error)
{
    char repeat[8], seed[8], time[8];
    bool failed = part == 0 && run == 5;
    snprintf(repeat, sizeof repeat, "%zu", part ? 0 : run % 2);
    snprintf(seed, sizeof seed, "%zu", 1000 + run);
    snprintf(time, sizeof time, "%zu", 100 + run);
    if (part == 1)
        return sd_store_add(store, 1, run, LIST("x", "m", repeat, seed, "ok", NULL, "3", time), 8,
                            error);
    return sd_store_add(store, 0, run,
                        LIST(run < 4 ? "x" : "y", run / 2 % 2 ? "20000" : "0", repeat, seed,
                             failed ? "failed" : "ok",
                             failed ? "crashed"
                             : run  ? ""
                                    : "with a comma, and \"quotes\"",
                             failed ? "" : time),
                        7, error);
}

int test_add_all(struct sd_store *store, struct sd_error *error)
{
    static const size_t order[] = {7, 0, 5, 2, 1, 6, 3, 4};
    int rc = test_add(store, 1, 0, error);
    for (size_t i = 0; rc == SD_OK && i < ALPHA_RUNS; i++)
        rc = test_add(store, 0, order[i], error);
    return rc;
}
