/* binding.c - the lab for Lua.  Arguments come checked from the prelude; errors of the lab become
 * errors of the line that asked. */
#include "lua/binding.h"
#include "lua/scenario.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static struct sd_binding *binding_of(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "binding");
    struct sd_binding *b = lua_touserdata(L, -1);
    lua_pop(L, 1);
    if (!b)
        sd_script_fail(L, "nothing is running yet");
    return b;
}

static int checked(lua_State *L, int result, const struct sd_error *error)
{
    if (result < 0)
        return sd_script_fail(L, "%s", error->text[0] ? error->text : sd_result_text(result));
    lua_pushinteger(L, result);
    return 1;
}

static sd_machine machine_arg(lua_State *L, int arg)
{
    return (sd_machine)luaL_checkinteger(L, arg);
}

static sd_time time_arg(lua_State *L, int arg)
{
    lua_Integer ns = luaL_checkinteger(L, arg);
    return ns < 0 ? 0 : (sd_time)ns;
}

static uint64_t count_arg(lua_State *L, int arg)
{
    return (uint64_t)luaL_checkinteger(L, arg);
}

/* -- machines -- */

static int lab_host(lua_State *L)
{
    struct sd_binding *b = binding_of(L);
    struct sd_error error = {0};
    const char *costs = luaL_checkstring(L, 3);
    struct sd_machine_config config = {
        .name = luaL_checkstring(L, 1),
        .cores = (uint32_t)luaL_checkinteger(L, 2),
        .input_queue_bytes = (uint32_t)luaL_checkinteger(L, 4),
    };
    if (strcmp(costs, "none") != 0) {
        config.costs = sd_costs_load(costs, &error);
        if (!config.costs)
            return sd_script_fail(L, "%s", error.text);
    }
    return checked(L, sd_lab_host(b->lab, &config, &error), &error);
}

static int lab_router(lua_State *L)
{
    struct sd_error error = {0};
    return checked(L, sd_lab_router(binding_of(L)->lab, luaL_checkstring(L, 1), &error), &error);
}

static int lab_nat(lua_State *L)
{
    struct sd_error error = {0};
    struct sd_nat_config config = {
        .name = luaL_checkstring(L, 1),
        .mapping = (enum sd_nat_mapping)luaL_checkinteger(L, 2),
        .udp_timeout = time_arg(L, 3),
        .tcp_timeout = time_arg(L, 4),
    };
    return checked(L, sd_lab_nat(binding_of(L)->lab, &config, &error), &error);
}

static int lab_block(lua_State *L)
{
    struct sd_error error = {0};
    return checked(L,
                   sd_lab_block(binding_of(L)->lab, machine_arg(L, 1),
                                (unsigned)luaL_checkinteger(L, 2), &error),
                   &error);
}

static int lab_rebind(lua_State *L)
{
    lua_pushinteger(
        L, sd_lab_rebind(binding_of(L)->lab, machine_arg(L, 1), (unsigned)luaL_checkinteger(L, 2)));
    return 1;
}

/* -- links -- */

static uint64_t field(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    lua_Integer value = lua_tointeger(L, -1);
    lua_pop(L, 1);
    return value < 0 ? 0 : (uint64_t)value;
}

static struct sd_weather weather(lua_State *L, int link, const char *way)
{
    struct sd_weather w = {0};
    lua_getfield(L, link, way);
    int table = lua_gettop(L);
    luaL_checktype(L, table, LUA_TTABLE);
    w.loss_ppm = (uint32_t)field(L, table, "loss");
    w.burst_mean = (uint32_t)field(L, table, "burst");
    w.duplicate_ppm = (uint32_t)field(L, table, "duplicate");
    w.reorder_ppm = (uint32_t)field(L, table, "reorder");
    w.reorder_delay = field(L, table, "reorder_delay");
    w.jitter = field(L, table, "jitter");
    w.corrupt_ppm = (uint32_t)field(L, table, "corrupt");
    if (lua_getfield(L, table, "drop") == LUA_TTABLE)
        for (int i = 0; i < SD_DROP_LIST - 1; i++) {
            lua_rawgeti(L, -1, i + 1);
            w.drop[i] = (uint32_t)lua_tointeger(L, -1);
            lua_pop(L, 1);
        }
    lua_pop(L, 1);
    if (lua_getfield(L, table, "blackhole") == LUA_TTABLE) {
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        w.black_from = (sd_time)lua_tointeger(L, -2);
        w.black_to = (sd_time)lua_tointeger(L, -1);
        lua_pop(L, 2);
    }
    lua_settop(L, table - 1);
    return w;
}

