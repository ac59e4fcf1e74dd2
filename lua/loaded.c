/* loaded.c - between a scenario's C data and the prelude's tables.  Everything that touches Lua's
 * stack runs inside protected calls. */
#include "lua/loaded.h"
#include "lua/binding.h"
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

void sd_texts_free(struct sd_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->text[i]);
    free(texts->text);
    *texts = (struct sd_texts){0};
}

/* -- to Lua -- */

static void push_split(lua_State *L, const char *values)
{
    lua_newtable(L);
    for (lua_Integer n = 1;; n++) {
        size_t len = strcspn(values, ",");
        lua_pushlstring(L, values, len);
        lua_rawseti(L, -2, n);
        if (!values[len])
            return;
        values += len + 1;
    }
}

void sd_scenario_push_config(const struct sd_scenario *s, lua_State *L)
{
    lua_newtable(L);
    lua_newtable(L);
    for (size_t i = 0; i < s->config.setting_count; i++) {
        lua_newtable(L);
        lua_pushstring(L, s->setting[i].name);
        lua_setfield(L, -2, "name");
        push_split(L, s->setting[i].values);
        lua_setfield(L, -2, "texts");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "settings");
    lua_pushboolean(L, s->config.quick);
    lua_setfield(L, -2, "quick");
    lua_pushinteger(L, s->config.repeats);
    lua_setfield(L, -2, "repeats");
    lua_pushstring(L, s->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, s->shown_path);
    lua_setfield(L, -2, "path");
    lua_pushstring(L, s->question);
    lua_setfield(L, -2, "question");
}

struct handing {
    const struct sd_scenario *from;
    struct sd_scenario *to;
};

static int name_script(lua_State *L)
{
    const struct handing *handing = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "P");
    lua_pushstring(L, handing->from->name);
    lua_setfield(L, -2, "name");
    return 0;
}

int sd_scenario_open(const struct sd_scenario *s, struct sd_script **out, struct sd_error *error)
{
    struct sd_script *script = NULL;
    int rc = sd_script_create(&script, s->path, error);
    if (rc < 0)
        return rc;
    lua_State *L = sd_script_lua(script);
    struct handing handing = {.from = s};
    rc = sd_binding_open(script, error);
    if (rc == SD_OK)
        rc = sd_script_prelude(script, error);
    if (rc == SD_OK) {
        lua_pushcfunction(L, name_script);
        lua_pushlightuserdata(L, &handing);
        rc = sd_script_call(script, 1, 0, error);
    }
    if (rc == SD_OK)
        rc = sd_script_run(script, s->file, s->file_len, error);
    if (rc == SD_OK) {
        sd_script_push(script, "accept");
        lua_insert(L, -2);
        rc = sd_script_call(script, 1, 0, error);
    }
    if (rc < 0) {
        sd_script_free(script);
        return rc;
    }
    *out = script;
    return SD_OK;
}

/* -- from Lua -- */

static char *copy_text(lua_State *L, int index)
{
    const char *text = luaL_checkstring(L, index);
    char *copy = strdup(text);
    if (!copy)
        luaL_error(L, "out of memory");
    return copy;
}

/* The list of texts at the top of the stack. */
static void take_texts(lua_State *L, struct sd_texts *texts)
{
    luaL_checktype(L, -1, LUA_TTABLE);
    size_t count = lua_rawlen(L, -1);
    texts->text = calloc(count + 1, sizeof *texts->text);
    if (!texts->text)
        luaL_error(L, "out of memory");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        texts->text[i] = copy_text(L, -1);
        texts->count = i + 1;
        lua_pop(L, 1);
    }
}

static void take_list(lua_State *L, const char *name, struct sd_texts *texts)
{
    lua_getfield(L, -1, name);
    take_texts(L, texts);
    lua_pop(L, 1);
}

static char *take_field(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    char *copy = copy_text(L, -1);
    lua_pop(L, 1);
    return copy;
}

static lua_Integer take_number(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    lua_Integer number = luaL_checkinteger(L, -1);
    lua_pop(L, 1);
    return number;
}

static void take_points(lua_State *L, struct sd_scenario *s)
{
    lua_getfield(L, -1, "cells");
    s->cells = calloc(s->columns.count, sizeof *s->cells);
    if (!s->cells)
        luaL_error(L, "out of memory");
    for (size_t c = 0; c < s->columns.count; c++) {
        lua_rawgeti(L, -1, (lua_Integer)c + 1);
        take_texts(L, &s->cells[c]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    lua_getfield(L, -1, "places");
    size_t count = s->points * s->columns.count;
    s->place = calloc(count, sizeof *s->place);
    if (!s->place)
        luaL_error(L, "out of memory");
    for (size_t i = 0; i < count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        s->place[i] = (uint32_t)luaL_checkinteger(L, -1) - 1;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static int describe(lua_State *L)
{
    const struct handing *handing = lua_touserdata(L, 1);
    struct sd_scenario *s = handing->to;
    sd_script_push(sd_script_of(L), "describe");
    sd_scenario_push_config(handing->from, L);
    lua_call(L, 1, 1);
    s->points = (size_t)take_number(L, "points");
    s->repeats = (uint32_t)take_number(L, "repeats");
    s->chapter = (unsigned)take_number(L, "chapter");
    s->title = take_field(L, "title");
    s->json = take_field(L, "json");
    take_list(L, "tags", &s->tags);
    take_list(L, "columns", &s->columns);
    take_list(L, "metrics", &s->metrics);
    take_list(L, "expectations", &s->expectations);
    take_points(L, s);
    return 0;
}

int sd_scenario_take(struct sd_scenario *s, struct sd_script *script, struct sd_error *error)
{
    struct handing handing = {.from = s, .to = s};
    lua_pushcfunction(sd_script_lua(script), describe);
    lua_pushlightuserdata(sd_script_lua(script), &handing);
    return sd_script_call(script, 1, 0, error);
}
