/* probe.h - the cryptographic operations that accounts know by name, each ready to be timed.
 *
 * An operation costs the same whichever library a protocol takes it from, so that tables compare
 * protocols and not libraries: libcrypto's price where it has the operation, else that of the
 * lab's own wrapper. */
#ifndef SD_PROBE_H
#define SD_PROBE_H

#include "sim/core/account.h"

struct probe_tools;

struct probe {
    enum sd_op op;
    const char *alg;     /* as accounts spell it */
    const char *library; /* as libcrypto spells it; NULL: `once` needs no tools of it */
    bool bulk;           /* the price depends on the number of bytes */
    bool (*once)(struct probe_tools *, size_t len);
};
extern const struct probe probes[]; /* ends with alg NULL */

/* Names for the same work as another's, and "*": any algorithm of the kind that has no row. */
struct probe_alias {
    enum sd_op op;
    const char *alg;
    enum sd_op as_op;
    const char *as;
};
extern const struct probe_alias probe_aliases[]; /* ends with alg NULL */

/* Times every operation `rounds` times and keeps the best, because what disturbs a measurement only
 * ever adds: each round goes through all operations, some 250 ms of processor time, so that a
 * disturbance of a second spoils no price.  price[i] is of probes[i].  Calls `round` before each
 * round.  NULL, or the operation that libcrypto here cannot do. */
struct probe_price {
    double base_ns, per_kib_ns;
};
const struct probe *probe_measure(int rounds, struct probe_price *price, void (*round)(int number));

/* What handling one datagram costs apart from cryptography, in ns: the mean of a send and a
 * receive of 1200 bytes over loopback, the best of `rounds`.  0: there is no loopback here. */
double probe_unit_ns(int rounds);

#endif
