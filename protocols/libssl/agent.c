/* agent.c - making and destroying an agent, and its two queues: units out, events up. */
#include "protocols/crypto/pem.h"
#include "protocols/libssl/libssl.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define TICKETS_SENT   2       /* libssl's own default */
#define FIRST_TIMER_US 1000000 /* RFC 6347 4.2.4.1 */

static const struct sd_ssl_mode *mode_named(const struct sd_ssl_kind *kind, const char *name)
{
    for (const struct sd_ssl_mode *m = kind->modes; m->name; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

/* "h2,http/1.1" to length-prefixed names (RFC 7301 3.1). */
static int alpn_wire(struct sd_ssl_agent *a, const char *text, struct sd_error *error)
{
    for (const char *p = text; p;) {
        size_t len = strcspn(p, ",");
        if (len == 0 || len > 255 || a->alpn_len + 1 + len > sizeof a->alpn)
            return sd_fail(error, SD_E_ARG,
                           "%s: alpn: expected names of 1 to 255 bytes, together below 256, "
                           "separated by commas; found '%s'",
                           a->kind->ops->name, text);
        a->alpn[a->alpn_len++] = (uint8_t)len;
        memcpy(a->alpn + a->alpn_len, p, len);
        a->alpn_len += len;
        p = p[len] == ',' ? p + len + 1 : NULL;
    }
    return SD_OK;
}

/* -- the protocol's own options -- */

static bool number(const char *text, uint32_t most, uint32_t *value)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n > most)
        return false;
    *value = (uint32_t)n;
    return true;
}

static bool read_tickets(struct sd_ssl_agent *a, const char *value)
{
    return number(value, 16, &a->tickets_sent);
}

static bool read_padding(struct sd_ssl_agent *a, const char *value)
{
    return a->kind->version == TLS1_3_VERSION && number(value, 16384, &a->padding);
}

static bool read_verify(struct sd_ssl_agent *a, const char *value)
{
    a->application_verifies = strcmp(value, "application") == 0;
    return a->application_verifies || strcmp(value, "agent") == 0;
}

static bool read_use_srtp(struct sd_ssl_agent *a, const char *value)
{
    a->use_srtp = value;
    return a->kind->datagram && sd_ssl_srtp_known(value);
}

static bool read_timer(struct sd_ssl_agent *a, const char *value)
{
    uint32_t ms = 0;
    bool good = a->kind->datagram && number(value, 60000, &ms) && ms > 0;
    a->first_timer_us = ms * 1000;
    return good;
}

static bool read_suites(struct sd_ssl_agent *a, const char *value)
{
    a->suites = value;
    return sd_ssl_suites_are(a, value);
}

static bool read_extension(struct sd_ssl_agent *a, const char *value)
{
    a->unknown_extension = strcmp(value, "unknown") == 0;
    return a->unknown_extension || strcmp(value, "none") == 0;
}

static const struct {
    const char *name, *expected;
    bool (*read)(struct sd_ssl_agent *, const char *value);
} options[] = {
    {"tickets", "0 to 16 tickets after a TLS 1.3 handshake", read_tickets},
    {"padding", "0 to 16384, to a multiple of which TLS 1.3 pads its records", read_padding},
    {"suites", "names of cipher suites as OpenSSL has them, the preferred one first", read_suites},
    {"extension", "unknown (a client sends one of private use) or none", read_extension},
    {"verify", "agent (refuses unknown certificates) or application (only tells)", read_verify},
    {"use_srtp", "on DTLS, SRTP protection profiles by IANA's names with colons between",
     read_use_srtp},
    {"timer", "on DTLS, 1 to 60000 ms until a flight goes again for the first time", read_timer},
};
#define OPTIONS (sizeof options / sizeof *options)

