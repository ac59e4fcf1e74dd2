/* objects.c - a request for several objects at once, as of a page: where the protocol has streams,
 * each object is asked for and answered on its own; elsewhere one after the other on the one byte
 * stream, where workload.c says and hears them.
 *
 * Object n is stream n.  Its text is that of bytes n * STRIDE and on of the conversation's, so that
 * what arrives on the wrong stream is seen. */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK  65536
#define STRIDE (UINT64_C(1) << 24)

struct object {
    uint64_t asked, heard;     /* bytes of the request: sent, arrived */
    uint64_t answered, gotten; /* bytes of the reply */
    sd_time whole_at;          /* SD_NEVER: it is not yet */
};

struct objects {
    uint32_t count, whole;
    bool apart; /* each on a stream of its own */
    struct object object[];
};

void lab_objects_new(struct conv *c, uint32_t count)
{
    const struct sd_agent_ops *ops = lab_host_of(c, CLIENT)->ops;
    c->objects = lab_new(sizeof *c->objects + count * sizeof *c->objects->object);
    c->objects->count = count;
    c->objects->apart =
        ops->service == SD_SERVICE_STREAM && (ops->features & SD_F_MULTIPLEXING) != 0;
    for (uint32_t n = 0; n < count; n++)
        c->objects->object[n].whole_at = SD_NEVER;
}

bool lab_objects_apart(const struct conv *c)
{
    return c->objects != NULL && c->objects->apart;
}

/* The request is said, or will be pushed. */
void lab_objects_ask(struct conv *c)
{
    for (uint32_t n = 0; !c->objects->apart && n < c->objects->count; n++)
        lab_say(c, CLIENT, SEGMENT_REQUEST, c->request_len);
}

/* -- on streams of their own -- */

/* Offers object n's stream what is left of `len` bytes.  False: there is no more room now. */
static bool push(struct conv *c, int side, uint64_t n, uint64_t len, uint64_t *sent)
{
    static uint8_t bytes[CHUNK];
    struct host *h = lab_host_of(c, side);
    while (*sent < len) {
        uint64_t left = len - *sent;
        size_t piece = left < CHUNK ? (size_t)left : CHUNK;
        message_stream(bytes, piece, c->id, side == SERVER, n * STRIDE + *sent);
        long taken = sd_seat_app_in(&h->seat, sd_net_now(c->lab->net), c->side[side].sid, n, bytes,
                                    piece, piece == left);
        *sent += taken > 0 ? (uint64_t)taken : 0;
        if (taken < (long)piece)
            return false; /* room comes with an event */
    }
    return true;
}

void lab_objects_push(struct conv *c, int side)
{
    struct objects *all = c->objects;
    for (uint32_t n = 0; n < all->count; n++) {
        struct object *o = &all->object[n];
        if (side == CLIENT)
            push(c, CLIENT, n, c->request_len, &o->asked);
        else if (o->heard == c->request_len)
            push(c, SERVER, n, c->reply_len, &o->answered);
    }
}

/* Whether the bytes are the next of object n's stream. */
static bool follows(const struct conv *c, int from, uint64_t n, uint64_t *heard, uint64_t limit,
                    const uint8_t *data, size_t len)
{
    if (len > limit - *heard ||
        !message_is_stream(data, len, c->id, from == SERVER, n * STRIDE + *heard))
        return false;
    *heard += len;
    return true;
}

void lab_objects_hear(struct conv *c, int from, uint64_t n, const uint8_t *data, size_t len)
{
    struct objects *all = c->objects;
    struct object *o = n < all->count ? &all->object[n] : NULL;
    bool right =
        o != NULL && (from == CLIENT ? follows(c, from, n, &o->heard, c->request_len, data, len)
                                     : follows(c, from, n, &o->gotten, c->reply_len, data, len));
    if (!right) {
        c->lab->machine[c->side[!from].machine]->garbled++;
        return;
    }
    sd_time now = sd_net_now(c->lab->net);
    if (from == SERVER) {
        if (c->reply_at == SD_NEVER)
            c->reply_at = now;
        if (o->gotten == c->reply_len && o->whole_at == SD_NEVER)
            lab_objects_whole(c, (uint32_t)n);
        return;
    }
    if (c->first_byte_at == SD_NEVER) {
        c->first_byte_at = now;
        lab_conv_announce(c, SERVER, "first byte");
    }
    if (o->heard == c->request_len)
        lab_push_later(c, SERVER);
}

/* -- whole -- */

void lab_objects_whole(struct conv *c, uint32_t n)
{
    struct objects *all = c->objects;
    all->object[n].whole_at = sd_net_now(c->lab->net);
    if (++all->whole < all->count)
        return;
    lab_conv_announce(c, CLIENT, "reply");
    lab_conv_answered(c);
}

uint32_t lab_objects_next(const struct conv *c)
{
    return c->objects->whole;
}

static int ascending(const void *a, const void *b)
{
    sd_time x = *(const sd_time *)a, y = *(const sd_time *)b;
    return (x > y) - (x < y);
}

/* When the nth object, in the order in which they came, was whole. */
bool lab_objects_time(const struct conv *c, enum object_rank rank, sd_time *at)
{
    const struct objects *all = c->objects;
    if (all == NULL)
        return false;
    sd_time *times = lab_grow(NULL, all->count * sizeof *times);
    for (uint32_t n = 0; n < all->count; n++)
        times[n] = all->object[n].whole_at;
    qsort(times, all->count, sizeof *times, ascending);
    uint32_t nth = rank == OBJECT_FIRST  ? 0
                   : rank == OBJECT_LAST ? all->count - 1
                                         : (all->count - 1) / 2;
    *at = times[nth];
    free(times);
    return *at != SD_NEVER;
}
