#include "tests/lua/fake_lab.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINES 64
#define EVENTS   4096

struct due {
    sd_time at;
    uint64_t order;
    void (*fire)(void *ctx); /* NULL: an event */
    void *ctx;
    sd_machine machine;
    sd_conn conn;
    const char *name, *detail;
};
struct sd_lab {
    char name[MACHINES][40];
    int machines, links, taps;
    sd_machine client[MACHINES * 16], server[MACHINES * 16];
    sd_conn conns;
    struct due due[EVENTS];
    size_t count;
    uint64_t order;
    sd_time now;
    bool stopped;
    sd_lab_watch watch;
    void *ctx;
};

const struct fake_event *fake_events;
const struct fake_metric *fake_metrics;
char fake_log[65536];
struct sd_lab_config fake_config;
static size_t logged;

__attribute__((format(printf, 2, 3))) static void log_line(const struct sd_lab *l,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t room = sizeof fake_log - logged;
    int n = snprintf(fake_log + logged, room, "%" PRIu64 ".%03u ", l->now / SD_SECOND,
                     (unsigned)(l->now % SD_SECOND / SD_MS));
    if (n > 0 && (size_t)n < room) {
        logged += (size_t)n;
        room -= (size_t)n;
        n = vsnprintf(fake_log + logged, room, format, args);
        if (n > 0 && (size_t)n < room)
            logged += (size_t)n;
    }
    va_end(args);
}

static const char *name_of(const struct sd_lab *l, sd_machine m)
{
    return m >= 0 && m < l->machines ? l->name[m] : "any";
}

static int schedule(struct sd_lab *l, struct due due)
{
    if (l->count == EVENTS)
        return SD_E_NOMEM;
    due.order = l->order++;
    l->due[l->count++] = due;
    return SD_OK;
}

static void tell(struct sd_lab *l, sd_time after, sd_machine m, sd_conn conn, const char *name)
{
    schedule(l, (struct due){.at = l->now + after, .machine = m, .conn = conn, .name = name});
}

/* -- making and ending -- */

int sd_lab_create(struct sd_lab **lab, const struct sd_lab_config *config, struct sd_error *error)
{
    *lab = calloc(1, sizeof **lab);
    if (!*lab)
        return sd_fail(error, SD_E_NOMEM, "out of memory");
    fake_config = *config;
    logged = 0;
    fake_log[0] = '\0';
    return SD_OK;
}

void sd_lab_destroy(struct sd_lab *l)
{
    free(l);
}

struct sd_net *sd_lab_net(struct sd_lab *l)
{
    (void)l;
    return NULL;
}

static sd_machine machine(struct sd_lab *l, const char *kind, const char *name)
{
    snprintf(l->name[l->machines], sizeof l->name[0], "%s", name);
    log_line(l, "%s %s", kind, name);
    return l->machines++;
}

sd_machine sd_lab_host(struct sd_lab *l, const struct sd_machine_config *c, struct sd_error *error)
{
    if (l->machines == MACHINES)
        return sd_fail(error, SD_E_NOMEM, "too many machines");
    sd_machine m = machine(l, "host", c->name);
    if (c->cores > 1 || c->costs)
        logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged,
                                   " cores %" PRIu32 " cost %s", c->cores,
                                   c->costs ? c->costs->name : "none");
    logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged, "\n");
    return m;
}

sd_machine sd_lab_router(struct sd_lab *l, const char *name, struct sd_error *error)
{
    (void)error;
    sd_machine m = machine(l, "router", name);
    logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged, "\n");
    return m;
}

sd_machine sd_lab_nat(struct sd_lab *l, const struct sd_nat_config *c, struct sd_error *error)
{
    (void)error;
    sd_machine m = machine(l, "nat", c->name);
    logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged,
                               " mapping %d timeout %" PRIu64 "\n", (int)c->mapping,
                               c->udp_timeout / SD_SECOND);
    return m;
}

