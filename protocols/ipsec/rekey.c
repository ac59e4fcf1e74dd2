/* rekey.c - CREATE_CHILD_SA for IKE SAs.
 *
 *   HDR, SK{SA, Ni, KEi}  -->
 *                         <--  HDR, SK{SA, Nr, KEr}
 *   and then the initiator of this exchange deletes the old one. */
#include "protocols/ipsec/rekey.h"
#include "protocols/ipsec/create.h"
#include "protocols/ipsec/informational.h"
#include <string.h>

void ike_plan_rekey(struct ike_sa *sa)
{
    uint64_t after = sa->ipsec->set.rekey_s * SD_SECOND, draw;
    sd_random(sa->ipsec->env, &draw, sizeof draw);
    after -= draw % (after / 20 + 1); /* 2.8.1: seldom both at once */
    sa->rekey_at = sa->ipsec->now + after + (sa->initiator ? 0 : after / 10);
}

/* -- the new one -- */

struct heir {
    const struct ike_suite *suite;
    uint64_t spi_i, spi_r;
    const struct ike_nonce *ni, *nr;
    const uint8_t *secret;
    size_t secret_len;
    bool initiator;
};

static struct ike_sa *make_heir(struct ike_sa *old, const struct heir *h)
{
    struct ipsec *ipsec = old->ipsec;
    uint8_t skeyseed[IKE_PRF_MAX];
    struct ike_sa *sa = ike_sa_new(ipsec, h->initiator);
    if (!sa)
        return NULL;
    sa->spi_i = h->spi_i;
    sa->spi_r = h->spi_r;
    sa->suite = *h->suite;
    ike_skeyseed_rekey(skeyseed, &old->keys, h->ni, h->nr, h->secret, h->secret_len);
    ike_keys_derive(&sa->keys, &(struct ike_key_input){.suite = &sa->suite,
                                                       .skeyseed = skeyseed,
                                                       .ni = h->ni,
                                                       .nr = h->nr,
                                                       .spi_i = sa->spi_i,
                                                       .spi_r = sa->spi_r});
    ike_keylog(ipsec->env, &sa->keys, sa->spi_i, sa->spi_r);
    sd_wipe(skeyseed, sizeof skeyseed);
    sa->heir = true;
    sa->sid = old->sid;
    sa->initiator_at_first = old->initiator_at_first;
    memcpy(sa->name, old->name, sizeof sa->name);
    sa->own_id = old->own_id;
    sa->peer_id = old->peer_id;
    sa->nat = old->nat;
    sa->mobike = old->mobike;
    sa->fragments_ok = old->fragments_ok;
    sa->peer_window = old->peer_window;
    ike_use_path(sa, &old->path);
    sa->state = IKE_ESTABLISHED;
    if (!ike_sa_register(sa)) {
        ike_sa_kill(sa);
        return NULL;
    }
    ike_sa_count(sa);
    ike_plan_rekey(sa);
    ike_plan(sa);
    return sa;
}

/* Requests that wait go over to the new SA. */
static void move_requests(struct ike_sa *old, struct ike_sa *heir)
{
    for (struct ike_request **at = &old->requests, *q; (q = *at);) {
        if (q->sent) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        q->next = NULL;
        *heir->requests_end = q;
        heir->requests_end = &q->next;
    }
    old->requests_end = &old->requests;
    while (*old->requests_end)
        old->requests_end = &(*old->requests_end)->next;
}

/* Of no more use, but the peer may still speak of it. */
static void stand_by(struct ike_sa *sa)
{
    sa->state = IKE_REPLACED;
    sa->silent = true;
    sa->rekey_at = sa->liveness_at = sa->keepalive_at = sa->retry_at = SD_NEVER;
    sa->dies_at = sa->ipsec->now + IKE_REPLACED_LIFE;
    ike_sa_count(sa);
    ike_plan(sa);
}

