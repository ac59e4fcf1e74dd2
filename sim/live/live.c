/* live.c - the poll loop: sockets, TUN, the agent's deadline and the time limit. */
#include "sim/live/live.h"
#include "sim/live/loop.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define FAREWELL (2 * SD_SECOND)

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static uint64_t real_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * SD_SECOND + (uint64_t)t.tv_nsec;
}

/* Inside an env clock_gettime() answers in the env's time: step outside for the real one. */
sd_time live_now(const struct live *l)
{
    struct sd_env *entered = sd_enter(NULL);
    sd_time now = real_ns(CLOCK_MONOTONIC) - l->start_ns + l->offset_ns;
    sd_leave(entered);
    return now;
}

void live_say(const struct live *l, const char *format, ...)
{
    if (!l->config->events)
        return;
    va_list list;
    va_start(list, format);
    fprintf(l->config->events, "%8.3f ms  ", (double)(live_now(l) - l->offset_ns) / 1e6);
    vfprintf(l->config->events, format, list);
    fputc('\n', l->config->events);
    fflush(l->config->events);
    va_end(list);
}

static void real_random(struct sd_env *env, void *buf, size_t len)
{
    (void)env;
    uint8_t *at = buf;
    while (len) {
        ssize_t n = getrandom(at, len, 0);
        if (n <= 0)
            continue;
        at += n;
        len -= (size_t)n;
    }
}

static void keep_key(void *ctx, enum sd_key_format format, const char *line)
{
    struct live *l = ctx;
    (void)format;
    if (l->config->keylog) {
        fprintf(l->config->keylog, "%s\n", line);
        fflush(l->config->keylog);
    }
}

/* A file a session: the first piece begins it. */
static void keep_log(void *ctx, const char *format, uint32_t sid, const void *data, size_t len)
{
    struct live *l = ctx;
    char path[4096];
    snprintf(path, sizeof path, "%s-%u.%s", l->config->logs, sid, format);
    FILE *f = fopen(path, sid > l->logged ? "wb" : "ab");
    if (!f)
        return;
    fwrite(data, 1, len, f);
    fclose(f);
    if (sid > l->logged)
        l->logged = sid;
}

static void unit_out(void *ctx, const struct sd_unit *unit)
{
    live_send(ctx, unit);
}

static void event_out(void *ctx, const struct sd_event *e)
{
    struct live *l = ctx;
    if (l->tun >= 0 && e->kind == SD_EV_DATA) {
        l->result->bytes_in += e->len;
        /* The kernel drops what it cannot take, as an interface does. */
        ssize_t n = write(l->tun, e->data, e->len);
        (void)n;
        return;
    }
    live_app_event(l, e);
}

static const struct sd_sink sink = {unit_out, event_out};

static void tun_ready(struct live *l)
{
    static uint8_t packet[LIVE_BUFFER];
    ssize_t n;
    while ((n = read(l->tun, packet, sizeof packet)) > 0) {
        l->result->bytes_out += (uint64_t)n;
        sd_seat_app_in(&l->seat, live_now(l), 0, 0, packet, (size_t)n, false);
    }
}

/* The first carrier has the address that the user gave; the others have its IP and their own port.
 * A client's port is any, unless the port tells which carrier it is. */
static struct sd_addr carrier_address(const struct live *l, const struct sd_carrier *c)
{
    const struct sd_live_config *config = l->config;
    const struct sd_carrier *first = config->protocol->carriers;
    bool client = config->remote.family != 0, many = false;
    for (const struct sd_carrier *other = first + 1; other->proto; other++)
        many |= other->proto == SD_PROTO_UDP;
    struct sd_addr local = config->local.family ? config->local : sd_ipv4(0, 0, 0, 0, 0);
    if (c != first || !local.port)
        local.port = client && !many ? 0 : c->port;
    if (many && client && !sd_addr_ipv4(&local)) /* what it says of itself must be true */
        local = sd_ipv4_word(live_address_towards(&config->remote), local.port);
    local.proto = c->proto;
    return local;
}

static int open_carrier(struct live *l, const struct sd_carrier *c, struct sd_error *error)
{
    bool client = l->config->remote.family != 0;
    struct sd_addr local = carrier_address(l, c);
    if (c->proto != SD_PROTO_TCP)
        return live_udp_open(l, &local, error);
    return client ? SD_OK : live_tcp_listen(l, &local, error);
}

