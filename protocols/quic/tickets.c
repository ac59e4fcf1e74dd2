/* tickets.c - what a client remembers of servers, by name: TLS sessions with the transport
 * parameters that came with them, and address tokens. */
#include "protocols/quic/quic.h"

#include <string.h>

#define KEPT_MAX 8u /* of one kind and name */

struct quic_ticket {
    struct quic_ticket *next; /* older ones */
    char name[sizeof((struct quic_connection *)0)->name];
    uint8_t *session; /* NULL: an address token */
    size_t session_len;
    ngtcp2_transport_params parameters;
    bool early; /* the ticket allows early data */
    uint8_t token[QUIC_TOKEN_MAX];
    size_t token_len;
};

static void ticket_free(struct quic_ticket *t)
{
    sd_free(t->session);
    sd_free(t);
}

/* The newest goes first; of the same kind and name only some are kept. */
static void keep(struct quic *q, struct quic_ticket *t)
{
    t->next = q->tickets;
    q->tickets = t;
    uint32_t same = 0;
    for (struct quic_ticket **at = &q->tickets; *at;) {
        struct quic_ticket *one = *at;
        if (!one->session == !t->session && strcmp(one->name, t->name) == 0 && ++same > KEPT_MAX) {
            *at = one->next;
            ticket_free(one);
            continue;
        }
        at = &one->next;
    }
}

static struct quic_ticket *take(struct quic *q, const char *name, bool session)
{
    for (struct quic_ticket **at = &q->tickets; *at; at = &(*at)->next) {
        struct quic_ticket *one = *at;
        if (!one->session == session || strcmp(one->name, name) != 0)
            continue;
        *at = one->next;
        return one;
    }
    return NULL;
}

static struct quic_ticket *ticket_new(struct quic_connection *c)
{
    struct quic_ticket *t = sd_alloc(c->quic->env, sizeof *t);
    if (t)
        memcpy(t->name, c->name, sizeof t->name);
    return t;
}

void quic_tickets_keep_session(struct quic_connection *c)
{
    struct quic *q = c->quic;
    gnutls_datum_t session;
    quic_tell(c, SD_EV_TICKET, "session ticket");
    if (!q->mode->resume || gnutls_session_get_data2(c->tls, &session) != GNUTLS_E_SUCCESS)
        return;
    struct quic_ticket *t = ticket_new(c);
    if (t && (t->session = sd_alloc(q->env, session.size))) {
        memcpy(t->session, session.data, session.size);
        t->session_len = session.size;
        t->parameters = *ngtcp2_conn_get_remote_transport_params(c->ng);
        t->early = gnutls_record_get_max_early_data_size(c->tls) == QUIC_MAX_EARLY_DATA;
        keep(q, t);
    } else {
        sd_free(t);
    }
    sd_wipe(session.data, session.size);
    gnutls_free(session.data);
}

void quic_tickets_keep_token(struct quic_connection *c, const ngtcp2_vec *token)
{
    struct quic *q = c->quic;
    quic_tell(c, SD_EV_TICKET, "address token");
    struct quic_ticket *t = q->mode->token && token->len <= QUIC_TOKEN_MAX ? ticket_new(c) : NULL;
    if (!t)
        return;
    memcpy(t->token, token->base, token->len);
    t->token_len = token->len;
    keep(q, t);
}

bool quic_tickets_offer(struct quic_connection *c, ngtcp2_transport_params *parameters, bool *early)
{
    struct quic_ticket *t = c->quic->mode->resume ? take(c->quic, c->name, true) : NULL;
    if (!t)
        return false;
    bool ok = gnutls_session_set_data(c->tls, t->session, t->session_len) == GNUTLS_E_SUCCESS;
    *parameters = t->parameters;
    *early = t->early;
    ticket_free(t);
    return ok;
}

size_t quic_tickets_take_token(struct quic_connection *c, uint8_t token[QUIC_TOKEN_MAX])
{
    struct quic_ticket *t = take(c->quic, c->name, false);
    if (!t)
        return 0;
    size_t len = t->token_len;
    memcpy(token, t->token, len);
    ticket_free(t);
    return len;
}

void quic_tickets_fini(struct quic *q)
{
    while (q->tickets) {
        struct quic_ticket *t = q->tickets;
        q->tickets = t->next;
        ticket_free(t);
    }
}
