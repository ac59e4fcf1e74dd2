/* agent.c - CurveCP as Shakedown's hosts see it (sim/core/agent.h). */
#include "protocols/curvecp/agent.h"
#include "protocols/crypto/dh.h"
#include "protocols/curvecp/cookie.h"
#include "protocols/curvecp/handshake.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MTU 1500u

static struct curvecp *of(struct sd_agent *agent)
{
    return (struct curvecp *)agent;
}

static struct curvecp *at(struct sd_agent *agent, sd_time now)
{
    struct curvecp *cp = of(agent);
    cp->now = now;
    return cp;
}

/* -- making one -- */

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int read_extension(uint8_t extension[CP_EXTENSION_LEN], const struct sd_option *option,
                          struct sd_error *error)
{
    const char *text = option->value ? option->value : "";
    bool good = strlen(text) == 2 * CP_EXTENSION_LEN;
    for (size_t i = 0; good && i < CP_EXTENSION_LEN; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        good = high >= 0 && low >= 0;
        extension[i] = (uint8_t)(high << 4 | low);
    }
    return good ? SD_OK
                : sd_fail(error, SD_E_ARG,
                          "curvecp: option %s: expected 32 hexadecimal digits, found '%s'",
                          option->name, text);
}

static int read_clients(uint32_t *clients, const struct sd_option *option, struct sd_error *error)
{
    const char *text = option->value ? option->value : "";
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || end == text || *end || value < 1 || value > CP_CLIENTS_MAX || text[0] == '-')
        return sd_fail(error, SD_E_ARG, "curvecp: option clients: expected 1 to %u, found '%s'",
                       CP_CLIENTS_MAX, text);
    *clients = (uint32_t)value;
    return SD_OK;
}

static int read_first(sd_time *wait, const struct sd_option *option, struct sd_error *error)
{
    static const struct {
        const char *who;
        sd_time wait;
    } rows[] = {{"client", CP_CLIENT_FIRST}, {"server", 0}, {"either", CP_EITHER_FIRST}};
    const char *text = option->value ? option->value : "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(text, rows[i].who) == 0) {
            *wait = rows[i].wait;
            return SD_OK;
        }
    return sd_fail(error, SD_E_ARG,
                   "curvecp: option first: expected client, server or either, found '%s'", text);
}

static int read_options(struct curvecp *cp, const struct sd_option *option, struct sd_error *error)
{
    static const char *const known[] = {"server_extension", "client_extension", "clients", "first",
                                        NULL};
    int result = SD_OK;
    for (; result == SD_OK && option && option->name; option++) {
        if (strcmp(option->name, known[0]) == 0) {
            result = read_extension(cp->server_extension, option, error);
        } else if (strcmp(option->name, known[1]) == 0) {
            result = read_extension(cp->client_extension, option, error);
        } else if (strcmp(option->name, known[2]) == 0) {
            result = read_clients(&cp->clients_max, option, error);
        } else if (strcmp(option->name, known[3]) == 0) {
            result = read_first(&cp->speak_wait, option, error);
        } else {
            const char *near = sd_nearest(option->name, known);
            result = sd_fail(error, SD_E_ARG,
                             "curvecp: expected the option server_extension, client_extension, "
                             "clients or first, found '%s'%s%s%s",
                             option->name, near ? "; did you mean " : "", near ? near : "",
                             near ? "?" : "");
        }
    }
    return result;
}

/* Keys that last.  A client without an identity is nobody in particular: its key lasts as long as
 * the agent. */
static int read_identity(struct curvecp *cp, const struct sd_config *config, struct sd_error *error)
{
    static const uint8_t unset[CP_KEY_LEN];
    const struct sd_identity *identity = config->identity;
    if (!identity) {
        if (config->role & SD_ROLE_SERVER)
            return sd_fail(
                error, SD_E_ARG,
                "curvecp: a server: expected an identity with an X25519 key, found none");
        sd_x25519_keygen(cp->env, cp->long_private, cp->long_public);
        return SD_OK;
    }
    memcpy(cp->long_private, identity->x25519_private, CP_KEY_LEN);
    memcpy(cp->long_public, identity->x25519_public, CP_KEY_LEN);
    if (sd_equal_ct(cp->long_public, unset, CP_KEY_LEN))
        sd_x25519_public(cp->long_public, cp->long_private);
    return SD_OK;
}

