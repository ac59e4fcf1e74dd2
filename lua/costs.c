/* costs.c - reads cost tables, lua/costs/NAME.lua: Lua files that only return data. */
#include "lua/scenario.h"
#include "lua/script.h"
#include "sim/core/root.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A second of virtual time for one call, or for one unit: more is a mistake of the table. */
#define PRICE_MAX 1000000000

/* Tables live as long as the process: processors point to them. */
struct loaded {
    struct loaded *next;
    struct sd_cost_table table;
};
static struct loaded *all;

struct reading {
    lua_State *L;
    const char *path;
    struct sd_error *error;
};

static int wrong(const struct reading *r, const char *field, const char *expected)
{
    size_t len;
    const char *found = luaL_tolstring(r->L, -1, &len);
    int rc = sd_fail(r->error, SD_E_SCENARIO, "%s: %s: expected %s, found %s", r->path, field,
                     expected, lua_isnil(r->L, -2) ? "nothing" : found);
    lua_pop(r->L, 1);
    return rc;
}

/* The value of a field of the table at the top; leaves the stack as it was. */
static int get_text(const struct reading *r, const char *name, const char *field, char *text,
                    size_t cap)
{
    int rc = SD_OK;
    lua_getfield(r->L, -1, name);
    if (lua_type(r->L, -1) != LUA_TSTRING || lua_rawlen(r->L, -1) >= cap ||
        strlen(lua_tostring(r->L, -1)) != lua_rawlen(r->L, -1) || !lua_rawlen(r->L, -1)) {
        char expected[64];
        snprintf(expected, sizeof expected, "a text of 1 to %zu bytes", cap - 1);
        rc = wrong(r, field, expected);
    } else {
        snprintf(text, cap, "%s", lua_tostring(r->L, -1));
    }
    lua_pop(r->L, 1);
    return rc;
}

static int get_number(const struct reading *r, const char *name, const char *field, uint64_t max,
                      uint64_t *value)
{
    int rc = SD_OK, whole = 0;
    lua_getfield(r->L, -1, name);
    lua_Integer found = lua_type(r->L, -1) == LUA_TNUMBER ? lua_tointegerx(r->L, -1, &whole) : 0;
    if (!whole || found < 0 || (uint64_t)found > max) {
        char expected[64];
        snprintf(expected, sizeof expected, "a whole number from 0 to %" PRIu64, max);
        rc = wrong(r, field, expected);
    }
    *value = (uint64_t)found;
    lua_pop(r->L, 1);
    return rc;
}

