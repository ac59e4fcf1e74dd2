#include "lua/script.h"
#include "lua/arena.h"
#include <errno.h>
#include <inttypes.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps between two looks at the limits. */
#define STRIDE 1000
/* Most runs are over before a first collection would pay: it begins when memory is ten times what
 * was in use after the last. */
#define GC_PAUSE 1000

struct sd_script {
    lua_State *L;
    char *chunk; /* "@path", as Lua marks a file's name */
    char *shown; /* the path as Lua shows it in messages */
    struct sd_arena arena;
    size_t memory;
    uint64_t allocated; /* all that was asked for since the call began */
    uint32_t steps;
    unsigned calls; /* under way: outside of them memory is not refused, for C cannot be told */
};

/* The prelude's files as bytes, made by CMake: struct { name, text, len } prelude[]. */
#include "prelude.inc"

/* -- limits -- */

static void *allocate(void *ctx, void *block, size_t was, size_t size)
{
    struct sd_script *script = ctx;
    size_t before = block ? was : 0; /* for new blocks `was` is a kind of object */
    if (size == 0) {
        script->memory -= before;
        return sd_arena_resize(&script->arena, block, before, 0);
    }
    if (script->calls && size > before && script->memory - before + size > SD_SCRIPT_MEMORY_MAX)
        return NULL;
    void *moved = sd_arena_resize(&script->arena, block, before, size);
    if (moved) {
        script->memory += size - before;
        script->allocated += size > before ? size - before : 0;
        if (size > before && block)
            script->allocated += before; /* its bytes were copied */
    }
    return moved;
}

static void look_at_limits(lua_State *L, lua_Debug *where)
{
    (void)where;
    struct sd_script *script = sd_script_of(L);
    script->steps += STRIDE;
    if (script->steps <= SD_SCRIPT_STEPS_MAX && script->allocated <= SD_SCRIPT_ALLOCATED_MAX)
        return;
    sd_script_fail(L,
                   "the script did not come to an end in %u million steps; does a loop never end?",
                   SD_SCRIPT_STEPS_MAX / 1000000);
}

/* -- where in the script -- */

/* The line of the innermost function of the script itself; 0: none. */
static int script_line(lua_State *L)
{
    const struct sd_script *script = sd_script_of(L);
    lua_Debug at;
    for (int level = 0; lua_getstack(L, level, &at); level++)
        if (lua_getinfo(L, "Sl", &at) && !strcmp(at.source, script->chunk))
            return at.currentline;
    return 0;
}

/* Puts "file:line: " before a message that does not have it; other values stay. */
static int explain(lua_State *L)
{
    const struct sd_script *script = sd_script_of(L);
    const char *text = lua_tostring(L, 1);
    size_t len = strlen(script->shown);
    if (!text && luaL_getmetafield(L, 1, "is") == LUA_TNIL)
        text = "error() expects a text"; /* what Lua makes of a table is its address */
    lua_settop(L, 1);
    if (!text || (!strncmp(text, script->shown, len) && text[len] == ':'))
        return 1;
    int line = script_line(L);
    if (!line && lua_getfield(L, LUA_REGISTRYINDEX, "P") == LUA_TTABLE) {
        lua_getfield(L, -1, "context");
        line = (int)lua_tointeger(L, -1);
    }
    if (line)
        lua_pushfstring(L, "%s:%d: %s", script->shown, line, text);
    else
        lua_pushfstring(L, "%s: %s", script->shown, text);
    return 1;
}

