/* lists.c - what there is, for the prelude: protocols with their modes, metrics, events, cost
 * tables.
 */
#include "lua/binding.h"
#include "lua/scenario.h"
#include <lauxlib.h>
#include <string.h>

static int host_cost(lua_State *L)
{
    struct sd_error error = {0};
    const char *name = luaL_checkstring(L, 1);
    bool there = !strcmp(name, "none") || sd_costs_load(name, &error);
    lua_pushboolean(L, there);
    lua_pushstring(L, error.text);
    return 2;
}

static const char *service_name(enum sd_service service)
{
    return service == SD_SERVICE_STREAM     ? "stream"
           : service == SD_SERVICE_DATAGRAM ? "datagram"
                                            : "ip";
}

static const char *scope_name(enum sd_metric_scope scope)
{
    return scope == SD_METRIC_MACHINE ? "machine" : scope == SD_METRIC_CLIENTS ? "clients" : "run";
}

static const char *carrier_name(uint8_t proto)
{
    return proto == SD_PROTO_TCP ? "tcp" : proto == SD_PROTO_UDP ? "udp" : "ip";
}

static void push_protocols(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; sd_agents[i]; i++) {
        const struct sd_agent_ops *ops = sd_agents[i];
        lua_newtable(L);
        lua_pushstring(L, ops->name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, service_name(ops->service));
        lua_setfield(L, -2, "service");
        lua_pushstring(L, carrier_name(ops->carriers[0].proto));
        lua_setfield(L, -2, "carrier");
        lua_newtable(L);
        for (lua_Integer m = 0; ops->modes[m].name; m++) {
            lua_newtable(L);
            lua_pushstring(L, ops->modes[m].name);
            lua_setfield(L, -2, "name");
            lua_rawseti(L, -2, m + 1);
        }
        lua_setfield(L, -2, "modes");
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_features(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; sd_features[i].bit; i++) {
        lua_pushstring(L, sd_features[i].brief);
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_metrics(lua_State *L)
{
    lua_newtable(L);
    for (lua_Integer i = 0; sd_metrics[i].name; i++) {
        const struct sd_metric *metric = &sd_metrics[i];
        lua_newtable(L);
        lua_pushstring(L, metric->name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, metric->column);
        lua_setfield(L, -2, "column");
        lua_pushstring(L, metric->dim);
        lua_setfield(L, -2, "dim");
        lua_pushstring(L, metric->what);
        lua_setfield(L, -2, "what");
        lua_pushstring(L, scope_name(metric->scope));
        lua_setfield(L, -2, "scope");
        lua_rawseti(L, -2, i + 1);
    }
}

/* Agents' events apart from those that the lab keeps to itself, and the lab's own. */
static void push_events(lua_State *L)
{
    static const char *const own[] = {"first byte", "received all", "reply", "refused",
                                      "reset",      "rebound",      "moved", "exported"};
    lua_Integer n = 0;
    lua_newtable(L);
    for (int kind = 1; kind < SD_EV_MAX; kind++) {
        if (kind == SD_EV_DATA || kind == SD_EV_WRITABLE)
            continue;
        lua_pushstring(L, sd_event_name((enum sd_event_kind)kind));
        lua_rawseti(L, -2, ++n);
    }
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        lua_pushstring(L, own[i]);
        lua_rawseti(L, -2, ++n);
    }
}

void sd_lists_fill(lua_State *L)
{
    lua_pushcfunction(L, host_cost);
    lua_setfield(L, -2, "cost");
    push_protocols(L);
    lua_setfield(L, -2, "protocols");
    push_features(L);
    lua_setfield(L, -2, "features");
    push_metrics(L);
    lua_setfield(L, -2, "metrics");
    push_events(L);
    lua_setfield(L, -2, "events");
    lua_pushinteger(L, SD_LAB_MESSAGE_MIN);
    lua_setfield(L, -2, "message_min");
}