static int open_carriers(struct live *l, struct sd_error *error)
{
    int r = SD_OK;
    for (const struct sd_carrier *c = l->config->protocol->carriers; r == SD_OK && c->proto; c++)
        r = open_carrier(l, c, error);
    return r;
}

static int start_session(struct live *l, struct sd_error *error)
{
    if (l->config->protocol->carriers->proto == SD_PROTO_TCP)
        return live_tcp_connect(l, &l->config->remote, error) ? SD_OK : SD_E_PEER;
    return live_app_open(l, 0, NULL, error);
}

static int wait_ms(const struct live *l, sd_time limit)
{
    const sd_time planned[] = {l->rebind_at, l->rekey_at, l->again_at, l->move_at, limit};
    sd_time now = live_now(l), next = sd_seat_deadline(&l->seat);
    for (size_t i = 0; i < sizeof planned / sizeof *planned; i++)
        if (planned[i] && planned[i] < next)
            next = planned[i];
    if (next <= now)
        return 0;
    uint64_t ms = (next - now + SD_MS - 1) / SD_MS;
    return ms > 1000 ? 1000 : (int)ms;
}

struct polled {
    struct pollfd fd[LIVE_UDP_MAX + LIVE_TCP_MAX + 2];
    struct live_tcp *tcp[LIVE_UDP_MAX + LIVE_TCP_MAX + 2];
    nfds_t count;
};

static void watch(struct polled *p, int fd, short events, struct live_tcp *tcp)
{
    p->fd[p->count] = (struct pollfd){.fd = fd, .events = events};
    p->tcp[p->count++] = tcp;
}

static void gather(struct live *l, struct polled *p)
{
    p->count = 0;
    for (size_t i = 0; i < l->udps; i++)
        watch(p, l->udp[i].fd, POLLIN, NULL);
    watch(p, l->listener, POLLIN, NULL); /* poll() passes over negative descriptors */
    watch(p, l->tun, POLLIN, NULL);
    for (size_t i = 0; i < LIVE_TCP_MAX; i++) {
        struct live_tcp *t = &l->tcp[i];
        if (t->fd < 0)
            continue;
        short events = t->peer_done ? 0 : POLLIN;
        if (t->connecting || t->out_len)
            events |= POLLOUT;
        watch(p, t->fd, events, t);
    }
}

static void serve(struct live *l, struct polled *p)
{
    nfds_t at = 0;
    for (size_t i = 0; i < l->udps; i++, at++)
        if (p->fd[at].revents)
            live_udp_ready(l, &l->udp[i]);
    if (p->fd[at++].revents)
        live_tcp_accept(l);
    if (p->fd[at++].revents)
        tun_ready(l);
    for (; at < p->count; at++)
        if (p->fd[at].revents && p->tcp[at]->fd == p->fd[at].fd)
            live_tcp_ready(l, p->tcp[at], p->fd[at].revents);
    for (size_t i = 0; i < LIVE_TCP_MAX; i++) {
        struct live_tcp *t = &l->tcp[i];
        if (t->fd >= 0 && (t->dead || (t->peer_done && !t->out_len)))
            live_tcp_drop(t);
    }
}

static bool due(sd_time planned, sd_time now)
{
    return planned && planned <= now;
}

/* Everything that is due. */
static int act(struct live *l, struct sd_error *error)
{
    sd_time now = live_now(l);
    if (sd_seat_deadline(&l->seat) <= now) {
        sd_seat_expire(&l->seat, now);
        live_app_step(l);
    }
    if (due(l->rekey_at, now))
        live_app_rekey(l);
    if (due(l->again_at, now))
        live_app_again(l);
    if (due(l->rebind_at, now)) {
        l->rebind_at = 0;
        int r = live_udp_rebind(l, error);
        if (r < 0)
            return r;
    }
    if (due(l->move_at, now)) {
        int r = live_app_move(l, error);
        if (r < 0)
            return r;
    }
    if (!l->open_wanted)
        return SD_OK;
    l->open_wanted = false;
    return start_session(l, error);
}

static int step(struct live *l, sd_time limit, struct sd_error *error)
{
    struct polled p;
    gather(l, &p);
    int n = poll(p.fd, p.count, wait_ms(l, limit));
    if (n < 0 && errno != EINTR)
        return sd_fail(error, SD_E_IO, "live: poll: %s", strerror(errno));
    if (n > 0)
        serve(l, &p);
    return act(l, error);
}

