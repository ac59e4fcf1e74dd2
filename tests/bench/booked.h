/* booked.h - what a protocol books: one conversation in memory, and the rows of its accounts. */
#ifndef SD_TESTS_BENCH_BOOKED_H
#define SD_TESTS_BENCH_BOOKED_H

#include "sim/mem/mem.h"

struct booked {
    const struct sd_agent_ops *protocol;
    const char *mode;
    const char *server; /* identity */
    bool mutual;
    enum sd_validation validation;
};

/* Two sessions one after the other, each with a request and a reply, and calls `row` for each row
 * of both accounts.  False: a session did not become ready. */
bool booked_rows(const struct booked *, void (*row)(void *ctx, const struct sd_account_row *),
                 void *ctx);

#endif
