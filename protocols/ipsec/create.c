/* create.c - CREATE_CHILD_SA for children (RFC 7296 1.3.1, 1.3.3, 2.8).
 *
 *   HDR, SK{[N(REKEY_SA),] SA, Ni, [KEi,] TSi, TSr}  -->
 *                                  <--  HDR, SK{SA, Nr, [KEr,] TSi, TSr} */
#include "protocols/ipsec/create.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/rekey.h"
#include <string.h>

/* -- what rekeying of children and of IKE SAs share -- */

bool ike_put_exchange_keys(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct sd_env *env = sa->ipsec->env;
    ike_nonce_make(&q->nonce, env);
    ike_put_payload(w, IKE_PAYLOAD_NONCE, q->nonce.data, q->nonce.len);
    if (!q->group)
        return true;
    if (!q->kex && !(q->kex = sd_alloc(env, sizeof *q->kex)))
        return false;
    ike_kex_make(q->kex, env, q->group);
    ike_put_ke(w, q->group, q->kex->public_key, ike_kex_public_len(q->group));
    return true;
}

uint16_t ike_take_secret(const struct ike_kex *kex, const struct ike_chain *c,
                         uint8_t secret[IKE_KEX_MAX], size_t *len)
{
    uint16_t group;
    const uint8_t *data;
    size_t data_len;
    *len = 0;
    if (!kex)
        return 0;
    if (!ike_ke_read(ike_find(c, IKE_PAYLOAD_KE), &group, &data, &data_len) || group != kex->group)
        return IKE_N_INVALID_SYNTAX;
    *len = ike_kex_agree(kex, data, data_len, secret);
    return *len ? 0 : IKE_N_INVALID_SYNTAX;
}

bool ike_take_group(struct ike_request *q, const struct ike_chain *c, const struct ike_policy *p)
{
    struct ike_notify n;
    if (!ike_find_notify(c, IKE_N_INVALID_KE_PAYLOAD, 0, &n))
        return false;
    struct sd_reader r = sd_reader_of(n.data, n.len);
    uint16_t group = sd_get16(&r);
    if (r.bad || group == q->group || !ike_policy_has(p, IKE_TRANSFORM_DH, group))
        return false;
    q->group = group;
    return true;
}

static int compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int order = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return order ? order : (a_len > b_len) - (a_len < b_len);
}

const struct ike_nonce *ike_lower(const struct ike_nonce *a, const struct ike_nonce *b)
{
    return compare(a->data, a->len, b->data, b->len) < 0 ? a : b;
}

void ike_rival_is(struct ike_rival *r, const struct ike_nonce *ni, const struct ike_nonce *nr)
{
    const struct ike_nonce *lowest = ike_lower(ni, nr);
    r->there = true;
    r->nonce_len = lowest->len;
    memcpy(r->lowest_nonce, lowest->data, lowest->len);
}

bool ike_lost(const struct ike_rival *r, const struct ike_nonce *ni, const struct ike_nonce *nr)
{
    const struct ike_nonce *lowest = ike_lower(ni, nr);
    return r->there && compare(lowest->data, lowest->len, r->lowest_nonce, r->nonce_len) < 0;
}

/* -- the side that asks -- */

/* A child, as we want it: a rekeyed one carries what the old one carried (2.9.2). */
static struct ike_child_terms offered(const struct ike_sa *sa, const struct ike_request *q)
{
    const struct ike_child *old = ike_child_find(sa, q->child_spi);
    struct ike_child_terms t = {.spi_in = q->new_child_spi,
                                .transport = sa->ipsec->set.transport,
                                .ni = &q->nonce,
                                .initiator = true};
    ike_own_selectors(sa, &t.local, &t.remote);
    if (old) {
        t.local = old->esp->set.local;
        t.remote = old->esp->set.remote;
    }
    return t;
}

static bool build_child(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    if (!q->new_child_spi) {
        q->new_child_spi = esp_spi_new(&sa->ipsec->sad);
        q->group = ike_policy_first(&sa->ipsec->set.esp, IKE_TRANSFORM_DH);
    }
    ike_put_child_offer(sa, w, q->new_child_spi, q->group != IKE_DH_NONE);
    if (!ike_put_exchange_keys(sa, q, w))
        return false;
    const struct ike_child_terms t = offered(sa, q);
    ike_put_child_selectors(w, &t);
    return true;
}

static bool build_rekey(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct ike_child *old = ike_child_find(sa, q->child_spi);
    if (!old || old->rekeyed || old->deleting)
        return false; /* the peer was faster */
    ike_put_notify_esp(w, IKE_N_REKEY_SA, q->child_spi);
    return build_child(sa, q, w);
}

