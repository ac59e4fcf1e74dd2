/* tickets.c - RFC 8446 4.6.1: what a server seals so that it need not keep it, and what a client
 * keeps to resume with, by server name. */
#include "protocols/engine13/inside.h"

#include "protocols/crypto/aead.h"
#include <string.h>

#define TICKETS_MAX 256u  /* a client's, all names together; the oldest goes first */
#define TICKET_MAX  4096u /* a certificate of the client's may be in it */

struct sd_e13_ticket {
    struct sd_e13_ticket *next; /* newest first */
    char name[sizeof((struct sd_e13_session *)0)->server_name];
    struct e13_psk psk;
    uint8_t *identity;
    size_t identity_len;
};

/* The key that both ends make of a ticket's nonce. */
static void resumption_key(const struct sd_e13_session *s, const uint8_t *nonce, size_t len,
                           struct e13_psk *psk)
{
    psk->hash = s->suite->hash;
    psk->suite = s->suite;
    psk->len = sd_hash_len(psk->hash);
    e13_expand_label(s, s->resumption, "resumption", nonce, len, psk->key, psk->len);
    psk->alpn_len = s->alpn_len;
    if (s->alpn)
        memcpy(psk->alpn, s->alpn, s->alpn_len);
}

/* -- server -- */

static size_t seal(struct sd_e13_session *s, const struct e13_psk *psk, uint8_t out[TICKET_MAX])
{
    struct sd_writer w = sd_writer_of(out, TICKET_MAX - SD_AEAD_TAG);
    uint8_t *nonce = sd_put_space(&w, SD_AEAD_NONCE);
    sd_random(s->context->env, nonce, SD_AEAD_NONCE);
    sd_put16(&w, psk->suite->id);
    sd_put64(&w, psk->issued);
    sd_put32(&w, psk->age_add);
    sd_put32(&w, psk->early_max);
    sd_put8(&w, (uint8_t)psk->len);
    sd_put(&w, psk->key, psk->len);
    sd_put8(&w, (uint8_t)psk->alpn_len);
    sd_put(&w, psk->alpn, psk->alpn_len);
    sd_put16(&w, (uint16_t)psk->peer.len);
    sd_put(&w, psk->peer.der, psk->peer.len);
    if (w.bad)
        return 0;
    size_t len = sd_written(&w);
    sd_chachapoly_seal(out + SD_AEAD_NONCE, out + SD_AEAD_NONCE, len - SD_AEAD_NONCE, NULL, 0,
                       nonce, s->context->ticket_key);
    return len + SD_AEAD_TAG;
}

int e13_send_ticket(struct sd_e13_session *s)
{
    struct sd_e13_context *c = s->context;
    uint8_t ticket[TICKET_MAX], nonce = (uint8_t)s->tickets_sent++;
    struct e13_psk psk = {.issued = c->env->now, .peer = s->leaf};
    if (c->early || c->config.allow_early)
        psk.early_max = E13_EARLY_MAX;
    sd_random(c->env, &psk.age_add, sizeof psk.age_add);
    resumption_key(s, &nonce, 1, &psk);
    size_t len = seal(s, &psk, ticket);
    if (len == 0)
        return 0; /* the client's certificate is too large: no ticket */
    struct sd_writer w = e13_begin(TLS_NEW_SESSION_TICKET);
    sd_put32(&w, E13_TICKET_LIFETIME);
    sd_put32(&w, psk.age_add);
    sd_put8(&w, 1);
    sd_put8(&w, nonce);
    sd_put16(&w, (uint16_t)len);
    sd_put(&w, ticket, len);
    struct e13_vector extensions = e13_open_vector(&w, 2);
    if (psk.early_max > 0) {
        struct e13_vector x = e13_open_extension(s, &w, X_EARLY_DATA);
        sd_put32(&w, psk.early_max);
        e13_close_vector(&w, x);
    }
    e13_close_vector(&w, extensions);
    sd_wipe(&psk, sizeof psk);
    return e13_send(s, SD_E13_APPLICATION, &w);
}

static bool read_sealed(struct sd_e13_session *s, struct sd_reader r, struct e13_psk *psk)
{
    psk->suite = e13_suite(sd_get16(&r));
    psk->issued = sd_get64(&r);
    psk->age_add = sd_get32(&r);
    psk->early_max = sd_get32(&r);
    psk->len = sd_get8(&r);
    if (!psk->suite || psk->len > sizeof psk->key)
        return false;
    psk->hash = psk->suite->hash;
    sd_get_copy(&r, psk->key, psk->len);
    psk->alpn_len = sd_get8(&r);
    sd_get_copy(&r, psk->alpn, psk->alpn_len);
    psk->peer.len = sd_get16(&r);
    if (psk->peer.len > 0) {
        psk->peer.der =
            e13_copy(s->context->env, r.at, sd_left(&r) == psk->peer.len ? psk->peer.len : 0);
        if (!psk->peer.der)
            return false;
        sd_get(&r, psk->peer.len);
    }
    sd_time age = s->context->env->now - psk->issued;
    return !r.bad && age <= E13_TICKET_LIFETIME * SD_SECOND;
}

