/* env.h - what a host gives an agent: time, randomness, memory, a place for keys, an account.
 *
 * A host enters an agent's env before it calls the agent and leaves it afterwards (settle.c does
 * both).  While an env is entered, time(), gettimeofday() and clock_gettime() answer in its
 * virtual time, OpenSSL, libsodium and GnuTLS draw from its random stream and book their work
 * and memory on it; outside, the process lives in real time (clock.c, interpose_openssl.c). */
#ifndef SD_ENV_H
#define SD_ENV_H

#include "sim/core/account.h"
#include "sim/core/base.h"
#include "sim/core/random.h"

enum sd_key_format { SD_KEYS_TLS, SD_KEYS_WIREGUARD, SD_KEYS_IKE, SD_KEYS_ESP };

/* Bytes that belong to an agent, OpenSSL's on its behalf included.  Reference-counted by its
 * blocks: it outlives its env while a block lives. */
struct sd_heap;

struct sd_env {
    sd_time now;      /* set by the host before each call */
    uint64_t epoch_s; /* Unix time at sd_time 0: certificates, TAI64N */
    void (*random)(struct sd_env *, void *buf, size_t len); /* by default from rng */
    struct sd_rng rng;
    /* One line of a key log, without newline; NULL when nobody listens.  ctx is the host's. */
    void (*keylog)(void *ctx, enum sd_key_format, const char *line);
    /* More of a session's log in a format that the protocol's library writes ("sqlog", RFC 7464);
     * NULL when nobody keeps it.  Set before the agent is made. */
    void (*log)(void *ctx, const char *format, uint32_t sid, const void *data, size_t len);
    void *ctx;
    struct sd_account account;
    struct sd_heap *heap;
};

/* 2018-09-01T00:00:00Z: the survey's year.  Every certificate of the lab is valid then. */
#define SD_EPOCH_S UINT64_C(1535760000)

/* Seeds rng, makes a heap, sets epoch and the default random.  SD_OK or SD_E_NOMEM. */
int sd_env_init(struct sd_env *env, uint64_t seed);
void sd_env_fini(struct sd_env *env);

extern struct sd_env *sd_entered;            /* NULL: no agent is entered */
struct sd_env *sd_enter(struct sd_env *env); /* returns who was entered before */
void sd_leave(struct sd_env *before);

void sd_random(struct sd_env *env, void *buf, size_t len);
void sd_keylog(struct sd_env *env, enum sd_key_format format, const char *line);

/* Zeroed memory booked on env's heap; NULL when there is none. sd_free wipes, NULL is fine. */
void *sd_alloc(struct sd_env *env, size_t size);
void *sd_realloc(struct sd_env *env, void *block, size_t size);
void sd_free(void *block);
/* The same for a library that sets and wipes what it must itself: neither zeroed nor wiped. */
void *sd_take(struct sd_env *env, size_t size);
void *sd_retake(struct sd_env *env, void *block, size_t size);
void sd_give(void *block);
uint64_t sd_heap_bytes(const struct sd_env *env);
uint64_t sd_heap_peak(const struct sd_env *env);

void sd_wipe(void *secret, size_t len);                     /* never optimised away */
bool sd_equal_ct(const void *a, const void *b, size_t len); /* constant time */

/* Once, first thing in main() of every program: memory hooks and RAND method of OpenSSL,
 * libsodium's generator, start-up self-test of the clock.  SD_OK or SD_E_INTERNAL. */
int sd_core_init(void);

#endif