static int known_fields(const struct reading *r, const char *what, const char *const *fields,
                        bool list_too)
{
    lua_pushnil(r->L);
    while (lua_next(r->L, -2)) {
        lua_pop(r->L, 1);
        if (lua_type(r->L, -1) == LUA_TNUMBER && list_too)
            continue;
        bool known = false;
        const char *name = lua_type(r->L, -1) == LUA_TSTRING ? lua_tostring(r->L, -1) : "a number";
        for (const char *const *at = fields; *at; at++)
            known |= !strcmp(*at, name);
        if (!known) {
            const char *nearest = sd_nearest(name, fields);
            sd_fail(r->error, SD_E_SCENARIO, "%s: %sunknown field '%s'%s%s%s", r->path, what, name,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
            lua_pop(r->L, 1);
            return SD_E_SCENARIO;
        }
    }
    return SD_OK;
}

static int get_op(const struct reading *r, const char *field, enum sd_op *op)
{
    char name[24];
    int rc = get_text(r, "op", field, name, sizeof name);
    if (rc < 0)
        return rc;
    const char *names[SD_OP_MAX + 1] = {0};
    for (int i = 0; i < SD_OP_MAX; i++) {
        names[i] = sd_op_name((enum sd_op)i);
        if (!strcmp(names[i], name)) {
            *op = (enum sd_op)i;
            return SD_OK;
        }
    }
    const char *nearest = sd_nearest(name, names);
    return sd_fail(r->error, SD_E_SCENARIO,
                   "%s: %s: expected an operation such as keygen or seal, found '%s'%s%s%s",
                   r->path, field, name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
                   nearest ? "'?" : "");
}

static int get_row(const struct reading *r, lua_Integer n, struct sd_cost_table *table)
{
    static const char *const fields[] = {"op", "alg", "base_ns", "per_kib_ns", NULL};
    char field[48], name[64];
    snprintf(field, sizeof field, "ops[%d]", (int)n);
    if (lua_rawgeti(r->L, -1, n) != LUA_TTABLE) {
        int rc = wrong(r, field, "{ op = ..., alg = ..., base_ns = ..., per_kib_ns = ... }");
        lua_pop(r->L, 1);
        return rc;
    }
    struct sd_cost_row *row = &table->row[table->rows];
    snprintf(name, sizeof name, "%s: ", field);
    int rc = known_fields(r, name, fields, false);
    snprintf(name, sizeof name, "%s.op", field);
    if (rc == SD_OK)
        rc = get_op(r, name, &row->op);
    snprintf(name, sizeof name, "%s.alg", field);
    if (rc == SD_OK)
        rc = get_text(r, "alg", name, row->alg, sizeof row->alg);
    snprintf(name, sizeof name, "%s.base_ns", field);
    if (rc == SD_OK)
        rc = get_number(r, "base_ns", name, PRICE_MAX, &row->base_ns);
    snprintf(name, sizeof name, "%s.per_kib_ns", field);
    if (rc == SD_OK)
        rc = get_number(r, "per_kib_ns", name, PRICE_MAX, &row->per_kib_ns);
    lua_pop(r->L, 1);
    for (uint32_t i = 0; rc == SD_OK && i < table->rows; i++)
        if (table->row[i].op == row->op && !strcasecmp(table->row[i].alg, row->alg))
            rc = sd_fail(r->error, SD_E_SCENARIO, "%s: %s: %s %s has a row already, ops[%u]",
                         r->path, field, sd_op_name(row->op), row->alg, i + 1);
    table->rows++;
    return rc;
}

static int get_table(const struct reading *r, const char *name, struct sd_cost_table *table)
{
    static const char *const fields[] = {"name", "machine", "version", "unit_in_ns", "ops", NULL};
    uint64_t version = 0;
    if (!lua_istable(r->L, -1))
        return wrong(r, "the file", "return { name = ..., ops = { ... } }");
    int rc = known_fields(r, "", fields, false);
    if (rc == SD_OK)
        rc = get_text(r, "name", "name", table->name, sizeof table->name);
    if (rc == SD_OK && strcmp(table->name, name) != 0)
        rc =
            sd_fail(r->error, SD_E_SCENARIO, "%s: name: expected '%s' as the file says, found '%s'",
                    r->path, name, table->name);
    if (rc == SD_OK)
        rc = get_text(r, "machine", "machine", table->machine, sizeof table->machine);
    if (rc == SD_OK)
        rc = get_number(r, "version", "version", UINT32_MAX, &version);
    table->version = (uint32_t)version;
    if (rc == SD_OK)
        rc = get_number(r, "unit_in_ns", "unit_in_ns", PRICE_MAX, &table->unit_in_ns);
    if (rc < 0)
        return rc;
    if (lua_getfield(r->L, -1, "ops") != LUA_TTABLE) {
        rc = wrong(r, "ops", "a list of rows");
        lua_pop(r->L, 1);
        return rc;
    }
    lua_Unsigned rows = lua_rawlen(r->L, -1);
    if (rows < 1 || rows > SD_COST_ROWS)
        rc = sd_fail(r->error, SD_E_SCENARIO, "%s: ops: expected 1 to %d rows, found %u", r->path,
                     SD_COST_ROWS, (unsigned)rows);
    else
        rc = known_fields(r, "ops: ", (const char *const[]){NULL}, true);
    for (lua_Unsigned n = 1; rc == SD_OK && n <= rows; n++)
        rc = get_row(r, (lua_Integer)n, table);
    lua_pop(r->L, 1);
    return rc;
}

/* Reading happens inside a protected call, because every look into a table may want memory. */
struct job {
    struct reading reading;
    const char *name;
    struct sd_cost_table *table;
    int rc;
};

static int do_job(lua_State *L)
{
    struct job *job = lua_touserdata(L, 2);
    lua_settop(L, 1);
    job->rc = get_table(&job->reading, job->name, job->table);
    return 0;
}

static int read_table(const char *path, const char *name, struct sd_cost_table *table,
                      struct sd_error *error)
{
    char *text = NULL;
    size_t len = 0;
    struct sd_script *script = NULL;
    int rc = sd_script_read(path, &text, &len, error);
    if (rc == SD_OK)
        rc = sd_script_create(&script, path, error);
    if (rc == SD_OK)
        rc = sd_script_data(script, text, len, error);
    if (rc == SD_OK) {
        lua_State *L = sd_script_lua(script);
        struct job job = {{L, path, error}, name, table, SD_OK};
        lua_pushcfunction(L, do_job);
        lua_insert(L, -2);
        lua_pushlightuserdata(L, &job);
        rc = sd_script_call(script, 2, 0, error);
        if (rc == SD_OK)
            rc = job.rc;
    }
    sd_script_free(script);
    free(text);
    return rc;
}

/* -- by name -- */

static int is_table(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 4 && !strcmp(entry->d_name + len - 4, ".lua");
}

static int no_such(const char *folder, const char *name, struct sd_error *error)
{
    const char *names[64] = {0};
    struct dirent **entry = NULL;
    int count = scandir(folder, &entry, is_table, alphasort);
    char list[256] = "";
    for (int i = 0, n = 0; i < count; i++) {
        entry[i]->d_name[strlen(entry[i]->d_name) - 4] = '\0';
        if (n < 63)
            names[n++] = entry[i]->d_name;
        size_t len = strlen(list);
        snprintf(list + len, sizeof list - len, ", %s", entry[i]->d_name);
    }
    const char *nearest = sd_nearest(name, names);
    int rc = nearest
                 ? sd_fail(error, SD_E_ARG, "no cost table '%s'; did you mean '%s'?", name, nearest)
                 : sd_fail(error, SD_E_ARG, "no cost table '%s'; there are: none%s", name, list);
    for (int i = 0; i < count; i++)
        free(entry[i]);
    free(entry);
    return rc;
}

const struct sd_cost_table *sd_costs_load(const char *name, struct sd_error *error)
{
    for (struct loaded *one = all; one; one = one->next)
        if (!strcmp(one->table.name, name))
            return &one->table;
    const char *root = sd_root(error);
    if (!root)
        return NULL;
    char folder[PATH_MAX], path[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/lua/costs", root);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name) || !*name ||
        snprintf(path, sizeof path, "%s/%s.lua", folder, name) >= (int)sizeof path ||
        access(path, F_OK) < 0) {
        no_such(folder, name, error);
        return NULL;
    }
    struct loaded *one = calloc(1, sizeof *one);
    if (!one) {
        sd_fail(error, SD_E_NOMEM, "out of memory for cost table %s", name);
        return NULL;
    }
    if (read_table(path, name, &one->table, error) < 0) {
        free(one);
        return NULL;
    }
    one->next = all;
    all = one;
    return &one->table;
}
