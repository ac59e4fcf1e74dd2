/* sockets.c - UDP and TCP carriers of the live host. */
#include "sim/live/loop.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in to_socket(const struct sd_addr *a)
{
    struct sockaddr_in s = {.sin_family = AF_INET, .sin_port = htons(a->port)};
    s.sin_addr.s_addr = htonl(sd_addr_ipv4(a));
    return s;
}

static struct sd_addr from_socket(const struct sockaddr_in *s, uint8_t proto)
{
    struct sd_addr a = sd_ipv4_word(ntohl(s->sin_addr.s_addr), ntohs(s->sin_port));
    a.proto = proto;
    return a;
}

static struct sd_addr local_of(int fd, uint8_t proto)
{
    struct sockaddr_in s = {0};
    socklen_t n = sizeof s;
    getsockname(fd, (struct sockaddr *)&s, &n);
    return from_socket(&s, proto);
}

static void share_port(int fd, int shared)
{
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &shared, sizeof shared);
}

/* shared: whoever has the port lets this socket have it, too.  Of UDP that is for a moment only:
 * the one bound last gets what comes. */
static int open_socket(int type, const struct sd_addr *local, bool shared, struct sd_error *error)
{
    char text[SD_ADDR_TEXT];
    int big = 4 << 20, proto = type == SOCK_RAW ? local->proto : 0;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
    if (fd < 0)
        return sd_fail(error, SD_E_IO, "live: no socket%s: %s",
                       proto ? " for an IP protocol, which takes CAP_NET_RAW" : "",
                       strerror(errno));
    struct sockaddr_in s = to_socket(local);
    share_port(fd, shared);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
    if (bind(fd, (struct sockaddr *)&s, sizeof s) < 0) {
        sd_fail(error, SD_E_IO, "live: cannot listen on %s: %s; choose another address or port",
                sd_addr_text(local, text), strerror(errno));
        close(fd);
        return SD_E_IO;
    }
    return fd;
}

static int type_of(const struct sd_addr *local)
{
    return local->proto == SD_PROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
}

int live_udp_open(struct live *l, const struct sd_addr *local, struct sd_error *error)
{
    if (l->udps == LIVE_UDP_MAX)
        return sd_fail(error, SD_E_INTERNAL, "live: more than %d UDP carriers", LIVE_UDP_MAX);
    int fd = open_socket(type_of(local), local, false, error);
    if (fd < 0)
        return fd;
    l->udp[l->udps++] = (struct live_udp){.fd = fd, .local = local_of(fd, local->proto)};
    return SD_OK;
}

int live_udp_move(struct live *l, uint32_t ip, struct sd_error *error)
{
    for (size_t i = 0; i < l->udps; i++) {
        struct live_udp *u = &l->udp[i];
        struct sd_addr local = sd_ipv4_word(ip, u->local.port);
        local.proto = u->local.proto;
        share_port(u->fd, true);
        int fd = open_socket(type_of(&local), &local, true, error);
        if (fd < 0)
            return fd;
        close(u->fd);
        share_port(fd, false);
        *u = (struct live_udp){.fd = fd, .local = local_of(fd, local.proto)};
    }
    return SD_OK;
}

uint32_t live_address_towards(const struct sd_addr *remote)
{
    struct sockaddr_in to = to_socket(remote);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sd_addr local = {0};
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        local = local_of(fd, SD_PROTO_UDP);
    if (fd >= 0)
        close(fd);
    return sd_addr_ipv4(&local);
}

int live_udp_rebind(struct live *l, struct sd_error *error)
{
    struct sd_addr any = l->udp[0].local;
    any.port = 0;
    int fd = open_socket(SOCK_DGRAM, &any, false, error);
    if (fd < 0)
        return fd;
    close(l->udp[0].fd);
    l->udp[0] = (struct live_udp){.fd = fd, .local = local_of(fd, SD_PROTO_UDP)};
    live_say(l, "rebound to port %u", l->udp[0].local.port);
    return SD_OK;
}