static struct sd_lab_link link_arg(lua_State *L, int first)
{
    int fields = first + 2;
    luaL_checktype(L, fields, LUA_TTABLE);
    return (struct sd_lab_link){
        .a = machine_arg(L, first),
        .b = machine_arg(L, first + 1),
        .delay = field(L, fields, "delay"),
        .rate_bps = field(L, fields, "rate"),
        .queue_bytes = (uint32_t)field(L, fields, "queue"),
        .mtu = (uint16_t)field(L, fields, "mtu"),
        .forth = weather(L, fields, "forth"),
        .back = weather(L, fields, "back"),
    };
}

static int lab_link(lua_State *L)
{
    struct sd_error error = {0};
    struct sd_lab_link link = link_arg(L, 1);
    return checked(L, sd_lab_link(binding_of(L)->lab, &link, &error), &error);
}

static int lab_set_link(lua_State *L)
{
    struct sd_lab_link link = link_arg(L, 2);
    int rc = sd_lab_set_link(binding_of(L)->lab, (int)luaL_checkinteger(L, 1), &link);
    if (rc == SD_E_STATE)
        return sd_script_fail(L, "set: corruption from a function needs a link that corrupts from "
                                 "the beginning, if only with corrupt = 0.0001*percent");
    return checked(L, rc, &(struct sd_error){0});
}

/* -- agents -- */

static enum sd_role role_of(const char *word)
{
    return !strcmp(word, "client") ? SD_ROLE_CLIENT
           : !strcmp(word, "both") ? SD_ROLE_BOTH
                                   : SD_ROLE_SERVER;
}

static enum sd_validation validation_of(const char *word)
{
    return !strcmp(word, "always")  ? SD_VALIDATE_ALWAYS
           : !strcmp(word, "never") ? SD_VALIDATE_NEVER
                                    : SD_VALIDATE_DEFAULT;
}

static const char *text_or_null(lua_State *L, int arg)
{
    return lua_type(L, arg) == LUA_TSTRING ? lua_tostring(L, arg) : NULL;
}

#define OPTIONS 16
static int lab_agent(lua_State *L)
{
    struct sd_error error = {0};
    struct sd_option option[OPTIONS + 1] = {0};
    luaL_checktype(L, 11, LUA_TTABLE);
    lua_Unsigned options = lua_rawlen(L, 11);
    if (options > OPTIONS)
        return sd_script_fail(L, "runs.options: expected at most %d, found %d", OPTIONS,
                              (int)options);
    for (lua_Unsigned i = 0; i < options; i++) {
        lua_rawgeti(L, 11, (lua_Integer)i + 1);
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        /* The argument's tables keep the texts during the call. */
        option[i] = (struct sd_option){lua_tostring(L, -2), lua_tostring(L, -1)};
        lua_pop(L, 3);
    }
    struct sd_lab_agent agent = {
        .protocol = luaL_checkstring(L, 2),
        .mode = luaL_checkstring(L, 3),
        .identity = text_or_null(L, 4),
        .role = role_of(luaL_checkstring(L, 5)),
        .directory = !strcmp(luaL_checkstring(L, 5), "directory"),
        .validation = validation_of(luaL_checkstring(L, 6)),
        .backlog = (uint32_t)luaL_checkinteger(L, 7),
        .mutual = lua_toboolean(L, 8),
        .early_replay_ok = lua_toboolean(L, 9),
        .alpn = text_or_null(L, 10),
        .impostor = lua_toboolean(L, 12),
        .other_psk = lua_toboolean(L, 13),
        .recorded = lua_toboolean(L, 14),
        .options = options ? option : NULL,
    };
    return checked(L, sd_lab_agent(binding_of(L)->lab, machine_arg(L, 1), &agent, &error), &error);
}

static int lab_start(lua_State *L)
{
    struct sd_error error = {0};
    return checked(L, sd_lab_start(binding_of(L)->lab, &error), &error);
}

/* -- time -- */

/* Functions that wait for their time: a list, so that those whose time never comes are freed. */
struct sd_call {
    struct sd_binding *binding;
    struct sd_call *next, **before;
    int function; /* reference in Lua's registry */
};

