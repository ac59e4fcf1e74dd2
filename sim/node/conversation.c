/* conversation.c - one application conversation over one session: begun, ready, broken, over; and
 * which conversation an agent's event speaks of. */
#include "sim/node/inside.h"

#include <stdlib.h>
#include <string.h>

struct conv *lab_conv(const struct sd_lab *lab, sd_conn id)
{
    return id > 0 && id <= lab->convs ? lab->conv[id - 1] : NULL;
}

int lab_conv_side(const struct conv *c, sd_machine m)
{
    return c->side[CLIENT].machine == m ? CLIENT : c->side[SERVER].machine == m ? SERVER : -1;
}

int lab_side_of(const struct party *p)
{
    return p == &p->conv->side[CLIENT] ? CLIENT : SERVER;
}

struct host *lab_host_of(const struct conv *c, int side)
{
    return c->lab->machine[c->side[side].machine]->host;
}

struct sd_addr lab_server_address(const struct conv *c)
{
    const struct host *server = lab_host_of(c, SERVER);
    struct sd_addr a = sd_ipv4_word(server->machine->ip, server->ops->carriers[0].port);
    a.proto = server->ops->carriers[0].proto;
    return a;
}

static void announce(const struct conv *c, int side, const char *name, const char *detail)
{
    if (!c->hidden)
        lab_announce(c->lab, &(struct announcement){.machine = c->side[side].machine,
                                                    .conv = c->id,
                                                    .name = name,
                                                    .detail = detail});
}

void lab_conv_announce(const struct conv *c, int side, const char *name)
{
    announce(c, side, name, NULL);
}

/* -- who is meant -- */

static uint64_t source_key(const struct sd_addr *a)
{
    return lab_key(KEY_SOURCE, (uint64_t)sd_addr_ipv4(a) << 16 | a->port);
}

void lab_source_put(struct conv *c, const struct sd_addr *source)
{
    lab_map_put(&c->lab->map, source_key(source), c->id);
}

struct conv *lab_source_get(const struct sd_lab *lab, const struct sd_addr *source)
{
    uint64_t id;
    return lab_map_get(&lab->map, source_key(source), &id) ? lab_conv(lab, (sd_conn)id) : NULL;
}

struct conv *lab_conv_between(const struct sd_lab *lab, sd_machine client, sd_machine server)
{
    uint64_t id;
    uint64_t key = lab_pair_key(KEY_PAIR, (uint32_t)client, (uint32_t)server);
    return lab_map_get(&lab->map, key, &id) ? lab_conv(lab, (sd_conn)id) : NULL;
}

static void pair_put(struct conv *c)
{
    uint64_t key = lab_pair_key(KEY_PAIR, (uint32_t)c->side[CLIENT].machine,
                                (uint32_t)c->side[SERVER].machine);
    lab_map_put(&c->lab->map, key, c->id);
}

/* The conversation that a client began whose packets come to this server by that path. */
struct conv *lab_conv_by_path(struct host *server, const struct sd_path *path)
{
    struct sd_addr inside;
    struct machine *m = lab_owner(server->lab, &path->remote, &path->local, &inside);
    if (m == NULL)
        return NULL;
    if (path->conn != 0)
        return lab_source_get(server->lab, &inside);
    return lab_conv_between(server->lab, m->id, server->machine->id);
}

static void bind(struct conv *c, int side, sd_sid sid)
{
    c->side[side].sid = sid;
    lab_map_put(&c->lab->map, lab_pair_key(KEY_SESSION, (uint32_t)c->side[side].machine, sid),
                c->id);
}

/* A tunnel's session that a new conversation is about to take over. */
static bool reopens(const struct host *h, const struct conv *before)
{
    const struct conv *c = lab_conv(h->lab, h->opening);
    return c != NULL && h->ops->service == SD_SERVICE_IP && c->side[CLIENT].sid == 0 &&
           c->side[SERVER].machine == before->side[SERVER].machine;
}