static int read_names(struct curvecp *cp, const struct sd_config *config, struct sd_error *error)
{
    const char *own = config->server_name;
    if (!own && config->identity)
        own = config->identity->name;
    cp->server_name = config->server_name;
    if (!(config->role & SD_ROLE_SERVER))
        return SD_OK;
    if (!own || !cp_name_encode(cp->name, own))
        return sd_fail(error, SD_E_ARG,
                       "curvecp: a server's name: expected a domain name of at most 254 bytes with "
                       "labels of at most 63, found '%s'",
                       own ? own : "");
    return SD_OK;
}

static int read_config(struct curvecp *cp, const struct sd_config *config, struct sd_error *error)
{
    const char *mode = config->mode ? config->mode : "fresh";
    if (!sd_mode_find(cp->base.ops, mode))
        return sd_fail(error, SD_E_ARG, "curvecp: expected mode fresh or reference, found '%s'",
                       mode);
    if (config->peer_count && !config->peers)
        return sd_fail(error, SD_E_ARG, "curvecp: expected %zu peers, found none",
                       config->peer_count);
    cp->reference = strcmp(mode, "reference") == 0;
    cp->role = config->role;
    cp->peers = config->peers;
    cp->peer_count = config->peer_count;
    cp->known_only = config->mutual && config->peer_count > 0;
    cp->clients_max = cp->reference ? CP_CLIENTS : CP_CLIENTS_MAX;
    cp->path_mtu = config->path_mtu ? config->path_mtu : PATH_MTU;
    cp->speak_wait = CP_EITHER_FIRST;
    int result = read_options(cp, config->options, error);
    if (result == SD_OK)
        result = read_identity(cp, config, error);
    return result == SD_OK ? read_names(cp, config, error) : result;
}

static void destroy(struct sd_agent *agent)
{
    struct curvecp *cp = of(agent);
    struct cp_connection *c;
    for (uint32_t place = 0; (c = sd_index_drain(&cp->by_sid, &place));)
        cp_connection_free(cp, c);
    cp_cookie_fini(cp);
    sd_outbox_fini(&cp->outbox);
    sd_free(cp->by_sid.slot);
    sd_free(cp->by_key.slot);
    sd_free(cp->by_peer.slot);
    sd_agenda_fini(&cp->agenda);
    sd_free(cp);
}

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    struct curvecp *cp = sd_alloc(env, sizeof *cp);
    if (!cp)
        return sd_fail(error, SD_E_NOMEM, "curvecp: no memory for an agent");
    cp->base.ops = &sd_curvecp_agent;
    cp->env = env;
    cp->now = cp->born = env->now;
    sd_outbox_init(&cp->outbox, env);
    sd_random(env, &cp->table_seed, sizeof cp->table_seed);
    int result = read_config(cp, config, error);
    if (result != SD_OK) {
        destroy(&cp->base);
        return result;
    }
    *agent = &cp->base;
    return SD_OK;
}

/* -- inputs -- */

static int begin(struct curvecp *cp, struct cp_connection *c, const char *name)
{
    c->opening = sd_alloc(cp->env, sizeof *c->opening);
    if (!c->opening)
        return SD_E_NOMEM;
    memcpy(c->client_extension, cp->client_extension, CP_EXTENSION_LEN);
    sd_peer_key(c->opening->server_long, cp->peers, cp->peer_count, &c->path.remote, name);
    if (!cp_name_encode(c->opening->server_name, name) || cp_handshake_begin(cp, c) != SD_OK)
        return SD_E_ARG;
    return cp_connection_listen(cp, c) ? SD_OK : SD_E_NOMEM;
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    struct curvecp *cp = at(agent, now);
    const char *name = open->server_name ? open->server_name : cp->server_name;
    if (!(cp->role & SD_ROLE_CLIENT) || !open->path.remote.family || !name)
        return SD_E_ARG;
    struct cp_connection *c = cp_connection_new(cp, true, &open->path);
    if (!c)
        return SD_E_NOMEM;
    int result = begin(cp, c, name);
    /* There is no earlier flight than the Initiate: the data waits for it. */
    if (result == SD_OK && open->early_len > 0 &&
        cp_outgoing_write(&c->out, cp->env, open->early, open->early_len) != (long)open->early_len)
        result = SD_E_ARG;
    if (result != SD_OK) {
        cp_connection_free(cp, c);
        return result;
    }
    if (++cp->stats.half_open > cp->stats.half_open_peak)
        cp->stats.half_open_peak = cp->stats.half_open;
    cp_send_hello(cp, c);
    cp_connection_wake(cp, c);
    *sid = c->sid;
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    struct curvecp *cp = at(agent, now);
    struct cp_connection *c = cp_connection_by_sid(cp, sid);
    if (!c || stream != 0)
        return SD_E_ARG;
    if (c->out.stop)
        return SD_E_STATE;
    long taken = cp_outgoing_write(&c->out, cp->env, data, len);
    if (taken < 0)
        return SD_E_NOMEM;
    if (fin && (size_t)taken == len)
        cp_outgoing_stop(&c->out, CP_STOP_SUCCESS);
    cp_session_pump(cp, c);
    return taken;
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *unit)
{
    return cp_receive(at(agent, now), unit);
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct curvecp *cp = at(agent, now);
    cp_cookie_expire(cp);
    for (struct sd_due *due; (due = sd_agenda_due(&cp->agenda, now));)
        cp_session_expire(cp, sd_due_of(due, struct cp_connection, due));
    return SD_OK;
}

