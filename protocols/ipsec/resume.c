#include "protocols/ipsec/resume.h"
#include "protocols/crypto/aead.h"
#include "protocols/crypto/hash.h"
#include "protocols/ipsec/cookie.h"
#include "protocols/ipsec/init.h"
#include "protocols/ipsec/setup.h"
#include <string.h>

/* A client's, until it is used. */
struct ike_ticket {
    struct ike_ticket *next;
    struct sd_addr remote;
    sd_time expires_at;
    struct ike_resumption what;
};

/* -- keys: 5.1 -- */

static void derive(struct ike_sa *sa)
{
    static const char label[] = "Resumption";
    struct ike_setup *s = sa->setup;
    const struct ike_resumption *r = s->resumption;
    uint8_t seed[sizeof label - 1 + 2 * IKE_NONCE_MAX], skeyseed[IKE_PRF_MAX];
    struct sd_writer w = sd_writer_of(seed, sizeof seed);
    sa->suite = r->suite;
    sd_put(&w, label, sizeof label - 1);
    sd_put(&w, s->ni.data, s->ni.len);
    sd_put(&w, s->nr.data, s->nr.len);
    ike_prf(r->suite.prf, skeyseed, r->sk_d, ike_prf_len(r->suite.prf), seed, sd_written(&w));
    ike_keys_derive(&sa->keys, &(struct ike_key_input){.suite = &sa->suite,
                                                       .skeyseed = skeyseed,
                                                       .ni = &s->ni,
                                                       .nr = &s->nr,
                                                       .spi_i = sa->spi_i,
                                                       .spi_r = sa->spi_r});
    ike_keylog(sa->ipsec->env, &sa->keys, sa->spi_i, sa->spi_r);
    sd_wipe(skeyseed, sizeof skeyseed);
    s->has_keys = true;
}

static void hash_peer(const struct ike_sa *sa, uint8_t out[SD_SHA256_LEN])
{
    sd_sha256(out, sa->peer_id.body, sa->peer_id.len, NULL, 0);
}

bool ike_resumed_peer(const struct ike_sa *sa)
{
    uint8_t hash[SD_SHA256_LEN];
    hash_peer(sa, hash);
    return memcmp(hash, sa->setup->resumption->peer, sizeof hash) == 0;
}

/* -- initiator -- */

bool ike_resume_begin(struct ike_sa *sa)
{
    struct ipsec *ipsec = sa->ipsec;
    for (struct ike_ticket **at = &ipsec->tickets, *t; (t = *at);) {
        bool ours = sd_addr_ipv4(&t->remote) == sd_addr_ipv4(&sa->path.remote);
        if (!ours && t->expires_at > ipsec->now) {
            at = &t->next;
            continue;
        }
        *at = t->next;
        if (ours && t->expires_at > ipsec->now)
            sa->setup->resumption = sd_alloc(ipsec->env, sizeof *sa->setup->resumption);
        if (sa->setup->resumption)
            *sa->setup->resumption = t->what;
        sd_free(t);
        if (sa->setup->resumption)
            return true;
    }
    return false;
}

static bool build(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct ike_setup *s = sa->setup;
    (void)q;
    if (s->cookie_len)
        ike_put_notify(w, IKE_N_COOKIE, s->cookie, s->cookie_len);
    ike_put_payload(w, IKE_PAYLOAD_NONCE, s->ni.data, s->ni.len);
    ike_put_notify(w, IKE_N_TICKET_OPAQUE, s->resumption->ticket, s->resumption->ticket_len);
    ike_put_abilities(sa, w);
    return true;
}

/* 4.3.2: without its ticket it begins as if there had never been one. */
static enum ike_verdict begin_anew(struct ike_sa *sa)
{
    sd_free(sa->setup->resumption);
    sa->setup->resumption = NULL;
    sa->next_id = 0;
    ike_kex_make(&sa->setup->kex, sa->ipsec->env,
                 ike_policy_first(&sa->ipsec->set.ike, IKE_TRANSFORM_DH));
    ike_event(sa, SD_EV_NOTE, "TICKET_NACK: the responder does not take the ticket");
    return ike_ask(sa, &ike_init) ? IKE_FINISHED : IKE_IGNORED;
}

