/* connection.c - the two streams of a connection inside its tunnel. */
#include "protocols/minimalt/minimalt.h"
#include <string.h>

#define ROOM_AGAIN (MT_STREAM_BUFFER / 4) /* so much room is worth telling the application */

static uint64_t hash_of_sid(const struct minimalt *mt, sd_sid sid)
{
    return sd_hash_u64(mt->hash_seed, sid);
}

struct mt_connection *mt_connection_new(struct minimalt *mt, bool initiator)
{
    struct mt_connection *c =
        mt->connections < MT_CONNECTIONS ? sd_alloc(mt->env, sizeof *c) : NULL;
    if (!c)
        return NULL;
    c->sid = ++mt->last_sid;
    c->initiator = initiator;
    c->welcome = c->granted = MT_STREAM_WINDOW;
    if (!sd_index_add(&mt->by_sid, mt->env, hash_of_sid(mt, c->sid), c)) {
        sd_free(c);
        return NULL;
    }
    mt->connections++;
    return c;
}

struct mt_connection *mt_connection_beside(struct minimalt *mt, struct mt_connection *session,
                                           uint32_t id, uint64_t stream)
{
    struct mt_connection *c =
        mt->connections < MT_CONNECTIONS ? sd_alloc(mt->env, sizeof *c) : NULL;
    if (!c)
        return NULL;
    session->has_others = true;
    c->sid = session->sid;
    c->stream = stream;
    c->initiator = session->initiator;
    c->welcome = c->granted = MT_STREAM_WINDOW;
    mt->connections++;
    mt_connection_join(c, session->tunnel, id);
    return c;
}

void mt_connection_append(struct mt_tunnel *t, struct mt_connection *c)
{
    struct mt_connection **at = &t->connections;
    while (*at)
        at = &(*at)->next;
    *at = c;
    c->next = NULL;
}

void mt_connection_join(struct mt_connection *c, struct mt_tunnel *t, uint32_t id)
{
    mt_connection_append(t, c);
    t->live++;
    c->tunnel = t;
    c->id = t->last_connection = id;
}

/* The next of its session after `at`; NULL: no more. */
static struct mt_connection *next_beside(const struct mt_connection *session,
                                         const struct mt_connection *at)
{
    struct mt_connection *c = at ? at->next : session->tunnel ? session->tunnel->connections : NULL;
    while (c && (c->sid != session->sid || c->stream == 0))
        c = c->next;
    return c;
}

void mt_connection_free(struct minimalt *mt, struct mt_connection *c)
{
    for (struct mt_connection *beside; c->stream == 0 && (beside = next_beside(c, NULL));)
        mt_connection_free(mt, beside);
    if (c->tunnel) {
        struct mt_connection **at = &c->tunnel->connections;
        while (*at != c)
            at = &(*at)->next;
        *at = c->next;
        c->tunnel->live--;
    }
    if (c->stream == 0)
        sd_index_remove(&mt->by_sid, hash_of_sid(mt, c->sid), c);
    mt->connections--;
    mt_queue_fini(&c->out);
    sd_free(c->wanted);
    mt_create_held_free(c->held);
    sd_free(c);
}

struct mt_connection *mt_connection_by_sid(const struct minimalt *mt, sd_sid sid)
{
    uint64_t hash = hash_of_sid(mt, sid);
    struct mt_connection *c;
    for (uint32_t cursor = 0; (c = sd_index_find(&mt->by_sid, hash, &cursor));)
        if (c->sid == sid)
            return c;
    return NULL;
}

struct mt_connection *mt_connection_by_stream(const struct mt_connection *session, uint64_t stream)
{
    struct mt_connection *c = NULL;
    while ((c = next_beside(session, c)) && c->stream != stream)
        ;
    return c;
}

struct mt_connection *mt_connection_by_id(const struct mt_tunnel *t, uint32_t id)
{
    struct mt_connection *c = t->connections;
    while (c && c->id != id)
        c = c->next;
    return c;
}

struct sd_event *mt_tell(struct minimalt *mt, const struct mt_connection *c,
                         enum sd_event_kind kind, const char *detail)
{
    struct sd_event *e = sd_outbox_event(&mt->outbox, kind, c->sid, NULL);
    e->detail = detail;
    e->stream = c->stream;
    if (c->tunnel)
        e->path = c->tunnel->path;
    else if (c->wanted)
        e->path = c->wanted->path;
    return e;
}

void mt_tell_all(struct minimalt *mt, const struct mt_tunnel *t, enum sd_event_kind kind,
                 const char *detail)
{
    for (const struct mt_connection *c = t->connections; c; c = c->next)
        if (c->stream == 0)
            mt_tell(mt, c, kind, detail);
}

/* What is beside it ends with it; of a stream the application hears no more than its end. */
void mt_connection_end(struct minimalt *mt, struct mt_connection *c, enum sd_event_kind kind,
                       uint64_t code, const char *detail)
{
    if (!c->held && c->stream == 0)
        mt_tell(mt, c, kind, detail)->code = code;
    mt_connection_free(mt, c);
}