int sd_lab_block(struct sd_lab *l, sd_machine m, unsigned what, struct sd_error *error)
{
    (void)error;
    log_line(l, "block %s %u\n", name_of(l, m), what);
    return SD_OK;
}

int sd_lab_rebind(struct sd_lab *l, sd_machine nat, unsigned what)
{
    log_line(l, "rebind %s %u\n", name_of(l, nat), what);
    tell(l, 0, nat, 0, "rebound");
    return SD_OK;
}

static void log_weather(const char *way, const struct sd_weather *w)
{
    char text[512];
    int n = snprintf(text, sizeof text, " %s loss %" PRIu32 " burst %" PRIu32 " corrupt %" PRIu32,
                     way, w->loss_ppm, w->burst_mean, w->corrupt_ppm);
    for (int i = 0; w->drop[i] && n < (int)sizeof text - 32; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, " drop %" PRIu32, w->drop[i]);
    if (w->black_to)
        n += snprintf(text + n, sizeof text - (size_t)n, " black %" PRIu64 "-%" PRIu64,
                      w->black_from / SD_MS, w->black_to / SD_MS);
    logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged, "%s", text);
}

static void log_link(struct sd_lab *l, const char *what, const struct sd_lab_link *c)
{
    log_line(l, "%s %s %s delay %" PRIu64 " rate %" PRIu64 " queue %" PRIu32 " mtu %u", what,
             name_of(l, c->a), name_of(l, c->b), c->delay, c->rate_bps, c->queue_bytes, c->mtu);
    log_weather("forth", &c->forth);
    log_weather("back", &c->back);
    logged += (size_t)snprintf(fake_log + logged, sizeof fake_log - logged, "\n");
}

int sd_lab_link(struct sd_lab *l, const struct sd_lab_link *c, struct sd_error *error)
{
    if (c->delay == 999 * SD_SECOND)
        return sd_fail(error, SD_E_ARG, "the lab takes no delay of 999 s");
    log_link(l, "link", c);
    return l->links++;
}

int sd_lab_set_link(struct sd_lab *l, int link, const struct sd_lab_link *c)
{
    (void)link;
    log_link(l, "set", c);
    return SD_OK;
}

int sd_lab_agent(struct sd_lab *l, sd_machine m, const struct sd_lab_agent *c,
                 struct sd_error *error)
{
    (void)error;
    log_line(l, "agent %s %s %s role %d validation %d backlog %" PRIu32 "%s%s%s\n", name_of(l, m),
             c->protocol, c->mode, (int)c->role, (int)c->validation, c->backlog,
             c->mutual ? " mutual" : "", c->early_replay_ok ? " replayable" : "",
             c->alpn ? " alpn" : "");
    if (c->impostor || c->other_psk || c->recorded)
        log_line(l, "agent %s%s%s%s\n", name_of(l, m), c->impostor ? " impostor" : "",
                 c->other_psk ? " other-psk" : "", c->recorded ? " recorded" : "");
    for (const struct sd_option *o = c->options; o && o->name; o++)
        log_line(l, "option %s %s %s\n", name_of(l, m), o->name, o->value);
    return SD_OK;
}

int sd_lab_start(struct sd_lab *l, struct sd_error *error)
{
    (void)error;
    log_line(l, "start\n");
    for (const struct fake_event *e = fake_events; e && e->machine; e++)
        for (int m = 0; m < l->machines; m++)
            if (!strcmp(l->name[m], e->machine))
                schedule(l, (struct due){.at = e->at,
                                         .machine = m,
                                         .conn = 1,
                                         .name = e->name,
                                         .detail = e->detail});
    return SD_OK;
}

/* -- time -- */

int sd_lab_at(struct sd_lab *l, sd_time when, void (*fire)(void *ctx), void *ctx)
{
    return schedule(l, (struct due){.at = when, .fire = fire, .ctx = ctx});
}

