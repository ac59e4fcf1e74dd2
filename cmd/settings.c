/* Takes --set apart. */
#include "cmd/scenarios.h"
#include <string.h>

int sd_settings_parse(char *text, struct sd_setting *setting, size_t cap, size_t *count,
                      struct sd_error *error)
{
    size_t here = *count;
    for (char *item = text; item;) {
        char *comma = strchr(item, ',');
        char *equals = memchr(item, '=', comma ? (size_t)(comma - item) : strlen(item));
        if (equals) {
            if (equals == item || equals[1] == '\0' || equals[1] == ',')
                return sd_fail(error, SD_E_USAGE, "--set expects name=value, found '%s'", item);
            if (*count == cap)
                return sd_fail(error, SD_E_USAGE, "--set: more than %zu settings", cap);
            if (item > text)
                item[-1] = '\0'; /* ends the values before */
            *equals = '\0';
            setting[*count].name = item;
            setting[*count].values = equals + 1;
            ++*count;
        } else if (*count == here) {
            return sd_fail(error, SD_E_USAGE, "--set expects name=value[,value], found '%s'", item);
        } else if (item == comma || !*item) {
            return sd_fail(error, SD_E_USAGE, "--set expects a value after each comma, found none");
        }
        item = comma ? comma + 1 : NULL;
    }
    return SD_OK;
}
