/* arena.h - memory of a Lua state.  Every run has a state of its own, which lives for a millisecond
 * and makes ten thousand small blocks: they come from slabs, by size, and slabs go from one run to
 * the next. */
#ifndef SD_LUA_ARENA_H
#define SD_LUA_ARENA_H

#include <stddef.h>

#define SD_ARENA_CLASSES 32
#define SD_ARENA_GRAIN   16 /* classes are multiples of this; larger blocks are malloc()'s */

struct sd_arena {
    struct sd_slab *slabs;
    char *next, *end; /* what is left of the newest slab */
    struct sd_arena_free *free[SD_ARENA_CLASSES];
};

/* As realloc(), but for size 0, which frees; `was` is the block's size, and block may be NULL. */
void *sd_arena_resize(struct sd_arena *, void *block, size_t was, size_t size);
/* When every block was freed. */
void sd_arena_fini(struct sd_arena *);

#endif
