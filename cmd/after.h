/* after.h - what `run` and `survey` do once the runs are over: words, tables, plots, report. */
#ifndef SD_AFTER_H
#define SD_AFTER_H

#include "cmd/campaign.h"

/* Says how the runs went (result: of sd_campaign_run()); writes tables when they are all there.
 * Returns the command's exit code. */
int sd_after_runs(const struct sd_campaign *, const struct sd_tally *, int result,
                  struct sd_error *);

/* The tables on stdout; of a long one the first lines, and where the rest is. */
void sd_after_show_tables(const struct sd_campaign *);

/* The plots.  Returns status, or that of what went wrong. */
int sd_after_plots(const struct sd_campaign *, int status);

/* Ladders of every kept trace, then report.html.  Returns status, or that of what went wrong. */
int sd_after_report(const struct sd_campaign *, int status);

#endif
