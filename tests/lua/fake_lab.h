/* fake_lab.h - a double of sim/node's lab: no network, no cryptography; it writes down what it is
 * asked for and tells of what a good network would do.
 *
 *   connect   "ready" at the client after 100 ms; with a request, "reply" after 200 ms
 *   send      "received all" at the other machine after 1 s
 *   rebind    "rebound" at the NAT at once */
#ifndef SD_FAKE_LAB_H
#define SD_FAKE_LAB_H

#include "sim/node/lab.h"

/* What happens besides; ends with machine NULL. */
struct fake_event {
    sd_time at;
    const char *machine, *name, *detail;
};
/* What is measured; ends with name NULL.  machine NULL: of the run. */
struct fake_metric {
    const char *name, *machine;
    uint64_t value;
};
extern const struct fake_event *fake_events;
extern const struct fake_metric *fake_metrics;

/* Lines such as "0.100 connect client server 0/0"; "" before the first lab.  Its time is s. */
extern char fake_log[65536];
extern struct sd_lab_config fake_config;

#endif