/* A client's last datagrams may be lost: an agent that has a session and a timer still sees to
 * them. */
static int farewell(struct live *l, struct sd_error *error)
{
    sd_time limit = live_now(l) + FAREWELL;
    struct sd_stats s;
    int r = SD_OK;
    while (r == SD_OK && !interrupted && live_now(l) < limit) {
        sd_seat_stats(&l->seat, &s);
        if (!s.sessions || sd_seat_deadline(&l->seat) == SD_NEVER)
            break;
        r = step(l, limit, error);
    }
    return r;
}

static int loop(struct live *l, struct sd_error *error)
{
    const struct sd_live_config *c = l->config;
    bool client = c->remote.family != 0 && l->tun < 0;
    sd_time limit = c->time_limit ? l->offset_ns + c->time_limit
                    : client      ? l->offset_ns + 10 * SD_SECOND
                                  : SD_NEVER;
    while (!l->finished && !interrupted && live_now(l) < limit) {
        int r = step(l, limit, error);
        if (r < 0)
            return r;
    }
    if (client && !l->finished)
        return sd_fail(error, SD_E_PEER, "live: %s with the peer; see the events above",
                       l->result->handshakes ? "no complete reply" : "no handshake");
    if (client && l->broken)
        return sd_fail(error, SD_E_PEER, "live: session failed: %s", l->why);
    return client ? farewell(l, error) : SD_OK;
}

static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal};
    interrupted = 0;
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
}

/* Everything closed, the clock started, real randomness and keys where the configuration wants. */
static int begin(struct live *l, const struct sd_live_config *config, struct sd_live_result *result)
{
    memset(l, 0, sizeof *l);
    memset(result, 0, sizeof *result);
    l->config = config;
    l->result = result;
    l->listener = l->tun = -1;
    for (size_t i = 0; i < LIVE_TCP_MAX; i++)
        l->tcp[i].fd = -1;
    uint64_t unix_ns = real_ns(CLOCK_REALTIME);
    l->start_ns = real_ns(CLOCK_MONOTONIC);
    l->offset_ns = unix_ns % SD_SECOND + SD_SECOND; /* never 0: a time of 0 is the run's start */
    int r = sd_env_init(&l->env, 0);
    if (r < 0)
        return r;
    l->env.epoch_s = unix_ns / SD_SECOND - 1;
    l->env.random = real_random;
    l->env.keylog = keep_key;
    l->env.log = l->config->logs ? keep_log : NULL;
    l->env.ctx = l;
    return SD_OK;
}

static void end(struct live *l)
{
    live_app_fini(l);
    for (size_t i = 0; i < LIVE_TCP_MAX; i++)
        live_tcp_drop(&l->tcp[i]);
    for (size_t i = 0; i < l->udps; i++)
        close(l->udp[i].fd);
    if (l->listener >= 0)
        close(l->listener);
    if (l->tun >= 0)
        close(l->tun);
    sd_env_fini(&l->env);
}

static int talk(struct live *l, struct sd_error *error)
{
    const struct sd_live_config *c = l->config;
    bool client = c->remote.family != 0;
    int r = sd_seat_init(&l->seat, c->protocol, &c->agent, &l->env, &sink, l, live_now(l), error);
    if (r != SD_OK)
        return r;
    live_say(l, "%s %s", c->protocol->name, client ? "client" : "server");
    if (client)
        r = start_session(l, error);
    if (r == SD_OK)
        r = loop(l, error);
    sd_seat_stats(&l->seat, &l->result->stats);
    sd_seat_fini(&l->seat);
    return r;
}

int sd_live_run(const struct sd_live_config *config, struct sd_live_result *result,
                struct sd_error *error)
{
    static struct live l; /* a thousand sessions' worth: not for the stack */
    int r = begin(&l, config, result);
    if (r < 0)
        return sd_fail(error, r, "live: %s", sd_result_text(r));
    catch_signals();
    if (config->tun) {
        l.tun = live_tun_open(config->tun, config->inner_ip, config->inner_prefix,
                              config->protocol->inner_mtu, error);
        r = l.tun < 0 ? l.tun : SD_OK;
    }
    if (r == SD_OK)
        r = open_carriers(&l, error);
    if (r == SD_OK)
        r = talk(&l, error);
    end(&l);
    return r;
}
