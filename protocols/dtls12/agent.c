/* agent.c - DTLS 1.2 (RFC 6347) on UDP, by libssl: which session a datagram belongs to, when a
 * client must show a cookie, retransmission on the host's clock. */
#include "protocols/dtls12/agent.h"

#include <openssl/err.h>

#include "protocols/dtls12/dtls.h"

#define HALF_OPEN_MAX 1024
#define IP_UDP_BYTES  28
#define MTU_MIN       256 /* libssl's least */

static struct sd_ssl_agent *self(struct sd_agent *agent)
{
    return (struct sd_ssl_agent *)agent;
}

static const struct sd_carrier carriers[] = {{SD_PROTO_UDP, 4433}, {0}};

static const struct sd_mode modes[] = {
    {"fresh", "full handshake without HelloVerifyRequest, two round trips", false},
    {"resumed", "abbreviated handshake with a ticket (RFC 5077)", true},
    {"cookie", "HelloVerifyRequest first, three round trips", false},
    {"psk", "external pre-shared key alone (RFC 5487, RFC 7925): no forward secrecy", false},
    {0},
};

static const struct sd_ssl_mode ssl_modes[] = {
    {.name = "fresh"},
    {.name = "resumed", .resume = true},
    {.name = "cookie", .cookie = true},
    {.name = "psk", .psk = true},
    {0},
};

static const struct sd_ssl_kind kind = {
    .ops = &sd_dtls12_agent,
    .version = DTLS1_2_VERSION,
    .datagram = true,
    .half_open_max = HALF_OPEN_MAX,
    .modes = ssl_modes,
};

static int create(struct sd_agent **agent, const struct sd_config *config, struct sd_env *env,
                  struct sd_error *error)
{
    return sd_ssl_create(agent, &kind, config, env, error);
}

static int open_session(struct sd_agent *agent, sd_time now, const struct sd_open *open,
                        sd_sid *sid)
{
    (void)now;
    struct sd_ssl_agent *a = self(agent);
    int result;
    if (!a->client)
        return SD_E_STATE;
    struct sd_ssl_session *s = sd_ssl_session_by_path(a, &open->path);
    if (s && s->phase != SD_SSL_CLOSING)
        return SD_E_STATE; /* RFC 6347 4.2.8: one association between two addresses */
    if (s)
        sd_ssl_gone(s, "a new session took its place");
    s = sd_ssl_session_new(a, &open->path, true);
    if (!s)
        return SD_E_NOMEM;
    if (!sd_ssl_attach(s, open->server_name ? open->server_name : a->config.server_name)) {
        sd_ssl_session_free(s);
        ERR_clear_error();
        return SD_E_ARG;
    }
    *sid = s->sid;
    if (open->early_len > 0)
        sd_ssl_tell(s, SD_EV_EARLY_REFUSED, 0, "DTLS 1.2 has no early data");
    if (sd_ssl_advance(s, &result))
        dtls_timer(s);
    return SD_OK;
}

static long app_in(struct sd_agent *agent, sd_time now, sd_sid sid, uint64_t stream,
                   const uint8_t *data, size_t len, bool fin)
{
    (void)now, (void)stream, (void)fin;
    struct sd_ssl_session *s = sd_ssl_session_by_sid(self(agent), sid);
    return s ? sd_ssl_write(s, data, len) : SD_E_STATE;
}

/* -- the server's door -- */

static bool wants_cookie(const struct sd_ssl_agent *a)
{
    switch (a->config.validation) {
    case SD_VALIDATE_ALWAYS:
        return true;
    case SD_VALIDATE_NEVER:
        return false;
    default:
        return a->mode->cookie || a->stats.half_open >= a->half_open_max / 2;
    }
}

static bool cookie_good(struct sd_ssl_agent *a, const struct sd_path *path,
                        const struct dtls_hello *hello)
{
    return hello->cookie_len > 0 &&
           sd_ssl_cookie_check(a, &path->remote, hello->covered, hello->covered_len, hello->cookie,
                               hello->cookie_len);
}

/* The ClientHello came with a good cookie: libssl's own listener takes it, so that it counts
 * messages and records on from there. */
static bool listen_once(struct sd_ssl_session *s, const struct sd_unit *u)
{
    BIO_ADDR *peer = BIO_ADDR_new();
    s->in = u->data;
    s->in_len = u->len;
    bool ok = peer && DTLSv1_listen(s->ssl, peer) == 1;
    BIO_ADDR_free(peer);
    s->in = NULL;
    s->in_len = 0;
    ERR_clear_error();
    return ok;
}

static int welcome(struct sd_ssl_agent *a, const struct sd_unit *u, const struct dtls_hello *hello,
                   bool validated)
{
    int result;
    bool alive;
    if (a->stats.half_open >= a->half_open_max)
        return sd_ssl_drop(a, SD_DROP_FULL);
    struct sd_ssl_session *s = sd_ssl_session_new(a, &u->path, false);
    if (!s)
        return SD_E_NOMEM;
    s->validated = validated;
    s->hello_id = hello->id;
    if (!sd_ssl_attach(s, NULL) || (validated && !listen_once(s, u))) {
        sd_ssl_session_free(s);
        ERR_clear_error();
        return sd_ssl_drop(a, SD_DROP_MALFORMED);
    }
    if (validated) {
        sd_ssl_tell(s, SD_EV_VALIDATED, 0, "HelloVerifyRequest cookie");
        s->window = (struct sd_ssl_window){hello->sequence + 1, UINT64_MAX};
        alive = sd_ssl_advance(s, &result);
    } else {
        result = dtls_records(s, u->data, u->len, &alive);
    }
    if (alive)
        dtls_timer(s);
    return result;
}

