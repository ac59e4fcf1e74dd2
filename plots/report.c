#include "plots/report.h"

int sd_report_write(const char *dir, struct sd_error *error)
{
    return sd_fail(error, SD_E_UNSUPPORTED, "%s: no report can be written yet", dir);
}