static int read_option(struct sd_ssl_agent *a, const struct sd_option *o, struct sd_error *error)
{
    const char *names[OPTIONS + 1] = {0};
    for (size_t i = 0; i < OPTIONS; i++) {
        names[i] = options[i].name;
        if (strcmp(o->name, options[i].name) != 0)
            continue;
        const char *value = o->value ? o->value : "";
        if (options[i].read(a, value))
            return SD_OK;
        return sd_fail(error, SD_E_ARG, "%s: option %s: expected %s, found '%s'",
                       a->kind->ops->name, o->name, options[i].expected, value);
    }
    const char *near = sd_nearest(o->name, names);
    return sd_fail(error, SD_E_ARG,
                   "%s: unknown option '%s'%s%s%s; it knows: tickets, padding, suites, "
                   "extension, verify, use_srtp, timer",
                   a->kind->ops->name, o->name, near ? ", did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

static int read_options(struct sd_ssl_agent *a, struct sd_error *error)
{
    int r = SD_OK;
    for (const struct sd_option *o = a->config.options; o && o->name && r == SD_OK; o++)
        r = read_option(a, o, error);
    return r;
}

/* What OpenSSL 3.0 does not do (tests/tls/limits_test.c). */
static int check_limits(const struct sd_ssl_agent *a, struct sd_error *error)
{
    const struct sd_identity *identity = a->config.identity;
    if (sd_ssl_wants_cookie(a) && (a->mode->psk || a->mode->resume))
        return sd_fail(
            error, SD_E_UNSUPPORTED,
            "%s: a server in mode '%s' cannot always ask for a cookie, because OpenSSL "
            "3.0 checks a pre-shared key before it takes up the cookie; leave validation "
            "to the protocol, or take mode fresh or cookie",
            a->kind->ops->name, a->mode->name);
    if (a->kind->datagram && !a->mode->psk && sd_pem_key_is(identity->private_key, "ED25519"))
        return sd_fail(error, SD_E_UNSUPPORTED,
                       "%s: OpenSSL 3.0 has no Ed25519 for a server of DTLS 1.2; identity '%s' "
                       "needs a P-256 or RSA key",
                       a->kind->ops->name, identity->name);
    return SD_OK;
}

static int check(struct sd_ssl_agent *a, struct sd_error *error)
{
    const struct sd_config *c = &a->config;
    const char *id = a->kind->ops->name;
    bool server = c->role & SD_ROLE_SERVER;
    if (!(c->role & SD_ROLE_BOTH))
        return sd_fail(error, SD_E_ARG, "%s: expected role client, server or both, found %d", id,
                       (int)c->role);
    if (!a->mode)
        return sd_fail(error, SD_E_ARG, "%s: there is no mode '%s'; see `shakedown list protocols`",
                       id, c->mode);
    if (a->mode->psk && (!c->psk || c->psk_len == 0 || c->psk_len > 64))
        return sd_fail(error, SD_E_ARG, "%s: mode psk needs a pre-shared key of 1 to 64 bytes", id);
    if (a->mode->psk && c->psk_identity && strlen(c->psk_identity) > 128)
        return sd_fail(error, SD_E_ARG, "%s: the PSK identity is longer than 128 bytes", id);
    if (server && !a->mode->psk &&
        (!c->identity || !c->identity->certificate || !c->identity->private_key))
        return sd_fail(error, SD_E_ARG,
                       "%s: a server needs an identity with certificate and private key", id);
    if (c->server_name && strlen(c->server_name) >= sizeof((struct sd_ssl_session *)0)->name)
        return sd_fail(error, SD_E_ARG, "%s: server_name is longer than 79 bytes", id);
    if (a->path_mtu < 256)
        return sd_fail(error, SD_E_ARG, "%s: path_mtu: expected at least 256, found %u", id,
                       a->path_mtu);
    int r = server ? check_limits(a, error) : SD_OK;
    if (r == SD_OK && c->alpn)
        r = alpn_wire(a, c->alpn, error);
    return r == SD_OK ? read_options(a, error) : r;
}

/* The thread's error queue keeps the words of its last errors, on the heap of whoever made them:
 * without this they would outlive the agent, and whoever comes next would find another queue. */
static void forget_errors(void)
{
    for (int i = 0; i < ERR_NUM_ERRORS; i++) {
        static char none[1];
        ERR_new();
        ERR_set_error_data(none, 0);
    }
    ERR_clear_error();
}

int sd_ssl_create(struct sd_agent **out, const struct sd_ssl_kind *kind,
                  const struct sd_config *config, struct sd_env *env, struct sd_error *error)
{
    struct sd_ssl_agent *a = sd_alloc(env, sizeof *a);
    if (!a)
        return sd_fail(error, SD_E_NOMEM, "%s: no memory for an agent", kind->ops->name);
    a->base.ops = kind->ops;
    a->kind = kind;
    a->env = env;
    a->config = *config;
    a->mode = mode_named(kind, config->mode ? config->mode : "fresh");
    a->half_open_max = config->half_open_max ? config->half_open_max : kind->half_open_max;
    a->tickets_sent = TICKETS_SENT;
    a->first_timer_us = FIRST_TIMER_US;
    a->path_mtu = config->path_mtu ? config->path_mtu : 1500;
    if (config->role & SD_ROLE_SERVER)
        sd_random(env, &a->ticket_key, sizeof a->ticket_key);
    ERR_clear_error();
    int r = check(a, error);
    if (r == SD_OK && !sd_ssl_sessions_init(a))
        r = sd_fail(error, SD_E_NOMEM, "%s: no memory for a session table", kind->ops->name);
    if (r == SD_OK)
        r = sd_ssl_contexts(a, error);
    forget_errors();
    if (r != SD_OK) {
        sd_ssl_destroy(&a->base);
        return r;
    }
    *out = &a->base;
    return SD_OK;
}

void sd_ssl_destroy(struct sd_agent *agent)
{
    struct sd_ssl_agent *a = (struct sd_ssl_agent *)agent;
    sd_ssl_sessions_fini(a);
    sd_ssl_tickets_free(a);
    while (a->out_head) {
        struct sd_ssl_out *o = a->out_head;
        a->out_head = o->next;
        OPENSSL_free(o);
    }
    OPENSSL_free(a->event_given);
    while (a->event_head) {
        struct sd_ssl_event *e = a->event_head;
        a->event_head = e->next;
        OPENSSL_free(e);
    }
    SSL_CTX_free(a->client);
    SSL_CTX_free(a->server);
    sd_free(a->early_seen);
    sd_free(a);
    forget_errors();
}

int sd_ssl_drop(struct sd_ssl_agent *a, int reason)
{
    a->stats.dropped[reason]++;
    return reason;
}

/* -- units out -- */

bool sd_ssl_send(struct sd_ssl_agent *a, const struct sd_path *path, const void *data, size_t len,
                 uint8_t flags)
{
    struct sd_ssl_out *o = OPENSSL_malloc(sizeof *o + len);
    if (!o)
        return false;
    *o = (struct sd_ssl_out){.path = *path, .flags = flags, .len = len};
    if (len > 0)
        memcpy(o->data, data, len);
    if (a->out_tail)
        a->out_tail->next = o;
    else
        a->out_head = o;
    a->out_tail = o;
    return true;
}

int sd_ssl_net_out(struct sd_agent *agent, sd_time now, struct sd_unit *u)
{
    (void)now;
    struct sd_ssl_agent *a = (struct sd_ssl_agent *)agent;
    struct sd_ssl_out *o = a->out_head;
    if (!o)
        return 0;
    u->path = o->path;
    u->len = 0;
    u->flags = 0;
    /* A datagram is one piece; the pieces of a connection join up to the host's buffer. */
    while (o && o->path.conn == u->path.conn && (u->len == 0 || !a->kind->datagram)) {
        size_t piece = o->len - o->taken;
        if (piece > u->cap - u->len)
            piece = u->cap - u->len;
        memcpy(u->data + u->len, o->data + o->taken, piece);
        u->len += piece;
        o->taken += piece;
        if (o->taken < o->len)
            break;
        u->flags |= o->flags;
        a->out_head = o->next;
        if (!a->out_head)
            a->out_tail = NULL;
        OPENSSL_free(o);
        o = u->flags || a->kind->datagram ? NULL : a->out_head;
    }
    a->stats.units_out++;
    a->stats.bytes_out += u->len;
    return 1;
}

/* -- events up -- */

static struct sd_ssl_event *event_new(struct sd_ssl_session *s, enum sd_event_kind kind,
                                      size_t extra)
{
    struct sd_ssl_agent *a = s->agent;
    struct sd_ssl_event *e = OPENSSL_malloc(sizeof *e + extra);
    if (!e)
        return NULL;
    e->next = NULL;
    e->event = (struct sd_event){.kind = kind, .sid = s->sid, .path = s->path};
    if (a->event_tail)
        a->event_tail->next = e;
    else
        a->event_head = e;
    a->event_tail = e;
    return e;
}

void sd_ssl_tell_with(struct sd_ssl_session *s, enum sd_event_kind kind, uint64_t code,
                      const char *detail, const uint8_t *data, size_t len)
{
    size_t words = detail ? strlen(detail) + 1 : 0;
    struct sd_ssl_event *e = event_new(s, kind, words + len);
    if (!e)
        return;
    e->event.code = code;
    if (detail) {
        memcpy(e->data, detail, words);
        e->event.detail = (const char *)e->data;
    }
    if (len > 0) {
        memcpy(e->data + words, data, len);
        e->event.data = e->data + words;
        e->event.len = len;
    }
}

void sd_ssl_tell(struct sd_ssl_session *s, enum sd_event_kind kind, uint64_t code,
                 const char *detail)
{
    sd_ssl_tell_with(s, kind, code, detail, NULL, 0);
}

void sd_ssl_tell_data(struct sd_ssl_session *s, const uint8_t *data, size_t len, bool early)
{
    struct sd_ssl_event *e = event_new(s, SD_EV_DATA, len);
    if (!e)
        return;
    memcpy(e->data, data, len);
    e->event.data = e->data;
    e->event.len = len;
    e->event.early = early;
}

int sd_ssl_event(struct sd_agent *agent, struct sd_event *event)
{
    struct sd_ssl_agent *a = (struct sd_ssl_agent *)agent;
    OPENSSL_free(a->event_given);
    a->event_given = a->event_head;
    if (!a->event_head)
        return 0;
    a->event_head = a->event_head->next;
    if (!a->event_head)
        a->event_tail = NULL;
    *event = a->event_given->event;
    return 1;
}

void sd_ssl_stats(const struct sd_agent *agent, struct sd_stats *stats)
{
    *stats = ((const struct sd_ssl_agent *)agent)->stats;
}