int sd_lab_run(struct sd_lab *l, sd_time until)
{
    while (l->count && !l->stopped) {
        size_t next = 0;
        for (size_t i = 1; i < l->count; i++)
            if (l->due[i].at < l->due[next].at ||
                (l->due[i].at == l->due[next].at && l->due[i].order < l->due[next].order))
                next = i;
        struct due due = l->due[next];
        if (due.at > until)
            break;
        l->due[next] = l->due[--l->count];
        l->now = due.at;
        if (due.fire)
            due.fire(due.ctx);
        else if (l->watch)
            l->watch(l->ctx, &(struct sd_lab_event){.at = l->now,
                                                    .machine = due.machine,
                                                    .conn = due.conn,
                                                    .name = due.name,
                                                    .detail = due.detail,
                                                    .path.local = sd_ipv4(10, 0, 0, 1, 443),
                                                    .path.remote = sd_ipv4(192, 0, 2, 7, 40000)});
    }
    return SD_OK;
}

void sd_lab_stop(struct sd_lab *l)
{
    l->stopped = true;
    log_line(l, "stop\n");
}

sd_time sd_lab_now(const struct sd_lab *l)
{
    return l->now;
}

/* -- what hosts do -- */

sd_conn sd_lab_connect(struct sd_lab *l, const struct sd_lab_connect *c)
{
    sd_conn conn = ++l->conns;
    l->client[conn] = c->client;
    l->server[conn] = c->server;
    log_line(l, "connect %s %s %" PRIu64 "/%" PRIu64 "%s%s\n", name_of(l, c->client),
             name_of(l, c->server), c->request_len, c->reply_len, c->close ? " close" : "",
             c->inner_datagram ? " datagram" : "");
    tell(l, 100 * SD_MS, c->client, conn, "ready");
    if (c->request_len)
        tell(l, 200 * SD_MS, c->client, conn, "reply");
    return conn;
}

int sd_lab_send(struct sd_lab *l, sd_conn conn, sd_machine from, uint64_t len)
{
    log_line(l, "send %" PRIu32 " %s %" PRIu64 "\n", conn, name_of(l, from), len);
    tell(l, SD_SECOND, l->client[conn] == from ? l->server[conn] : l->client[conn], conn,
         "received all");
    return SD_OK;
}

int sd_lab_stream(struct sd_lab *l, sd_conn conn, sd_machine from, uint32_t size, sd_time interval,
                  uint64_t count)
{
    log_line(l, "stream %" PRIu32 " %s %" PRIu32 " every %" PRIu64 " x %" PRIu64 "\n", conn,
             name_of(l, from), size, interval, count);
    return SD_OK;
}

int sd_lab_call(struct sd_lab *l, sd_conn conn, const struct sd_lab_call *call)
{
    log_line(l,
             "call %" PRIu32 " audio %" PRIu32 " video %" PRIu64 " playout %" PRIu64 " for %" PRIu64
             "\n",
             conn, call->audio_size, call->video_bps, call->playout, call->last);
    return SD_OK;
}

int sd_lab_close(struct sd_lab *l, sd_conn conn, sd_machine who)
{
    log_line(l, "close %" PRIu32 " %s\n", conn, name_of(l, who));
    return SD_OK;
}

int sd_lab_rekey(struct sd_lab *l, sd_conn conn, sd_machine who)
{
    log_line(l, "rekey %" PRIu32 " %s\n", conn, name_of(l, who));
    return SD_E_STATE;
}

int sd_lab_export(struct sd_lab *l, sd_conn conn, sd_machine who)
{
    log_line(l, "export %" PRIu32 " %s\n", conn, name_of(l, who));
    return SD_OK;
}

int sd_lab_send_beside(struct sd_lab *l, sd_conn conn, sd_machine from, uint64_t stream,
                       uint64_t len)
{
    log_line(l, "send beside %" PRIu32 " %s %" PRIu64 " on %" PRIu64 "\n", conn, name_of(l, from),
             len, stream);
    return SD_OK;
}

int sd_lab_move(struct sd_lab *l, sd_machine m)
{
    log_line(l, "move %s\n", name_of(l, m));
    return SD_OK;
}

