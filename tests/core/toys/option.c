/* option.c - the toy on TCP that speaks in the options of the three opening segments. */
#include <string.h>

#include "sim/core/reader.h"
#include "tests/core/toys/queue.h"
#include "tests/core/toys/toys.h"

/* One option per segment: kind 253, length 6, experiment id, nonce (RFC 6994 3). */
enum { OPTION_KIND = 253, OPTION_LEN = 6, EXPERIMENT = 0x5344 };

struct session {
    struct session *next;
    sd_sid sid; /* 0 until the connection is up */
    struct sd_path path;
    bool client, sent, received; /* received: the peer's last option was the one we expect */
    uint16_t nonce;
    uint64_t bytes_in, bytes_out; /* positions in the mask */
};

struct toy {
    struct sd_agent agent;
    struct sd_env *env;
    struct toy_out out;
    struct session *sessions;
    sd_sid last;
    struct sd_stats stats;
};

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    (void)config;
    struct toy *t = sd_alloc(env, sizeof *t);
    if (t == NULL)
        return sd_fail(error, SD_E_NOMEM, "no memory for the toy");
    t->agent.ops = &sd_toy_option;
    t->env = env;
    toy_out_init(&t->out, env);
    *agent = &t->agent;
    return SD_OK;
}

static void destroy(struct sd_agent *agent)
{
    struct toy *t = (struct toy *)agent;
    for (struct session *s = t->sessions, *next; s != NULL; s = next) {
        next = s->next;
        sd_free(s);
    }
    toy_out_fini(&t->out);
    sd_free(t);
}

static struct session *find_conn(struct toy *t, uint32_t conn)
{
    struct session *s = t->sessions;
    while (s != NULL && s->path.conn != conn)
        s = s->next;
    return s;
}

static struct session *conn_session(struct toy *t, const struct sd_path *path)
{
    struct session *s = find_conn(t, path->conn);
    if (s == NULL && (s = sd_alloc(t->env, sizeof *s)) != NULL) {
        s->path = *path;
        s->next = t->sessions;
        t->sessions = s;
    }
    return s;
}

/* The nonce of our option among all of a segment's options. */
static bool find_option(const uint8_t *options, size_t len, uint16_t *nonce)
{
    struct sd_reader r = sd_reader_of(options, len);
    while (sd_left(&r) > 0 && !r.bad) {
        uint8_t kind = sd_get8(&r);
        if (kind <= 1) /* end of list, no operation */
            continue;
        uint8_t size = sd_get8(&r);
        struct sd_reader value = sd_get_sub(&r, size >= 2 ? size - 2u : SIZE_MAX);
        if (kind == OPTION_KIND && size == OPTION_LEN && sd_get16(&value) == EXPERIMENT) {
            *nonce = sd_get16(&value);
            return !value.bad;
        }
    }
    return false;
}

static size_t tcp_options(struct sd_agent *agent, sd_time now, const struct sd_path *path,
                          enum sd_segment segment, const uint8_t *received, size_t received_len,
                          uint8_t *out, size_t cap)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    struct session *s = conn_session(t, path);
    if (s == NULL)
        return 0;
    if (received != NULL) {
        uint16_t nonce = 0;
        bool found = find_option(received, received_len, &nonce);
        if (segment == SD_SEGMENT_SYN) {
            s->received = found;
            s->nonce = nonce;
        } else {
            s->received = s->sent && found && nonce == (uint16_t)(s->nonce + segment);
        }
        return 0;
    }
    if (cap < OPTION_LEN || (segment != SD_SEGMENT_SYN && !s->received))
        return 0;
    if (segment == SD_SEGMENT_SYN) {
        s->client = true;
        sd_random(t->env, &s->nonce, sizeof s->nonce);
    }
    struct sd_writer w = sd_writer_of(out, cap);
    sd_put8(&w, OPTION_KIND);
    sd_put8(&w, OPTION_LEN);
    sd_put16(&w, EXPERIMENT);
    sd_put16(&w, (uint16_t)(s->nonce + segment));
    s->sent = true;
    return sd_written(&w);
}

static void ready(struct toy *t, struct session *s)
{
    s->sid = ++t->last;
    t->stats.sessions++;
    t->stats.handshakes++;
    sd_count(SD_OP_DERIVE, "X25519", 0);
    toy_tell(&t->out, &(struct sd_event){.kind = SD_EV_READY,
                                         .sid = s->sid,
                                         .path = s->path,
                                         .detail = s->received ? "option" : "plain"});
}

