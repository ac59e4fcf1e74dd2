#include "tests/minimalt/pair.h"

const struct sd_agent_ops *const pair_ops = &sd_minimalt_agent;

char pair_letter(const uint8_t *data, size_t len)
{
    struct mt_packet p;
    if (!mt_packet_parse(&p, (uint8_t *)(uintptr_t)data, len))
        return '?';
    if (p.puzzle)
        return p.key ? 'S' : 'P';
    if (p.key)
        return 'F';
    return p.box_len == MT_TAG_LEN + MT_TRANSPORT ? 'A' : 'T';
}

struct minimalt *pair_agent(struct pair *p, int seat)
{
    return (struct minimalt *)pair_agent_of(p, seat);
}

struct mt_tunnel *pair_tunnel(struct pair *p, int seat)
{
    const struct sd_index *x = &pair_agent(p, seat)->by_tid;
    for (uint32_t i = 0; i < x->size; i++) {
        struct mt_tunnel *t = x->slot[i].item;
        if (t && t->connections)
            return t;
    }
    return NULL;
}

void pair_calm(struct pair *p)
{
    pair_run(p, 10 * SD_SECOND);
    sd_mem_forget(p->mem);
}

void pair_cached(struct pair *p, const struct pair_options *o)
{
    pair_make(p, o);
    pair_open(p, o);
    pair_run(p, SD_SECOND);
    sd_mem_close(p->mem, p->client, p->client_sid);
    pair_calm(p);
    p->reply = o->reply;
}
