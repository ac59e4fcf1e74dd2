#include "tests/lua/tree.h"
#include "sim/core/root.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct sd_scenario *tree_scenario(const char *path, const char *settings, bool quick,
                                  uint32_t repeats)
{
    char whole[4096], copy[512], *save = NULL;
    struct sd_setting setting[8];
    struct sd_scenario_config config = {
        .settings = setting, .base_seed = 1, .quick = quick, .repeats = repeats};
    struct sd_error error = {0};
    struct sd_scenario *s = NULL;
    snprintf(whole, sizeof whole, "%s/%s", sd_root(&error), path);
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *one = strtok_r(copy, " ", &save); one && config.setting_count < 8;
         one = strtok_r(NULL, " ", &save)) {
        char *equals = strchr(one, '=');
        *equals = '\0';
        setting[config.setting_count++] = (struct sd_setting){one, equals + 1};
    }
    if (sd_scenario_load(&s, whole, &config, &error) < 0)
        fail_msg("%s", error.text);
    return s;
}