static void inherit(struct ike_sa *old, struct ike_sa *heir)
{
    stand_by(old);
    ike_children_move(old, heir);
    move_requests(old, heir);
    ike_event(heir, SD_EV_KEY_UPDATE, "IKE SA");
    ike_go(heir);
    ike_plan(old);
}

/* -- the side that asks -- */

static bool build(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    const struct ike_policy *p = &sa->ipsec->set.ike;
    if (sa->state != IKE_ESTABLISHED || sa->closing || sa->replacement)
        return false;
    if (!q->new_ike_spi) {
        q->new_ike_spi = ike_spi_new(sa->ipsec);
        q->group = sa->suite.dh ? sa->suite.dh : ike_policy_first(p, IKE_TRANSFORM_DH);
    }
    ike_put_offer(w, p, IKE_PROTOCOL_IKE, q->new_ike_spi, IKE_SPI_LEN, true);
    return ike_put_exchange_keys(sa, q, w);
}

/* Out of the answer; NULL: *error says why not. */
static struct ike_sa *made(struct ike_sa *sa, struct ike_request *q, const struct ike_chain *c,
                           struct ike_nonce *nr, uint16_t *error)
{
    struct ike_proposal p;
    uint8_t secret[IKE_KEX_MAX];
    size_t secret_len;
    *error = ike_find_error(c);
    if (*error)
        return NULL;
    *error = IKE_N_NO_PROPOSAL_CHOSEN;
    if (!ike_chosen(&p, ike_find(c, IKE_PAYLOAD_SA), &sa->ipsec->set.ike, IKE_PROTOCOL_IKE,
                    IKE_SPI_LEN, true) ||
        !p.spi || p.suite.dh != q->group || !ike_nonce_take(nr, ike_find(c, IKE_PAYLOAD_NONCE)))
        return NULL;
    *error = ike_take_secret(q->kex, c, secret, &secret_len);
    if (*error)
        return NULL;
    struct ike_sa *heir = make_heir(sa, &(struct heir){.suite = &p.suite,
                                                       .spi_i = q->new_ike_spi,
                                                       .spi_r = p.spi,
                                                       .ni = &q->nonce,
                                                       .nr = nr,
                                                       .secret = secret,
                                                       .secret_len = secret_len,
                                                       .initiator = true});
    sd_wipe(secret, sizeof secret);
    return heir;
}

static enum ike_verdict answered(struct ike_sa *sa, struct ike_request *q,
                                 const struct ike_message *m)
{
    struct ike_nonce nr;
    uint16_t error;
    if (ike_take_group(q, &m->chain, &sa->ipsec->set.ike))
        return IKE_AGAIN;
    struct ike_sa *heir = made(sa, q, &m->chain, &nr, &error);
    if (!heir && error == IKE_N_TEMPORARY_FAILURE) {
        sa->rekey_at = sa->ipsec->now + IKE_RETRY;
    } else if (!heir) {
        ike_event(sa, SD_EV_NOTE, ike_notify_name(error))->code = error;
    } else if (ike_lost(&q->rival, &q->nonce, &nr) && q->rival.sa) {
        /* 2.8.2: the peer's stays, and it sees to the old one; ours goes. */
        sa->replacement = q->rival.sa;
        inherit(sa, q->rival.sa);
        heir->silent = true;
        ike_ask_close(heir, 0);
        ike_go(heir);
    } else {
        if (q->rival.sa) /* the peer deletes it, if it ever learns of it */
            stand_by(q->rival.sa);
        sa->replacement = heir;
        inherit(sa, heir);
        ike_ask_close(sa, 0);
    }
    return IKE_FINISHED;
}

const struct ike_procedure ike_rekey_sa = {.name = "rekeying of the IKE SA",
                                           .exchange = IKE_CREATE_CHILD_SA,
                                           .alone = true,
                                           .build = build,
                                           .answered = answered};

void ike_rekey(struct ike_sa *sa)
{
    if (sa->state == IKE_ESTABLISHED && !ike_asking(sa, &ike_rekey_sa))
        ike_ask(sa, &ike_rekey_sa);
}

