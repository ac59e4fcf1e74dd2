/* error.h - the one error table, and how a function says what went wrong.
 *
 * A message says where, what was expected, what was found and what to do. */
#ifndef SD_ERROR_H
#define SD_ERROR_H

#include <stdarg.h>

/* Results of every sd_ function that can fail.
 *   < 0  the caller, the script or the machine is at fault;
 *   = 0  fine;
 *   > 0  this one unit was dropped, for this reason; nobody here is at fault. */
enum sd_result {
    SD_E_INTERNAL = -9,    /* a rule of Shakedown's own was broken            */
    SD_E_PEER = -8,        /* a live peer did not answer or does not exist    */
    SD_E_SCENARIO = -7,    /* a script says something that cannot be          */
    SD_E_USAGE = -6,       /* a flag or argument is wrong                     */
    SD_E_IO = -5,          /* a file, disk or socket refused                  */
    SD_E_UNSUPPORTED = -4, /* the protocol or build does not have this        */
    SD_E_STATE = -3,       /* right call, wrong moment                        */
    SD_E_ARG = -2,         /* an argument is out of its range                 */
    SD_E_NOMEM = -1,
    SD_OK = 0,
    SD_DROP_MALFORMED,   /* does not parse                                    */
    SD_DROP_UNKNOWN,     /* no session, peer or message type fits             */
    SD_DROP_AUTH,        /* a tag, MAC, signature or certificate is wrong     */
    SD_DROP_REPLAY,      /* seen before, or too old to tell                   */
    SD_DROP_UNVALIDATED, /* answered with a cookie or token: come back        */
    SD_DROP_RATE,        /* over a rate limit                                 */
    SD_DROP_FULL,        /* a queue, table or backlog is full                 */
    SD_DROP_STATE,       /* not expected in this state                        */
    SD_DROP_POLICY,      /* configuration forbids it (cryptokey routing, selectors) */
    SD_DROP_MAX
};

/* "replay", "malformed", ...; "arg" for SD_E_ARG.  Never NULL. */
const char *sd_result_name(int result);
/* A sentence for people.  Never NULL. */
const char *sd_result_text(int result);

#define SD_ERROR_TEXT 640
struct sd_error {
    int code; /* enum sd_result, < 0, or SD_OK */
    char text[SD_ERROR_TEXT];
};

/* Fills *e (which may be NULL) and returns code, so that a caller can `return sd_fail(...)`. */
int sd_fail(struct sd_error *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The candidate nearest to word by edit distance, or NULL when none is near. list ends in NULL. */
const char *sd_nearest(const char *word, const char *const *list);

#endif
