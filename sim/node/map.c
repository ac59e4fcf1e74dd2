/* map.c - open addressing with linear probing; never more than half full. */
#include "sim/node/map.h"
#include "sim/core/random.h"

#include <stdlib.h>

static struct lab_slot *place(const struct lab_map *m, uint64_t key)
{
    uint64_t at = sd_hash_u64(0, key) & (m->size - 1);
    while (m->slot[at].key != 0 && m->slot[at].key != key)
        at = (at + 1) & (m->size - 1);
    return &m->slot[at];
}

static void grow(struct lab_map *m)
{
    struct lab_map bigger = {.size = m->size != 0 ? m->size * 2 : 64, .used = m->used};
    bigger.slot = calloc(bigger.size, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        abort();
    for (uint64_t i = 0; i < m->size; i++)
        if (m->slot[i].key != 0)
            *place(&bigger, m->slot[i].key) = m->slot[i];
    free(m->slot);
    *m = bigger;
}

void lab_map_put(struct lab_map *m, uint64_t key, uint64_t value)
{
    if (m->used * 2 >= m->size)
        grow(m);
    struct lab_slot *s = place(m, key);
    m->used += s->key == 0;
    *s = (struct lab_slot){key, value};
}

bool lab_map_get(const struct lab_map *m, uint64_t key, uint64_t *value)
{
    if (m->size == 0)
        return false;
    const struct lab_slot *s = place(m, key);
    if (s->key == 0)
        return false;
    *value = s->value;
    return true;
}

void lab_map_free(struct lab_map *m)
{
    free(m->slot);
    *m = (struct lab_map){0};
}
