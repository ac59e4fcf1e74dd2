#include "tests/lua/script_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64] = "/tmp/sd_lua_XXXXXX", path[128];

int script_setup(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/case.lua", folder);
    return 0;
}

int script_teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

struct sd_scenario *script_load(const char *text, const struct sd_scenario_config *config,
                                struct sd_error *error)
{
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        abort();
    struct sd_scenario *s = NULL;
    *error = (struct sd_error){0};
    int rc = sd_scenario_load(&s, path, config, error);
    if (rc < 0 && rc != error->code)
        abort();
    /* Messages begin with the path: without the folder they are the same everywhere. */
    size_t len = strlen(folder) + 1;
    for (char *at = error->text; (at = strstr(at, folder)); at++)
        memmove(at, at + len, strlen(at + len) + 1);
    return s;
}

struct sd_scenario *script_load_set(const char *text, const char *settings, struct sd_error *error)
{
    char copy[512], *save = NULL;
    struct sd_setting setting[8];
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *one = strtok_r(copy, " ", &save); one && count < 8;
         one = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(one, '=');
        *equals = '\0';
        setting[count++] = (struct sd_setting){one, equals + 1};
    }
    struct sd_scenario_config config = {
        .settings = setting, .setting_count = count, .base_seed = 1};
    return script_load(text, &config, error);
}