/* luaL_error() would name the line of the prelude. */
int sd_script_fail(lua_State *L, const char *format, ...)
{
    char text[SD_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lua_pushstring(L, text);
    return lua_error(L);
}

/* -- what the prelude may call -- */

static int host_line(lua_State *L)
{
    int line = script_line(L);
    if (!line)
        return 0;
    lua_pushinteger(L, line);
    return 1;
}

static int call_word(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

/* A function that keeps its caller on the stack even when it is called last (`return stop()`), so
 * that errors know the line. */
static int host_word(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushcclosure(L, call_word, 1);
    return 1;
}

static int host_defined(lua_State *L)
{
    lua_Debug at;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_getinfo(L, ">S", &at);
    lua_pushinteger(L, at.linedefined > 0 ? at.linedefined : 1);
    return 1;
}

static int host_nearest(lua_State *L)
{
    const char *word = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Unsigned count = lua_rawlen(L, 2);
    const char **list = lua_newuserdatauv(L, (count + 1) * sizeof *list, 0);
    size_t words = 0;
    for (lua_Unsigned i = 1; i <= count; i++) {
        /* The table keeps the string while the list is in use. */
        if (lua_rawgeti(L, 2, (lua_Integer)i) == LUA_TSTRING)
            list[words++] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    list[words] = NULL;
    lua_pushstring(L, sd_nearest(word, list));
    return 1;
}

static int host_result_text(lua_State *L)
{
    lua_pushstring(L, sd_result_text((int)luaL_checkinteger(L, 1)));
    return 1;
}

static const luaL_Reg host_functions[] = {
    {"line", host_line},
    {"word", host_word},
    {"defined", host_defined},
    {"nearest", host_nearest},
    {"result_text", host_result_text},
    {NULL, NULL},
};

/* -- making and ending -- */

static int open_libraries(lua_State *L)
{
    luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
    lua_settop(L, 0);
    lua_newtable(L); /* P */
    luaL_newlib(L, host_functions);
    lua_setfield(L, -2, "host");
    lua_setfield(L, LUA_REGISTRYINDEX, "P");
    return 0;
}

/* What Lua makes of "@path" in messages: cut from the left when long. */
static char *shown_name(lua_State *L, const char *chunk)
{
    lua_Debug at;
    if (luaL_loadbufferx(L, "", 0, chunk, "t") != LUA_OK)
        return NULL;
    lua_getinfo(L, ">S", &at);
    return strdup(at.short_src);
}

int sd_script_create(struct sd_script **out, const char *path, struct sd_error *error)
{
    *out = NULL;
    struct sd_script *script = calloc(1, sizeof *script);
    if (!script || asprintf(&script->chunk, "@%s", path) < 0) {
        free(script);
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    }
    script->L = lua_newstate(allocate, script);
    if (script->L) {
        *(struct sd_script **)lua_getextraspace(script->L) = script;
        lua_sethook(script->L, look_at_limits, LUA_MASKCOUNT, STRIDE);
        lua_gc(script->L, LUA_GCINC, GC_PAUSE, 0, 0);
        lua_pushcfunction(script->L, open_libraries);
        if (lua_pcall(script->L, 0, 0, 0) == LUA_OK)
            script->shown = shown_name(script->L, script->chunk);
    }
    if (!script->shown) {
        sd_script_free(script);
        return sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    }
    *out = script;
    return SD_OK;
}

void sd_script_free(struct sd_script *script)
{
    if (!script)
        return;
    if (script->L)
        lua_close(script->L);
    sd_arena_fini(&script->arena);
    free(script->shown);
    free(script->chunk);
    free(script);
}

lua_State *sd_script_lua(struct sd_script *script)
{
    return script->L;
}

struct sd_script *sd_script_of(lua_State *L)
{
    return *(struct sd_script **)lua_getextraspace(L);
}

/* -- calls -- */

/* Error values are texts, or objects of the prelude whose metatable says what they are. */
static int error_code(lua_State *L)
{
    int code = SD_E_SCENARIO;
    if (lua_type(L, -1) == LUA_TTABLE && luaL_getmetafield(L, -1, "is") != LUA_TNIL) {
        if (!strcmp(luaL_optstring(L, -1, ""), "usage"))
            code = SD_E_USAGE;
        lua_pop(L, 1);
    }
    return code;
}

static int error_text(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    return 1;
}

int sd_script_call(struct sd_script *script, int args, int results, struct sd_error *error)
{
    lua_State *L = script->L;
    int base = lua_gettop(L) - args;
    script->steps = 0;
    script->allocated = 0;
    lua_pushcfunction(L, explain);
    lua_insert(L, base);
    script->calls++;
    int status = lua_pcall(L, args, results, base);
    script->calls--;
    lua_remove(L, base);
    if (status == LUA_OK)
        return SD_OK;
    int code = SD_E_SCENARIO;
    if (status == LUA_ERRMEM) {
        sd_fail(error, code,
                "%s: the script wants more than %u MiB of memory; does a loop make "
                "tables or texts without end, or a function call itself?",
                script->shown, SD_SCRIPT_MEMORY_MAX >> 20);
    } else {
        code = error_code(L);
        lua_pushcfunction(L, error_text);
        lua_insert(L, base);
        status = lua_pcall(L, 1, 1, 0);
        sd_fail(error, code, "%s", status == LUA_OK ? lua_tostring(L, -1) : "out of memory");
    }
    lua_settop(L, base - 1);
    return code;
}

void sd_script_push(struct sd_script *script, const char *name)
{
    lua_getfield(script->L, LUA_REGISTRYINDEX, "P");
    lua_getfield(script->L, -1, name);
    lua_remove(script->L, -2);
}

void sd_script_push_host(struct sd_script *script)
{
    sd_script_push(script, "host");
}

/* -- loading -- */

/* The prelude compiled, once in a process, without names and lines of its own, which no message
 * shows: every run wants it anew. */
static struct code {
    char *bytes;
    size_t len;
} compiled[sizeof prelude / sizeof *prelude];

static int keep_code(lua_State *L, const void *bytes, size_t len, void *ctx)
{
    (void)L;
    struct code *code = ctx;
    char *grown = realloc(code->bytes, code->len + len);
    if (!grown)
        return 1;
    memcpy(grown + code->len, bytes, len);
    code->bytes = grown;
    code->len += len;
    return 0;
}

/* Pushes file i of the prelude as a function. */
static int load_prelude(lua_State *L, size_t i)
{
    struct code *code = &compiled[i];
    if (code->len)
        return luaL_loadbufferx(L, code->bytes, code->len, prelude[i].name, "b");
    int status = luaL_loadbufferx(L, prelude[i].text, prelude[i].len, prelude[i].name, "t");
    if (status == LUA_OK && lua_dump(L, keep_code, code, 1) != 0) {
        free(code->bytes);
        *code = (struct code){0};
    }
    return status;
}

int sd_script_prelude(struct sd_script *script, struct sd_error *error)
{
    lua_State *L = script->L;
    lua_getfield(L, LUA_REGISTRYINDEX, "P");
    lua_pushstring(L, script->shown);
    lua_setfield(L, -2, "source");
    lua_pop(L, 1);
    for (size_t i = 0; i < sizeof prelude / sizeof *prelude; i++) {
        if (load_prelude(L, i) != LUA_OK) {
            sd_fail(error, SD_E_INTERNAL, "%s", lua_tostring(L, -1));
            lua_pop(L, 1);
            return SD_E_INTERNAL;
        }
        lua_getfield(L, LUA_REGISTRYINDEX, "P");
        int rc = sd_script_call(script, 1, 0, error);
        if (rc < 0)
            return rc;
    }
    return SD_OK;
}

/* The line of the first byte that is not UTF-8; 0: all is well. */
static int wrong_line(const char *text, size_t len)
{
    int line = 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        line += c == '\n';
        int more = c < 0x80 ? 0 : c >= 0xC2 && c < 0xE0 ? 1 : c >= 0xE0 && c < 0xF0 ? 2 : 3;
        if (c >= 0x80 && (c < 0xC2 || c > 0xF4))
            return line;
        for (; more > 0; more--)
            if (++i >= len || ((unsigned char)text[i] & 0xC0) != 0x80)
                return line;
    }
    return 0;
}

/* The text's lines, for messages that look for a field in the source. */
static void push_lines(lua_State *L, const char *text, size_t len)
{
    lua_newtable(L);
    const char *end = text + len;
    for (lua_Integer n = 1; text < end; n++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        lua_pushlstring(L, text, (size_t)(stop - text));
        lua_rawseti(L, -2, n);
        text = stop + 1;
    }
}

struct text {
    const char *bytes;
    size_t len;
};

static int keep_lines(lua_State *L)
{
    const struct text *text = lua_touserdata(L, 1);
    lua_getfield(L, LUA_REGISTRYINDEX, "P");
    push_lines(L, text->bytes, text->len);
    lua_setfield(L, -2, "lines");
    return 0;
}

/* What Lua's own words for a syntax error may come from in a script; "" when that is not known. */
static const char *syntax_hint(const char *why, const char *text, long line)
{
    for (; line > 1 && (text = strchr(text, '\n')); line--)
        text++;
    size_t len = text ? strcspn(text, "\n") : 0;
    for (size_t i = 1; i < len; i++)
        if (text[i] == '%' && text[i - 1] >= '0' && text[i - 1] <= '9')
            return "; a share is written 1*percent";
    if (strstr(why, "malformed number"))
        return "; a number and its unit have a star between them, as in 25*ms";
    return strstr(why, "expected") && strstr(why, "near") && !strstr(why, "<eof>")
               ? "; is a comma or a quote missing before it?"
               : "";
}

static int load(struct sd_script *script, const char *text, size_t len, struct sd_error *error)
{
    lua_State *L = script->L;
    if (luaL_loadbufferx(L, text, len, script->chunk, "t") == LUA_OK)
        return SD_OK;
    const char *why = lua_tostring(L, -1);
    size_t shown = strlen(script->shown);
    if (strncmp(why, script->shown, shown) != 0)
        sd_fail(error, SD_E_SCENARIO, "%s: %s", script->shown, why);
    else
        sd_fail(error, SD_E_SCENARIO, "%s%s", why,
                syntax_hint(why, text, why[shown] ? strtol(why + shown + 1, NULL, 10) : 1));
    lua_pop(L, 1);
    return SD_E_SCENARIO;
}

int sd_script_run(struct sd_script *script, const char *text, size_t len, struct sd_error *error)
{
    lua_State *L = script->L;
    struct text whole = {text, len};
    int line = wrong_line(text, len);
    if (line)
        return sd_fail(error, SD_E_SCENARIO, "%s:%d: expected UTF-8, found a byte that is none",
                       script->shown, line);
    lua_pushcfunction(L, keep_lines);
    lua_pushlightuserdata(L, &whole);
    int rc = sd_script_call(script, 1, 0, error);
    if (rc == SD_OK)
        rc = load(script, text, len, error);
    if (rc < 0)
        return rc;
    sd_script_push(script, "env");
    lua_setupvalue(L, -2, 1);
    return sd_script_call(script, 0, 1, error);
}

int sd_script_data(struct sd_script *script, const char *text, size_t len, struct sd_error *error)
{
    int rc = load(script, text, len, error);
    if (rc < 0)
        return rc;
    lua_newtable(script->L);
    lua_setupvalue(script->L, -2, 1);
    return sd_script_call(script, 0, 1, error);
}

int sd_script_read(const char *path, char **text, size_t *len, struct sd_error *error)
{
    *text = NULL;
    *len = 0;
    FILE *f = fopen(path, "rb");
    if (!f)
        return sd_fail(error, SD_E_IO, "cannot read %s: %s", path, strerror(errno));
    char *bytes = malloc(SD_SCRIPT_FILE_MAX + 1);
    size_t n = bytes ? fread(bytes, 1, SD_SCRIPT_FILE_MAX + 1, f) : 0;
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    int rc = SD_OK;
    if (!bytes)
        rc = sd_fail(error, SD_E_NOMEM, "out of memory for %s", path);
    else if (failed)
        rc = sd_fail(error, SD_E_IO, "cannot read %s: %s", path, strerror(failed));
    else if (n > SD_SCRIPT_FILE_MAX)
        rc = sd_fail(error, SD_E_SCENARIO, "%s: expected at most %u KiB, found more", path,
                     SD_SCRIPT_FILE_MAX >> 10);
    if (rc < 0) {
        free(bytes);
        return rc;
    }
    bytes[n] = '\0';
    char *fitted = realloc(bytes, n + 1);
    *text = fitted ? fitted : bytes;
    *len = n;
    return SD_OK;
}
