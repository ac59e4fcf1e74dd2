/* host.c - an agent's seat on its machine: what it is told when it is made, its UDP and IP
 * carriers, its timer, and where its units and events go. */
#include "sim/box/ip.h"
#include "sim/node/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lab's external pre-shared key: 32 bytes, which every protocol takes. */
#define PSK_LEN 32
static const uint8_t psk[PSK_LEN + 1] = "shakedown lab's pre-shared key 1";
static const uint8_t other_psk[PSK_LEN + 1] = "shakedown lab's pre-shared key 2";

#define PATH_MTU 1500

/* -- what the script says -- */

static const struct sd_option *copy_options(const struct sd_option *from)
{
    size_t n = 0;
    if (from == NULL)
        return NULL;
    while (from[n].name != NULL)
        n++;
    struct sd_option *to = lab_new((n + 1) * sizeof *to);
    for (size_t i = 0; i < n; i++)
        to[i] = (struct sd_option){lab_copy(from[i].name), lab_copy(from[i].value)};
    return to;
}

static int no_such_protocol(const char *name, struct sd_error *error)
{
    const char *names[64] = {0};
    for (size_t i = 0; sd_agents[i] != NULL && i < 63; i++)
        names[i] = sd_agents[i]->name;
    const char *near = sd_nearest(name, names);
    return sd_fail(error, SD_E_ARG, "agent: there is no protocol '%s'%s%s%s", name,
                   near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                   near != NULL ? "?" : "");
}

/* Servers stand in one list, whoever may be a client in the other. */
static void enlist(struct host *h)
{
    struct host **list = h->role == SD_ROLE_SERVER ? &h->lab->servers : &h->lab->others;
    h->next = *list;
    *list = h;
}

static void take_role(struct host *h, enum sd_role role)
{
    bool moves = role == SD_ROLE_SERVER && h->role != SD_ROLE_SERVER;
    struct host **at = &h->lab->others;
    h->role = role;
    if (!moves)
        return;
    while (*at != h)
        at = &(*at)->next;
    *at = h->next;
    h->identity.name = NULL; /* by default another */
    enlist(h);
}

int sd_lab_agent(struct sd_lab *lab, sd_machine id, const struct sd_lab_agent *set,
                 struct sd_error *error)
{
    struct machine *m = lab_machine(lab, id);
    if (m == NULL || m->role != MACHINE_HOST)
        return sd_fail(error, SD_E_ARG, "agent: expected a host, found %s",
                       m != NULL ? m->name : "no machine");
    if (lab->started)
        return sd_fail(error, SD_E_STATE, "agent of %s: the lab has started", m->name);
    if (m->host != NULL)
        return sd_fail(error, SD_E_STATE, "agent of %s: it has one already, %s", m->name,
                       m->host->ops->name);
    const char *name = set->protocol != NULL ? set->protocol : "";
    const struct sd_agent_ops *ops = sd_agent_find(name);
    if (ops == NULL)
        return no_such_protocol(name, error);
    const struct sd_mode *mode = sd_mode_find(ops, set->mode != NULL ? set->mode : "fresh");
    if (mode == NULL)
        return sd_fail(error, SD_E_ARG, "agent of %s: %s has no mode '%s'", m->name, ops->name,
                       set->mode);
    if (set->role < SD_ROLE_CLIENT || set->role > SD_ROLE_BOTH)
        return sd_fail(error, SD_E_ARG, "agent of %s: expected a role, found %d", m->name,
                       (int)set->role);
    if (set->identity != NULL && sd_identity(set->identity) == NULL)
        return sd_fail(error, SD_E_ARG, "agent of %s: the lab has no identity '%s'", m->name,
                       set->identity);

    struct host *h = lab_new(sizeof *h);
    h->lab = lab;
    h->machine = m;
    h->ops = ops;
    h->mode = mode;
    h->role = set->role;
    h->tun = -1;
    h->set = *set;
    h->set.protocol = ops->name;
    h->set.mode = mode->name;
    h->set.identity = lab_copy(set->identity);
    h->set.alpn = lab_copy(set->alpn);
    h->set.options = copy_options(set->options);
    m->host = h;
    enlist(h);
    return SD_OK;
}

/* -- what the agent is told -- */

