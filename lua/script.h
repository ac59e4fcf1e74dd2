/* script.h - a Lua state that a stranger's script may run in: bounded in memory and steps, without
 * a way out of the process.
 *
 * The prelude (lua/prelude, in the order of its list in CMakeLists.txt) makes the language; its
 * files share one table P, whose member `host` has what C gives them.  A script sees only the words
 * that the prelude puts into its environment. */
#ifndef SD_SCRIPT_H
#define SD_SCRIPT_H

#include "sim/core/error.h"
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#define SD_SCRIPT_FILE_MAX   (1u << 20) /* bytes of a script */
#define SD_SCRIPT_MEMORY_MAX (64u << 20)
/* Of one call: chunk, function of an event, measure. */
#define SD_SCRIPT_STEPS_MAX     20000000u
#define SD_SCRIPT_ALLOCATED_MAX (UINT64_C(4) << 30) /* bytes, freed ones too */

struct sd_script;

/* path names the chunk in messages; text, len are its bytes and may be freed afterwards.  Loads
 * nothing yet.  SD_OK, SD_E_NOMEM. */
int sd_script_create(struct sd_script **, const char *path, struct sd_error *);
void sd_script_free(struct sd_script *);
lua_State *sd_script_lua(struct sd_script *);
struct sd_script *sd_script_of(lua_State *);

/* Loads the prelude.  SD_E_INTERNAL when it is broken. */
int sd_script_prelude(struct sd_script *, struct sd_error *);
/* Runs the script's text in the prelude's environment, leaves its one value on the stack. */
int sd_script_run(struct sd_script *, const char *text, size_t len, struct sd_error *);
/* Compiles text and runs it in an empty environment: files that are data. */
int sd_script_data(struct sd_script *, const char *text, size_t len, struct sd_error *);

/* Calls the function below `args` values on the stack, with new limits.  On error nothing is left
 * on the stack; SD_E_SCENARIO "file:line: ...", or SD_E_USAGE when a setting is to blame. */
int sd_script_call(struct sd_script *, int args, int results, struct sd_error *);

/* Raises an error of the script's line that led here; returns never.  For C functions. */
int sd_script_fail(lua_State *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Pushes P[name] or P.host[name]. */
void sd_script_push(struct sd_script *, const char *name);
void sd_script_push_host(struct sd_script *);

/* Reads a whole file.  *text is malloc'd and NUL-ended.  SD_E_IO, SD_E_SCENARIO: too large. */
int sd_script_read(const char *path, char **text, size_t *len, struct sd_error *);

#endif
