/* table.c - open addressing; several connections may have the same hash. */
#include "protocols/curvecp/curvecp.h"

#define FIRST_SIZE 8u

static void put(struct cp_table *t, struct cp_slot slot)
{
    uint32_t i = (uint32_t)slot.hash & (t->size - 1);
    while (t->slot[i].connection)
        i = (i + 1) & (t->size - 1);
    t->slot[i] = slot;
}

static bool grow(struct cp_table *t, struct sd_env *env)
{
    struct cp_table wider = {.size = t->size ? 2 * t->size : FIRST_SIZE, .used = t->used};
    wider.slot = sd_alloc(env, wider.size * sizeof *wider.slot);
    if (!wider.slot)
        return false;
    for (uint32_t i = 0; i < t->size; i++)
        if (t->slot[i].connection)
            put(&wider, t->slot[i]);
    sd_free(t->slot);
    *t = wider;
    return true;
}

bool cp_table_add(struct cp_table *t, struct sd_env *env, uint64_t hash, struct cp_connection *c)
{
    if (2 * (t->used + 1) > t->size && !grow(t, env))
        return false;
    put(t, (struct cp_slot){hash, c});
    t->used++;
    return true;
}

struct cp_connection *cp_table_find(const struct cp_table *t, uint64_t hash, uint32_t *cursor)
{
    for (; *cursor < t->size; ++*cursor) {
        const struct cp_slot *s = &t->slot[((uint32_t)hash + *cursor) & (t->size - 1)];
        if (!s->connection)
            return NULL;
        if (s->hash == hash) {
            ++*cursor;
            return s->connection;
        }
    }
    return NULL;
}

void cp_table_remove(struct cp_table *t, uint64_t hash, const struct cp_connection *c)
{
    if (!t->size)
        return;
    uint32_t mask = t->size - 1, i = (uint32_t)hash & mask;
    while (t->slot[i].connection && t->slot[i].connection != c)
        i = (i + 1) & mask;
    if (!t->slot[i].connection)
        return;
    t->used--;
    /* Close the gap: whoever was pushed past it by probing moves back. */
    for (uint32_t j = (i + 1) & mask; t->slot[j].connection; j = (j + 1) & mask) {
        uint32_t home = (uint32_t)t->slot[j].hash & mask;
        if (((j - home) & mask) >= ((j - i) & mask)) {
            t->slot[i] = t->slot[j];
            i = j;
        }
    }
    t->slot[i] = (struct cp_slot){0};
}
