#include "lua/arena.h"
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SLAB_BYTES (64 * 1024)
#define SPARE_MAX  64

struct sd_slab {
    struct sd_slab *next;
    alignas(max_align_t) char bytes[];
};

struct sd_arena_free {
    struct sd_arena_free *next;
};

/* Slabs that no arena has. */
static struct sd_slab *spare;
static unsigned spares;

static bool add_slab(struct sd_arena *a)
{
    struct sd_slab *slab = spare;
    if (slab) {
        spare = slab->next;
        spares--;
    } else if (!(slab = malloc(SLAB_BYTES))) {
        return false;
    }
    slab->next = a->slabs;
    a->slabs = slab;
    a->next = slab->bytes;
    a->end = (char *)slab + SLAB_BYTES;
    return true;
}

static size_t class_of(size_t size)
{
    return (size + SD_ARENA_GRAIN - 1) / SD_ARENA_GRAIN - 1;
}

static void *take(struct sd_arena *a, size_t size)
{
    size_t class = class_of(size);
    if (class >= SD_ARENA_CLASSES)
        return malloc(size);
    struct sd_arena_free *block = a->free[class];
    if (block) {
        a->free[class] = block->next;
        return block;
    }
    size_t whole = (class + 1) * SD_ARENA_GRAIN;
    if ((size_t)(a->end - a->next) < whole && !add_slab(a))
        return NULL;
    void *fresh = a->next;
    a->next += whole;
    return fresh;
}

static void give(struct sd_arena *a, void *block, size_t size)
{
    size_t class = class_of(size);
    if (class >= SD_ARENA_CLASSES) {
        free(block);
        return;
    }
    struct sd_arena_free *unused = block;
    unused->next = a->free[class];
    a->free[class] = unused;
}

void *sd_arena_resize(struct sd_arena *a, void *block, size_t was, size_t size)
{
    if (!block)
        return size ? take(a, size) : NULL;
    if (size == 0) {
        give(a, block, was);
        return NULL;
    }
    size_t before = class_of(was), after = class_of(size);
    if (before >= SD_ARENA_CLASSES && after >= SD_ARENA_CLASSES)
        return realloc(block, size);
    if (before == after)
        return block;
    void *moved = take(a, size);
    if (!moved)
        return size < was ? block : NULL; /* Lua relies on it that shrinking never fails */
    memcpy(moved, block, was < size ? was : size);
    give(a, block, was);
    return moved;
}

void sd_arena_fini(struct sd_arena *a)
{
    while (a->slabs) {
        struct sd_slab *slab = a->slabs;
        a->slabs = slab->next;
        if (spares == SPARE_MAX) {
            free(slab);
            continue;
        }
        slab->next = spare;
        spare = slab;
        spares++;
    }
    *a = (struct sd_arena){0};
}