static struct conv *conv_of(struct host *h, const struct sd_event *e)
{
    uint64_t id;
    struct sd_lab *lab = h->lab;
    if (e->sid == 0)
        return NULL;
    struct conv *c = NULL;
    int side = CLIENT;
    bool known =
        lab_map_get(&lab->map, lab_pair_key(KEY_SESSION, (uint32_t)h->machine->id, e->sid), &id);
    if (known && !reopens(h, lab_conv(lab, (sd_conn)id)))
        return lab_conv(lab, (sd_conn)id);
    if (h->opening != 0) {
        c = lab_conv(lab, h->opening);
    } else if (h->role == SD_ROLE_SERVER) {
        const struct stream *s = lab_stream_find(lab, e->path.conn);
        c = s != NULL && s->conv != 0 ? lab_conv(lab, s->conv) : lab_conv_by_path(h, &e->path);
        side = SERVER;
    }
    if (c == NULL || c->side[side].machine != h->machine->id || c->side[side].sid != 0)
        return NULL;
    bind(c, side, e->sid);
    return c;
}

sd_conn sd_lab_last_conn(const struct sd_lab *lab, sd_machine a, sd_machine b)
{
    if (lab_machine(lab, a) == NULL || lab_machine(lab, b) == NULL)
        return 0;
    const struct conv *there = lab_conv_between(lab, a, b), *back = lab_conv_between(lab, b, a);
    const struct conv *last = there;
    if (last == NULL || (back != NULL && back->id > last->id))
        last = back;
    return last != NULL && !last->hidden ? last->id : 0;
}

/* -- beginning -- */

struct conv *lab_conv_new(struct sd_lab *lab, const struct sd_lab_connect *with)
{
    if (lab->convs == lab->conv_cap) {
        lab->conv_cap = lab->conv_cap * 2 + 16;
        lab->conv = lab_grow(lab->conv, lab->conv_cap * sizeof(struct conv *));
    }
    struct conv *c = lab_new(sizeof *c);
    lab->conv[lab->convs++] = c;
    c->lab = lab;
    c->id = lab->convs;
    c->request_len = with->request_len;
    c->reply_len = with->reply_len;
    c->close = with->close;
    c->inner_datagram = with->inner_datagram;
    c->started = c->opened = c->ready_at = c->first_byte_at = c->reply_at = c->done_at = SD_NEVER;
    c->stream_at = SD_NEVER;
    for (int i = 0; i < 2; i++) {
        struct party *p = &c->side[i];
        p->conv = c;
        p->machine = i == CLIENT ? with->client : with->server;
        struct machine *m = lab->machine[p->machine];
        p->next = m->convs;
        p->self = &m->convs;
        if (p->next != NULL)
            p->next->self = &p->next;
        m->convs = p;
    }
    pair_put(c);
    if (with->objects > 0)
        lab_objects_new(c, with->objects);
    return c;
}

void lab_conv_free(struct conv *c)
{
    for (int i = 0; i < 2; i++) {
        for (uint32_t n = 0; n < c->side[i].segments; n++)
            free(c->side[i].segment[n].said_at);
        free(c->side[i].segment);
        free(c->side[i].heard);
        lab_tickers_free(c->side[i].tickers);
    }
    free(c->objects);
    free(c);
}

void lab_conv_begin(struct conv *c)
{
    struct host *h = lab_host_of(c, CLIENT);
    pair_put(c); /* an earlier session may have come in between */
    if (c->objects != NULL)
        lab_objects_ask(c);
    else if (c->request_len > 0)
        lab_say(c, CLIENT, SEGMENT_REQUEST, c->request_len);
    if (!c->hidden)
        c->lab->measured = true;
    if (h->ops->carriers[0].proto != SD_PROTO_TCP)
        lab_do(&(struct job){.kind = JOB_OPEN, .host = h, .conv = c->id});
    else if (!lab_stream_connect(c))
        lab_conv_broken(c, h->machine->id, "refused", "there is no route or no free port");
}

void lab_conv_started(struct conv *c)
{
    struct host *h = lab_host_of(c, CLIENT);
    h->starting = 0;
    if (c->started != SD_NEVER)
        return;
    c->started = sd_net_now(c->lab->net);
    sd_net_counters(c->lab->net, h->machine->id, &c->at_start);
}

static bool is_early(const struct conv *c)
{
    return !c->hidden && c->request_len > 0 && c->objects == NULL &&
           strcmp(lab_host_of(c, CLIENT)->mode->name, "early") == 0;
}

