/* heap.h - private to sim/core: blocks that know their size and whose heap they are on. */
#ifndef SD_HEAP_H
#define SD_HEAP_H

#include "sim/core/env.h"

struct sd_heap *sd_heap_new(void);
void sd_heap_unref(struct sd_heap *); /* freed with its last block */

/* heap NULL: memory of the process, on nobody's heap. NULL: there is none. */
void *sd_block_new(struct sd_heap *heap, size_t size);
void *sd_block_resize(void *block, size_t size); /* stays on its heap; NULL: block is untouched */
void sd_block_free(void *block);                 /* block not NULL */

#endif
