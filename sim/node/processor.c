/* processor.c - a machine's processor: jobs wait their turn, computing takes the time that the
 * account says, and what the agent has to say leaves when the core has finished.
 *
 * An agent computes at the time its job starts.  Outputs of later jobs never overtake those of
 * earlier ones, so that a session's bytes keep their order on a machine of several cores. */
#include "sim/core/cost.h"
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

struct output {
    struct output *next;
    bool is_unit;
    union {
        struct sd_unit unit;
        struct sd_event event;
    } is;
    uint8_t bytes[];
};

/* What one job said. */
struct batch {
    struct batch *next, **self; /* those not yet released */
    struct host *host;
    struct output *first, **end;
};

struct waiting {
    struct waiting *next;
    struct job job;
    uint8_t bytes[];
};

struct processor {
    struct machine *machine;
    uint32_t idle; /* cores */
    struct waiting *first, **end;
    uint64_t waiting_bytes[2]; /* from the network, and from a tunnel's interface */
    struct batch *batches;
    sd_time released; /* when the last outputs leave, or left */
    uint64_t busy_ns, drops;
};

struct processor *lab_processor_new(struct machine *m)
{
    struct processor *p = lab_new(sizeof *p);
    p->machine = m;
    p->idle = m->set.cores;
    p->end = &p->first;
    return p;
}

static void outputs_free(struct output *o)
{
    while (o != NULL) {
        struct output *next = o->next;
        free(o);
        o = next;
    }
}

void lab_processor_free(struct processor *p)
{
    if (p == NULL)
        return;
    while (p->first != NULL) {
        struct waiting *w = p->first;
        p->first = w->next;
        free(w);
    }
    while (p->batches != NULL) {
        struct batch *b = p->batches;
        p->batches = b->next;
        outputs_free(b->first);
        free(b);
    }
    free(p);
}

uint64_t lab_processor_busy(const struct processor *p)
{
    return p->busy_ns;
}

uint64_t lab_processor_drops(const struct processor *p)
{
    return p->drops;
}

/* -- what the agent says, kept -- */

static struct output *keep(struct batch *b, const void *data, size_t len, const char *detail)
{
    size_t words = detail != NULL ? strlen(detail) + 1 : 0;
    struct output *o = lab_grow(NULL, sizeof *o + len + words);
    o->next = NULL;
    if (len > 0)
        memcpy(o->bytes, data, len);
    if (words > 0)
        memcpy(o->bytes + len, detail, words);
    *b->end = o;
    b->end = &o->next;
    return o;
}

void lab_keep_unit(struct batch *b, const struct sd_unit *unit)
{
    struct output *o = keep(b, unit->data, unit->len, NULL);
    o->is_unit = true;
    o->is.unit = *unit;
    o->is.unit.data = o->bytes;
}

void lab_keep_event(struct batch *b, const struct sd_event *e)
{
    struct output *o = keep(b, e->data, e->len, e->detail);
    o->is_unit = false;
    o->is.event = *e;
    o->is.event.data = o->bytes;
    if (e->detail != NULL)
        o->is.event.detail = (const char *)o->bytes + e->len;
}

static void release(void *ctx)
{
    struct batch *b = ctx;
    struct sd_lab *lab = b->host->lab;
    *b->self = b->next;
    if (b->next != NULL)
        b->next->self = b->self;
    lab_enter(lab);
    for (struct output *o = b->first; o != NULL; o = o->next) {
        if (o->is_unit)
            lab_host_emit(b->host, &o->is.unit);
        else
            lab_conv_event(b->host, &o->is.event);
    }
    outputs_free(b->first);
    free(b);
    lab_leave(lab);
}

/* -- jobs -- */

static void start(struct processor *p);

static void core_free(void *ctx)
{
    struct processor *p = ctx;
    lab_enter(p->machine->lab);
    p->idle++;
    start(p);
    lab_leave(p->machine->lab);
}

static uint64_t cost_of(const struct processor *p, const struct job *j)
{
    uint64_t cost = sd_account_take(&j->host->env.account);
    if (j->kind == JOB_UNIT || j->kind == JOB_INNER || j->kind == JOB_STREAM)
        cost += p->machine->set.costs->unit_in_ns;
    return cost;
}

static void run(struct processor *p, const struct job *j)
{
    struct sd_net *net = p->machine->lab->net;
    struct batch *b = lab_new(sizeof *b);
    b->host = j->host;
    b->end = &b->first;
    b->next = p->batches;
    b->self = &p->batches;
    if (b->next != NULL)
        b->next->self = &b->next;
    p->batches = b;
    p->idle--;

    j->host->batch = b;
    lab_job_run(j);
    j->host->batch = NULL;

    uint64_t cost = cost_of(p, j);
    p->busy_ns += cost;
    sd_time now = sd_net_now(net), finish = now + cost;
    if (p->released < finish)
        p->released = finish;
    if (b->first == NULL || p->released == now)
        release(b);
    else
        sd_net_after(net, p->released - now, release, b);
    if (cost == 0)
        p->idle++;
    else
        sd_net_after(net, cost, core_free, p);
}

/* TCP's bytes wait in TCP, which slows their sender down; packets do not. */
static bool is_limited(const struct job *j)
{
    return j->kind == JOB_UNIT || j->kind == JOB_INNER;
}

static void start(struct processor *p)
{
    while (p->idle > 0 && p->first != NULL) {
        struct waiting *w = p->first;
        p->first = w->next;
        if (p->first == NULL)
            p->end = &p->first;
        if (is_limited(&w->job))
            p->waiting_bytes[w->job.kind == JOB_INNER] -= w->job.len;
        run(p, &w->job);
        free(w);
    }
}

static void put(struct processor *p, const struct job *j)
{
    if (is_limited(j)) {
        uint64_t *waiting = &p->waiting_bytes[j->kind == JOB_INNER];
        if (*waiting + j->len > p->machine->set.input_queue_bytes) {
            p->drops++;
            return;
        }
        *waiting += j->len;
    }
    struct waiting *w = lab_grow(NULL, sizeof *w + j->len);
    w->next = NULL;
    w->job = *j;
    if (j->len > 0)
        w->job.data = memcpy(w->bytes, j->data, j->len);
    *p->end = w;
    p->end = &w->next;
}

void lab_do(const struct job *j)
{
    struct processor *p = j->host->machine->processor;
    if (j->host->seat.busy) {
        lab_later_job(j);
    } else if (p == NULL) {
        lab_job_run(j);
    } else {
        put(p, j);
        start(p);
    }
}