static void forget(struct sd_call *call)
{
    *call->before = call->next;
    if (call->next)
        call->next->before = call->before;
    free(call);
}

/* The script did something wrong: the run is over. */
static void broken(struct sd_binding *b, int rc)
{
    if (b->result == SD_OK)
        b->result = rc;
    sd_lab_stop(b->lab);
}

static void fire(void *ctx)
{
    struct sd_call *call = ctx;
    struct sd_binding *b = call->binding;
    lua_State *L = sd_script_lua(b->script);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->function);
    luaL_unref(L, LUA_REGISTRYINDEX, call->function);
    forget(call);
    if (b->result < 0) {
        lua_pop(L, 1);
        return;
    }
    int rc = sd_script_call(b->script, 0, 0, b->error);
    if (rc < 0)
        broken(b, rc);
}

static int lab_at(lua_State *L)
{
    struct sd_binding *b = binding_of(L);
    sd_time when = time_arg(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    struct sd_call *call = malloc(sizeof *call);
    if (!call)
        return sd_script_fail(L, "out of memory for the timeline");
    lua_settop(L, 2);
    *call = (struct sd_call){b, b->calls, &b->calls, luaL_ref(L, LUA_REGISTRYINDEX)};
    if (call->next)
        call->next->before = &call->next;
    b->calls = call;
    int rc = sd_lab_at(b->lab, when, fire, call);
    if (rc < 0) {
        luaL_unref(L, LUA_REGISTRYINDEX, call->function);
        forget(call);
        return sd_script_fail(L, "at: %s", sd_result_text(rc));
    }
    return 0;
}

static int lab_now(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)sd_lab_now(binding_of(L)->lab));
    return 1;
}

static int lab_stop(lua_State *L)
{
    sd_lab_stop(binding_of(L)->lab);
    return 0;
}

static int lab_random(lua_State *L)
{
    uint64_t bound = count_arg(L, 1);
    luaL_argcheck(L, bound > 0 && bound <= INT64_MAX, 1, "out of range");
    lua_pushinteger(L, (lua_Integer)sd_rng_below(&binding_of(L)->rng, bound));
    return 1;
}

/* -- what hosts do -- */

static int lab_connect(lua_State *L)
{
    struct sd_lab_connect connect = {
        .client = machine_arg(L, 1),
        .server = machine_arg(L, 2),
        .request_len = count_arg(L, 3),
        .reply_len = count_arg(L, 4),
        .close = lua_toboolean(L, 5),
        .inner_datagram = lua_toboolean(L, 6),
        .objects = (uint32_t)luaL_optinteger(L, 7, 0),
    };
    lua_pushinteger(L, sd_lab_connect(binding_of(L)->lab, &connect));
    return 1;
}

static int lab_send_beside(lua_State *L)
{
    lua_pushinteger(L, sd_lab_send_beside(binding_of(L)->lab, (sd_conn)count_arg(L, 1),
                                          machine_arg(L, 2), count_arg(L, 3), count_arg(L, 4)));
    return 1;
}

static int lab_send(lua_State *L)
{
    lua_pushinteger(L, sd_lab_send(binding_of(L)->lab, (sd_conn)count_arg(L, 1), machine_arg(L, 2),
                                   count_arg(L, 3)));
    return 1;
}

static int lab_stream(lua_State *L)
{
    lua_pushinteger(L,
                    sd_lab_stream(binding_of(L)->lab, (sd_conn)count_arg(L, 1), machine_arg(L, 2),
                                  (uint32_t)count_arg(L, 3), time_arg(L, 4), count_arg(L, 5)));
    return 1;
}

static int lab_call(lua_State *L)
{
    struct sd_lab_call call = {
        .audio_size = (uint32_t)count_arg(L, 2),
        .video_bps = count_arg(L, 3),
        .playout = time_arg(L, 4),
        .last = time_arg(L, 5),
    };
    lua_pushinteger(L, sd_lab_call(binding_of(L)->lab, (sd_conn)count_arg(L, 1), &call));
    return 1;
}

static int lab_close(lua_State *L)
{
    lua_pushinteger(L,
                    sd_lab_close(binding_of(L)->lab, (sd_conn)count_arg(L, 1), machine_arg(L, 2)));
    return 1;
}

static int lab_rekey(lua_State *L)
{
    lua_pushinteger(L,
                    sd_lab_rekey(binding_of(L)->lab, (sd_conn)count_arg(L, 1), machine_arg(L, 2)));
    return 1;
}

