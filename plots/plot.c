#include "plots/plot.h"

int sd_plots_draw(const char *dir, size_t *drawn, struct sd_error *error)
{
    if (drawn)
        *drawn = 0;
    return sd_fail(error, SD_E_UNSUPPORTED, "%s: no plots can be drawn yet", dir);
}
