/* recorder.c - keeps what an agent is told and draws, to see what long-term keys open of it. */
#include "sim/node/inside.h"

static void on_random(struct sd_env *env, void *buf, size_t len)
{
    struct host *h = env->ctx;
    sd_rng_fill(&env->rng, buf, len);
    sd_tape_drew(h->tape, buf, len);
}

void lab_record(struct host *h)
{
    if (!h->set.recorded)
        return;
    h->tape = sd_tape_new();
    h->made = sd_net_now(h->lab->net);
    if (h->tape != NULL)
        h->env.random = on_random;
}

bool lab_opened(const struct host *h, uint64_t *bytes)
{
    return h != NULL && h->tape != NULL &&
           sd_tape_play(h->tape, h->ops, &h->config, h->made,
                        lab_seed(h->lab, "recorder", h->machine->name), bytes, NULL) == SD_OK;
}