static int lab_export(lua_State *L)
{
    lua_pushinteger(L,
                    sd_lab_export(binding_of(L)->lab, (sd_conn)count_arg(L, 1), machine_arg(L, 2)));
    return 1;
}

static int lab_move(lua_State *L)
{
    lua_pushinteger(L, sd_lab_move(binding_of(L)->lab, machine_arg(L, 1)));
    return 1;
}

static int lab_last_conn(lua_State *L)
{
    lua_pushinteger(L, sd_lab_last_conn(binding_of(L)->lab, machine_arg(L, 1), machine_arg(L, 2)));
    return 1;
}

/* -- what attackers do -- */

static int lab_flood(lua_State *L)
{
    struct sd_error error = {0};
    struct sd_flood flood = {
        .from = machine_arg(L, 1),
        .to = machine_arg(L, 2),
        .rate_pps = count_arg(L, 3),
        .source_net = (uint32_t)count_arg(L, 4),
        .source_prefix = (uint8_t)count_arg(L, 5),
        .start = time_arg(L, 6),
        .end = time_arg(L, 7),
        .fresh = lua_toboolean(L, 8),
    };
    return checked(L, sd_lab_flood(binding_of(L)->lab, &flood, &error), &error);
}

static int lab_tap(lua_State *L)
{
    struct sd_tap tap = {
        .at = machine_arg(L, 1),
        .from = machine_arg(L, 2),
        .to = machine_arg(L, 3),
        .data = lua_toboolean(L, 4),
        .limit = (uint32_t)count_arg(L, 5),
    };
    return checked(L, sd_lab_tap(binding_of(L)->lab, &tap), &(struct sd_error){0});
}

static int lab_replay(lua_State *L)
{
    struct sd_replay replay = {
        .tap = (int)luaL_checkinteger(L, 1),
        .from = machine_arg(L, 2),
        .index = (int)luaL_checkinteger(L, 3),
        .own_source = lua_toboolean(L, 4),
        .copies = (uint32_t)count_arg(L, 5),
        .spacing = time_arg(L, 6),
    };
    lua_pushinteger(L, sd_lab_replay(binding_of(L)->lab, &replay));
    return 1;
}

static int lab_cut(lua_State *L)
{
    lua_pushinteger(L,
                    sd_lab_cut(binding_of(L)->lab, (int)luaL_checkinteger(L, 1), machine_arg(L, 2),
                               lua_toboolean(L, 3) ? SD_CUT_RST : SD_CUT_FIN));
    return 1;
}

/* meddle(at, from, to, data, nth, count, delay): delay 0 turns a bit. */
static int lab_meddle(lua_State *L)
{
    struct sd_meddle meddle = {
        .which = {.at = machine_arg(L, 1),
                  .from = machine_arg(L, 2),
                  .to = machine_arg(L, 3),
                  .data = lua_toboolean(L, 4)},
        .nth = (uint32_t)count_arg(L, 5),
        .count = (uint32_t)count_arg(L, 6),
        .delay = time_arg(L, 7),
    };
    meddle.how = meddle.delay > 0 ? SD_DELAY : SD_CORRUPT;
    return checked(L, sd_lab_meddle(binding_of(L)->lab, &meddle), &(struct sd_error){0});
}

static int lab_eavesdrop(lua_State *L)
{
    return checked(L, sd_lab_eavesdrop(binding_of(L)->lab, machine_arg(L, 1)),
                   &(struct sd_error){0});
}

/* -- what happened -- */

static int lab_note(lua_State *L)
{
    sd_lab_note(binding_of(L)->lab, luaL_checkstring(L, 1));
    return 0;
}

static bool awaited(const struct sd_binding *b, sd_machine machine, const char *name)
{
    for (size_t i = 0; i < b->interests; i++)
        if (b->interest[i].machine == machine && !strcmp(b->interest[i].name, name))
            return true;
    return false;
}

static int lab_listen(lua_State *L)
{
    struct sd_binding *b = binding_of(L);
    sd_machine machine = machine_arg(L, 1);
    const char *name = luaL_checkstring(L, 2);
    if (awaited(b, machine, name))
        return 0;
    struct sd_interest *grown = realloc(b->interest, (b->interests + 1) * sizeof *grown);
    if (!grown)
        return sd_script_fail(L, "out of memory for events");
    b->interest = grown;
    struct sd_interest *one = &b->interest[b->interests++];
    one->machine = machine;
    snprintf(one->name, sizeof one->name, "%s", name);
    return 0;
}

