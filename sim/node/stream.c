/* stream.c - TCP connections that carry agents' sessions: opened, accepted, read, written, ended.
 *
 * Incoming bytes stay in TCP's buffer until the processor takes them, so that a busy machine slows
 * its peers down; outgoing bytes that TCP has no room for stay here, and stop the application. */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child);

struct stream *lab_stream_find(const struct sd_lab *lab, uint32_t conn)
{
    return conn < lab->streams ? lab->stream[conn] : NULL;
}

static struct stream *stream_new(struct host *h, struct sd_tcp *tcp)
{
    struct sd_lab *lab = h->lab;
    struct stream *s = lab_new(sizeof *s);
    s->host = h;
    s->tcp = tcp;
    s->path = sd_tcp_path(tcp);
    s->conn = s->path.conn;
    if (s->conn >= lab->streams) {
        uint32_t n = s->conn * 2 + 64;
        lab->stream = lab_grow(lab->stream, n * sizeof(struct stream *));
        memset(lab->stream + lab->streams, 0, (n - lab->streams) * sizeof(struct stream *));
        lab->streams = n;
    }
    lab->stream[s->conn] = s;
    s->next = h->streams;
    s->self = &h->streams;
    if (s->next != NULL)
        s->next->self = &s->next;
    h->streams = s;
    return s;
}

/* The network still stands, or (at the lab's end) has freed its connections already. */
void lab_stream_free(struct stream *s)
{
    *s->self = s->next;
    if (s->next != NULL)
        s->next->self = s->self;
    s->host->lab->stream[s->conn] = NULL;
    free(s->out);
    free(s);
}

uint64_t lab_stream_retransmits(const struct stream *s)
{
    struct sd_tcp_counters counters;
    sd_tcp_stats(s->tcp, &counters);
    return counters.retransmits;
}

/* Both ends have ended it, or it broke. */
void lab_stream_reap(struct stream *s)
{
    if (s == NULL || !(s->broken || (s->fin_told && s->fin_out && s->out_len == 0)))
        return;
    s->host->tcp_retransmits += lab_stream_retransmits(s);
    sd_tcp_free(s->tcp);
    lab_stream_free(s);
}

static void plan(struct stream *s)
{
    if (s->planned)
        return;
    s->planned = true;
    lab_do(&(struct job){.kind = JOB_STREAM, .host = s->host, .conn = s->conn});
}

/* -- opening -- */

static size_t on_options(void *ctx, const struct sd_path *path, enum sd_segment segment,
                         const uint8_t *received, size_t received_len, uint8_t *out, size_t cap)
{
    struct host *h = ctx;
    return sd_seat_tcp_options(&h->seat, sd_net_now(h->lab->net), path, segment, received,
                               received_len, out, cap);
}

static void on_listener(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event,
                        struct sd_tcp *child)
{
    struct host *h = ctx;
    (void)tcp;
    if (event != SD_TCP_ACCEPTED)
        return;
    lab_enter(h->lab);
    struct stream *s = stream_new(h, child);
    sd_tcp_on(child, on_tcp, s);
    struct conv *c = lab_conv_by_path(h, &s->path);
    if (c != NULL && h->ops->service != SD_SERVICE_IP) { /* a tunnel outlives its carrier */
        s->conv = c->id;
        c->side[SERVER].conn = s->conn;
    }
    s->begin = true;
    plan(s);
    lab_leave(h->lab);
}

int lab_stream_listen(struct host *h, struct carrier *c)
{
    struct sd_net *net = h->lab->net;
    if (h->ops->tcp_options != NULL)
        sd_net_tcp_options(net, h->machine->id, c->is.port, on_options, h);
    if (h->role != SD_ROLE_SERVER)
        return SD_OK;
    struct sd_listen listen = {
        .port = c->is.port, .backlog = h->set.backlog, .cookies = h->set.validation};
    c->listener = sd_net_listen(net, h->machine->id, &listen, on_listener, h);
    return c->listener != NULL ? SD_OK : SD_E_STATE;
}

bool lab_stream_connect(struct conv *c)
{
    struct host *h = c->lab->machine[c->side[CLIENT].machine]->host;
    struct sd_addr to = lab_server_address(c);
    h->handshaking = c->id;
    lab_conv_started(c);
    struct sd_tcp *tcp = sd_net_connect(c->lab->net, h->machine->id, &to, on_tcp, NULL);
    if (tcp == NULL)
        return false;
    struct stream *s = stream_new(h, tcp);
    sd_tcp_on(tcp, on_tcp, s);
    s->conv = c->id;
    c->side[CLIENT].conn = s->conn;
    lab_source_put(c, &s->path.local);
    return true;
}

void lab_stream_ask(struct host *h, const struct sd_path *path)
{
    struct sd_lab *lab = h->lab;
    struct sd_addr inside;
    struct sd_tcp *tcp = sd_net_connect(lab->net, h->machine->id, &path->remote, on_tcp, NULL);
    if (tcp == NULL) {
        lab_later_job(
            &(struct job){.kind = JOB_UNIT, .host = h, .path = *path, .flags = SD_UNIT_RESET});
        return;
    }
    struct stream *s = stream_new(h, tcp);
    sd_tcp_on(tcp, on_tcp, s);
    s->asked = true;
    struct machine *server = lab_owner(lab, &path->remote, &s->path.local, &inside);
    struct conv *c = server != NULL ? lab_conv_between(lab, h->machine->id, server->id) : NULL;
    if (c != NULL)
        lab_source_put(c, &s->path.local);
}