/* This host has a new address, and the server learns of it by the next packet: one goes at once,
 * whatever pace the old path had. */
static void move(struct curvecp *cp, struct cp_connection *c, const struct sd_path *path)
{
    c->path.local = path->local;
    if (!c->client || c->state == CP_EXPECT_COOKIE || c->state == CP_LINGERING)
        return;
    c->speak_at = cp->now;
    c->chicago.sent_at = SD_NEVER;
    cp_session_pump(cp, c);
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *control)
{
    struct curvecp *cp = at(agent, now);
    struct cp_connection *c = cp_connection_by_sid(cp, sid);
    switch (control->verb) {
    case SD_CLOSE:
        if (!c)
            return SD_E_ARG;
        cp_session_close(cp, c, control->text ? CP_STOP_FAILURE : CP_STOP_SUCCESS);
        return SD_OK;
    case SD_MIGRATE:
        if (!c && sid)
            return SD_E_ARG;
        if (c)
            move(cp, c, &control->path);
        for (uint32_t i = 0; !sid && i < cp->by_sid.size; i++)
            if (cp->by_sid.slot[i].item)
                move(cp, cp->by_sid.slot[i].item, &control->path);
        return SD_OK;
    case SD_PATH_MTU:
        cp->path_mtu = (uint16_t)(control->mtu < UINT16_MAX ? control->mtu : UINT16_MAX);
        return SD_OK;
    default:
        return SD_E_UNSUPPORTED; /* keys last as long as the connection; nothing is exported */
    }
}

/* -- outputs -- */

static int net_out(struct sd_agent *agent, sd_time now, struct sd_unit *unit)
{
    struct curvecp *cp = at(agent, now);
    if (!sd_outbox_pull_unit(&cp->outbox, unit))
        return 0;
    cp->stats.units_out++;
    cp->stats.bytes_out += unit->len;
    return 1;
}

static int event(struct sd_agent *agent, struct sd_event *e)
{
    return sd_outbox_pull_event(&of(agent)->outbox, e);
}

static sd_time deadline(const struct sd_agent *agent)
{
    const struct curvecp *cp = (const struct curvecp *)agent;
    sd_time connection = sd_agenda_deadline(&cp->agenda), cookie = cp_cookie_deadline(cp);
    return connection < cookie ? connection : cookie;
}

static void stats(const struct sd_agent *agent, struct sd_stats *s)
{
    *s = ((const struct curvecp *)agent)->stats;
}

static const struct sd_carrier carriers[] = {{.proto = SD_PROTO_UDP, .port = CP_PORT}, {0}};

static const struct sd_mode modes[] = {
    {.name = "fresh", .what = "Hello, Cookie, Initiate with data: as the specification says"},
    {.name = "reference",
     .what = "as the server of 2011: clients do not move, a used cookie starts a connection again"},
    {0},
};

const struct sd_agent_ops sd_curvecp_agent = {
    .name = "curvecp",
    .title = "CurveCP",
    .spec = "curvecp.org of 2011",
    .service = SD_SERVICE_STREAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_DOS_MITIGATION | SD_F_MOBILITY | SD_F_LENGTH_HIDING |
                SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER | SD_F_TERMINATION |
                SD_F_IDENTITY_HIDING | SD_F_RELIABLE,
    .overhead = CP_CLIENT_OVERHEAD + CP_BESIDE_BLOCK,
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
    .describe = cp_describe,
};