static struct session *find_sid(struct toy *t, sd_sid sid)
{
    struct session *s = t->sessions;
    while (s != NULL && s->sid != sid)
        s = s->next;
    return sid != 0 ? s : NULL;
}

/* Masks only where the option passed, so that a test sees a mistake in it. */
static void mask(const struct session *s, uint64_t *position, const uint8_t *from, size_t len,
                 uint8_t *to)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = (*position)++;
        to[i] = from[i] ^ (s->received ? (uint8_t)((at & 1 ? s->nonce >> 8 : s->nonce) + at) : 0);
    }
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct toy *t = (struct toy *)agent;
    (void)now, (void)stream;
    struct session *s = find_sid(t, sid);
    if (s == NULL)
        return SD_E_ARG;
    size_t taken = len < 4096 ? len : 4096;
    uint8_t *room = toy_send(&t->out, &s->path, taken, fin && taken == len ? SD_UNIT_FIN : 0);
    if (room == NULL)
        return SD_E_NOMEM;
    mask(s, &s->bytes_out, data, taken, room);
    sd_count(SD_OP_HASH, "SHA2-256", taken);
    return (long)taken;
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct toy *t = (struct toy *)agent;
    struct session *s = conn_session(t, &open->path);
    if (s == NULL)
        return SD_E_NOMEM;
    ready(t, s);
    *sid = s->sid;
    if (open->early_len > 0)
        app_in(agent, now, s->sid, 0, open->early, open->early_len, false);
    return SD_OK;
}

static void end(struct toy *t, struct session *s, enum sd_event_kind kind)
{
    for (struct session **at = &t->sessions; *at != NULL; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    if (s->sid != 0) {
        t->stats.sessions--;
        toy_tell(&t->out, &(struct sd_event){.kind = kind, .sid = s->sid, .path = s->path});
    }
    sd_free(s);
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    t->stats.units_in++;
    t->stats.bytes_in += u->len;
    struct session *s =
        u->flags & SD_UNIT_BEGIN ? conn_session(t, &u->path) : find_conn(t, u->path.conn);
    if (s == NULL) {
        t->stats.dropped[SD_DROP_UNKNOWN]++;
        return SD_DROP_UNKNOWN;
    }
    if (u->flags & SD_UNIT_BEGIN)
        ready(t, s);
    if (u->len > 0 && s->sid != 0) {
        uint8_t *plain = sd_alloc(t->env, u->len);
        if (plain == NULL)
            return SD_E_NOMEM;
        mask(s, &s->bytes_in, u->data, u->len, plain);
        sd_count(SD_OP_HASH, "SHA2-256", u->len);
        toy_tell(
            &t->out,
            &(struct sd_event){
                .kind = SD_EV_DATA, .sid = s->sid, .data = plain, .len = u->len, .path = s->path});
        sd_free(plain);
    }
    if (u->flags & SD_UNIT_RESET)
        end(t, s, SD_EV_ERROR);
    else if (u->flags & SD_UNIT_FIN) {
        toy_send(&t->out, &s->path, 0, SD_UNIT_FIN);
        end(t, s, SD_EV_CLOSED);
    }
    return SD_OK;
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
    (void)agent;
    return SD_NEVER;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    (void)agent, (void)now;
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    struct toy *t = (struct toy *)agent;
    (void)now;
    struct session *s = find_sid(t, sid);
    if (c->verb != SD_CLOSE)
        return SD_E_UNSUPPORTED;
    if (s == NULL)
        return SD_E_ARG;
    toy_send(&t->out, &s->path, 0, SD_UNIT_FIN);
    end(t, s, SD_EV_CLOSED);
    return SD_OK;
}

static void stats(const struct sd_agent *agent, struct sd_stats *out)
{
    *out = ((const struct toy *)agent)->stats;
}

const struct sd_agent_ops sd_toy_option = {
    .name = "toy-option",
    .title = "Toy on TCP options",
    .spec = "none",
    .service = SD_SERVICE_STREAM,
    .carriers = (const struct sd_carrier[]){{SD_PROTO_TCP, 4999}, {0, 0}},
    .modes = (const struct sd_mode[]){{"fresh", "three options", false}, {NULL, NULL, false}},
    .features = SD_F_RELIABLE,
    .create = create,
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
    .tcp_options = tcp_options,
};