/* JOB_OPEN: the carrier is there. */
void lab_conv_open(struct conv *c)
{
    struct host *h = lab_host_of(c, CLIENT);
    const struct stream *s = lab_stream_find(c->lab, c->side[CLIENT].conn);
    if (c->side[CLIENT].over)
        return;
    struct sd_open open = {.server_name = lab_host_of(c, SERVER)->identity.name};
    if (s != NULL)
        open.path = s->path;
    else
        open.path = (struct sd_path){.local = lab_host_local(h), .remote = lab_server_address(c)};
    if (is_early(c)) {
        open.early_len = lab_early(c, &open.early);
        c->early = true;
    }
    c->opened = sd_net_now(c->lab->net);
    h->opening = h->handshaking = c->id;
    if (c->started == SD_NEVER)
        h->starting = c->id;
    sd_sid sid = 0;
    int result = lab_signal(c);
    if (result == SD_OK)
        result = sd_seat_open(&h->seat, c->opened, &open, &sid);
    h->opening = 0;
    if (result != SD_OK)
        lab_conv_broken(c, h->machine->id, "refused", sd_result_text(result));
    else if (c->side[CLIENT].sid == 0)
        bind(c, CLIENT, sid);
}

/* A tunnel's session goes on from one conversation to the next. */
static void inherit(struct conv *c, const struct conv *before)
{
    if (before == NULL || lab_host_of(c, CLIENT)->ops->service != SD_SERVICE_IP)
        return;
    const struct party *p = &before->side[SERVER];
    if (p->sid != 0 && !p->over) {
        bind(c, SERVER, p->sid);
        c->side[SERVER].ready = p->ready;
        c->side[SERVER].was_ready = p->was_ready;
    }
}

/* Why these two cannot talk; NULL: they can. */
static const char *objection(const struct sd_lab *lab, const struct sd_lab_connect *with)
{
    const struct machine *client = lab_machine(lab, with->client),
                         *server = lab_machine(lab, with->server);
    if (client == NULL || server == NULL || client == server)
        return "it takes two different machines";
    if (client->host == NULL || server->host == NULL)
        return "one of the two has no agent";
    if (client->host->ops != server->host->ops)
        return "their agents are of different protocols";
    if (client->host->role == SD_ROLE_SERVER || server->host->role == SD_ROLE_CLIENT)
        return "an agent is of the other role";
    if ((with->request_len > 0 && with->request_len < MESSAGE_HEADER) ||
        (with->reply_len > 0 && with->reply_len < MESSAGE_HEADER))
        return "a request or reply is shorter than its header";
    if (with->objects > 0 && (with->request_len == 0 || with->reply_len == 0))
        return "objects are asked for and answered";
    if (with->objects > 0 &&
        (client->host->ops->service == SD_SERVICE_DATAGRAM ||
         (client->host->ops->service == SD_SERVICE_IP && with->inner_datagram)))
        return "objects want a stream, and there are only datagrams";
    return NULL;
}

static void refuse(struct sd_lab *lab, const struct sd_lab_connect *with, const char *why)
{
    struct machine *client = lab_machine(lab, with->client);
    if (client != NULL)
        client->refused++;
    lab_announce(lab,
                 &(struct announcement){.machine = with->client, .name = "refused", .detail = why});
}

static bool must_prepare(const struct conv *c)
{
    uint64_t had;
    uint64_t key = lab_pair_key(KEY_EARLIER, (uint32_t)c->side[CLIENT].machine,
                                (uint32_t)c->side[SERVER].machine);
    return lab_host_of(c, CLIENT)->mode->needs_earlier &&
           lab_may_have_met(lab_host_of(c, CLIENT), lab_host_of(c, SERVER)) &&
           !lab_map_get(&c->lab->map, key, &had);
}

static sd_conn connect_now(struct sd_lab *lab, const struct sd_lab_connect *with)
{
    const char *why = objection(lab, with);
    struct sd_error error;
    if (why == NULL &&
        (lab_host_seat(lab->machine[with->server]->host, SD_ROLE_SERVER, &error) != SD_OK ||
         lab_host_seat(lab->machine[with->client]->host, SD_ROLE_CLIENT, &error) != SD_OK))
        why = error.text;
    if (why != NULL) {
        refuse(lab, with, why);
        return 0;
    }
    struct conv *before = lab_conv_between(lab, with->client, with->server);
    struct conv *c = lab_conv_new(lab, with);
    c->counted = true;
    inherit(c, before);
    if (must_prepare(c))
        lab_prepare(lab, with->client, with->server, c);
    else
        lab_conv_begin(c);
    return c->id;
}