static enum ike_verdict answered(struct ike_sa *sa, struct ike_request *q,
                                 const struct ike_message *m)
{
    struct ike_setup *s = sa->setup;
    struct ike_notify n;
    (void)q;
    if (ike_find_notify(&m->chain, IKE_N_COOKIE, 0, &n))
        return ike_take_cookie(sa, m, &n);
    if (ike_has_notify(&m->chain, IKE_N_TICKET_NACK))
        return begin_anew(sa);
    if (!m->header.spi_r || !ike_nonce_take(&s->nr, ike_find(&m->chain, IKE_PAYLOAD_NONCE)))
        return IKE_IGNORED;
    sa->spi_r = m->header.spi_r;
    derive(sa);
    return ike_first_answered(sa, m);
}

const struct ike_procedure ike_session_resume = {.name = "IKE_SESSION_RESUME",
                                                 .exchange = IKE_SESSION_RESUME,
                                                 .build = build,
                                                 .answered = answered};

void ike_take_ticket(struct ike_sa *sa, const struct ike_chain *c)
{
    struct ipsec *ipsec = sa->ipsec;
    struct ike_notify n;
    if (!ike_find_notify(c, IKE_N_TICKET_LT_OPAQUE, 0, &n))
        return;
    struct sd_reader r = sd_reader_of(n.data, n.len);
    uint32_t life_s = sd_get32(&r);
    struct ike_ticket *t = sd_left(&r) <= IKE_TICKET_MAX ? sd_alloc(ipsec->env, sizeof *t) : NULL;
    if (r.bad || !t)
        return;
    *t = (struct ike_ticket){.next = ipsec->tickets,
                             .remote = sa->path.remote,
                             .expires_at = ipsec->now + life_s * SD_SECOND,
                             .what = {.suite = sa->suite, .ticket_len = sd_left(&r)}};
    memcpy(t->what.ticket, r.at, t->what.ticket_len);
    memcpy(t->what.sk_d, sa->keys.d, sizeof t->what.sk_d);
    hash_peer(sa, t->what.peer);
    ipsec->tickets = t;
    ike_event(sa, SD_EV_TICKET, NULL);
}

void ike_tickets_free(struct ipsec *ipsec)
{
    for (struct ike_ticket *t; (t = ipsec->tickets);) {
        ipsec->tickets = t->next;
        sd_free(t);
    }
}

/* -- responder: the ticket holds everything, by value (appendix A) -- */

/* Sealed: expiry 8, encryption 2, key bits 2, integrity 2, PRF 2, group 2, SK_d, the
 * initiator's ID as a hash. */
#define CONTENT_LEN (8u + 5u * 2u + IKE_PRF_MAX + SD_SHA256_LEN)
#define TICKET_LEN  (SD_AEAD_NONCE + CONTENT_LEN + SD_AEAD_TAG)

static const uint8_t *ticket_key(struct ipsec *ipsec)
{
    if (!ipsec->has_ticket_key)
        sd_random(ipsec->env, ipsec->ticket_key, sizeof ipsec->ticket_key);
    ipsec->has_ticket_key = true;
    return ipsec->ticket_key;
}