bool e13_open_ticket(struct sd_e13_session *s, const uint8_t *ticket, size_t len,
                     struct e13_psk *psk)
{
    uint8_t plain[TICKET_MAX];
    if (len > TICKET_MAX || len < SD_AEAD_NONCE + SD_AEAD_TAG)
        return false;
    bool good = sd_chachapoly_open(plain, ticket + SD_AEAD_NONCE, len - SD_AEAD_NONCE, NULL, 0,
                                   ticket, s->context->ticket_key);
    if (good)
        good = read_sealed(s, sd_reader_of(plain, len - SD_AEAD_NONCE - SD_AEAD_TAG), psk);
    /* Who must show a certificate cannot come in by a ticket that was made without one. */
    if (good && s->context->config.mutual && psk->peer.len == 0)
        good = false;
    if (!good)
        e13_psk_fini(psk);
    sd_wipe(plain, sizeof plain);
    return good;
}

/* -- client -- */

static void ticket_free(struct sd_e13_ticket *t)
{
    e13_psk_fini(&t->psk);
    sd_free(t->identity);
    sd_free(t);
}

static void unlink_ticket(struct sd_e13_context *c, struct sd_e13_ticket **at)
{
    struct sd_e13_ticket *t = *at;
    *at = t->next;
    c->ticket_count--;
    ticket_free(t);
}

static void keep(struct sd_e13_context *c, struct sd_e13_ticket *t)
{
    t->next = c->tickets;
    c->tickets = t;
    if (++c->ticket_count > TICKETS_MAX) {
        struct sd_e13_ticket **last = &c->tickets;
        while ((*last)->next)
            last = &(*last)->next;
        unlink_ticket(c, last);
    }
}

int e13_read_ticket(struct sd_e13_session *s, struct sd_reader *r)
{
    struct sd_e13_context *c = s->context;
    struct e13_extensions x;
    uint32_t lifetime = sd_get32(r), age_add = sd_get32(r);
    struct sd_reader nonce = sd_get_sub(r, sd_get8(r));
    struct sd_reader identity = sd_get_sub(r, sd_get16(r));
    int alert = e13_read_extensions(s, r, E13_IN_NST, &x);
    if (alert)
        return alert;
    if (r->bad || sd_left(&identity) == 0)
        return e13_fail(s, E13_DECODE_ERROR, "NewSessionTicket does not parse");
    e13_tell(s, SD_EV_TICKET, 0, NULL, NULL);
    if (!c->resume || lifetime == 0)
        return 0;
    struct sd_e13_ticket *t = sd_alloc(c->env, sizeof *t);
    if (!t)
        return 0;
    memcpy(t->name, s->server_name, sizeof t->name);
    t->identity_len = sd_left(&identity);
    t->identity = e13_copy(c->env, identity.at, t->identity_len);
    t->psk.issued = c->env->now;
    t->psk.age_add = age_add;
    t->psk.early_max = e13_has(&x, X_EARLY_DATA) ? sd_get32(&x.body[X_EARLY_DATA]) : 0;
    t->psk.lifetime = lifetime;
    t->psk.peer = (struct sd_certificate){e13_copy(c->env, s->leaf.der, s->leaf.len), s->leaf.len};
    resumption_key(s, nonce.at, sd_left(&nonce), &t->psk);
    if (t->identity && (t->psk.peer.der || s->leaf.len == 0))
        keep(c, t);
    else
        ticket_free(t);
    return 0;
}

/* C.4: a ticket is given once, so that nobody can link the sessions. */
bool e13_take_ticket(struct sd_e13_session *s)
{
    struct sd_e13_context *c = s->context;
    struct e13_opening *o = s->opening;
    for (struct sd_e13_ticket **at = &c->tickets; *at; at = &(*at)->next) {
        struct sd_e13_ticket *t = *at;
        if (strcmp(t->name, s->server_name) != 0)
            continue;
        bool alive = c->env->now - t->psk.issued <= t->psk.lifetime * SD_SECOND;
        if (alive) {
            o->psk = t->psk;
            o->identity = t->identity;
            o->identity_len = t->identity_len;
            t->psk = (struct e13_psk){0};
            t->identity = NULL;
        }
        unlink_ticket(c, at);
        return alive;
    }
    return false;
}

void e13_tickets_fini(struct sd_e13_context *c)
{
    while (c->tickets)
        unlink_ticket(c, &c->tickets);
}