sd_conn sd_lab_connect(struct sd_lab *lab, const struct sd_lab_connect *with)
{
    if (lab->net == NULL)
        return 0;
    lab_enter(lab);
    sd_conn id = connect_now(lab, with);
    lab_leave(lab);
    return id;
}

/* -- the end -- */

static void leave_machine(struct party *p)
{
    if (p->self == NULL)
        return;
    *p->self = p->next;
    if (p->next != NULL)
        p->next->self = p->self;
    p->self = NULL;
}

/* This side's session is no more. */
static void session_over(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    struct host *h = lab_host_of(c, side);
    if (p->over)
        return;
    p->over = true;
    p->ready = false;
    leave_machine(p);
    sd_net_cancel(c->lab->net, p->pace);
    p->pace = 0;
    if (side == SERVER)
        return;
    sd_net_cancel(c->lab->net, c->again);
    c->again = 0;
    if (h->handshaking == c->id)
        h->handshaking = 0;
    if (h->starting == c->id)
        h->starting = 0;
    if (c->hidden)
        lab_prepared(c);
}

/* The carrier failed beneath the agent. */
void lab_conv_broken(struct conv *c, sd_machine who, const char *name, const char *why)
{
    int side = lab_conv_side(c, who);
    announce(c, side, name, why);
    if (c->side[side].sid == 0 || lab_host_of(c, side)->ops->service == SD_SERVICE_IP)
        session_over(c, side);
}

void lab_conv_end_session(struct conv *c, int side)
{
    lab_later_job(&(struct job){.kind = JOB_CONTROL,
                                .host = lab_host_of(c, side),
                                .verb = SD_CLOSE,
                                .sid = c->side[side].sid});
}

static void close_side(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    if (p->inner != NULL && !p->inner_closing)
        lab_tunnel_close(p);
    else if (p->inner == NULL)
        lab_conv_end_session(c, side);
}

/* The request was answered whole, or there was none to answer. */
void lab_conv_answered(struct conv *c)
{
    c->answered = true;
    if (c->done_at == SD_NEVER)
        c->done_at = sd_net_now(c->lab->net);
    sd_net_cancel(c->lab->net, c->again);
    c->again = 0;
    if (c->close)
        close_side(c, CLIENT);
}

/* -- what agents tell -- */

/* The application's first write is a call of its own: TCP has sent what the agent wrote before. */
static void may_speak(void *ctx)
{
    struct party *p = ctx;
    struct conv *c = p->conv;
    if (p->over)
        return;
    lab_enter(c->lab);
    p->ready = true;
    if (p == &c->side[CLIENT])
        sd_net_counters(c->lab->net, p->machine, &c->at_ready);
    lab_tickers_begin(p);
    lab_push_later(c, lab_side_of(p));
    lab_leave(c->lab);
}

static void on_ready(struct conv *c, int side)
{
    struct party *p = &c->side[side];
    struct host *h = lab_host_of(c, side);
    if (p->was_ready || p->over) /* over: a tunnel's peer began anew by itself */
        return;
    p->was_ready = true;
    if (side == CLIENT) {
        if (c->started == SD_NEVER) /* ready before it has sent anything: that took no time */
            lab_conv_started(c);
        c->ready_at = sd_net_now(c->lab->net);
        if (h->handshaking == c->id)
            h->handshaking = 0;
        if (c->request_len == 0)
            c->done_at = c->ready_at;
        if (h->ops->service == SD_SERVICE_IP && !c->inner_datagram)
            lab_tunnel_connect(c);
    }
    if (p->conn != 0 && side == CLIENT)
        sd_net_after(c->lab->net, LAB_MOMENT, may_speak, p);
    else
        may_speak(p);
}

static void hear_stream(struct conv *c, int side, const struct sd_event *e)
{
    if (lab_objects_apart(c)) {
        lab_objects_hear(c, !side, e->stream, e->data, e->len);
        return;
    }
    if (e->stream != 0) {
        lab_hear_beside(c, !side, e->stream, e->data, e->len);
        return;
    }
    lab_hear_bytes(c, !side, e->data, e->len);
    if (e->fin) {
        c->side[side].heard_end = true;
        lab_push_later(c, side);
    }
}

static void on_data(struct host *h, struct conv *c, const struct sd_event *e)
{
    if (h->ops->service == SD_SERVICE_IP)
        lab_later_inner(h, e->data, e->len);
    else if (h->ops->service == SD_SERVICE_DATAGRAM)
        lab_hear_message(h->machine, e->data, e->len);
    else if (c != NULL)
        hear_stream(c, lab_conv_side(c, h->machine->id), e);
    else
        lab_hear_stranger(h->machine, e->data, e->len);
}

