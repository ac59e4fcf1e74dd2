/* after.c - what waits until no agent is busy: announcements to the script, jobs, inner packets.
 *
 * Whoever is called from outside (the network, a timer, a script) stands between lab_enter() and
 * lab_leave(); the outermost lab_leave() carries out what was put aside, in order. */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

enum after_kind { AFTER_ANNOUNCE, AFTER_JOB, AFTER_INNER, AFTER_REAP };

struct after {
    struct after *next;
    enum after_kind kind;
    union {
        struct sd_lab_event event;
        struct job job;
        struct {
            struct host *host;
            size_t len;
        } inner;
        uint32_t conn;
    } is;
    uint8_t bytes[];
};

static struct after *put(struct sd_lab *lab, enum after_kind kind, size_t extra)
{
    struct after *a = lab_grow(NULL, sizeof *a + extra);
    a->next = NULL;
    a->kind = kind;
    *lab->after_end = a;
    lab->after_end = &a->next;
    return a;
}

void lab_later_job(const struct job *job)
{
    struct after *a = put(job->host->lab, AFTER_JOB, job->len);
    a->is.job = *job;
    if (job->len > 0)
        a->is.job.data = memcpy(a->bytes, job->data, job->len);
}

void lab_later_inner(struct host *h, const uint8_t *ip, size_t len)
{
    struct after *a = put(h->lab, AFTER_INNER, len);
    a->is.inner.host = h;
    a->is.inner.len = len;
    memcpy(a->bytes, ip, len);
}

void lab_later_reap(struct sd_lab *lab, uint32_t conn)
{
    put(lab, AFTER_REAP, 0)->is.conn = conn;
}

void lab_announce(struct sd_lab *lab, const struct announcement *n)
{
    if (!lab->live || (lab->watch == NULL && lab->trace == NULL))
        return;
    size_t len = n->detail != NULL ? strlen(n->detail) + 1 : 0;
    struct after *a = put(lab, AFTER_ANNOUNCE, len);
    a->is.event = (struct sd_lab_event){.at = sd_lab_now(lab),
                                        .machine = n->machine,
                                        .conn = n->conv,
                                        .name = n->name,
                                        .detail = len > 0 ? memcpy(a->bytes, n->detail, len) : "",
                                        .code = n->code};
    if (n->path != NULL)
        a->is.event.path = *n->path;
}

static void carry_out(struct sd_lab *lab, struct after *a)
{
    switch (a->kind) {
    case AFTER_ANNOUNCE:
        lab_trace_event(lab->trace, &a->is.event);
        if (lab->watch != NULL)
            lab->watch(lab->watch_ctx, &a->is.event);
        break;
    case AFTER_JOB:
        lab_do(&a->is.job);
        break;
    case AFTER_INNER:
        sd_net_tun_in(lab->net, a->is.inner.host->machine->id, a->is.inner.host->tun, a->bytes,
                      a->is.inner.len);
        break;
    case AFTER_REAP:
        lab_stream_reap(lab_stream_find(lab, a->is.conn));
        break;
    }
}

void lab_enter(struct sd_lab *lab)
{
    lab->depth++;
}

void lab_leave(struct sd_lab *lab)
{
    while (lab->depth == 1 && lab->after != NULL) {
        struct after *a = lab->after;
        lab->after = a->next;
        if (lab->after == NULL)
            lab->after_end = &lab->after;
        carry_out(lab, a);
        free(a);
    }
    lab->depth--;
}

void sd_lab_on_event(struct sd_lab *lab, sd_lab_watch watch, void *ctx)
{
    lab->watch = watch;
    lab->watch_ctx = ctx;
}

void lab_after_free(struct sd_lab *lab)
{
    while (lab->after != NULL) {
        struct after *a = lab->after;
        lab->after = a->next;
        free(a);
    }
}
