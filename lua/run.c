/* run.c - one run of a scenario: a fresh script, a fresh lab, and what came of them. */
#include "lua/binding.h"
#include "lua/loaded.h"
#include <lauxlib.h>
#include <string.h>

/* Columns 0 and 1 are protocol and mode: all protocols meet the same weather. */
#define WEATHER_COLUMNS 2

static uint64_t weather_seed(const struct sd_scenario *s, const struct sd_run_request *request)
{
    uint64_t seed = sd_hash_text(s->config.base_seed, "weather");
    seed = sd_hash_text(seed, s->name);
    for (size_t c = WEATHER_COLUMNS; c < s->columns.count; c++)
        seed = sd_hash_text(seed, sd_scenario_cell(s, request->point, c));
    return sd_hash_u64(seed, request->repeat);
}

struct running {
    const struct sd_scenario *scenario;
    const struct sd_run_request *request;
    struct sd_run_result *result;
    bool corrupts; /* bytes may change on the way */
    sd_time end;
};

/* P.prepare(config, pick) */
static int prepare(lua_State *L)
{
    struct running *r = lua_touserdata(L, 1);
    const struct sd_scenario *s = r->scenario;
    sd_script_push(sd_script_of(L), "prepare");
    sd_scenario_push_config(s, L);
    lua_newtable(L);
    for (size_t c = 0; c < s->columns.count; c++) {
        lua_pushinteger(L, s->place[r->request->point * s->columns.count + c] + 1);
        lua_rawseti(L, -2, (lua_Integer)c + 1);
    }
    lua_call(L, 2, 1);
    r->corrupts = lua_toboolean(L, -1);
    return 0;
}

/* P.begin(): builds the lab and the timeline. */
static int begin(lua_State *L)
{
    struct running *r = lua_touserdata(L, 1);
    sd_script_push(sd_script_of(L), "begin");
    lua_call(L, 0, 1);
    r->end = (sd_time)luaL_checkinteger(L, -1);
    return 0;
}

/* One line that fits, whole characters only. */
static void take_detail(char *detail, size_t cap, const char *text)
{
    size_t len = 0;
    for (; text[len] && len < cap - 1; len++)
        detail[len] = (unsigned char)text[len] < ' ' || text[len] == 127 ? ' ' : text[len];
    if (text[len])
        while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    detail[len] = '\0';
}

/* P.finish(): outcome, detail, values, how many, expectations asked, those that failed. */
static int finish(lua_State *L)
{
    struct running *r = lua_touserdata(L, 1);
    struct sd_run_result *result = r->result;
    lua_settop(L, 0);
    sd_script_push(sd_script_of(L), "finish");
    lua_call(L, 0, 6);
    const char *outcome = luaL_checkstring(L, 1);
    for (int i = SD_RUN_OK; i <= SD_RUN_UNFINISHED; i++)
        if (!strcmp(outcome, sd_outcome_name((enum sd_outcome)i)))
            result->outcome = (enum sd_outcome)i;
    take_detail(result->detail, sizeof result->detail, luaL_checkstring(L, 2));
    lua_Integer metrics = luaL_checkinteger(L, 4);
    if ((size_t)metrics != r->scenario->metrics.count)
        return luaL_error(L, "the script has other measures now than when it was loaded");
    for (lua_Integer m = 0; m < metrics; m++) {
        result->has[m] = lua_rawgeti(L, 3, m + 1) == LUA_TNUMBER;
        result->value[m] = result->has[m] ? (uint64_t)luaL_checkinteger(L, -1) : 0;
        lua_pop(L, 1);
    }
    result->expectations = (uint8_t)luaL_checkinteger(L, 5);
    lua_Unsigned failed = lua_rawlen(L, 6);
    for (lua_Unsigned i = 0; i < failed && i < SD_RUN_FAILED_EXPECTATIONS; i++) {
        lua_rawgeti(L, 6, (lua_Integer)i + 1);
        result->failed[i] = (uint8_t)(luaL_checkinteger(L, -1) - 1);
        lua_pop(L, 1);
    }
    result->expectations_failed = (uint8_t)failed;
    return 0;
}

static int call(struct sd_script *script, lua_CFunction function, struct running *r,
                struct sd_error *error)
{
    lua_pushcfunction(sd_script_lua(script), function);
    lua_pushlightuserdata(sd_script_lua(script), r);
    return sd_script_call(script, 1, 0, error);
}

static int save(struct sd_lab *lab, const struct sd_run_request *request, struct sd_error *error)
{
    int rc = SD_OK;
    if (request->trace_path)
        rc = sd_lab_save_trace(lab, request->trace_path, error);
    if (rc == SD_OK && request->capture_path)
        rc = sd_lab_save_capture(lab, request->capture_path, request->keys_path, error);
    return rc;
}

int sd_scenario_run(struct sd_scenario *s, const struct sd_run_request *request,
                    struct sd_run_result *result, struct sd_error *error)
{
    memset(result, 0, sizeof *result);
    struct sd_script *script = NULL;
    struct running running = {.scenario = s, .request = request, .result = result};
    int rc = sd_scenario_open(s, &script, error);
    if (rc == SD_OK)
        rc = call(script, prepare, &running, error);
    if (rc < 0) {
        sd_script_free(script);
        return rc;
    }
    struct sd_binding binding = {.script = script, .error = error};
    uint64_t seed = sd_scenario_seed(s, request->point, request->repeat);
    struct sd_lab_config config = {
        .seed = seed,
        .weather = weather_seed(s, request),
        .trace = request->trace_path,
        .capture = request->capture_path,
        .checksums = request->capture_path || running.corrupts,
    };
    sd_rng_seed(&binding.rng, sd_hash_text(seed, "script"));
    rc = sd_lab_create(&binding.lab, &config, error);
    if (rc == SD_OK) {
        sd_binding_attach(&binding);
        rc = call(script, begin, &running, error);
        if (rc == SD_OK) {
            rc = sd_lab_run(binding.lab, running.end);
            if (rc < 0)
                sd_fail(error, rc, "%s: the simulation ended early: %s", s->path,
                        sd_result_text(rc));
        }
        if (binding.result < 0)
            rc = binding.result;
        if (rc >= 0)
            rc = call(script, finish, &running, error);
        if (rc == SD_OK)
            rc = save(binding.lab, request, error);
        sd_binding_detach(&binding);
        sd_lab_destroy(binding.lab);
    }
    sd_script_free(script);
    return rc;
}
