/* log.c - what happened: events and units that tests ask about. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/mem/inside.h"

void mem_log_event(struct mem_seat *s, const struct sd_event *e)
{
    struct sd_mem *m = s->mem;
    if (m->events == m->event_cap) {
        m->event_cap = m->event_cap * 2 + 64;
        m->event = mem_grow(m->event, m->event_cap * sizeof *m->event);
    }
    struct sd_mem_event *log = &m->event[m->events++];
    *log = (struct sd_mem_event){.at = m->now,
                                 .seat = s->index,
                                 .kind = e->kind,
                                 .sid = e->sid,
                                 .stream = e->stream,
                                 .len = e->len,
                                 .early = e->early,
                                 .fin = e->fin,
                                 .code = e->code,
                                 .path = e->path};
    snprintf(log->detail, sizeof log->detail, "%s", e->detail != NULL ? e->detail : "");
    if (e->len > 0) {
        uint8_t *data = mem_grow(NULL, e->len);
        log->data = memcpy(data, e->data, e->len);
    }
    if (e->kind == SD_EV_DATA)
        mem_append(&s->received, e->data, e->len);
}

void mem_announce(struct sd_mem *m)
{
    if (m->announcing)
        return;
    m->announcing = true;
    while (m->announced < m->events) {
        struct sd_mem_event e = m->event[m->announced++];
        if (e.kind == SD_EV_WRITABLE)
            mem_offer(m->seat[e.seat], e.sid);
        if (m->watch != NULL)
            m->watch(m->watch_ctx, &e);
    }
    m->announcing = false;
}

size_t sd_mem_events(const struct sd_mem *m)
{
    return m->events;
}

const struct sd_mem_event *sd_mem_event(const struct sd_mem *m, size_t index)
{
    return index < m->events ? &m->event[index] : NULL;
}

const struct sd_mem_event *sd_mem_find(const struct sd_mem *m, int seat, enum sd_event_kind kind,
                                       size_t nth)
{
    for (size_t i = 0; i < m->events; i++) {
        const struct sd_mem_event *e = &m->event[i];
        if ((seat < 0 || e->seat == seat) && e->kind == kind && nth-- == 0)
            return e;
    }
    return NULL;
}

size_t sd_mem_count(const struct sd_mem *m, int seat, enum sd_event_kind kind)
{
    size_t n = 0;
    while (sd_mem_find(m, seat, kind, n) != NULL)
        n++;
    return n;
}

const uint8_t *sd_mem_received(struct sd_mem *m, int seat, size_t *len)
{
    *len = m->seat[seat]->received.len;
    return m->seat[seat]->received.data;
}

size_t sd_mem_units(const struct sd_mem *m)
{
    return m->wires;
}

const struct sd_mem_unit *sd_mem_unit(const struct sd_mem *m, size_t index)
{
    return index < m->wires ? &m->wire[index]->unit : NULL;
}

void sd_mem_forget(struct sd_mem *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->wires; i++) {
        if (m->wire[i]->unit.fate == SD_MEM_UNDER_WAY)
            m->wire[kept++] = m->wire[i];
        else
            free(m->wire[i]);
    }
    m->wires = kept;
    for (size_t i = 0; i < m->announced; i++)
        free((void *)(uintptr_t)m->event[i].data);
    if (m->events > m->announced)
        memmove(m->event, m->event + m->announced, (m->events - m->announced) * sizeof *m->event);
    m->events -= m->announced;
    m->announced = 0;
    for (size_t i = 0; i < m->seats; i++)
        m->seat[i]->received.len = 0;
}

/* -- for people -- */

static void print_unit(const struct sd_mem *m, const struct sd_mem_unit *u)
{
    static const char *const segments[] = {"", "SYN", "SYN-ACK", "ACK"};
    static const char *const fates[] = {"under way", "", "lost", "nobody there"};
    char text[96] = "", from[SD_ADDR_TEXT], to[SD_ADDR_TEXT];
    if (u->segment != 0)
        snprintf(text, sizeof text, "%s", segments[u->segment]);
    else if (u->from >= 0 && m->seat[u->from]->ops->describe != NULL)
        m->seat[u->from]->ops->describe(u->data, u->len, u->from < u->to, text, sizeof text);
    fprintf(stderr, "%12.3f ms  %s > %s  %zu B%s%s%s  %s", (double)u->sent / 1e6,
            sd_addr_text(&u->path.remote, from), sd_addr_text(&u->path.local, to), u->len,
            u->flags & SD_UNIT_FIN ? " FIN" : "", u->flags & SD_UNIT_RESET ? " RST" : "",
            u->copy ? " copy" : "", text);
    if (u->fate != SD_MEM_ARRIVED)
        fprintf(stderr, "  [%s]", fates[u->fate]);
    else if (u->result != SD_OK)
        fprintf(stderr, "  [%s]", sd_result_name(u->result));
    fputc('\n', stderr);
}

static void print_event(const struct sd_mem_event *e)
{
    fprintf(stderr, "%12.3f ms  seat %d session %" PRIu32 ": %s", (double)e->at / 1e6, e->seat,
            e->sid, sd_event_name(e->kind));
    if (e->len > 0)
        fprintf(stderr, " %zu B", e->len);
    if (e->code != 0)
        fprintf(stderr, " code %" PRIu64, e->code);
    fprintf(stderr, "%s%s%s%s\n", e->early ? " early" : "", e->fin ? " fin" : "",
            e->detail[0] != '\0' ? " - " : "", e->detail);
}

void sd_mem_print(const struct sd_mem *m)
{
    size_t unit = 0, event = 0;
    while (unit < m->wires || event < m->events) {
        bool unit_first = unit < m->wires &&
                          (event >= m->events || m->wire[unit]->unit.sent < m->event[event].at);
        if (unit_first)
            print_unit(m, &m->wire[unit++]->unit);
        else
            print_event(&m->event[event++]);
    }
}