/* A child out of the answer; NULL: *error says why not. */
static struct ike_child *made(struct ike_sa *sa, struct ike_request *q, const struct ike_chain *c,
                              struct ike_nonce *nr, uint16_t *error)
{
    uint8_t secret[IKE_KEX_MAX];
    struct ike_child_terms t = offered(sa, q);
    t.nr = nr;
    t.secret = secret;
    *error = ike_find_error(c);
    if (*error)
        return NULL;
    *error = ike_child_accepted(sa, c, true, &t);
    if (*error)
        return NULL;
    if (!ike_nonce_take(nr, ike_find(c, IKE_PAYLOAD_NONCE)) || t.suite.dh != q->group) {
        *error = IKE_N_INVALID_SYNTAX;
        return NULL;
    }
    *error = ike_take_secret(t.suite.dh ? q->kex : NULL, c, secret, &t.secret_len);
    if (*error)
        return NULL;
    struct ike_child *child = ike_child_install(sa, &t);
    sd_wipe(secret, sizeof secret);
    if (!child)
        *error = IKE_N_NO_ADDITIONAL_SAS;
    return child;
}

/* Another offer that may please better: with the group that the peer names, or with groups at all.
 */
static bool offers_more(struct ike_sa *sa, struct ike_request *q, const struct ike_chain *c)
{
    const struct ike_policy policy = ike_child_policy(sa->ipsec);
    if (q->group == IKE_DH_NONE && ike_find_error(c) == IKE_N_NO_PROPOSAL_CHOSEN) {
        q->group = ike_policy_first(&policy, IKE_TRANSFORM_DH);
        return true;
    }
    return ike_take_group(q, c, &policy);
}

static enum ike_verdict new_child_answered(struct ike_sa *sa, struct ike_request *q,
                                           const struct ike_message *m)
{
    struct ike_nonce nr;
    uint16_t error;
    if (offers_more(sa, q, &m->chain))
        return IKE_AGAIN;
    if (made(sa, q, &m->chain, &nr, &error))
        ike_event(sa, SD_EV_READY, "another child");
    else
        ike_event(sa, SD_EV_ERROR, ike_notify_name(error))->code = error;
    return IKE_FINISHED;
}

/* 2.25: what a refusal of rekeying means. */
static void rekey_refused(struct ike_sa *sa, struct ike_request *q, uint16_t error)
{
    struct ike_child *old = ike_child_find(sa, q->child_spi);
    if (error == IKE_N_CHILD_SA_NOT_FOUND) {
        if (old)
            ike_child_remove(old);
        ike_ask(sa, &ike_new_child);
    } else if (error == IKE_N_TEMPORARY_FAILURE && old) {
        sa->retry_child_spi = q->child_spi;
        sa->retry_at = sa->ipsec->now + IKE_RETRY;
    } else {
        ike_event(sa, SD_EV_NOTE, ike_notify_name(error))->code = error;
    }
}

static void rekeyed(struct ike_sa *sa, struct ike_request *q, struct ike_child *child,
                    const struct ike_nonce *nr)
{
    struct ike_child *old = ike_child_find(sa, q->child_spi);
    uint32_t redundant = q->child_spi;
    if (ike_lost(&q->rival, &q->nonce, nr)) /* 2.8.1: the peer sees to the old one */
        redundant = child->esp->set.spi_in;
    if (old)
        old->rekeyed = true;
    ike_event(sa, SD_EV_KEY_UPDATE, "child SA");
    ike_ask_delete(sa, redundant);
}

static enum ike_verdict rekey_answered(struct ike_sa *sa, struct ike_request *q,
                                       const struct ike_message *m)
{
    struct ike_nonce nr;
    uint16_t error;
    if (offers_more(sa, q, &m->chain))
        return IKE_AGAIN;
    struct ike_child *child = made(sa, q, &m->chain, &nr, &error);
    if (child)
        rekeyed(sa, q, child, &nr);
    else
        rekey_refused(sa, q, error);
    return IKE_FINISHED;
}

const struct ike_procedure ike_new_child = {.name = "a new child",
                                            .exchange = IKE_CREATE_CHILD_SA,
                                            .build = build_child,
                                            .answered = new_child_answered};
const struct ike_procedure ike_rekey_child = {.name = "rekeying of a child",
                                              .exchange = IKE_CREATE_CHILD_SA,
                                              .build = build_rekey,
                                              .answered = rekey_answered};

static struct ike_request *rekeying(const struct ike_sa *sa, uint32_t child_spi)
{
    struct ike_request *q = sa->requests;
    while (q && !(q->procedure == &ike_rekey_child && q->child_spi == child_spi))
        q = q->next;
    return q;
}

void ike_rekey_of(struct ike_child *c)
{
    uint32_t spi = c->esp->set.spi_in;
    if (c->rekeyed || c->deleting || rekeying(c->sa, spi))
        return;
    struct ike_request *q = ike_ask(c->sa, &ike_rekey_child);
    if (q)
        q->child_spi = spi;
}

/* -- the side that is asked -- */

