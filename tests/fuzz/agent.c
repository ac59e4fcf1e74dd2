/* agent.c - fuzzes whole agents: a conversation over memory with one unit changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mem/mem.h"
#include "tests/fuzz/fuzz.h"

#define CONVERSATION_END (20 * SD_SECOND)

struct conversation {
    const struct sd_fuzz_agent *fuzz;
    struct sd_mem *mem;
    int client, server;
    size_t target; /* the unit to change; SIZE_MAX: none */
    size_t seen;
    bool replace, mend;
    uint8_t bytes[SD_FUZZ_INPUT_MAX];
    size_t len;
};

static bool change(void *ctx, struct sd_mem_unit *u)
{
    struct conversation *c = ctx;
    if (u->segment != 0 || c->seen++ != c->target)
        return true;
    if (c->mend && u->to >= 0)
        c->fuzz->mend(c->mem, u->to, c->bytes, c->len);
    if (c->replace || u->number == 0) {
        /* Longer bytes than the unit had are injected, where that is possible. */
        if (u->number != 0 && c->len > u->len && u->to >= 0) {
            sd_mem_inject(c->mem, u->to, &u->path, c->bytes, c->len);
            return false;
        }
        if (c->len < u->len)
            u->len = c->len;
        if (u->len > 0)
            memcpy(u->data, c->bytes, u->len);
        return true;
    }
    if (u->to >= 0)
        sd_mem_inject(c->mem, u->to, &u->path, c->bytes, c->len);
    return true;
}

static void on_event(void *ctx, const struct sd_mem_event *e)
{
    struct conversation *c = ctx;
    if (e->kind != SD_EV_READY || c->fuzz->message_len == 0)
        return;
    bool tunnel = c->fuzz->ops->service == SD_SERVICE_IP;
    sd_mem_send(c->mem, e->seat, tunnel ? 0 : e->sid, 0, c->fuzz->message, c->fuzz->message_len,
                false);
}

static void converse(struct conversation *c)
{
    c->mem = sd_mem_new(1);
    sd_mem_on_unit(c->mem, change, c);
    sd_mem_watch(c->mem, on_event, c);
    c->client = sd_mem_add(c->mem, c->fuzz->ops, c->fuzz->client, 2);
    c->server = sd_mem_add(c->mem, c->fuzz->ops, c->fuzz->server, 3);
    if (c->client < 0 || c->server < 0) {
        fprintf(stderr, "%s: %s\n", c->fuzz->ops->name, sd_mem_error(c->mem));
        abort();
    }
    sd_mem_connect_with(c->mem, &(struct sd_mem_connect){.client = c->client,
                                                         .server = c->server,
                                                         .carrier = c->fuzz->carrier});
    sd_mem_run(c->mem, CONVERSATION_END);
}

void sd_fuzz_agent_input(const struct sd_fuzz_agent *fuzz, const uint8_t *data, size_t len)
{
    static struct conversation c;
    if (len < 2 || len - 2 > sizeof c.bytes)
        return;
    c = (struct conversation){.fuzz = fuzz,
                              .target = data[0],
                              .replace = data[1] & 1,
                              .mend = fuzz->mend && data[1] & 2,
                              .len = len - 2};
    memcpy(c.bytes, data + 2, c.len);
    converse(&c);
    uint64_t left = sd_mem_free(c.mem);
    if (left != 0) {
        fprintf(stderr, "%s: %llu bytes were never freed\n", fuzz->ops->name,
                (unsigned long long)left);
        abort();
    }
}

void sd_fuzz_agent_seeds(const struct sd_fuzz_agent *fuzz, void (*add)(const void *, size_t))
{
    static struct conversation c;
    c = (struct conversation){.fuzz = fuzz, .target = SIZE_MAX};
    converse(&c);
    uint8_t seed[SD_FUZZ_INPUT_MAX];
    size_t number = 0;
    for (size_t i = 0; i < sd_mem_units(c.mem) && number < 64; i++) {
        const struct sd_mem_unit *u = sd_mem_unit(c.mem, i);
        if (u->segment != 0)
            continue;
        size_t len = u->len < sizeof seed - 2 ? u->len : sizeof seed - 2;
        seed[0] = (uint8_t)number++;
        memcpy(seed + 2, u->data, len);
        for (seed[1] = 0; seed[1] < (fuzz->mend ? 4 : 2); seed[1]++)
            add(seed, len + 2);
    }
    sd_mem_free(c.mem);
}
