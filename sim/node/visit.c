/* visit.c - an attacker's own TCP connections: it says its bytes, hears what comes and answers
 * nothing; the connection stays until the other side or the run ends it. */
#include "sim/node/attack.h"

#include <stdlib.h>
#include <string.h>

struct visit {
    struct visit *next, **self;
    struct sd_lab *lab;
    struct sd_tcp *tcp;
    size_t len, sent;
    uint8_t bytes[];
};

static void leave(struct visit *v)
{
    *v->self = v->next;
    if (v->next != NULL)
        v->next->self = v->self;
    free(v);
}

static void talk(struct visit *v)
{
    v->sent += sd_tcp_send(v->tcp, v->bytes + v->sent, v->len - v->sent);
}

static void on_tcp(void *ctx, struct sd_tcp *tcp, enum sd_tcp_event event, struct sd_tcp *child)
{
    struct visit *v = ctx;
    uint8_t unread[4096];
    (void)child;
    if (v == NULL)
        return;
    switch (event) {
    case SD_TCP_CONNECTED:
    case SD_TCP_WRITABLE:
        talk(v);
        break;
    case SD_TCP_READABLE:
        while (sd_tcp_receive(tcp, unread, sizeof unread) > 0)
            ;
        break;
    case SD_TCP_ACCEPTED:
        break;
    case SD_TCP_PEER_CLOSED:
    case SD_TCP_FAILED:
    case SD_TCP_RESET:
        sd_tcp_free(tcp);
        leave(v);
        break;
    }
}

bool lab_visit(struct machine *from, const struct sd_addr *to, const uint8_t *bytes, size_t len)
{
    struct sd_lab *lab = from->lab;
    struct sd_tcp *tcp = sd_net_connect(lab->net, from->id, to, on_tcp, NULL);
    if (tcp == NULL)
        return false;
    struct visit *v = lab_grow(NULL, sizeof *v + len);
    *v = (struct visit){
        .next = lab->visits, .self = &lab->visits, .lab = lab, .tcp = tcp, .len = len};
    memcpy(v->bytes, bytes, len);
    if (v->next != NULL)
        v->next->self = &v->next;
    lab->visits = v;
    sd_tcp_on(tcp, on_tcp, v);
    return true;
}

/* The network frees the connections. */
void lab_visits_free(struct sd_lab *lab)
{
    while (lab->visits != NULL)
        leave(lab->visits);
}