void ike_put_ticket(struct ike_sa *sa, struct ike_writer *w)
{
    struct ipsec *ipsec = sa->ipsec;
    uint8_t data[4 + TICKET_LEN], content[CONTENT_LEN];
    struct sd_writer c = sd_writer_of(content, sizeof content);
    sd_put64(&c, ipsec->now + IKE_TICKET_LIFE_S * SD_SECOND);
    sd_put16(&c, sa->suite.encr);
    sd_put16(&c, sa->suite.key_bits);
    sd_put16(&c, sa->suite.integ);
    sd_put16(&c, sa->suite.prf);
    sd_put16(&c, sa->suite.dh);
    sd_put(&c, sa->keys.d, IKE_PRF_MAX);
    hash_peer(sa, sd_put_space(&c, SD_SHA256_LEN));
    struct sd_writer d = sd_writer_of(data, sizeof data);
    sd_put32(&d, IKE_TICKET_LIFE_S);
    uint8_t *nonce = sd_put_space(&d, SD_AEAD_NONCE);
    sd_random(ipsec->env, nonce, SD_AEAD_NONCE);
    sd_chachapoly_seal(d.at, content, sizeof content, NULL, 0, nonce, ticket_key(ipsec));
    ike_put_notify(w, IKE_N_TICKET_LT_OPAQUE, data, sizeof data);
    sd_wipe(content, sizeof content);
}

static bool open_ticket(struct ipsec *ipsec, const struct ike_notify *n, struct ike_resumption *out)
{
    uint8_t content[CONTENT_LEN];
    if (n->len != TICKET_LEN ||
        !sd_chachapoly_open(content, n->data + SD_AEAD_NONCE, n->len - SD_AEAD_NONCE, NULL, 0,
                            n->data, ticket_key(ipsec)))
        return false;
    struct sd_reader r = sd_reader_of(content, sizeof content);
    sd_time expires_at = sd_get64(&r);
    *out = (struct ike_resumption){.suite = {.encr = sd_get16(&r)}};
    out->suite.key_bits = sd_get16(&r);
    out->suite.integ = sd_get16(&r);
    out->suite.prf = sd_get16(&r);
    out->suite.dh = sd_get16(&r);
    sd_get_copy(&r, out->sk_d, IKE_PRF_MAX);
    sd_get_copy(&r, out->peer, SD_SHA256_LEN);
    sd_wipe(content, sizeof content);
    return !r.bad && expires_at > ipsec->now;
}

static int refuse_ticket(struct ipsec *ipsec, const struct ike_message *m)
{
    uint8_t body[16];
    struct ike_writer w = ike_writer_of(body, sizeof body);
    ike_put_notify(&w, IKE_N_TICKET_NACK, NULL, 0);
    ike_reply_stateless(ipsec, m, &w, 0);
    return SD_DROP_POLICY;
}

int ike_resume_in(struct ipsec *ipsec, const struct ike_message *m)
{
    uint8_t body[512];
    struct ike_writer w = ike_writer_of(body, sizeof body);
    struct ike_resumption what;
    struct ike_notify n;
    bool proven;
    if (ike_answered_before(ipsec, m))
        return SD_DROP_REPLAY;
    if (!ike_find_notify(&m->chain, IKE_N_TICKET_OPAQUE, 0, &n) ||
        !ike_find(&m->chain, IKE_PAYLOAD_NONCE))
        return SD_DROP_MALFORMED;
    int result = ike_cookie_check(ipsec, m, &proven);
    if (result != SD_OK)
        return result;
    if (ipsec->stats.half_open >= ipsec->set.half_open_max)
        return SD_DROP_FULL;
    if (!open_ticket(ipsec, &n, &what))
        return refuse_ticket(ipsec, m);
    struct ike_sa *sa = ike_respond(ipsec, m);
    struct ike_setup *s = sa ? sa->setup : NULL;
    if (s)
        s->resumption = sd_alloc(ipsec->env, sizeof *s->resumption);
    if (!s || !s->resumption || !ike_nonce_take(&s->ni, ike_find(&m->chain, IKE_PAYLOAD_NONCE))) {
        if (sa)
            ike_sa_kill(sa);
        return SD_DROP_MALFORMED;
    }
    *s->resumption = what;
    ike_nonce_make(&s->nr, ipsec->env);
    derive(sa);
    ike_take_abilities(sa, m);
    ike_first_proven(sa, proven);
    ike_put_payload(&w, IKE_PAYLOAD_NONCE, s->nr.data, s->nr.len);
    ike_put_abilities(sa, &w);
    ike_answer_first(sa, m, &w);
    sd_wipe(&what, sizeof what);
    return SD_OK;
}
