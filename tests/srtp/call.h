/* call.h - two SRTP agents in memory with a signalling service between them, for all tests here. */
#ifndef SD_TESTS_SRTP_CALL_H
#define SD_TESTS_SRTP_CALL_H

#include "protocols/srtp/agent.h"
#include "protocols/srtp/media.h"
#include "sim/mem/mem.h"
#include "tests/core/unit.h"

#define WAY (10 * SD_MS)
#define RTT (2 * WAY)

enum { CLIENT, SERVER };

struct call {
    struct sd_mem *mem;
    struct sd_config config[2];
    int talk;
    sd_sid sid[2]; /* of the newest session that is ready; 0: none */
};
struct call_options {
    const char *mode;                   /* NULL: fresh */
    const struct sd_option *options[2]; /* by seat */
    uint16_t path_mtu;
};
void call_make(struct call *, const struct call_options *);
/* Offer, answer, and the answer back.  SD_OK, or who refuses. */
int call_signal(struct call *);
void call_open(struct call *); /* and runs until nothing of it is under way */
/* All three, and asserts that both are ready. */
void call_begin(struct call *, const struct call_options *);
void call_run(struct call *, sd_time more);
/* From one seat to the other: `count` packets of 160 bytes, one every 20 ms, while time goes on. */
void call_talk(struct call *, int from, uint32_t count);
void call_check_heard(struct call *, int seat, uint32_t count); /* all of those, in order */
struct sd_stats call_stats(struct call *, int seat);
uint64_t call_dropped(struct call *, int seat, int reason);
struct sr_session *call_session(struct call *, int seat); /* NULL: none */
void call_end(struct call *); /* asserts that nothing is left on the heaps */

/* Fails with what was expected and found, and with what happened. */
#define call_check(call, expected, found, what)                                                    \
    call_check_at(call, (uint64_t)(expected), (uint64_t)(found), what, __FILE__, __LINE__)
void call_check_at(struct call *, uint64_t expected, uint64_t found, const char *what,
                   const char *file, int line);

#endif
