/* bench.h - what a benchmark is: a name, what it measures, and a function that reports rows.
 *
 * To add one, write its function in a file of its own and a line in table.c.  Costs are processor
 * time: the machine is shared.  What is compared is measured in turns, so that a disturbance hits
 * both sides, and of each side the best counts, because a disturbance only ever adds. */
#ifndef SD_BENCH_H
#define SD_BENCH_H

#include "sim/core/error.h"
#include <stdbool.h>
#include <stddef.h>

/* One line of the result. */
struct bench_row {
    const char *name; /* "tls13-alone" */
    const char *unit; /* NULL: a ratio; else "packets/s" */
    double value;     /* > 0 */
    double at_most;   /* the target; 0: there is none */
    char what[112];   /* "CPU of a simulated handshake / on bare libssl" */
    char detail[96];  /* the two sides: "1.52 ms / 0.94 ms" */
    char beside[64];  /* for comparison; may be empty */
};

struct bench_run; /* where rows go */

struct bench {
    const char *name;
    const char *what; /* one line for --help and for stderr while it runs */
    /* Reports its rows.  quick: in a second or two, with fewer and smaller rounds.  SD_OK, or why
     * something did not run. */
    int (*run)(struct bench_run *, bool quick, struct sd_error *);
};
extern const struct bench benches[]; /* ends with name NULL */

void bench_report(struct bench_run *, const struct bench_row *);

/* -- measuring: measure.c -- */

/* ns of processor time for one operation of this side, or < 0 and *error. */
typedef double (*bench_cost)(void *ctx, struct sd_error *);
struct bench_side {
    bench_cost cost;
    void *ctx;
    double best_ns; /* out */
};
/* Measures both in turns, `rounds` times each. */
int bench_in_turns(struct bench_side *, struct bench_side *, int rounds, struct sd_error *);
/* The row's value becomes a's best / b's best and its detail both costs. */
void bench_ratio(struct bench_row *, const struct bench_side *a, const struct bench_side *b);

/* -- the benchmarks -- */

int bench_flood(struct bench_run *, bool quick, struct sd_error *);
int bench_loss_sweep(struct bench_run *, bool quick, struct sd_error *);
int bench_curvecp(struct bench_run *, bool quick, struct sd_error *);
int bench_dtls13(struct bench_run *, bool quick, struct sd_error *);
int bench_gquic(struct bench_run *, bool quick, struct sd_error *);
int bench_minimalt(struct bench_run *, bool quick, struct sd_error *);
int bench_tcpcrypt(struct bench_run *, bool quick, struct sd_error *);
int bench_ipsec(struct bench_run *, bool quick, struct sd_error *);
int bench_wireguard(struct bench_run *, bool quick, struct sd_error *);
int bench_esp(struct bench_run *, bool quick, struct sd_error *);
int bench_srtp(struct bench_run *, bool quick, struct sd_error *);
int bench_forwarding(struct bench_run *, bool quick, struct sd_error *);
int bench_tls13_scale(struct bench_run *, bool quick, struct sd_error *);
int bench_wireguard_scale(struct bench_run *, bool quick, struct sd_error *);
int bench_quic(struct bench_run *, bool quick, struct sd_error *);
int bench_tls13(struct bench_run *, bool quick, struct sd_error *);

#endif