static uint16_t path_mtu(const struct host *h)
{
    const struct machine *m = h->machine;
    uint16_t mtu = m->link_count > 0 ? h->lab->link[m->links[0]].set.mtu : 0;
    return mtu != 0 ? mtu : PATH_MTU;
}

/* Static keys without a certificate: every machine its own. */
static const struct sd_identity *identity_of(struct host *h)
{
    if (h->identity.name != NULL)
        return &h->identity;
    const char *name = h->set.identity;
    if (name == NULL)
        name = h->role == SD_ROLE_SERVER ? "server.example" : "client.example";
    h->identity = *sd_identity(name);
    sd_identity_x25519(h->machine->name, h->identity.x25519_private, h->identity.x25519_public);
    return &h->identity;
}

static struct sd_addr server_address(const struct host *h)
{
    struct sd_addr a = sd_ipv4_word(h->machine->ip, h->ops->carriers[0].port);
    a.proto = h->ops->carriers[0].proto;
    return a;
}

/* What it has of its own: an impostor has other keys than those that others know. */
static const struct sd_identity *own_identity(struct host *h)
{
    const struct sd_identity *known = identity_of(h);
    char name[256];
    if (!h->set.impostor)
        return known;
    h->own = *sd_identity("impostor.example");
    snprintf(name, sizeof name, "impostor of %s", h->machine->name);
    sd_identity_x25519(name, h->own.x25519_private, h->own.x25519_public);
    return &h->own;
}

/* Whom a client expects; of several servers, the first that was made. */
static const char *expected_name(const struct sd_lab *lab)
{
    const char *name = NULL;
    for (const struct host *h = lab->servers; h != NULL; h = h->next)
        name = h->set.identity;
    return name != NULL ? name : "server.example";
}

/* Static keys are known beforehand: a server knows those of all that may connect, a client those of
 * all servers. */
static void configure_peers(struct host *h)
{
    struct sd_lab *lab = h->lab;
    bool client = h->role == SD_ROLE_CLIENT;
    struct host *other = client ? lab->servers : lab->others;
    size_t room = 0;
    for (; other != NULL; other = other->next) {
        if (other == h || other->ops != h->ops)
            continue;
        if (h->config.peer_count == room) {
            room = room * 2 + 4;
            h->peers = lab_grow(h->peers, room * sizeof *h->peers);
        }
        struct sd_peer *p = &h->peers[h->config.peer_count++];
        *p = (struct sd_peer){.inner_net = lab_inner_ip(other->machine), .inner_prefix = 32};
        memcpy(p->public_key, identity_of(other)->x25519_public, sizeof p->public_key);
        if (client) {
            p->endpoint = server_address(other);
        }
    }
    h->config.peers = h->peers;
}

/* Who answers look-ups, if a machine was chosen for that. */
static void configure_directory(struct host *h)
{
    struct host *d = h->lab->servers;
    while (d != NULL && !(d->set.directory && d->ops == h->ops))
        d = d->next;
    if (d == NULL || d == h)
        return;
    h->directory = (struct sd_peer){.endpoint = server_address(d)};
    memcpy(h->directory.public_key, identity_of(d)->x25519_public, sizeof d->directory.public_key);
    h->config.directory = &h->directory;
}

static void configure(struct host *h)
{
    bool server = h->role == SD_ROLE_SERVER;
    h->config = (struct sd_config){
        .role = h->role,
        .mode = h->mode->name,
        .identity = own_identity(h),
        .server_name = expected_name(h->lab),
        .alpn = h->set.alpn,
        .mutual = h->set.mutual,
        .psk = h->set.other_psk ? other_psk : psk,
        .psk_len = PSK_LEN,
        .psk_identity = "shakedown",
        .validation = h->set.validation,
        .half_open_max = h->set.backlog,
        .allow_early = server && strcmp(h->mode->name, "early") == 0,
        .early_replay_ok = h->set.early_replay_ok,
        .path_mtu = path_mtu(h),
        .inner_net = lab_inner_ip(h->machine),
        .inner_prefix = 32,
        .options = h->set.options,
    };
    if (server)
        h->config.address = server_address(h);
    configure_peers(h);
    configure_directory(h);
}

/* -- carriers -- */

