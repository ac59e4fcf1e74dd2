/* report.h - dir/report.html: one file that needs no network, from what is stored in dir. */
#ifndef SD_REPORT_H
#define SD_REPORT_H

#include "sim/core/error.h"

/* Writes dir/report.html; inlines dir/plots and dir/ladders as they are. */
int sd_report_write(const char *dir, struct sd_error *);

#endif
