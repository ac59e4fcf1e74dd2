/* address.c - the lab's addresses and ngtcp2's, which are those of sockets. */
#include "protocols/quic/quic.h"

#include <arpa/inet.h>
#include <string.h>

static ngtcp2_socklen to_socket(ngtcp2_sockaddr_union *to, const struct sd_addr *from)
{
    memset(to, 0, sizeof *to);
    if (from->family == 6) {
        to->in6.sin6_family = AF_INET6;
        to->in6.sin6_port = htons(from->port);
        memcpy(&to->in6.sin6_addr, from->ip, 16);
        return sizeof to->in6;
    }
    to->in.sin_family = AF_INET;
    to->in.sin_port = htons(from->port);
    memcpy(&to->in.sin_addr, from->ip, 4);
    return sizeof to->in;
}

static struct sd_addr from_socket(const ngtcp2_sockaddr *from)
{
    ngtcp2_sockaddr_union u;
    if (from->sa_family == AF_INET6) {
        memcpy(&u.in6, from, sizeof u.in6);
        struct sd_addr a = {.family = 6, .proto = SD_PROTO_UDP, .port = ntohs(u.in6.sin6_port)};
        memcpy(a.ip, &u.in6.sin6_addr, 16);
        return a;
    }
    memcpy(&u.in, from, sizeof u.in);
    struct sd_addr a = {.family = 4, .proto = SD_PROTO_UDP, .port = ntohs(u.in.sin_port)};
    memcpy(a.ip, &u.in.sin_addr, 4);
    return a;
}

void quic_path_of(struct quic_path *to, const struct sd_path *from)
{
    to->path.user_data = NULL;
    to->path.local.addr = &to->local.sa;
    to->path.local.addrlen = to_socket(&to->local, &from->local);
    to->path.remote.addr = &to->remote.sa;
    to->path.remote.addrlen = to_socket(&to->remote, &from->remote);
}

struct sd_path quic_path_to(const ngtcp2_path *from)
{
    return (struct sd_path){.local = from_socket(from->local.addr),
                            .remote = from_socket(from->remote.addr)};
}