void live_udp_ready(struct live *l, struct live_udp *u)
{
    static uint8_t buffer[LIVE_BUFFER];
    for (int i = 0; i < 256; i++) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof from;
        ssize_t n = recvfrom(u->fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &from_len);
        if (n < 0)
            return;
        /* A raw socket shows the IP header too. */
        size_t skip = u->local.proto == SD_PROTO_UDP ? 0 : (buffer[0] & 15u) * 4;
        if (skip > (size_t)n)
            continue;
        struct sd_unit unit = {
            .data = buffer + skip, .len = (size_t)n - skip, .cap = sizeof buffer - skip};
        unit.path.local = u->local;
        unit.path.remote = from_socket(&from, u->local.proto);
        sd_seat_net_in(&l->seat, live_now(l), &unit);
        live_app_step(l);
    }
}

static struct live_tcp *adopt(struct live *l, int fd, const struct sd_addr *remote)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (size_t i = 0; i < LIVE_TCP_MAX; i++) {
        struct live_tcp *t = &l->tcp[i];
        if (t->fd >= 0)
            continue;
        *t = (struct live_tcp){.fd = fd, .conn = ++l->next_conn};
        t->path.conn = t->conn;
        t->path.local = local_of(fd, SD_PROTO_TCP);
        t->path.remote = *remote;
        t->path.remote.proto = SD_PROTO_TCP;
        return t;
    }
    close(fd);
    return NULL;
}

int live_tcp_listen(struct live *l, const struct sd_addr *local, struct sd_error *error)
{
    int fd = open_socket(SOCK_STREAM, local, true, error);
    if (fd < 0)
        return fd;
    if (listen(fd, 128) < 0) {
        close(fd);
        return sd_fail(error, SD_E_IO, "live: listen: %s", strerror(errno));
    }
    l->listener = fd;
    return SD_OK;
}

struct live_tcp *live_tcp_connect(struct live *l, const struct sd_addr *remote,
                                  struct sd_error *error)
{
    char text[SD_ADDR_TEXT];
    struct sd_addr local = l->config->local;
    if (!local.family)
        local = sd_ipv4(0, 0, 0, 0, 0);
    if (!sd_addr_equal(remote, &l->config->remote))
        local.port = 0; /* that is of another carrier */
    int fd = open_socket(SOCK_STREAM, &local, true, error);
    if (fd < 0)
        return NULL;
    struct sockaddr_in to = to_socket(remote);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        sd_fail(error, SD_E_PEER, "live: cannot connect to %s: %s", sd_addr_text(remote, text),
                strerror(errno));
        close(fd);
        return NULL;
    }
    struct live_tcp *t = adopt(l, fd, remote);
    if (t)
        t->connecting = true;
    else
        sd_fail(error, SD_E_STATE, "live: more than %d connections at once", LIVE_TCP_MAX);
    return t;
}

void live_tcp_accept(struct live *l)
{
    struct sockaddr_in from;
    socklen_t from_len = sizeof from;
    int fd =
        accept4(l->listener, (struct sockaddr *)&from, &from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct sd_addr remote = from_socket(&from, SD_PROTO_TCP);
    struct live_tcp *t = adopt(l, fd, &remote);
    if (!t)
        return;
    struct sd_unit begin = {.path = t->path, .flags = SD_UNIT_BEGIN};
    sd_seat_net_in(&l->seat, live_now(l), &begin);
    live_app_step(l);
}

void live_tcp_drop(struct live_tcp *t)
{
    if (t->fd < 0)
        return;
    close(t->fd);
    free(t->out);
    *t = (struct live_tcp){.fd = -1};
}

static void flush(struct live_tcp *t)
{
    size_t done = 0;
    while (done < t->out_len) {
        ssize_t n = send(t->fd, t->out + done, t->out_len - done, MSG_NOSIGNAL);
        if (n <= 0) {
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                t->dead = true;
            break;
        }
        done += (size_t)n;
    }
    if (done) {
        memmove(t->out, t->out + done, t->out_len - done);
        t->out_len -= done;
    }
    if (!t->out_len && t->finish) {
        shutdown(t->fd, SHUT_WR);
        t->finish = false;
    }
}

static void tcp_in(struct live *l, struct live_tcp *t, const uint8_t *data, size_t len,
                   uint8_t flags)
{
    struct sd_unit unit = {
        .path = t->path, .data = (uint8_t *)data, .len = len, .cap = len, .flags = flags};
    sd_seat_net_in(&l->seat, live_now(l), &unit);
    live_app_step(l);
}

static void connected(struct live *l, struct live_tcp *t)
{
    int failure = 0;
    socklen_t n = sizeof failure;
    getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &failure, &n);
    t->connecting = false;
    if (failure && t->asked) {
        t->dead = true;
        tcp_in(l, t, NULL, 0, SD_UNIT_RESET);
        return;
    }
    if (failure) {
        snprintf(l->why, sizeof l->why, "connect: %s", strerror(failure));
        l->broken = l->finished = true;
        return;
    }
    t->path.local = local_of(t->fd, SD_PROTO_TCP);
    live_say(l, "connected");
    if (t->asked)
        tcp_in(l, t, NULL, 0, SD_UNIT_BEGIN);
    else
        live_app_open(l, t->conn, &t->path, NULL);
}

