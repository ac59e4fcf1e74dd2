#include "sim/core/root.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_scenarios(const char *root)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/scenarios", root) < (int)sizeof path &&
           access(path, R_OK | X_OK) == 0;
}

const char *sd_root(struct sd_error *error)
{
    static char beside[PATH_MAX];
    const char *named = getenv("SHAKEDOWN_ROOT");
    if (named && *named) {
        if (has_scenarios(named))
            return named;
        sd_fail(error, SD_E_IO, "SHAKEDOWN_ROOT is %s, but %s/scenarios cannot be read", named,
                named);
        return NULL;
    }
    if (has_scenarios(SD_BUILT_FROM))
        return SD_BUILT_FROM;
    ssize_t len = readlink("/proc/self/exe", beside, sizeof beside - 1);
    for (int up = 0; len > 0 && up < 2; up++) { /* ROOT/build/shakedown */
        beside[len] = '\0';
        char *slash = strrchr(beside, '/');
        len = slash ? slash - beside : 0;
    }
    if (len > 0) {
        beside[len] = '\0';
        if (has_scenarios(beside))
            return beside;
    }
    sd_fail(error, SD_E_IO,
            "no scenarios/ in %s nor above the executable; set SHAKEDOWN_ROOT to the source tree",
            SD_BUILT_FROM);
    return NULL;
}
