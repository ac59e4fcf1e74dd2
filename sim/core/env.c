/* env.c - the environment an agent lives in, and which one is entered. */
#include "sim/core/env.h"

#include <string.h>

#include "sim/core/error.h"
#include "sim/core/heap.h"

struct sd_env *sd_entered;

struct sd_env *sd_enter(struct sd_env *env)
{
    struct sd_env *before = sd_entered;
    sd_entered = env;
    return before;
}

void sd_leave(struct sd_env *before)
{
    sd_entered = before;
}

static void random_of_rng(struct sd_env *env, void *buf, size_t len)
{
    sd_rng_fill(&env->rng, buf, len);
}

int sd_env_init(struct sd_env *env, uint64_t seed)
{
    memset(env, 0, sizeof *env);
    env->epoch_s = SD_EPOCH_S;
    env->random = random_of_rng;
    sd_rng_seed(&env->rng, seed);
    env->heap = sd_heap_new();
    return env->heap != NULL ? SD_OK : SD_E_NOMEM;
}

void sd_env_fini(struct sd_env *env)
{
    sd_heap_unref(env->heap);
    sd_wipe(&env->rng, sizeof env->rng);
    env->heap = NULL;
}

void sd_random(struct sd_env *env, void *buf, size_t len)
{
    env->random(env, buf, len);
}

void sd_keylog(struct sd_env *env, enum sd_key_format format, const char *line)
{
    if (env->keylog != NULL)
        env->keylog(env->ctx, format, line);
}

void sd_wipe(void *secret, size_t len)
{
    if (len == 0)
        return;
    memset(secret, 0, len);
    __asm__ volatile("" : : "r"(secret) : "memory"); /* the zeros are needed */
}

bool sd_equal_ct(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *x = a, *y = b;
    unsigned differ = 0;
    for (size_t i = 0; i < len; i++)
        differ |= (unsigned)(x[i] ^ y[i]);
    return differ == 0;
}
