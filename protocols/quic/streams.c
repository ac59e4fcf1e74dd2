/* streams.c - what the application says on each stream, kept where ngtcp2 can repeat it until the
 * peer has acknowledged it. */
#include "protocols/quic/quic.h"

#include <string.h>

#define SAID_MAX  (4u << 20) /* bytes of one stream that are not acknowledged yet */
#define ROOM_TOLD (64u << 10)
#define BLOCK_MIN 512u
#define BLOCK_MAX 16384u

struct quic_block {
    struct quic_block *next;
    size_t len, cap;
    uint8_t data[];
};

/* -- which -- */

static struct quic_stream *stream_new(struct quic_connection *c, uint64_t number, int64_t id)
{
    struct quic_stream *s = sd_alloc(c->quic->env, sizeof *s);
    if (!s)
        return NULL;
    s->number = number;
    s->id = id;
    if (c->streams_last)
        c->streams_last->next = s;
    else
        c->streams = s;
    c->streams_last = s;
    return s;
}

struct quic_stream *quic_stream_by_number(struct quic_connection *c, uint64_t number, bool make)
{
    struct quic_stream *s = c->streams;
    while (s && s->number != number)
        s = s->next;
    return s || !make ? s : stream_new(c, number, -1);
}

struct quic_stream *quic_stream_begun_by_peer(struct quic_connection *c, int64_t id)
{
    struct quic_stream *s = quic_stream_by_number(c, QUIC_STREAM_NUMBER(id), true);
    if (s && s->id < 0)
        s->id = id; /* answers go where the question came from */
    return s;
}

/* The first time this side says something on it.  Streams with smaller numbers begin as well (RFC
 * 9000 2.1).  False: the peer allows no more of them now. */
static bool begin(struct quic_connection *c, struct quic_stream *s)
{
    if (s->id >= 0)
        return true;
    for (int64_t id; c->streams_begun <= s->number; c->streams_begun++)
        if (ngtcp2_conn_open_bidi_stream(c->ng, &id, NULL) != 0)
            return false;
    s->id = (int64_t)(4 * s->number + (c->client ? 0 : QUIC_STREAM_SERVER));
    ngtcp2_conn_set_stream_user_data(c->ng, s->id, s);
    return true;
}

/* -- said -- */

static struct quic_block *block_with_room(struct quic_connection *c, struct quic_stream *s,
                                          size_t wanted)
{
    if (s->last && s->last->len < s->last->cap)
        return s->last;
    size_t cap = wanted < BLOCK_MIN ? BLOCK_MIN : wanted > BLOCK_MAX ? BLOCK_MAX : wanted;
    struct quic_block *b = sd_alloc(c->quic->env, sizeof *b + cap);
    if (!b)
        return NULL;
    b->cap = cap;
    if (s->last)
        s->last->next = b;
    else
        s->first = b;
    s->last = b;
    return b;
}

static long keep(struct quic_connection *c, struct quic_stream *s, const uint8_t *data, size_t len)
{
    size_t room = SAID_MAX - (size_t)(s->said - s->acked), taken = 0;
    size_t want = len < room ? len : room;
    while (taken < want) {
        struct quic_block *b = block_with_room(c, s, want - taken);
        if (!b)
            break;
        size_t n = b->cap - b->len < want - taken ? b->cap - b->len : want - taken;
        if (!s->at) {
            s->at = b;
            s->at_used = b->len;
        }
        memcpy(b->data + b->len, data + taken, n);
        b->len += n;
        taken += n;
    }
    s->said += taken;
    return (long)taken;
}

long quic_stream_say(struct quic_connection *c, struct quic_stream *s, const uint8_t *data,
                     size_t len, bool fin)
{
    if (s->fin || s->over)
        return SD_E_STATE;
    long taken = c->ready ? keep(c, s, data, len) : 0;
    s->writable_wanted = (size_t)taken < len;
    s->fin = fin && c->ready && !s->writable_wanted;
    return taken;
}

long quic_stream_say_early(struct quic_connection *c, struct quic_stream *s, const uint8_t *data,
                           size_t len)
{
    return keep(c, s, data, len);
}

static void tell_writable(struct quic_connection *c, struct quic_stream *s)
{
    s->writable_wanted = false;
    quic_tell(c, SD_EV_WRITABLE, NULL)->stream = s->number;
}

void quic_streams_ready(struct quic_connection *c)
{
    for (struct quic_stream *s = c->streams; s; s = s->next)
        if (s->writable_wanted)
            tell_writable(c, s);
}

/* -- sent -- */

static bool has_something(const struct quic_stream *s)
{
    return !s->over && !s->blocked && (s->sent < s->said || (s->fin && !s->fin_sent));
}

struct quic_stream *quic_stream_turn(struct quic_connection *c)
{
    struct quic_stream *first = c->turn ? c->turn : c->streams, *s = first;
    while (s) {
        if (has_something(s) && begin(c, s))
            return s;
        s = s->next ? s->next : c->streams;
        if (s == first)
            break;
    }
    return NULL;
}

size_t quic_stream_unsent(const struct quic_stream *s, ngtcp2_vec piece[QUIC_PIECES], bool *fin)
{
    size_t n = 0, used = s->at_used;
    uint64_t total = 0;
    for (struct quic_block *b = s->at; b && n < QUIC_PIECES; b = b->next, used = 0) {
        piece[n].base = b->data + used;
        piece[n].len = b->len - used;
        total += piece[n++].len;
    }
    *fin = s->fin && s->sent + total == s->said;
    return n;
}

void quic_stream_sent(struct quic_connection *c, struct quic_stream *s, size_t len, bool fin)
{
    s->sent += len;
    s->at_used += len;
    while (s->at && s->at_used >= s->at->len) {
        if (!s->at->next && s->at_used == s->at->len) {
            s->at = NULL;
            break;
        }
        s->at_used -= s->at->len;
        s->at = s->at->next;
    }
    if (fin && s->sent == s->said)
        s->fin_sent = true;
    c->turn = s->next;
}

/* -- acknowledged -- */

void quic_stream_acked(struct quic_connection *c, struct quic_stream *s, uint64_t offset)
{
    struct quic_block *b;
    while ((b = s->first) && b != s->at && s->acked + b->len <= offset) {
        s->acked += b->len;
        s->first = b->next;
        if (!s->first)
            s->last = NULL;
        sd_free(b);
    }
    if (s->writable_wanted && SAID_MAX - (s->said - s->acked) >= ROOM_TOLD)
        tell_writable(c, s);
}

static void drop_blocks(struct quic_stream *s)
{
    while (s->first) {
        struct quic_block *b = s->first;
        s->first = b->next;
        sd_free(b);
    }
    s->last = s->at = NULL;
}

void quic_stream_over(struct quic_connection *c, struct quic_stream *s)
{
    (void)c;
    drop_blocks(s);
    s->over = true;
    s->acked = s->sent = s->said;
}

bool quic_streams_done(const struct quic_connection *c)
{
    for (const struct quic_stream *s = c->streams; s; s = s->next)
        if (!s->over && (s->first || (s->fin && !s->fin_sent)))
            return false;
    return true;
}

void quic_streams_free(struct quic_connection *c)
{
    while (c->streams) {
        struct quic_stream *s = c->streams;
        c->streams = s->next;
        drop_blocks(s);
        sd_free(s);
    }
    c->streams_last = c->turn = NULL;
}