static void on_datagram(void *ctx, struct sd_udp *udp, const uint8_t *data, size_t len,
                        const struct sd_addr *from, const struct sd_addr *to)
{
    struct host *h = ctx;
    (void)udp;
    lab_enter(h->lab);
    lab_do(&(struct job){.kind = JOB_UNIT,
                         .host = h,
                         .path = {.local = *to, .remote = *from},
                         .data = data,
                         .len = len});
    lab_leave(h->lab);
}

/* RFC 1191: a router, or our own interface, said what fits. */
static void on_icmp(void *ctx, int node, uint8_t type, uint8_t code, uint16_t mtu,
                    const struct sd_addr *local, const struct sd_addr *remote)
{
    struct host *h = ctx;
    (void)node;
    if (type != SD_ICMP_UNREACHABLE || code != SD_ICMP_FRAGMENTATION_NEEDED ||
        local->proto == SD_PROTO_TCP || sd_addr_ipv4(local) == h->inner_ip)
        return;
    lab_enter(h->lab);
    lab_do(&(struct job){.kind = JOB_CONTROL,
                         .host = h,
                         .verb = SD_PATH_MTU,
                         .path = {.local = *local, .remote = *remote},
                         .mtu = mtu});
    lab_leave(h->lab);
}

/* A client has ports of its own, but for those of whose carriers the port tells which is which. */
static bool keeps_ports(const struct host *h)
{
    int udp = 0;
    for (const struct sd_carrier *c = h->ops->carriers; c->proto != 0; c++)
        udp += c->proto == SD_PROTO_UDP;
    return h->role == SD_ROLE_SERVER || udp > 1;
}

static int open_carrier(struct host *h, struct carrier *c)
{
    bool keeps = keeps_ports(h);
    switch (c->is.proto) {
    case SD_PROTO_TCP:
        return lab_stream_listen(h, c);
    case SD_PROTO_UDP:
        c->udp = sd_net_udp(h->lab->net, h->machine->id, 0, keeps ? c->is.port : 0, on_datagram, h);
        break;
    default:
        c->udp = sd_net_raw(h->lab->net, h->machine->id, c->is.proto, on_datagram, h);
        break;
    }
    return c->udp != NULL ? SD_OK : SD_E_STATE;
}

static int open_carriers(struct host *h, struct sd_error *error)
{
    for (const struct sd_carrier *c = h->ops->carriers; c->proto != 0; c++) {
        if (h->carriers == CARRIERS_MAX)
            return sd_fail(error, SD_E_INTERNAL, "%s has more than %d carriers", h->ops->name,
                           CARRIERS_MAX);
        struct carrier *mine = &h->carrier[h->carriers++];
        mine->is = *c;
        int result = open_carrier(h, mine);
        if (result != SD_OK)
            return sd_fail(error, result, "agent of %s: port %u of IP protocol %u is taken",
                           h->machine->name, c->port, c->proto);
    }
    if (h->machine->ip == 0)
        return sd_fail(error, SD_E_ARG, "agent of %s: it has no link", h->machine->name);
    return SD_OK;
}

struct sd_addr lab_host_local(const struct host *h)
{
    const struct carrier *c = &h->carrier[0];
    uint16_t port = c->is.proto == SD_PROTO_UDP ? sd_udp_port(c->udp) : 0;
    struct sd_addr a = sd_ipv4_word(h->machine->ip, port);
    a.proto = c->is.proto;
    return a;
}

/* -- its timer -- */

static void on_timer(void *ctx);

/* After every call into the seat.  A deadline that moves away leaves the timer as it is: it looks
 * again when it fires, which costs less than starting it anew with every packet. */
static void plan_timer(struct host *h)
{
    sd_time deadline = sd_seat_deadline(&h->seat), now = sd_net_now(h->lab->net);
    if (deadline == SD_NEVER || h->expiring || (h->timer != 0 && h->timer_at <= deadline))
        return;
    sd_net_cancel(h->lab->net, h->timer);
    h->timer_at = deadline > now ? deadline : now;
    h->timer = sd_net_after(h->lab->net, h->timer_at - now, on_timer, h);
}

static void on_timer(void *ctx)
{
    struct host *h = ctx;
    h->timer = 0;
    lab_enter(h->lab);
    if (sd_seat_deadline(&h->seat) <= sd_net_now(h->lab->net)) {
        h->expiring = true;
        lab_do(&(struct job){.kind = JOB_EXPIRE, .host = h});
    } else {
        plan_timer(h);
    }
    lab_leave(h->lab);
}