static void pass_on(void *ctx, const struct sd_lab_event *event)
{
    struct sd_binding *b = ctx;
    char text[SD_ADDR_TEXT];
    if (b->result < 0 || !awaited(b, event->machine, event->name))
        return;
    lua_State *L = sd_script_lua(b->script);
    sd_script_push(b->script, "happened");
    lua_pushinteger(L, event->machine);
    lua_pushstring(L, event->name);
    lua_pushinteger(L, event->conn);
    lua_pushstring(L, event->detail ? event->detail : "");
    lua_pushinteger(L, (lua_Integer)event->code);
    lua_pushinteger(L, (lua_Integer)event->at);
    lua_pushstring(L, sd_addr_text(&event->path.local, text));
    lua_pushstring(L, sd_addr_text(&event->path.remote, text));
    int rc = sd_script_call(b->script, 8, 0, b->error);
    if (rc < 0)
        broken(b, rc);
}

/* metric(index), metric(index, machine), metric(index, { client, ... }) */
static int lab_metric(lua_State *L)
{
    struct sd_lab *lab = binding_of(L)->lab;
    const struct sd_metric *metric = &sd_metrics[luaL_checkinteger(L, 1)];
    uint64_t value;
    bool there;
    if (lua_istable(L, 2)) {
        size_t count = lua_rawlen(L, 2);
        sd_machine *clients = lua_newuserdatauv(L, (count + 1) * sizeof *clients, 0);
        for (size_t i = 0; i < count; i++) {
            lua_rawgeti(L, 2, (lua_Integer)i + 1);
            clients[i] = machine_arg(L, -1);
            lua_pop(L, 1);
        }
        there = sd_lab_metric_of(lab, metric, clients, count, &value);
    } else {
        there = sd_lab_metric(lab, metric, (sd_machine)luaL_optinteger(L, 2, -1), &value);
    }
    if (!there || value > INT64_MAX)
        return 0;
    lua_pushinteger(L, (lua_Integer)value);
    return 1;
}

static const luaL_Reg lab_functions[] = {
    {"host", lab_host},
    {"router", lab_router},
    {"nat", lab_nat},
    {"block", lab_block},
    {"rebind", lab_rebind},
    {"link", lab_link},
    {"set_link", lab_set_link},
    {"agent", lab_agent},
    {"start", lab_start},
    {"at", lab_at},
    {"now", lab_now},
    {"stop", lab_stop},
    {"random", lab_random},
    {"connect", lab_connect},
    {"send", lab_send},
    {"send_beside", lab_send_beside},
    {"stream", lab_stream},
    {"call", lab_call},
    {"close", lab_close},
    {"rekey", lab_rekey},
    {"export", lab_export},
    {"move", lab_move},
    {"last_conn", lab_last_conn},
    {"flood", lab_flood},
    {"tap", lab_tap},
    {"replay", lab_replay},
    {"cut", lab_cut},
    {"meddle", lab_meddle},
    {"eavesdrop", lab_eavesdrop},
    {"note", lab_note},
    {"listen", lab_listen},
    {"metric", lab_metric},
    {NULL, NULL},
};

static int fill_host(lua_State *L)
{
    sd_script_push_host(sd_script_of(L));
    luaL_newlib(L, lab_functions);
    lua_setfield(L, -2, "lab");
    sd_lists_fill(L);
    return 0;
}

int sd_binding_open(struct sd_script *script, struct sd_error *error)
{
    lua_pushcfunction(sd_script_lua(script), fill_host);
    return sd_script_call(script, 0, 0, error);
}

void sd_binding_attach(struct sd_binding *b)
{
    lua_State *L = sd_script_lua(b->script);
    lua_pushlightuserdata(L, b);
    lua_setfield(L, LUA_REGISTRYINDEX, "binding");
    sd_lab_on_event(b->lab, pass_on, b);
}

void sd_binding_detach(struct sd_binding *b)
{
    lua_State *L = sd_script_lua(b->script);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "binding");
    sd_lab_on_event(b->lab, NULL, NULL);
    while (b->calls)
        forget(b->calls);
    free(b->interest);
    b->interest = NULL;
    b->interests = 0;
}
