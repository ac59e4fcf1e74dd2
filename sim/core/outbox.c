#include "sim/core/outbox.h"

#include <string.h>

/* Blocks that grew beyond these are given back when they are empty. */
#define UNITS_KEPT  4096u
#define EVENTS_KEPT 16u

struct sd_outbox_event {
    struct sd_event event;
    void *owned;
};

struct unit_head { /* stands before a unit's bytes, which are padded to its alignment */
    struct sd_path path;
    uint32_t len;
    uint8_t flags;
};

static size_t room_of(size_t len)
{
    const size_t align = _Alignof(struct unit_head);
    return (sizeof(struct unit_head) + len + align - 1) / align * align;
}

void sd_outbox_init(struct sd_outbox *o, struct sd_env *env)
{
    *o = (struct sd_outbox){.env = env};
}

void sd_outbox_fini(struct sd_outbox *o)
{
    for (; o->event_at < o->event_end; o->event_at++)
        sd_free(o->events[o->event_at].owned);
    sd_free(o->owned);
    sd_free(o->events);
    sd_free(o->units);
    sd_outbox_init(o, o->env);
}

uint8_t *sd_outbox_unit(struct sd_outbox *o, const struct sd_path *path, size_t len)
{
    return sd_outbox_unit_with(o, path, len, 0);
}

uint8_t *sd_outbox_unit_with(struct sd_outbox *o, const struct sd_path *path, size_t len,
                             uint8_t flags)
{
    size_t need = o->unit_end + room_of(len);
    if (need > o->unit_cap) {
        size_t cap = o->unit_cap ? o->unit_cap : 256;
        while (cap < need)
            cap *= 2;
        uint8_t *more = sd_realloc(o->env, o->units, cap);
        if (!more)
            return NULL;
        o->units = more;
        o->unit_cap = cap;
    }
    struct unit_head head = {.path = *path, .len = (uint32_t)len, .flags = flags};
    memcpy(o->units + o->unit_end, &head, sizeof head);
    uint8_t *data = o->units + o->unit_end + sizeof head;
    o->unit_end = need;
    return data;
}

int sd_outbox_pull_unit(struct sd_outbox *o, struct sd_unit *unit)
{
    if (o->unit_at == o->unit_end) {
        o->unit_at = o->unit_end = 0;
        if (o->unit_cap > UNITS_KEPT) {
            sd_free(o->units);
            o->units = NULL;
            o->unit_cap = 0;
        }
        return 0;
    }
    struct unit_head head;
    memcpy(&head, o->units + o->unit_at, sizeof head);
    const uint8_t *data = o->units + o->unit_at + sizeof head;
    o->unit_at += room_of(head.len);
    unit->path = head.path;
    unit->flags = head.flags;
    unit->len = head.len <= unit->cap ? head.len : unit->cap;
    memcpy(unit->data, data, unit->len);
    return 1;
}

struct sd_event *sd_outbox_event(struct sd_outbox *o, enum sd_event_kind kind, sd_sid sid,
                                 void *owned)
{
    static struct sd_event nowhere;
    if (o->event_end == o->event_cap) {
        size_t cap = o->event_cap ? 2 * o->event_cap : 4;
        struct sd_outbox_event *more = sd_realloc(o->env, o->events, cap * sizeof *more);
        if (!more) {
            sd_free(owned);
            return &nowhere;
        }
        o->events = more;
        o->event_cap = cap;
    }
    struct sd_outbox_event *e = &o->events[o->event_end++];
    *e = (struct sd_outbox_event){.event = {.kind = kind, .sid = sid}, .owned = owned};
    return &e->event;
}

int sd_outbox_pull_event(struct sd_outbox *o, struct sd_event *event)
{
    sd_free(o->owned);
    o->owned = NULL;
    if (o->event_at == o->event_end) {
        o->event_at = o->event_end = 0;
        if (o->event_cap > EVENTS_KEPT) {
            sd_free(o->events);
            o->events = NULL;
            o->event_cap = 0;
        }
        return 0;
    }
    *event = o->events[o->event_at].event;
    o->owned = o->events[o->event_at++].owned;
    return 1;
}