/* -- the seat -- */

static void on_keylog(void *ctx, enum sd_key_format format, const char *line)
{
    struct host *h = ctx;
    sd_pcapng_key(h->lab->capture, format, line);
}

static void on_unit(void *ctx, const struct sd_unit *unit)
{
    struct host *h = ctx;
    if (h->batch != NULL)
        lab_keep_unit(h->batch, unit);
    else
        lab_host_emit(h, unit);
}

static void on_event(void *ctx, const struct sd_event *e)
{
    struct host *h = ctx;
    if (h->batch != NULL)
        lab_keep_event(h->batch, e);
    else
        lab_conv_event(h, e);
}

static const struct sd_sink sink = {on_unit, on_event};

int lab_host_seat(struct host *h, enum sd_role role, struct sd_error *error)
{
    if (h->seated)
        return SD_OK;
    take_role(h, role);
    int result = sd_env_init(&h->env, lab_seed(h->lab, "agent", h->machine->name));
    if (result != SD_OK)
        return sd_fail(error, result, "agent of %s: no memory", h->machine->name);
    h->seated = true;
    h->env.ctx = h;
    h->env.account.costs = h->machine->set.costs;
    if (h->lab->capture != NULL)
        h->env.keylog = on_keylog;
    configure(h);
    lab_record(h);
    sd_net_icmp(h->lab->net, h->machine->id, on_icmp, h);
    result = open_carriers(h, error);
    if (result == SD_OK && h->ops->service == SD_SERVICE_IP)
        result = lab_tunnel_open(h, error);
    lab_enter(h->lab);
    if (result == SD_OK)
        result = sd_seat_init(&h->seat, h->ops, &h->config, &h->env, &sink, h,
                              sd_net_now(h->lab->net), error);
    h->seat.tape = h->tape;
    sd_account_take(&h->env.account); /* made before the run began */
    if (result == SD_OK)
        plan_timer(h);
    lab_leave(h->lab);
    return result;
}

void lab_host_free(struct host *h)
{
    if (h == NULL)
        return;
    if (h->seated) {
        sd_seat_fini(&h->seat);
        sd_env_fini(&h->env);
    }
    while (h->streams != NULL)
        lab_stream_free(h->streams);
    sd_tape_free(h->tape);
    sd_wipe(&h->identity, sizeof h->identity);
    sd_wipe(&h->own, sizeof h->own);
    free(h->peers);
    free((char *)(uintptr_t)h->set.identity);
    free((char *)(uintptr_t)h->set.alpn);
    for (const struct sd_option *o = h->set.options; o != NULL && o->name != NULL; o++) {
        free((char *)(uintptr_t)o->name);
        free((char *)(uintptr_t)o->value);
    }
    free((struct sd_option *)(uintptr_t)h->set.options);
    free(h);
}

/* -- jobs -- */

static uint64_t dh_of(const struct host *h)
{
    return sd_account_calls(&h->env.account, SD_OP_KEYGEN) +
           sd_account_calls(&h->env.account, SD_OP_DERIVE);
}

static void unit_in(struct host *h, const struct job *j)
{
    /* An agent may decrypt in place: the bytes are the network's scratch or the job's own copy. */
    struct sd_unit unit = {.path = j->path,
                           .data = (uint8_t *)(uintptr_t)j->data,
                           .len = j->len,
                           .cap = j->len,
                           .flags = j->flags};
    bool spoofed = h->lab->floods != NULL && lab_is_spoofed(h->machine, &j->path.remote);
    uint64_t before = spoofed ? dh_of(h) : 0;
    lab_flight(h, SD_IN);
    sd_seat_net_in(&h->seat, sd_net_now(h->lab->net), &unit);
    if (spoofed)
        h->machine->spoofed_dh += dh_of(h) - before;
}

/* -- exporting -- */

#define EXPORT_MAX 33

/* RFC 5705's labels for experiments begin so; RFC 8548 3.4 has one value and no label. */
static const struct {
    const char *label;
    size_t len;
} exports[] = {{"EXPERIMENTAL shakedown", 32}, {"session id", EXPORT_MAX}};