bool ike_rekeying(const struct ike_sa *sa)
{
    const struct ike_request *q = ike_asking(sa, &ike_rekey_sa);
    return q && q->sent;
}

void ike_rekey_again(struct ike_sa *sa)
{
    struct ike_child *c = ike_child_find(sa, sa->retry_child_spi);
    if (c)
        ike_rekey_of(c);
}

void ike_rekey_overtaken(struct ike_sa *sa)
{
    struct ike_request *q = ike_asking(sa, &ike_rekey_sa);
    if (!q || !q->rival.sa)
        return;
    sa->replacement = q->rival.sa;
    inherit(sa, q->rival.sa);
}

/* -- the side that is asked -- */

/* 2.25.1: whether something is under way with which it would get in the way. */
static bool busy_with_children(const struct ike_sa *sa)
{
    for (const struct ike_request *q = sa->requests; q; q = q->next)
        if (q->sent && (q->procedure == &ike_new_child || q->procedure == &ike_rekey_child ||
                        q->procedure == &ike_delete_child))
            return true;
    return false;
}

static uint16_t respond(struct ike_sa *sa, const struct ike_chain *c, struct ike_writer *w)
{
    struct ike_proposal p;
    struct ike_nonce ni, nr;
    struct ike_kex kex;
    uint8_t secret[IKE_KEX_MAX];
    uint16_t group;
    const uint8_t *data;
    size_t len, secret_len;
    if (!ike_ke_read(ike_find(c, IKE_PAYLOAD_KE), &group, &data, &len) ||
        !ike_nonce_take(&ni, ike_find(c, IKE_PAYLOAD_NONCE)))
        return IKE_N_INVALID_SYNTAX;
    if (!ike_choose(&p, ike_find(c, IKE_PAYLOAD_SA), &sa->ipsec->set.ike, IKE_PROTOCOL_IKE,
                    IKE_SPI_LEN, group, true) ||
        !p.spi)
        return IKE_N_NO_PROPOSAL_CHOSEN;
    if (p.suite.dh != group) {
        const uint8_t wanted[2] = {(uint8_t)(p.suite.dh >> 8), (uint8_t)p.suite.dh};
        ike_put_notify(w, IKE_N_INVALID_KE_PAYLOAD, wanted, sizeof wanted);
        return 0;
    }
    ike_kex_make(&kex, sa->ipsec->env, group);
    ike_nonce_make(&nr, sa->ipsec->env);
    uint16_t error = ike_take_secret(&kex, c, secret, &secret_len);
    if (error)
        return error;
    struct ike_sa *heir = make_heir(sa, &(struct heir){.suite = &p.suite,
                                                       .spi_i = p.spi,
                                                       .spi_r = ike_spi_new(sa->ipsec),
                                                       .ni = &ni,
                                                       .nr = &nr,
                                                       .secret = secret,
                                                       .secret_len = secret_len});
    sd_wipe(secret, sizeof secret);
    if (!heir)
        return IKE_N_NO_ADDITIONAL_SAS;
    ike_put_choice(w, &p.suite, IKE_PROTOCOL_IKE, p.number, heir->spi_r, IKE_SPI_LEN);
    ike_put_payload(w, IKE_PAYLOAD_NONCE, nr.data, nr.len);
    ike_put_ke(w, group, kex.public_key, ike_kex_public_len(group));
    ike_kex_wipe(&kex);
    struct ike_request *own = ike_asking(sa, &ike_rekey_sa);
    if (own && own->sent) { /* 2.8.2: who inherits is known when ours is answered */
        ike_rival_is(&own->rival, &ni, &nr);
        own->rival.sa = heir;
    } else {
        sa->replacement = heir;
        inherit(sa, heir);
    }
    return 0;
}

void ike_rekey_in(struct ike_sa *sa, const struct ike_chain *c, struct ike_writer *w)
{
    uint16_t error = busy_with_children(sa) ? IKE_N_TEMPORARY_FAILURE : respond(sa, c, w);
    if (error)
        ike_put_notify(w, error, NULL, 0);
}
