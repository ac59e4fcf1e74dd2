#include "sim/core/index.h"

#define FIRST_SIZE 8u

static void put(struct sd_index *x, struct sd_index_slot slot)
{
    uint32_t i = (uint32_t)slot.hash & (x->size - 1);
    while (x->slot[i].item)
        i = (i + 1) & (x->size - 1);
    x->slot[i] = slot;
}

static bool grow(struct sd_index *x, struct sd_env *env)
{
    struct sd_index wider = {.size = x->size ? 2 * x->size : FIRST_SIZE, .used = x->used};
    wider.slot = sd_alloc(env, wider.size * sizeof *wider.slot);
    if (!wider.slot)
        return false;
    for (uint32_t i = 0; i < x->size; i++)
        if (x->slot[i].item)
            put(&wider, x->slot[i]);
    sd_free(x->slot);
    *x = wider;
    return true;
}

bool sd_index_add(struct sd_index *x, struct sd_env *env, uint64_t hash, void *item)
{
    if (2 * (x->used + 1) > x->size && !grow(x, env))
        return false;
    put(x, (struct sd_index_slot){hash, item});
    x->used++;
    return true;
}

void *sd_index_find(const struct sd_index *x, uint64_t hash, uint32_t *cursor)
{
    for (; *cursor < x->size; ++*cursor) {
        const struct sd_index_slot *s = &x->slot[((uint32_t)hash + *cursor) & (x->size - 1)];
        if (!s->item)
            return NULL;
        if (s->hash == hash) {
            ++*cursor;
            return s->item;
        }
    }
    return NULL;
}

void *sd_index_any(const struct sd_index *x)
{
    for (uint32_t i = 0; i < x->size; i++)
        if (x->slot[i].item)
            return x->slot[i].item;
    return NULL;
}

/* From the end: what is taken out there moves nothing but what had wrapped around, to the same
 * place. */
void *sd_index_drain(const struct sd_index *x, uint32_t *place)
{
    for (; *place < x->size; ++*place)
        if (x->slot[x->size - 1 - *place].item)
            return x->slot[x->size - 1 - *place].item;
    return NULL;
}

void sd_index_remove(struct sd_index *x, uint64_t hash, const void *item)
{
    if (!x->size)
        return;
    uint32_t mask = x->size - 1, i = (uint32_t)hash & mask;
    while (x->slot[i].item && (x->slot[i].item != item || x->slot[i].hash != hash))
        i = (i + 1) & mask;
    if (!x->slot[i].item)
        return;
    x->used--;
    /* Close the gap: whoever was pushed past it by probing moves back. */
    for (uint32_t j = (i + 1) & mask; x->slot[j].item; j = (j + 1) & mask) {
        uint32_t home = (uint32_t)x->slot[j].hash & mask;
        if (((j - home) & mask) >= ((j - i) & mask)) {
            x->slot[i] = x->slot[j];
            i = j;
        }
    }
    x->slot[i] = (struct sd_index_slot){0};
}
