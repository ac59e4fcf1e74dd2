/* chain.c - runs a packet through a node's boxes, and resumes what a box put off. */
#include "sim/box/chain.h"

#include <stdlib.h>
#include <string.h>

/* Room behind a delayed packet for boxes that lengthen it. */
#define SLACK 128

struct place {
    int ifindex; /* -1: every interface */
    enum sd_direction direction;
    sd_box box;
    void *ctx;
};

/* A packet that waits in the chain, linked so that the chain can free it. */
struct put_off {
    struct put_off *next, **self;
    struct sd_chain *chain;
    sd_timer timer;
    size_t box; /* the first that it still has to meet */
    int ifindex;
    enum sd_direction direction;
    size_t len, cap;
    uint8_t data[];
};

struct sd_chain {
    struct sd_net *net;
    int node;
    struct place *place;
    size_t places, room;
    struct put_off *waiting;
};

static enum sd_verdict run(struct sd_chain *chain, size_t first, struct sd_packet *packet)
{
    enum sd_verdict result = SD_PASS;
    for (size_t i = first; i < chain->places; i++) {
        const struct place *p = &chain->place[i];
        if (p->direction != packet->direction ||
            (p->ifindex != -1 && p->ifindex != packet->ifindex))
            continue;
        struct sd_passage passage = {.packet = packet, .chain = chain, .box = i};
        enum sd_verdict verdict = p->box(p->ctx, &passage);
        if (verdict == SD_DROP)
            return SD_DROP;
        if (verdict == SD_CHANGED)
            result = SD_CHANGED;
    }
    return result;
}

static enum sd_verdict hook(void *ctx, struct sd_packet *packet)
{
    return run(ctx, 0, packet);
}

int sd_chain_create(struct sd_chain **out, struct sd_net *net, int node)
{
    struct sd_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL)
        return SD_E_NOMEM;
    chain->net = net;
    chain->node = node;
    int result = sd_net_hook(net, node, hook, chain);
    if (result != SD_OK) {
        free(chain);
        return result;
    }
    *out = chain;
    return SD_OK;
}

static void forget(struct put_off *p)
{
    *p->self = p->next;
    if (p->next != NULL)
        p->next->self = p->self;
    free(p);
}

void sd_chain_destroy(struct sd_chain *chain)
{
    if (chain == NULL)
        return;
    sd_net_hook(chain->net, chain->node, NULL, NULL);
    while (chain->waiting != NULL) {
        sd_net_cancel(chain->net, chain->waiting->timer);
        forget(chain->waiting);
    }
    free(chain->place);
    free(chain);
}

int sd_chain_add(struct sd_chain *chain, int ifindex, enum sd_direction direction, sd_box box,
                 void *ctx)
{
    if (ifindex < -1 || box == NULL)
        return SD_E_ARG;
    if (chain->places == chain->room) {
        size_t room = chain->room == 0 ? 8 : chain->room * 2;
        struct place *more = realloc(chain->place, room * sizeof *more);
        if (more == NULL)
            return SD_E_NOMEM;
        chain->place = more;
        chain->room = room;
    }
    chain->place[chain->places++] =
        (struct place){.ifindex = ifindex, .direction = direction, .box = box, .ctx = ctx};
    return SD_OK;
}

static void resume(void *ctx)
{
    struct put_off *p = ctx;
    struct sd_chain *chain = p->chain;
    struct sd_packet packet = {.data = p->data,
                               .len = p->len,
                               .cap = p->cap,
                               .node = chain->node,
                               .ifindex = p->ifindex,
                               .direction = p->direction,
                               .now = sd_net_now(chain->net)};
    if (run(chain, p->box, &packet) != SD_DROP)
        sd_net_inject(chain->net, chain->node, packet.ifindex, packet.direction, packet.data,
                      packet.len, 0);
    forget(p);
}

static int put_off(struct sd_chain *chain, size_t box, int ifindex, enum sd_direction direction,
                   const uint8_t *data, size_t len, sd_time delay)
{
    struct put_off *p = malloc(sizeof *p + len + SLACK);
    if (p == NULL)
        return SD_E_NOMEM;
    *p = (struct put_off){.chain = chain,
                          .box = box,
                          .ifindex = ifindex,
                          .direction = direction,
                          .len = len,
                          .cap = len + SLACK};
    memcpy(p->data, data, len);
    p->timer = sd_net_after(chain->net, delay, resume, p);
    if (p->timer == 0) {
        free(p);
        return SD_E_ARG;
    }
    p->self = &chain->waiting;
    p->next = chain->waiting;
    if (p->next != NULL)
        p->next->self = &p->next;
    chain->waiting = p;
    return SD_OK;
}

int sd_chain_later(const struct sd_passage *passage, const uint8_t *data, size_t len, sd_time delay)
{
    return put_off(passage->chain, passage->box + 1, passage->packet->ifindex,
                   passage->packet->direction, data, len, delay);
}

int sd_chain_inject(struct sd_chain *chain, int ifindex, enum sd_direction direction,
                    const uint8_t *data, size_t len)
{
    return put_off(chain, 0, ifindex, direction, data, len, 0);
}

enum sd_verdict sd_tap_box_pass(void *ctx, struct sd_passage *passage)
{
    struct sd_tap_box *tap = ctx;
    tap->see(tap->ctx, passage->packet);
    return SD_PASS;
}
