/* queue.c - linked lists of units and events. */
#include "tests/core/toys/queue.h"

#include <string.h>

struct toy_unit {
    struct toy_unit *next;
    struct sd_path path;
    uint8_t flags;
    size_t len;
    uint8_t data[];
};

struct toy_event {
    struct toy_event *next;
    struct sd_event event;
    uint8_t data[];
};

void toy_out_init(struct toy_out *q, struct sd_env *env)
{
    *q = (struct toy_out){.env = env};
    q->unit_end = &q->unit;
    q->event_end = &q->event;
}

void toy_out_fini(struct toy_out *q)
{
    for (struct toy_unit *u = q->unit, *next; u != NULL; u = next) {
        next = u->next;
        sd_free(u);
    }
    for (struct toy_event *e = q->event, *next; e != NULL; e = next) {
        next = e->next;
        sd_free(e);
    }
    sd_free(q->told);
}

uint8_t *toy_send(struct toy_out *q, const struct sd_path *path, size_t room, uint8_t flags)
{
    struct toy_unit *u = sd_alloc(q->env, sizeof *u + room);
    if (u == NULL)
        return NULL;
    u->path = *path;
    u->flags = flags;
    u->len = room;
    *q->unit_end = u;
    q->unit_end = &u->next;
    return u->data;
}

void toy_tell(struct toy_out *q, const struct sd_event *event)
{
    size_t text = event->detail != NULL ? strlen(event->detail) + 1 : 0;
    struct toy_event *e = sd_alloc(q->env, sizeof *e + event->len + text);
    if (e == NULL)
        return;
    e->event = *event;
    if (event->len > 0)
        memcpy(e->data, event->data, event->len);
    e->event.data = e->data;
    if (text > 0) {
        memcpy(e->data + event->len, event->detail, text);
        e->event.detail = (const char *)e->data + event->len;
    }
    *q->event_end = e;
    q->event_end = &e->next;
}

int toy_net_out(struct toy_out *q, struct sd_unit *unit)
{
    struct toy_unit *u = q->unit;
    if (u == NULL || u->len > unit->cap)
        return 0;
    unit->path = u->path;
    unit->flags = u->flags;
    unit->len = u->len;
    memcpy(unit->data, u->data, u->len);
    if ((q->unit = u->next) == NULL)
        q->unit_end = &q->unit;
    sd_free(u);
    return 1;
}

int toy_event(struct toy_out *q, struct sd_event *event)
{
    sd_free(q->told);
    struct toy_event *e = q->told = q->event;
    if (e == NULL)
        return 0;
    if ((q->event = e->next) == NULL)
        q->event_end = &q->event;
    *event = e->event;
    return 1;
}
