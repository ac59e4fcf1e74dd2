/* heap.c - memory booked on its owner.  Every block carries its size and its heap in front, so
 * that it may be freed whoever is entered then, and after its env is gone. */
#include "sim/core/heap.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct sd_heap {
    uint64_t references; /* one per block and one of the env */
    uint64_t bytes, peak;
};

struct block {
    size_t size;
    struct sd_heap *heap;
    alignas(max_align_t) unsigned char data[];
};

static struct block *block_of(const void *data)
{
    return (struct block *)(uintptr_t)((const char *)data - offsetof(struct block, data));
}

struct sd_heap *sd_heap_new(void)
{
    struct sd_heap *heap = calloc(1, sizeof *heap);
    if (heap != NULL)
        heap->references = 1;
    return heap;
}

void sd_heap_unref(struct sd_heap *heap)
{
    if (heap != NULL && --heap->references == 0)
        free(heap);
}

static void book(struct sd_heap *heap, size_t more, size_t less)
{
    if (heap == NULL)
        return;
    heap->bytes += more - less;
    if (heap->bytes > heap->peak)
        heap->peak = heap->bytes;
}

void *sd_block_new(struct sd_heap *heap, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct block))
        return NULL;
    struct block *b = malloc(sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    b->heap = heap;
    if (heap != NULL)
        heap->references++;
    book(heap, size, 0);
    return b->data;
}

void *sd_block_resize(void *data, size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(struct block))
        return NULL;
    struct block *b = block_of(data);
    size_t before = b->size;
    b = realloc(b, sizeof *b + size);
    if (b == NULL)
        return NULL;
    b->size = size;
    book(b->heap, size, before);
    return b->data;
}

void sd_block_free(void *data)
{
    struct block *b = block_of(data);
    struct sd_heap *heap = b->heap;
    book(heap, 0, b->size);
    free(b);
    sd_heap_unref(heap);
}

void *sd_alloc(struct sd_env *env, size_t size)
{
    void *data = sd_block_new(env != NULL ? env->heap : NULL, size);
    if (data != NULL)
        memset(data, 0, size);
    return data;
}

void *sd_realloc(struct sd_env *env, void *data, size_t size)
{
    if (data == NULL)
        return sd_alloc(env, size);
    /* realloc() may move and leave the old bytes behind unwiped: move by hand. */
    size_t before = block_of(data)->size;
    void *moved = sd_block_new(block_of(data)->heap, size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, data, before < size ? before : size);
    if (size > before)
        memset((char *)moved + before, 0, size - before);
    sd_free(data);
    return moved;
}

void sd_free(void *data)
{
    if (data == NULL)
        return;
    sd_wipe(data, block_of(data)->size);
    sd_block_free(data);
}

void *sd_take(struct sd_env *env, size_t size)
{
    return sd_block_new(env != NULL ? env->heap : NULL, size);
}

void *sd_retake(struct sd_env *env, void *data, size_t size)
{
    return data != NULL ? sd_block_resize(data, size) : sd_take(env, size);
}

void sd_give(void *data)
{
    if (data != NULL)
        sd_block_free(data);
}

uint64_t sd_heap_bytes(const struct sd_env *env)
{
    return env->heap != NULL ? env->heap->bytes : 0;
}

uint64_t sd_heap_peak(const struct sd_env *env)
{
    return env->heap != NULL ? env->heap->peak : 0;
}