/* A ClientHello for which there is no session, or that would take a session's place. */
static int knock(struct sd_ssl_agent *a, const struct sd_unit *u, struct sd_ssl_session *old,
                 const struct dtls_hello *hello)
{
    bool validated = cookie_good(a, &u->path, hello);
    if (!validated && (old || hello->cookie_len > 0 || wants_cookie(a))) {
        dtls_hello_verify_request(a, &u->path, hello);
        return sd_ssl_drop(a, SD_DROP_UNVALIDATED);
    }
    /* RFC 6347 4.2.8: only a client that can be reached there may end the association. */
    if (old)
        sd_ssl_gone(old, "the client began anew");
    return welcome(a, u, hello, validated);
}

static int net_in(struct sd_agent *agent, sd_time now, const struct sd_unit *u)
{
    (void)now;
    struct sd_ssl_agent *a = self(agent);
    struct sd_ssl_session *s = sd_ssl_session_by_path(a, &u->path);
    struct dtls_hello hello;
    bool alive;
    a->stats.units_in++;
    a->stats.bytes_in += u->len;
    if (a->server && (!s || !s->client) && !(s && s->validated))
        a->stats.bytes_from_unvalidated += u->len;
    int parsed = dtls_hello_parse(u->data, u->len, &hello);
    if (!s && (parsed != SD_OK || !a->server))
        return sd_ssl_drop(a, parsed != SD_OK ? parsed : SD_DROP_UNKNOWN);
    if (!s || (!s->client && parsed == SD_OK && hello.id != s->hello_id))
        return knock(a, u, s, &hello);
    int result = dtls_records(s, u->data, u->len, &alive);
    if (alive)
        dtls_timer(s);
    return result;
}

/* -- timers -- */

static sd_time deadline(const struct sd_agent *agent)
{
    const struct sd_ssl_agent *a = (const struct sd_ssl_agent *)agent;
    return a->timers > 0 ? a->timer[0]->deadline : SD_NEVER;
}

static int expire(struct sd_agent *agent, sd_time now)
{
    struct sd_ssl_agent *a = self(agent);
    while (a->timers > 0 && a->timer[0]->deadline <= now) {
        struct sd_ssl_session *s = a->timer[0];
        if (s->phase == SD_SSL_CLOSING) {
            sd_ssl_gone(s, "no close_notify came back");
            continue;
        }
        ERR_clear_error();
        if (DTLSv1_handle_timeout(s->ssl) < 0) {
            sd_ssl_fail(s, "the peer does not answer: gave up after libssl's 12 retransmissions");
            continue;
        }
        sd_time before = s->deadline;
        dtls_timer(s);
        if (s->deadline <= now && s->deadline == before)
            sd_ssl_timer(s, SD_NEVER); /* libssl has nothing to send again */
    }
    return SD_OK;
}

static int control(struct sd_agent *agent, sd_time now, sd_sid sid, struct sd_control *c)
{
    (void)now;
    struct sd_ssl_agent *a = self(agent);
    struct sd_ssl_session *s =
        sid ? sd_ssl_session_by_sid(a, sid) : sd_ssl_session_by_path(a, &c->path);
    if (!s)
        return SD_E_STATE;
    if (c->verb != SD_PATH_MTU)
        return sd_ssl_control(s, c);
    /* RFC 6347 4.1.1.1: the next flight, or the same one sent again, fits. */
    SSL_set_mtu(s->ssl, (c->mtu < MTU_MIN ? MTU_MIN : c->mtu) - IP_UDP_BYTES);
    return SD_OK;
}

const struct sd_agent_ops sd_dtls12_agent = {
    .name = "dtls12",
    .title = "DTLS 1.2",
    .spec = "RFC 6347",
    .service = SD_SERVICE_DATAGRAM,
    .carriers = carriers,
    .modes = modes,
    .features = SD_F_FORWARD_SECRECY | SD_F_CONFIDENTIALITY | SD_F_INTEGRITY | SD_F_RESPONDER_AUTH |
                SD_F_MUTUAL_AUTH | SD_F_PSK | SD_F_ALG_NEGOTIATION | SD_F_AUTH_DELEGATION |
                SD_F_DOS_MITIGATION | SD_F_SOURCE_VALIDATION | SD_F_APP_NEGOTIATION |
                SD_F_EXTENSIONS | SD_F_SESSION_CACHE | SD_F_REPLAY_PREVENTION | SD_F_OUT_OF_ORDER |
                SD_F_TERMINATION | SD_F_EXPORTER,
    .overhead = DTLS12_RECORD_OVERHEAD,
    .create = create,
    .destroy = sd_ssl_destroy,
    .open = open_session,
    .app_in = app_in,
    .net_in = net_in,
    .net_out = sd_ssl_net_out,
    .event = sd_ssl_event,
    .deadline = deadline,
    .expire = expire,
    .control = control,
    .stats = sd_ssl_stats,
    .describe = sd_ssl_describe_datagram,
};