sd_conn sd_lab_last_conn(const struct sd_lab *l, sd_machine a, sd_machine b)
{
    for (sd_conn conn = l->conns; conn; conn--)
        if ((l->client[conn] == a && l->server[conn] == b) ||
            (l->client[conn] == b && l->server[conn] == a))
            return conn;
    return 0;
}

/* -- what attackers do -- */

int sd_lab_flood(struct sd_lab *l, const struct sd_flood *f, struct sd_error *error)
{
    (void)error;
    log_line(l, "flood %s %s %" PRIu64 " from %08" PRIx32 "/%u %" PRIu64 "-%" PRIu64 "%s\n",
             name_of(l, f->from), name_of(l, f->to), f->rate_pps, f->source_net, f->source_prefix,
             f->start / SD_MS, f->end / SD_MS, f->fresh ? " fresh" : "");
    return SD_OK;
}

int sd_lab_tap(struct sd_lab *l, const struct sd_tap *t)
{
    log_line(l, "tap %s %s %s %s %" PRIu32 "\n", name_of(l, t->at), name_of(l, t->from),
             name_of(l, t->to), t->data ? "data" : "handshake", t->limit);
    return l->taps++;
}

int sd_lab_replay(struct sd_lab *l, const struct sd_replay *r)
{
    log_line(l, "replay %d %s %d x %" PRIu32 "%s\n", r->tap, name_of(l, r->from), r->index,
             r->copies, r->own_source ? " own" : "");
    return 1;
}

int sd_lab_cut(struct sd_lab *l, int tap, sd_machine from, enum sd_cut how)
{
    log_line(l, "cut %d %s %s\n", tap, name_of(l, from), how == SD_CUT_RST ? "rst" : "fin");
    return 1;
}

int sd_lab_meddle(struct sd_lab *l, const struct sd_meddle *m)
{
    log_line(l, "%s %s %s %s %s %" PRIu32 " x %" PRIu32 " by %" PRIu64 "\n",
             m->how == SD_DELAY ? "delay" : "corrupt", name_of(l, m->which.at),
             name_of(l, m->which.from), name_of(l, m->which.to),
             m->which.data ? "data" : "handshake", m->nth, m->count, m->delay / SD_MS);
    return SD_OK;
}

int sd_lab_eavesdrop(struct sd_lab *l, sd_machine at)
{
    log_line(l, "eavesdrop %s\n", name_of(l, at));
    return SD_OK;
}

/* -- what happened -- */

void sd_lab_on_event(struct sd_lab *l, sd_lab_watch watch, void *ctx)
{
    l->watch = watch;
    l->ctx = ctx;
}

void sd_lab_note(struct sd_lab *l, const char *text)
{
    log_line(l, "note %s\n", text);
}

bool sd_lab_metric(const struct sd_lab *l, const struct sd_metric *metric, sd_machine m,
                   uint64_t *value)
{
    for (const struct fake_metric *f = fake_metrics; f && f->name; f++)
        if (!strcmp(f->name, metric->name) &&
            (f->machine ? m >= 0 && !strcmp(f->machine, name_of(l, m)) : m < 0)) {
            *value = f->value;
            return true;
        }
    return false;
}

/* Only the value of the last of them: what is told of "client" is told of a group that ends so. */
bool sd_lab_metric_of(const struct sd_lab *l, const struct sd_metric *metric,
                      const sd_machine *clients, size_t count, uint64_t *value)
{
    return count > 0 && sd_lab_metric(l, metric, clients[count - 1], value);
}

int sd_lab_save_trace(struct sd_lab *l, const char *path, struct sd_error *error)
{
    (void)l;
    return sd_fail(error, SD_E_IO, "cannot write %s", path);
}

int sd_lab_save_capture(struct sd_lab *l, const char *path, const char *keys,
                        struct sd_error *error)
{
    (void)l;
    (void)keys;
    return sd_fail(error, SD_E_IO, "cannot write %s", path);
}
