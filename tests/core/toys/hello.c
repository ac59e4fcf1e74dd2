/* hello.c - two toys with one set of messages: on IP protocol 50, and on UDP 500 and TCP 4500.
 *
 *   message: type (1), client's id (8), for DATA the bytes
 *   on a stream: length of the message (2) in front
 *
 *   client  HELLO ->        again after 1 s, doubling, 6 times at most; whoever has a stream too
 *                           asks for it when two were in vain, and says hello there
 *           <- ANSWER  server
 *           <- DATA ->      a session follows its peer to another address or carrier
 *           <- BYE ->  */
#include <string.h>

#include "sim/core/reader.h"
#include "tests/core/toys/queue.h"
#include "tests/core/toys/toys.h"

enum message { HELLO = 1, ANSWER, DATA, BYE };
enum { TCP_PORT = 4500, HEADER = 9, MESSAGE_MAX = 1400, TRIES_MAX = 6, TRIES_BEFORE_STREAM = 2 };

struct session {
    struct session *next;
    sd_sid sid;
    uint64_t id;
    struct sd_path path;
    bool client, ready;
    unsigned tries;
    sd_time resend;
};

/* Bytes of a stream until a message is whole. */
struct stream {
    struct stream *next;
    uint32_t conn;
    size_t len;
    uint8_t data[2 + HEADER + MESSAGE_MAX];
};

struct toy {
    struct sd_agent agent;
    struct sd_env *env;
    struct toy_out out;
    struct session *sessions;
    struct stream *streams;
    sd_sid last;
    struct sd_stats stats;
};

static int create_as(const struct sd_agent_ops *ops, struct sd_agent **agent, struct sd_env *env,
                     struct sd_error *error)
{
    struct toy *t = sd_alloc(env, sizeof *t);
    if (t == NULL)
        return sd_fail(error, SD_E_NOMEM, "no memory for the toy");
    t->agent.ops = ops;
    t->env = env;
    toy_out_init(&t->out, env);
    *agent = &t->agent;
    return SD_OK;
}

static int create_ip(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                     struct sd_error *error)
{
    (void)config;
    return create_as(&sd_toy_ip, agent, env, error);
}

static int create_two(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                      struct sd_error *error)
{
    (void)config;
    return create_as(&sd_toy_two, agent, env, error);
}

static void destroy(struct sd_agent *agent)
{
    struct toy *t = (struct toy *)agent;
    for (struct session *s = t->sessions, *next; s != NULL; s = next) {
        next = s->next;
        sd_free(s);
    }
    for (struct stream *s = t->streams, *next; s != NULL; s = next) {
        next = s->next;
        sd_free(s);
    }
    toy_out_fini(&t->out);
    sd_free(t);
}

static void say(struct toy *t, const struct session *s, enum message type, const uint8_t *data,
                size_t len)
{
    size_t frame = s->path.conn != 0 ? 2 : 0;
    uint8_t *room = toy_send(&t->out, &s->path, frame + HEADER + len, 0);
    if (room == NULL)
        return;
    struct sd_writer w = sd_writer_of(room, frame + HEADER + len);
    if (frame > 0)
        sd_put16(&w, (uint16_t)(HEADER + len));
    sd_put8(&w, (uint8_t)type);
    sd_put64(&w, s->id);
    sd_put(&w, data, len);
    sd_count(SD_OP_HASH, "SHA2-256", HEADER + len);
}

static void tell(struct toy *t, const struct session *s, enum sd_event_kind kind,
                 const char *detail)
{
    toy_tell(&t->out,
             &(struct sd_event){.kind = kind, .sid = s->sid, .path = s->path, .detail = detail});
}

static struct session *add(struct toy *t, const struct sd_path *path, uint64_t id)
{
    struct session *s = sd_alloc(t->env, sizeof *s);
    if (s == NULL)
        return NULL;
    s->sid = ++t->last;
    s->id = id;
    s->path = *path;
    s->resend = SD_NEVER;
    s->next = t->sessions;
    t->sessions = s;
    t->stats.sessions++;
    return s;
}