/* -- what TCP tells -- */

static void broken(struct stream *s, bool refused)
{
    struct conv *c = lab_conv(s->host->lab, s->conv);
    s->broken = true;
    if (c != NULL)
        lab_conv_broken(c, s->host->machine->id, refused ? "refused" : "reset",
                        refused ? "no answer, or a reset" : "TCP gave up, or was reset");
    if (refused && !s->asked) {
        lab_later_reap(s->host->lab, s->conn); /* the agent never heard of it */
        return;
    }
    s->reset_in = true;
    plan(s);
}

static void flush(struct stream *s)
{
    size_t taken = sd_tcp_send(s->tcp, s->out, s->out_len);
    memmove(s->out, s->out + taken, s->out_len - taken);
    s->out_len -= taken;
    if (s->out_len > 0)
        return;
    if (s->fin_out) {
        sd_tcp_close(s->tcp);
        lab_later_reap(s->host->lab, s->conn);
    }
    struct conv *c = lab_conv(s->host->lab, s->conv);
    if (c != NULL)
        lab_push_later(c, lab_conv_side(c, s->host->machine->id));
}

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    struct stream *s = ctx;
    (void)tcp, (void)child;
    if (s == NULL || s->broken)
        return;
    lab_enter(s->host->lab);
    switch (event) {
    case SD_TCP_ACCEPTED:
        break;
    case SD_TCP_CONNECTED: {
        if (s->asked) {
            s->begin = true;
            plan(s);
            break;
        }
        struct conv *c = lab_conv(s->host->lab, s->conv);
        c->flights = 2;
        c->direction = SD_IN;
        lab_do(&(struct job){.kind = JOB_OPEN, .host = s->host, .conv = s->conv});
        break;
    }
    case SD_TCP_READABLE:
        plan(s);
        break;
    case SD_TCP_WRITABLE:
        flush(s);
        break;
    case SD_TCP_PEER_CLOSED:
        s->fin_in = true;
        plan(s);
        break;
    case SD_TCP_FAILED:
    case SD_TCP_RESET:
        broken(s, event == SD_TCP_FAILED);
        break;
    }
    lab_leave(s->host->lab);
}

/* -- bytes in: JOB_STREAM -- */

void lab_stream_serve(struct stream *s)
{
    if (s == NULL)
        return;
    struct host *h = s->host;
    struct sd_lab *lab = h->lab;
    s->planned = false;
    struct sd_unit unit = {.path = s->path, .data = lab->scratch, .cap = sizeof lab->scratch};
    if (s->begin)
        unit.flags |= SD_UNIT_BEGIN;
    else if (!s->broken)
        unit.len = sd_tcp_receive(s->tcp, lab->scratch, sizeof lab->scratch);
    bool more = unit.len == sizeof lab->scratch || s->begin;
    if (!more && s->fin_in && !s->fin_told) {
        unit.flags |= SD_UNIT_FIN;
        s->fin_told = true;
    }
    if (s->reset_in)
        unit.flags |= SD_UNIT_RESET;
    s->begin = s->reset_in = false;
    if (unit.len == 0 && unit.flags == 0)
        return;
    if (unit.len > 0)
        lab_flight(h, SD_IN);
    sd_seat_net_in(&h->seat, sd_net_now(lab->net), &unit);
    if (more && !s->broken && !s->planned) {
        s->planned = true;
        lab_later_job(&(struct job){.kind = JOB_STREAM, .host = h, .conn = s->conn});
    }
    lab_later_reap(lab, s->conn);
}

/* -- units out -- */

bool lab_stream_full(const struct stream *s)
{
    return s->out_len > 0;
}

void lab_stream_write(struct stream *s, const struct sd_unit *unit)
{
    if (s->broken)
        return;
    if (unit->flags & SD_UNIT_RESET) {
        s->broken = true;
        sd_tcp_abort(s->tcp);
        lab_later_reap(s->host->lab, s->conn);
        return;
    }
    size_t taken = 0;
    if (s->out_len == 0 && unit->len > 0)
        taken = sd_tcp_send(s->tcp, unit->data, unit->len);
    size_t left = unit->len - taken;
    if (left > 0) {
        if (s->out_len + left > s->out_cap) {
            s->out_cap = (s->out_len + left) * 2;
            s->out = lab_grow(s->out, s->out_cap);
        }
        memcpy(s->out + s->out_len, unit->data + taken, left);
        s->out_len += left;
    }
    if ((unit->flags & SD_UNIT_FIN) && !s->fin_out) {
        s->fin_out = true;
        if (s->out_len == 0)
            sd_tcp_close(s->tcp);
        lab_later_reap(s->host->lab, s->conn);
    }
}
