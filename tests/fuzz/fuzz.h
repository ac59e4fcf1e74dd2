/* fuzz.h - what a fuzz target defines, and what it may use.
 *
 *   sd_fuzz(fuzz_wireguard SOURCES fuzz_wireguard.c USES sd_wireguard sd_fuzz_agent)
 *
 * sd_core_init() has run before the first input.  A finding is a crash, an abort(), a sanitizer's
 * report or an input that takes over ten seconds; its bytes go to crash-NAME-HASH in the current
 * directory and as hex to stderr, and `NAME FILE` runs it again. */
#ifndef SD_FUZZ_H
#define SD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define SD_FUZZ_INPUT_MAX 16384

/* One input; returns 0. data ends at an unreadable page. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Optional: gives inputs to begin with, by add(). */
void sd_fuzz_seeds(void (*add)(const void *data, size_t len)) __attribute__((weak));

/* -- whole agents (agent.c, target sd_fuzz_agent) -- */

struct sd_agent_ops;
struct sd_config;
struct sd_mem;
struct sd_fuzz_agent {
    const struct sd_agent_ops *ops;
    const struct sd_config *client, *server;
    int carrier;         /* index into the protocol's carriers */
    const void *message; /* application data (tunnels: an inner packet), sent each way once ready */
    size_t message_len;
    /* Optional: makes the changed unit, which goes to seat `to`, good where no mutation can guess:
     * checksums, MACs, encryption under keys that the receiver has by now. */
    void (*mend)(struct sd_mem *, int to, uint8_t *data, size_t len);
};
/* A conversation over memory in which one unit is not what it was.  Input: which unit (1), how (1:
 * bit 0: in its place, else before it; always in its place on streams; bit 1: mended), then the
 * bytes. */
void sd_fuzz_agent_input(const struct sd_fuzz_agent *, const uint8_t *data, size_t len);
/* Every unit of an undisturbed conversation as a seed, in every `how`. */
void sd_fuzz_agent_seeds(const struct sd_fuzz_agent *, void (*add)(const void *data, size_t len));

#endif