static void end(struct toy *t, struct session *s, enum sd_event_kind kind, const char *why)
{
    tell(t, s, kind, why);
    for (struct session **at = &t->sessions; *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    t->stats.sessions--;
    sd_free(s);
}

static void ready(struct toy *t, struct session *s)
{
    s->ready = true;
    s->resend = SD_NEVER;
    t->stats.handshakes++;
    sd_count(SD_OP_DERIVE, "X25519", 0);
    tell(t, s, SD_EV_READY, NULL);
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct toy *t = (struct toy *)agent;
    uint64_t id;
    sd_random(t->env, &id, sizeof id);
    struct session *s = add(t, &open->path, id);
    if (s == NULL)
        return SD_E_NOMEM;
    s->client = true;
    s->tries = 1;
    s->resend = now + SD_SECOND;
    say(t, s, HELLO, NULL, 0);
    *sid = s->sid;
    return SD_OK;
}

static struct session *find_sid(struct toy *t, sd_sid sid)
{
    struct session *s = t->sessions;
    while (s != NULL && s->sid != sid)
        s = s->next;
    return s;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct toy *t = (struct toy *)agent;
    (void)now, (void)stream, (void)fin;
    struct session *s = find_sid(t, sid);
    if (s == NULL || len > MESSAGE_MAX)
        return SD_E_ARG;
    if (!s->ready)
        return SD_E_STATE;
    say(t, s, DATA, data, len);
    return (long)len;
}

static int drop(struct toy *t, enum sd_result why)
{
    t->stats.dropped[why]++;
    return (int)why;
}

static int take(struct toy *t, const struct sd_path *path, const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint8_t type = sd_get8(&r);
    uint64_t id = sd_get64(&r);
    if (r.bad || type < HELLO || type > BYE || (type != DATA && sd_left(&r) > 0))
        return drop(t, SD_DROP_MALFORMED);
    sd_count(SD_OP_HASH, "SHA2-256", len);
    struct session *s = t->sessions;
    while (s != NULL && s->id != id)
        s = s->next;
    if (s == NULL && type != HELLO)
        return drop(t, SD_DROP_UNKNOWN);
    if (s == NULL) {
        if ((s = add(t, path, id)) == NULL)
            return SD_E_NOMEM;
        ready(t, s);
    } else if (s->client ? type == HELLO : type == ANSWER) {
        return drop(t, SD_DROP_STATE);
    }
    if (!sd_addr_equal(&s->path.remote, &path->remote) || s->path.conn != path->conn) {
        s->path = *path;
        tell(t, s, SD_EV_MIGRATED, NULL);
    }
    switch ((enum message)type) {
    case HELLO:
        say(t, s, ANSWER, NULL, 0);
        break;
    case ANSWER:
        if (s->ready)
            return drop(t, SD_DROP_REPLAY);
        ready(t, s);
        break;
    case DATA:
        if (!s->ready)
            return drop(t, SD_DROP_STATE);
        toy_tell(&t->out, &(struct sd_event){.kind = SD_EV_DATA,
                                             .sid = s->sid,
                                             .data = r.at,
                                             .len = sd_left(&r),
                                             .path = s->path});
        break;
    case BYE:
        end(t, s, SD_EV_CLOSED, NULL);
        break;
    }
    return SD_OK;
}

static struct stream *stream_of(struct toy *t, uint32_t conn)
{
    struct stream *s = t->streams;
    while (s != NULL && s->conn != conn)
        s = s->next;
    if (s == NULL && (s = sd_alloc(t->env, sizeof *s)) != NULL) {
        s->conn = conn;
        s->next = t->streams;
        t->streams = s;
    }
    return s;
}

static int take_stream(struct toy *t, const struct sd_unit *u)
{
    struct stream *s = stream_of(t, u->path.conn);
    if (s == NULL)
        return SD_E_NOMEM;
    int result = SD_OK;
    for (size_t i = 0; i < u->len; i++) {
        s->data[s->len++] = u->data[i];
        struct sd_reader r = sd_reader_of(s->data, s->len);
        size_t len = sd_get16(&r);
        if (s->len < 2)
            continue;
        if (len < HEADER || len > HEADER + MESSAGE_MAX) {
            /* Where the next message begins is lost: the carrier is of no use any more. */
            toy_send(&t->out, &u->path, 0, SD_UNIT_RESET);
            s->len = 0;
            return drop(t, SD_DROP_MALFORMED);
        }
        if (sd_left(&r) == len) {
            result = take(t, &u->path, r.at, len);
            s->len = 0;
        }
    }
    return result;
}

static void ask_for_stream(struct toy *t, const struct session *s)
{
    struct sd_path path = {.remote = s->path.remote};
    path.remote.proto = SD_PROTO_TCP;
    path.remote.port = TCP_PORT;
    toy_send(&t->out, &path, 0, SD_UNIT_BEGIN);
}

/* The stream is there: who waits for an answer says hello on it. */
static void stream_begins(struct toy *t, const struct sd_path *path)
{
    for (struct session *s = t->sessions; s != NULL; s = s->next)
        if (s->client && !s->ready &&
            sd_addr_ipv4(&s->path.remote) == sd_addr_ipv4(&path->remote)) {
            s->path = *path;
            say(t, s, HELLO, NULL, 0);
        }
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    t->stats.units_in++;
    if (u->flags & SD_UNIT_RESET)
        return SD_OK;
    if (u->flags & SD_UNIT_BEGIN)
        stream_begins(t, &u->path);
    t->stats.bytes_in += u->len;
    return u->path.conn != 0 ? take_stream(t, u) : take(t, &u->path, u->data, u->len);
}

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *u)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    int filled = toy_net_out(&t->out, u);
    if (filled) {
        t->stats.units_out++;
        t->stats.bytes_out += u->len;
    }
    return filled;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return toy_event(&((struct toy *)agent)->out, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    sd_time first = SD_NEVER;
    for (const struct session *s = ((const struct toy *)agent)->sessions; s != NULL; s = s->next)
        if (s->resend < first)
            first = s->resend;
    return first;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct toy *t = (struct toy *)agent;
    for (struct session *s = t->sessions, *next; s != NULL; s = next) {
        next = s->next;
        if (s->resend > now)
            continue;
        if (s->tries == TRIES_MAX) {
            end(t, s, SD_EV_ERROR, "no answer");
            continue;
        }
        if (s->tries == TRIES_BEFORE_STREAM && t->agent.ops == &sd_toy_two && s->path.conn == 0)
            ask_for_stream(t, s);
        s->resend = now + (SD_SECOND << s->tries++);
        t->stats.retransmits++;
        say(t, s, HELLO, NULL, 0);
    }
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    struct session *s = find_sid(t, sid);
    if (s == NULL)
        return SD_E_ARG;
    switch (c->verb) {
    case SD_CLOSE:
        say(t, s, BYE, NULL, 0);
        end(t, s, SD_EV_CLOSED, NULL);
        return SD_OK;
    case SD_MIGRATE: /* the other end follows our next message */
        s->path.local = c->path.local;
        return SD_OK;
    default:
        return SD_E_UNSUPPORTED;
    }
}