static void announce(struct host *h, const struct job *j, const char *name, const char *detail)
{
    lab_announce(h->lab,
                 &(struct announcement){
                     .machine = h->machine->id, .conv = j->conv, .name = name, .detail = detail});
}

static void export(struct host *h, const struct job *j)
{
    uint8_t value[EXPORT_MAX];
    char hex[2 * EXPORT_MAX + 1];
    int result = SD_E_UNSUPPORTED;
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        struct sd_control c = {.verb = SD_EXPORT,
                               .path = j->path,
                               .text = exports[i].label,
                               .out = value,
                               .out_len = exports[i].len};
        result = sd_seat_control(&h->seat, sd_net_now(h->lab->net), j->sid, &c);
        if (result < 0)
            continue;
        for (size_t b = 0; b < exports[i].len; b++)
            snprintf(hex + 2 * b, 3, "%02x", value[b]);
        announce(h, j, "exported", hex);
        sd_wipe(value, sizeof value);
        return;
    }
    announce(h, j, "refused", sd_result_text(result));
}

static void control(struct host *h, const struct job *j)
{
    struct sd_control c = {.verb = j->verb, .path = j->path, .mtu = j->mtu};
    if (j->verb == SD_EXPORT) {
        export(h, j);
        return;
    }
    int result = sd_seat_control(&h->seat, sd_net_now(h->lab->net), j->sid, &c);
    if (j->verb == SD_REKEY && result < 0)
        announce(h, j, "refused", sd_result_text(result));
}

void lab_job_run(const struct job *j)
{
    struct host *h = j->host;
    sd_time now = sd_net_now(h->lab->net);
    switch (j->kind) {
    case JOB_UNIT:
        unit_in(h, j);
        break;
    case JOB_STREAM:
        lab_stream_serve(lab_stream_find(h->lab, j->conn));
        break;
    case JOB_EXPIRE:
        h->expiring = false;
        if (sd_seat_deadline(&h->seat) <= now)
            sd_seat_expire(&h->seat, now);
        break;
    case JOB_OPEN:
        lab_conv_open(lab_conv(h->lab, j->conv));
        break;
    case JOB_PUSH:
        lab_push(lab_conv(h->lab, j->conv), j->side);
        break;
    case JOB_CONTROL:
        control(h, j);
        break;
    case JOB_INNER:
        sd_seat_app_in(&h->seat, now, 0, 0, j->data, j->len, false);
        break;
    }
    plan_timer(h);
}

/* -- units out -- */

static struct carrier *carrier_of(struct host *h, const struct sd_path *path)
{
    uint8_t proto = path->remote.proto != 0 ? path->remote.proto : path->local.proto;
    struct carrier *first = NULL;
    for (size_t i = 0; i < h->carriers; i++) {
        struct carrier *c = &h->carrier[i];
        if (c->udp == NULL || (proto != 0 && c->is.proto != proto))
            continue;
        bool ours = sd_udp_port(c->udp) == path->local.port && path->local.port != 0;
        bool theirs = h->role == SD_ROLE_CLIENT && c->is.port == path->remote.port;
        if (ours || theirs)
            return c;
        if (first == NULL)
            first = c;
    }
    return first;
}

void lab_host_emit(struct host *h, const struct sd_unit *unit)
{
    if (h->starting != 0)
        lab_conv_started(lab_conv(h->lab, h->starting));
    lab_flight(h, SD_OUT);
    if (unit->path.conn != 0) {
        struct stream *s = lab_stream_find(h->lab, unit->path.conn);
        if (s != NULL)
            lab_stream_write(s, unit);
        return;
    }
    if (unit->flags & SD_UNIT_BEGIN) {
        lab_stream_ask(h, &unit->path);
        return;
    }
    struct carrier *c = carrier_of(h, &unit->path);
    if (c != NULL)
        sd_udp_send(c->udp, &unit->path.remote, unit->data, unit->len,
                    (unit->flags & SD_UNIT_DONT_FRAGMENT) != 0);
}

/* A change of direction between this client and its server. */
void lab_flight(struct host *h, int direction)
{
    if (h->handshaking == 0)
        return;
    struct conv *c = lab_conv(h->lab, h->handshaking);
    c->flights += c->flights == 0 || c->direction != direction;
    c->direction = direction;
}
