/* tickets.c - what a client keeps to resume with, by server name. */
#include "protocols/libssl/libssl.h"

#include <string.h>

/* All names together; the oldest goes first. */
#define TICKETS_MAX 256u

struct sd_ssl_ticket {
    struct sd_ssl_ticket *next; /* newest first */
    SSL_SESSION *session;
    char name[sizeof((struct sd_ssl_session *)0)->name];
};

static void unlink_ticket(struct sd_ssl_agent *a, struct sd_ssl_ticket **at)
{
    struct sd_ssl_ticket *t = *at;
    *at = t->next;
    a->ticket_count--;
    sd_free(t);
}

bool sd_ssl_ticket_keep(struct sd_ssl_agent *a, const char *name, SSL_SESSION *session)
{
    struct sd_ssl_ticket *t = sd_alloc(a->env, sizeof *t);
    if (!t)
        return false;
    t->session = session;
    memcpy(t->name, name, sizeof t->name);
    t->next = a->tickets;
    a->tickets = t;
    if (++a->ticket_count > TICKETS_MAX) {
        struct sd_ssl_ticket **last = &a->tickets;
        while ((*last)->next)
            last = &(*last)->next;
        SSL_SESSION_free((*last)->session);
        unlink_ticket(a, last);
    }
    return true;
}

SSL_SESSION *sd_ssl_ticket_take(struct sd_ssl_agent *a, const char *name)
{
    for (struct sd_ssl_ticket **at = &a->tickets; *at; at = &(*at)->next) {
        SSL_SESSION *session = (*at)->session;
        if (strcmp((*at)->name, name) != 0)
            continue;
        if (a->kind->version == TLS1_3_VERSION)
            unlink_ticket(a, at);
        else
            SSL_SESSION_up_ref(session);
        return session;
    }
    return NULL;
}

void sd_ssl_tickets_free(struct sd_ssl_agent *a)
{
    while (a->tickets) {
        SSL_SESSION_free(a->tickets->session);
        unlink_ticket(a, &a->tickets);
    }
}