void lab_conv_event(struct host *h, const struct sd_event *e)
{
    struct conv *c = conv_of(h, e);
    int side = c != NULL ? lab_conv_side(c, h->machine->id) : -1;
    switch (e->kind) {
    case SD_EV_DATA:
        on_data(h, c, e);
        return;
    case SD_EV_WRITABLE:
        if (c != NULL)
            lab_push_later(c, side);
        return;
    case SD_EV_MIGRATED:
        h->machine->migrated++;
        break;
    default:
        break;
    }
    if (c == NULL || !c->hidden)
        lab_announce(h->lab, &(struct announcement){.machine = h->machine->id,
                                                    .conv = c != NULL ? c->id : 0,
                                                    .name = sd_event_name(e->kind),
                                                    .detail = e->detail,
                                                    .code = e->code,
                                                    .path = &e->path});
    if (c == NULL)
        return;
    switch (e->kind) {
    case SD_EV_READY:
        on_ready(c, side);
        break;
    case SD_EV_EARLY_REFUSED:
        if (side == CLIENT && c->early && !c->early_refused) {
            c->early_refused = true;
            lab_unsay(c);
        }
        break;
    case SD_EV_CLOSED:
        session_over(c, side);
        break;
    case SD_EV_ERROR:
        /* A tunnel tries again as soon as there is something to send, and TCP inside goes on. */
        if (c->hidden || h->ops->service != SD_SERVICE_IP)
            session_over(c, side);
        break;
    default:
        break;
    }
}

/* -- what scripts and the network ask of its session -- */

/* The party whose session is to be controlled: SD_OK, SD_E_ARG, SD_E_STATE. */
static int speaking(struct sd_lab *lab, sd_conn id, sd_machine who, struct party **p)
{
    struct conv *c = lab_conv(lab, id);
    int side = c != NULL ? lab_conv_side(c, who) : -1;
    if (side < 0)
        return SD_E_ARG;
    *p = &c->side[side];
    return (*p)->over || (*p)->sid == 0 ? SD_E_STATE : SD_OK;
}

int sd_lab_close(struct sd_lab *lab, sd_conn id, sd_machine who)
{
    struct party *p;
    int result = speaking(lab, id, who, &p);
    if (result != SD_OK)
        return result;
    lab_enter(lab);
    close_side(p->conv, lab_side_of(p));
    lab_leave(lab);
    return SD_OK;
}

static int ask_session(struct sd_lab *lab, sd_conn id, sd_machine who, enum sd_verb verb)
{
    struct party *p;
    int result = speaking(lab, id, who, &p);
    if (result != SD_OK)
        return result;
    lab_enter(lab);
    lab_do(&(struct job){.kind = JOB_CONTROL,
                         .host = lab_host_of(p->conv, lab_side_of(p)),
                         .conv = id,
                         .verb = verb,
                         .sid = p->sid});
    lab_leave(lab);
    return SD_OK;
}

int sd_lab_rekey(struct sd_lab *lab, sd_conn id, sd_machine who)
{
    return ask_session(lab, id, who, SD_REKEY);
}

int sd_lab_export(struct sd_lab *lab, sd_conn id, sd_machine who)
{
    return ask_session(lab, id, who, SD_EXPORT);
}

/* Whether its session is still the one that the conversation speaks over. */
static bool owns_session(const struct party *p)
{
    uint64_t id;
    uint64_t key = lab_pair_key(KEY_SESSION, (uint32_t)p->machine, p->sid);
    return p->sid != 0 && !p->over && lab_map_get(&p->conv->lab->map, key, &id) &&
           id == p->conv->id;
}

/* The machine has another address: its agent is told for every session. */
void lab_conv_moved(struct host *h)
{
    struct sd_path path = {.local = lab_host_local(h)};
    for (struct party *p = h->machine->convs; p != NULL; p = p->next) {
        if (!owns_session(p))
            continue;
        bool client = lab_side_of(p) == CLIENT;
        path.remote =
            client ? lab_server_address(p->conv) : lab_host_local(lab_host_of(p->conv, CLIENT));
        lab_later_job(&(struct job){
            .kind = JOB_CONTROL, .host = h, .verb = SD_MIGRATE, .sid = p->sid, .path = path});
    }
}