void live_tcp_ready(struct live *l, struct live_tcp *t, short revents)
{
    static uint8_t buffer[LIVE_BUFFER];
    uint32_t conn = t->conn;
    if (t->connecting) {
        if (revents & (POLLOUT | POLLERR | POLLHUP))
            connected(l, t);
        return;
    }
    if (revents & POLLOUT)
        flush(t);
    if (!(revents & (POLLIN | POLLERR | POLLHUP)) || t->peer_done)
        return;
    for (int i = 0; i < 64 && t->fd >= 0 && t->conn == conn; i++) {
        ssize_t n = recv(t->fd, buffer, sizeof buffer, 0);
        if (n > 0) {
            tcp_in(l, t, buffer, (size_t)n, 0);
        } else if (n == 0) {
            t->peer_done = true;
            tcp_in(l, t, NULL, 0, SD_UNIT_FIN);
            return;
        } else {
            if (errno != EAGAIN && errno != EINTR) {
                t->dead = true;
                tcp_in(l, t, NULL, 0, SD_UNIT_RESET);
            }
            return;
        }
    }
}

static struct live_tcp *find_tcp(struct live *l, uint32_t conn)
{
    for (size_t i = 0; i < LIVE_TCP_MAX; i++)
        if (l->tcp[i].fd >= 0 && l->tcp[i].conn == conn)
            return &l->tcp[i];
    return NULL;
}

static void send_tcp(struct live_tcp *t, const struct sd_unit *unit)
{
    if (t->out_len + unit->len > t->out_cap) {
        size_t cap = (t->out_len + unit->len) * 2;
        uint8_t *more = realloc(t->out, cap);
        if (!more) {
            t->dead = true;
            return;
        }
        t->out = more;
        t->out_cap = cap;
    }
    if (unit->len)
        memcpy(t->out + t->out_len, unit->data, unit->len);
    t->out_len += unit->len;
    if (unit->flags & SD_UNIT_FIN)
        t->finish = true;
    if (unit->flags & SD_UNIT_RESET)
        t->dead = true;
    flush(t);
}

/* The agent wants a connection.  What becomes of it, it hears from the loop. */
static void ask_for_tcp(struct live *l, const struct sd_path *path)
{
    struct live_tcp *t = live_tcp_connect(l, &path->remote, NULL);
    if (t)
        t->asked = true;
}

void live_send(struct live *l, const struct sd_unit *unit)
{
    uint8_t proto = unit->path.remote.proto ? unit->path.remote.proto : SD_PROTO_UDP;
    const struct live_udp *from = NULL;
    if (unit->path.conn) {
        struct live_tcp *t = find_tcp(l, unit->path.conn);
        if (t)
            send_tcp(t, unit);
        return;
    }
    if (unit->flags & SD_UNIT_BEGIN) {
        ask_for_tcp(l, &unit->path);
        return;
    }
    for (size_t i = 0; i < l->udps; i++)
        if (l->udp[i].local.proto == proto &&
            (!from || l->udp[i].local.port == unit->path.local.port))
            from = &l->udp[i];
    if (!from)
        return;
    struct sockaddr_in to = to_socket(&unit->path.remote);
    if (proto != SD_PROTO_UDP)
        to.sin_port = 0;
    /* A full buffer or an ICMP error of an earlier datagram loses this one, as UDP may. */
    ssize_t n = sendto(from->fd, unit->data, unit->len, 0, (struct sockaddr *)&to, sizeof to);
    (void)n;
}