/* 2.8: which child is meant, of which the SPI is the one that the peer receives with. */
static uint16_t find_old(struct ike_sa *sa, const struct ike_chain *c, struct ike_child **old,
                         uint32_t *spi)
{
    struct ike_notify n;
    *old = NULL;
    if (!ike_find_notify(c, IKE_N_REKEY_SA, 0, &n))
        return 0;
    struct sd_reader r = sd_reader_of(n.spi, n.spi_len);
    *spi = sd_get32(&r);
    if (r.bad || n.protocol != IKE_PROTOCOL_ESP)
        return IKE_N_INVALID_SYNTAX;
    *old = ike_child_find_out(sa, *spi);
    if (!*old)
        return IKE_N_CHILD_SA_NOT_FOUND;
    return (*old)->deleting ? IKE_N_TEMPORARY_FAILURE : 0; /* 2.25.1 */
}

static void put_child(struct ike_writer *w, const struct ike_child_terms *t, uint8_t number,
                      const struct ike_kex *kex)
{
    ike_put_choice(w, &t->suite, IKE_PROTOCOL_ESP, number, t->spi_in, sizeof t->spi_in);
    ike_put_payload(w, IKE_PAYLOAD_NONCE, t->nr->data, t->nr->len);
    if (kex)
        ike_put_ke(w, kex->group, kex->public_key, ike_kex_public_len(kex->group));
    ike_put_child_selectors(w, t);
}

/* 2.8.1: the peer rekeys what we are rekeying. */
static void note_rival(struct ike_sa *sa, const struct ike_child *old,
                       const struct ike_child_terms *t)
{
    struct ike_request *own = rekeying(sa, old->esp->set.spi_in);
    if (!own)
        return;
    ike_rival_is(&own->rival, t->ni, t->nr);
    own->rival.child_spi = t->spi_in;
}

static uint16_t create(struct ike_sa *sa, const struct ike_chain *c, struct ike_child *old,
                       struct ike_writer *w)
{
    struct ike_nonce ni, nr;
    struct ike_child_terms t;
    struct ike_kex kex = {.group = IKE_DH_NONE};
    uint8_t secret[IKE_KEX_MAX], number;
    uint16_t ke_group = IKE_DH_NONE;
    const uint8_t *data;
    size_t len;
    if (ike_find(c, IKE_PAYLOAD_KE) &&
        !ike_ke_read(ike_find(c, IKE_PAYLOAD_KE), &ke_group, &data, &len))
        return IKE_N_INVALID_SYNTAX;
    if (!ike_nonce_take(&ni, ike_find(c, IKE_PAYLOAD_NONCE)))
        return IKE_N_INVALID_SYNTAX;
    uint16_t error = ike_child_accept(sa, c, true, ke_group, &t, &number);
    if (error)
        return error;
    if (t.suite.dh && t.suite.dh != ke_group) {
        const uint8_t wanted[2] = {(uint8_t)(t.suite.dh >> 8), (uint8_t)t.suite.dh};
        ike_put_notify(w, IKE_N_INVALID_KE_PAYLOAD, wanted, sizeof wanted);
        return 0;
    }
    ike_nonce_make(&nr, sa->ipsec->env);
    if (t.suite.dh)
        ike_kex_make(&kex, sa->ipsec->env, t.suite.dh);
    error = ike_take_secret(t.suite.dh ? &kex : NULL, c, secret, &t.secret_len);
    if (error)
        return error;
    t.ni = &ni;
    t.nr = &nr;
    t.secret = secret;
    t.hold = old != NULL;
    bool installed = ike_child_install(sa, &t) != NULL;
    sd_wipe(secret, sizeof secret);
    if (!installed)
        return IKE_N_NO_ADDITIONAL_SAS;
    put_child(w, &t, number, t.suite.dh ? &kex : NULL);
    ike_kex_wipe(&kex);
    if (old) {
        note_rival(sa, old, &t);
        old->rekeyed = true;
        ike_event(sa, SD_EV_KEY_UPDATE, "child SA");
    }
    return 0;
}

static void create_child(struct ike_sa *sa, const struct ike_chain *c, struct ike_writer *w)
{
    struct ike_child *old;
    uint32_t spi = 0;
    uint16_t error = find_old(sa, c, &old, &spi);
    if (!error && ike_rekeying(sa))
        error = IKE_N_TEMPORARY_FAILURE; /* 2.25.2 */
    if (!error)
        error = create(sa, c, old, w);
    if (error == IKE_N_CHILD_SA_NOT_FOUND)
        ike_put_notify_esp(w, error, spi);
    else if (error)
        ike_put_notify(w, error, NULL, 0);
}

void ike_create_in(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    /* 1.3.2: a new IKE SA is asked for without selectors. */
    if (sa->state != IKE_ESTABLISHED || sa->closing)
        ike_put_notify(w, IKE_N_TEMPORARY_FAILURE, NULL, 0);
    else if (ike_find(&m->chain, IKE_PAYLOAD_TSI))
        create_child(sa, &m->chain, w);
    else
        ike_rekey_in(sa, &m->chain, w);
}
