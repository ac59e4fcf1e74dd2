/* nat_table.c - two chained hash tables over the same bindings. */
#include "sim/box/nat_table.h"

#include <stdlib.h>

#define FIRST_BUCKETS 64

static size_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15) ^ b;
    h = (h ^ h >> 32) * UINT64_C(0xbf58476d1ce4e5b9);
    return (size_t)(h ^ h >> 29);
}

static size_t inside_hash(uint8_t proto, uint32_t ip, uint16_t port, uint32_t remote_ip,
                          uint16_t remote_port)
{
    return mix((uint64_t)ip << 32 | (uint64_t)port << 16 | proto,
               (uint64_t)remote_ip << 16 | remote_port);
}

/* By what is ours alone: bindings of several peers may share a port. */
static size_t outside_hash(uint8_t proto, uint32_t ip, uint16_t port)
{
    return mix((uint64_t)ip << 32 | (uint64_t)port << 16 | proto, 0);
}

void nat_table_link(struct nat_table *t, struct binding *b)
{
    size_t i = inside_hash(b->proto, b->inside_ip, b->inside_port, b->remote_ip, b->remote_port) &
               (t->buckets - 1);
    size_t o = outside_hash(b->proto, b->external_ip, b->external_port) & (t->buckets - 1);
    b->next_inside = t->inside[i];
    t->inside[i] = b;
    b->next_outside = t->outside[o];
    t->outside[o] = b;
}

static bool resize(struct nat_table *t, size_t buckets)
{
    struct binding **inside = calloc(buckets, sizeof *inside);
    struct binding **outside = calloc(buckets, sizeof *outside);
    if (inside == NULL || outside == NULL) {
        free(inside);
        free(outside);
        return false;
    }
    free(t->inside);
    free(t->outside);
    t->inside = inside;
    t->outside = outside;
    t->buckets = buckets;
    for (struct binding *b = t->all; b != NULL; b = b->next)
        nat_table_link(t, b);
    return true;
}

void nat_table_unlink_all(struct nat_table *t)
{
    for (size_t i = 0; i < t->buckets; i++)
        t->inside[i] = t->outside[i] = NULL;
}

void nat_table_free(struct nat_table *t)
{
    while (t->all != NULL) {
        struct binding *b = t->all;
        t->all = b->next;
        free(b);
    }
    free(t->inside);
    free(t->outside);
    *t = (struct nat_table){0};
}

struct binding *nat_table_find_inside(const struct nat_table *t, uint8_t proto, uint32_t inside_ip,
                                      uint16_t inside_port, uint32_t remote_ip,
                                      uint16_t remote_port)
{
    if (t->buckets == 0)
        return NULL;
    size_t i = inside_hash(proto, inside_ip, inside_port, remote_ip, remote_port);
    struct binding *b = t->inside[i & (t->buckets - 1)];
    while (b != NULL &&
           !(b->proto == proto && b->inside_ip == inside_ip && b->inside_port == inside_port &&
             b->remote_ip == remote_ip && b->remote_port == remote_port))
        b = b->next_inside;
    return b;
}

static struct binding *outside_bucket(const struct nat_table *t, uint8_t proto, uint32_t ip,
                                      uint16_t port)
{
    return t->buckets == 0 ? NULL : t->outside[outside_hash(proto, ip, port) & (t->buckets - 1)];
}

struct binding *nat_table_find_outside(const struct nat_table *t, uint8_t proto,
                                       uint32_t external_ip, uint16_t external_port,
                                       uint32_t remote_ip, uint16_t remote_port)
{
    struct binding *b = outside_bucket(t, proto, external_ip, external_port);
    while (b != NULL && !(b->proto == proto && b->external_ip == external_ip &&
                          b->external_port == external_port && b->remote_ip == remote_ip &&
                          b->remote_port == remote_port))
        b = b->next_outside;
    return b;
}

bool nat_table_port_taken(const struct nat_table *t, uint8_t proto, uint32_t external_ip,
                          uint16_t external_port)
{
    const struct binding *b = outside_bucket(t, proto, external_ip, external_port);
    while (b != NULL && !(b->proto == proto && b->external_ip == external_ip &&
                          b->external_port == external_port))
        b = b->next_outside;
    return b != NULL;
}

struct binding *nat_table_add(struct nat_table *t, const struct binding *from)
{
    if (t->count >= t->buckets && !resize(t, t->buckets == 0 ? FIRST_BUCKETS : t->buckets * 2))
        return NULL;
    struct binding *b = malloc(sizeof *b);
    if (b == NULL)
        return NULL;
    *b = *from;
    b->self = &t->all;
    b->next = t->all;
    if (b->next != NULL)
        b->next->self = &b->next;
    t->all = b;
    t->count++;
    nat_table_link(t, b);
    return b;
}

void nat_table_remove(struct nat_table *t, struct binding *b)
{
    size_t i = inside_hash(b->proto, b->inside_ip, b->inside_port, b->remote_ip, b->remote_port);
    struct binding **at = &t->inside[i & (t->buckets - 1)];
    while (*at != b)
        at = &(*at)->next_inside;
    *at = b->next_inside;

    size_t o = outside_hash(b->proto, b->external_ip, b->external_port);
    at = &t->outside[o & (t->buckets - 1)];
    while (*at != b)
        at = &(*at)->next_outside;
    *at = b->next_outside;

    *b->self = b->next;
    if (b->next != NULL)
        b->next->self = b->self;
    t->count--;
    free(b);
}