/* -- sending -- */

long mt_connection_write(struct minimalt *mt, struct mt_connection *c, const uint8_t *data,
                         size_t len, bool fin)
{
    size_t room = MT_STREAM_BUFFER - c->out.len, taken = len < room ? len : room;
    if (!mt_queue_put(&c->out, mt->env, data, taken))
        return SD_E_NOMEM;
    c->refused |= taken < len;
    c->out_ended |= fin && taken == len;
    return (long)taken;
}

/* close() follows everything that was said in the session. */
static bool may_close(const struct mt_connection *c)
{
    const struct mt_connection *beside = NULL;
    while (c->closing && (beside = next_beside(c, beside)))
        if (beside->out.len > 0)
            return false;
    return c->closing;
}

bool mt_connection_has_more(const struct mt_connection *c)
{
    return (c->out.len > 0 && c->sent < c->welcome) ||
           (c->out.len == 0 && (may_close(c) || (c->out_ended && !c->end_sent)));
}

static void put_call(struct sd_writer *w, uint32_t connection, enum mt_call call, size_t len)
{
    sd_put32(w, connection);
    sd_put8(w, (uint8_t)call);
    sd_put16(w, (uint16_t)len);
}

static void cut_data(struct minimalt *mt, struct mt_connection *c, struct sd_writer *w)
{
    size_t left = (size_t)(w->end - w->at);
    uint64_t most = c->out.len < c->welcome - c->sent ? c->out.len : c->welcome - c->sent;
    if (left <= MT_CALL_HEADER)
        return;
    if (most > left - MT_CALL_HEADER)
        most = left - MT_CALL_HEADER;
    put_call(w, c->id, MT_CALL_DATA, (size_t)most);
    sd_put(w, mt_queue_first(&c->out), (size_t)most);
    mt_queue_drop(&c->out, (size_t)most);
    c->sent += most;
    if (c->refused && !c->closing && MT_STREAM_BUFFER - c->out.len >= ROOM_AGAIN) {
        c->refused = false;
        mt_tell(mt, c, SD_EV_WRITABLE, NULL);
    }
}

/* Both directions have ended.  Of a session that never had another stream its initiator says
 * close(); with others only the application knows that it wants no more, and a responder never
 * knows what is still under way. */
static void look_for_end(struct minimalt *mt, struct mt_connection *c)
{
    if (!c->end_sent || !c->in_ended)
        return;
    if (c->stream)
        mt_connection_free(mt, c);
    else
        c->closing |= c->initiator && !c->has_others;
}

void mt_connection_cut(struct minimalt *mt, struct mt_connection *c, struct sd_writer *w)
{
    if (c->out.len > 0 && c->sent < c->welcome)
        cut_data(mt, c, w);
    if (c->out.len > 0 || (size_t)(w->end - w->at) < MT_CALL_HEADER + 4)
        return;
    if (c->out_ended && !c->end_sent) {
        put_call(w, c->id, MT_CALL_DATA, 0);
        c->end_sent = true;
        bool beside = c->stream != 0;
        look_for_end(mt, c);
        if (beside)
            return; /* it may be over */
    }
    if (may_close(c) && (size_t)(w->end - w->at) >= MT_CALL_HEADER + 4) {
        put_call(w, 0, MT_CALL_CLOSE, 4);
        sd_put32(w, c->id);
        mt_connection_end(mt, c, SD_EV_CLOSED, 0, "by this side");
    }
}

/* -- receiving -- */

/* The application takes everything at once, so that more may come. */
static void grant(struct minimalt *mt, struct mt_connection *c)
{
    uint8_t arguments[12];
    if (c->granted - c->received > MT_STREAM_WINDOW / 2)
        return;
    c->granted = c->received + MT_STREAM_WINDOW;
    struct sd_writer w = sd_writer_of(arguments, sizeof arguments);
    sd_put32(&w, c->id);
    sd_put64(&w, c->granted);
    mt_control_say(mt, c->tunnel, MT_CALL_WINDOW_SIZE, arguments, sizeof arguments);
}

int mt_connection_data(struct minimalt *mt, struct mt_connection *c, const uint8_t *data,
                       size_t len)
{
    if (c->in_ended)
        return SD_DROP_STATE;
    if (len > c->granted - c->received)
        return SD_DROP_POLICY;
    c->received += len;
    c->in_ended = len == 0;
    c->tunnel->probe_after = MT_PROBE_FIRST;
    grant(mt, c);
    if (c->held)
        return mt_create_hold_data(mt, c, data, len);
    if (!c->closing) {
        struct sd_event *e = mt_tell(mt, c, SD_EV_DATA, NULL);
        e->data = data;
        e->len = len;
        e->fin = len == 0;
    }
    look_for_end(mt, c);
    return SD_OK;
}