static void stats(const struct sd_agent *agent, struct sd_stats *out)
{
    *out = ((const struct toy *)agent)->stats;
}

static size_t describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    static const char *const names[] = {"?", "Hello", "Answer", "Data", "Bye"};
    (void)from_client;
    struct sd_reader r = sd_reader_of(data, len);
    uint8_t type = sd_get8(&r);
    if (type == 0) /* a stream's: below its length */
        type = sd_get16(&r) & 0xff;
    struct sd_writer w = sd_writer_of(text, cap);
    const char *name = names[type <= BYE ? type : 0];
    sd_put(&w, name, strlen(name) + 1);
    return w.bad ? 0 : strlen(name);
}

static const struct sd_mode modes[] = {{"fresh", "hello and answer", false}, {NULL, NULL, false}};

const struct sd_agent_ops sd_toy_ip = {
    .name = "toy-ip",
    .title = "Toy on IP protocol 50",
    .spec = "none",
    .service = SD_SERVICE_DATAGRAM,
    .carriers = (const struct sd_carrier[]){{SD_PROTO_ESP, 0}, {0, 0}},
    .modes = modes,
    .features = SD_F_MOBILITY | SD_F_OUT_OF_ORDER,
    .overhead = HEADER,
    .create = create_ip,
    .destroy = destroy,
    .open = open_session,
    .app_in = app_in,
    .net_in = net_in,
    .net_out = net_out,
    .event = event,
    .deadline = deadline,
    .expire = expire,
    .control = control,
    .stats = stats,
    .describe = describe,
};

const struct sd_agent_ops sd_toy_two = {
    .name = "toy-two",
    .title = "Toy on UDP 500 and TCP 4500",
    .spec = "none",
    .service = SD_SERVICE_DATAGRAM,
    .carriers = (const struct sd_carrier[]){{SD_PROTO_UDP, 500}, {SD_PROTO_TCP, TCP_PORT}, {0, 0}},
    .modes = modes,
    .features = SD_F_MOBILITY | SD_F_OUT_OF_ORDER,
    .overhead = HEADER,
    .create = create_two,
    .destroy = destroy,
    .open = open_session,
    .app_in = app_in,
    .net_in = net_in,
    .net_out = net_out,
    .event = event,
    .deadline = deadline,
    .expire = expire,
    .control = control,
    .stats = stats,
    .describe = describe,
};
