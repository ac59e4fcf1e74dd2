/* queue.c - units and events that wait until the host pulls them. */
#include "protocols/wireguard/wireguard.h"
#include <string.h>

/* A buffer that grew beyond this is given back when it is empty. */
#define OUT_KEPT    4096u
#define EVENTS_KEPT 16u

struct out_unit { /* stands before its bytes; padded to its own alignment */
    struct sd_path path;
    uint32_t len;
};

static size_t room_of(size_t len)
{
    const size_t align = _Alignof(struct out_unit);
    return (sizeof(struct out_unit) + len + align - 1) / align * align;
}

uint8_t *wg_out_push(struct wireguard *wg, const struct sd_path *path, size_t len)
{
    size_t need = wg->out_end + room_of(len);
    if (need > wg->out_cap) {
        size_t cap = wg->out_cap ? wg->out_cap : 256;
        while (cap < need)
            cap *= 2;
        uint8_t *more = sd_realloc(wg->env, wg->out, cap);
        if (!more)
            return NULL;
        wg->out = more;
        wg->out_cap = cap;
    }
    struct out_unit head = {.path = *path, .len = (uint32_t)len};
    memcpy(wg->out + wg->out_end, &head, sizeof head);
    uint8_t *data = wg->out + wg->out_end + sizeof head;
    wg->out_end = need;
    return data;
}

int wg_out_pop(struct wireguard *wg, struct sd_unit *unit)
{
    if (wg->out_at == wg->out_end) {
        wg->out_at = wg->out_end = 0;
        if (wg->out_cap > OUT_KEPT) {
            sd_free(wg->out);
            wg->out = NULL;
            wg->out_cap = 0;
        }
        return 0;
    }
    struct out_unit head;
    memcpy(&head, wg->out + wg->out_at, sizeof head);
    const uint8_t *data = wg->out + wg->out_at + sizeof head;
    wg->out_at += room_of(head.len);
    unit->path = head.path;
    unit->len = head.len <= unit->cap ? head.len : unit->cap;
    memcpy(unit->data, data, unit->len);
    wg->stats.units_out++;
    wg->stats.bytes_out += unit->len;
    return 1;
}

struct sd_event *wg_event_push(struct wireguard *wg, const struct wg_peer *peer,
                               enum sd_event_kind kind, const char *detail)
{
    static struct sd_event nowhere;
    struct sd_event *e = &nowhere;
    if (wg->event_end == wg->event_cap) {
        uint32_t cap = wg->event_cap ? 2 * wg->event_cap : 4;
        struct sd_event *more = sd_realloc(wg->env, wg->events, cap * sizeof *more);
        if (more) {
            wg->events = more;
            wg->event_cap = cap;
        }
    }
    if (wg->event_end < wg->event_cap)
        e = &wg->events[wg->event_end++];
    *e = (struct sd_event){
        .kind = kind, .sid = wg_peer_sid(peer), .detail = detail, .path = peer->path};
    return e;
}

int wg_event_pop(struct wireguard *wg, struct sd_event *e)
{
    if (wg->event_at == wg->event_end) {
        wg->event_at = wg->event_end = 0;
        if (wg->event_cap > EVENTS_KEPT) {
            sd_free(wg->events);
            wg->events = NULL;
            wg->event_cap = 0;
        }
        return 0;
    }
    *e = wg->events[wg->event_at++];
    return 1;
}
