/* init.c - IKE_SA_INIT (RFC 7296 1.2): algorithms, Diffie-Hellman, nonces; NATs and abilities.
 *
 *   HDR(A,0), [N(COOKIE), PS], SAi1, KEi, Ni  -->
 *                                           <--  HDR(A,0), N(COOKIE), [N(PUZZLE)]
 *                                           <--  HDR(A,0), N(INVALID_KE_PAYLOAD, group)
 *                                           <--  HDR(A,B), SAr1, KEr, Nr */
#include "protocols/ipsec/init.h"
#include "protocols/ipsec/cookie.h"
#include "protocols/ipsec/proof.h"
#include "protocols/ipsec/puzzle.h"
#include "protocols/ipsec/setup.h"
#include <string.h>

#define TRIES_MAX 4 /* of cookies and groups, before we believe that somebody plays with us */

/* -- both -- */

/* RFC 7383 2.3, RFC 7427 4: what else we can do.  RFC 7296 3.10.1: who does not know a status type
 * passes over it. */
void ike_put_abilities(struct ike_sa *sa, struct ike_writer *w)
{
    static const uint8_t hashes[] = {0, IKE_HASH_SHA2_256, 0, IKE_HASH_IDENTITY};
    ike_put_nat_detection(sa, &sa->path, w);
    if (sa->ipsec->set.fragmentation)
        ike_put_notify(w, IKE_N_FRAGMENTATION_SUPPORTED, NULL, 0);
    if (sa->ipsec->set.rfc7427)
        ike_put_notify(w, IKE_N_SIGNATURE_HASH_ALGORITHMS, hashes, sizeof hashes);
    if (sa->ipsec->set.extension)
        ike_put_notify(w, IKE_N_PRIVATE_STATUS, sa->ipsec->set.extension,
                       strlen(sa->ipsec->set.extension));
}

void ike_take_abilities(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_notify n;
    sa->nat = ike_nat_of(sa, m);
    sa->fragments_ok =
        sa->ipsec->set.fragmentation && ike_has_notify(&m->chain, IKE_N_FRAGMENTATION_SUPPORTED);
    if (!ike_find_notify(&m->chain, IKE_N_SIGNATURE_HASH_ALGORITHMS, 0, &n))
        return;
    struct sd_reader r = sd_reader_of(n.data, n.len);
    while (sd_left(&r) >= 2) {
        sa->setup->sha2_256 |= sd_get16(&r) == IKE_HASH_SHA2_256;
    }
}

/* 2.14: the responder does it only when the initiator has shown that it is there. */
bool ike_setup_keys(struct ike_sa *sa)
{
    struct ike_setup *s = sa->setup;
    uint8_t secret[IKE_KEX_MAX], skeyseed[IKE_PRF_MAX];
    if (s->has_keys)
        return true;
    size_t len = ike_kex_agree(&s->kex, s->peer_public, s->peer_public_len, secret);
    if (!len)
        return false;
    ike_skeyseed(skeyseed, sa->suite.prf, &s->ni, &s->nr, secret, len);
    ike_keys_derive(&sa->keys, &(struct ike_key_input){.suite = &sa->suite,
                                                       .skeyseed = skeyseed,
                                                       .ni = &s->ni,
                                                       .nr = &s->nr,
                                                       .spi_i = sa->spi_i,
                                                       .spi_r = sa->spi_r});
    ike_keylog(sa->ipsec->env, &sa->keys, sa->spi_i, sa->spi_r);
    ike_kex_wipe(&s->kex);
    sd_wipe(secret, sizeof secret);
    sd_wipe(skeyseed, sizeof skeyseed);
    s->has_keys = true;
    return true;
}

static bool take_public(struct ike_setup *s, const struct ike_payload *ke, uint16_t group)
{
    uint16_t its_group;
    const uint8_t *data;
    size_t len;
    if (!ike_ke_read(ke, &its_group, &data, &len) || its_group != group ||
        len != ike_kex_public_len(group))
        return false;
    memcpy(s->peer_public, data, len);
    s->peer_public_len = len;
    return true;
}

/* -- initiator -- */

static bool build(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct ike_setup *s = sa->setup;
    (void)q;
    if (s->cookie_len)
        ike_put_notify(w, IKE_N_COOKIE, s->cookie, s->cookie_len);
    if (s->puzzle)
        ike_put_solution(sa, w);
    ike_put_offer(w, &sa->ipsec->set.ike, IKE_PROTOCOL_IKE, 0, 0, true);
    ike_put_ke(w, s->kex.group, s->kex.public_key, ike_kex_public_len(s->kex.group));
    ike_put_payload(w, IKE_PAYLOAD_NONCE, s->ni.data, s->ni.len);
    ike_put_abilities(sa, w);
    return true;
}

/* 2.6: the responder wants to see that we are there, or that we have worked for it (RFC 8019). */
enum ike_verdict ike_take_cookie(struct ike_sa *sa, const struct ike_message *m,
                                 const struct ike_notify *cookie)
{
    struct ike_setup *s = sa->setup;
    if (!cookie->len || cookie->len > IKE_COOKIE_MAX || s->tries++ >= TRIES_MAX)
        return IKE_IGNORED;
    memcpy(s->cookie, cookie->data, cookie->len);
    s->cookie_len = cookie->len;
    if (!ike_take_puzzle(sa, m))
        return IKE_IGNORED;
    return IKE_AGAIN;
}

/* 2.7: the responder would rather have another group of those we offered. */
static enum ike_verdict take_group(struct ike_sa *sa, const struct ike_notify *n)
{
    struct ike_setup *s = sa->setup;
    struct sd_reader r = sd_reader_of(n->data, n->len);
    uint16_t group = sd_get16(&r);
    if (r.bad || group == s->kex.group || s->tries++ >= TRIES_MAX ||
        !ike_policy_has(&sa->ipsec->set.ike, IKE_TRANSFORM_DH, group))
        return IKE_IGNORED;
    ike_kex_make(&s->kex, sa->ipsec->env, group);
    ike_event(sa, SD_EV_NOTE, "INVALID_KE_PAYLOAD: the responder asks for another group");
    return IKE_AGAIN;
}

enum ike_verdict ike_first_answered(struct ike_sa *sa, const struct ike_message *m)
{
    ike_take_abilities(sa, m);
    ike_keep_response(sa, m);
    sa->path = *m->path;
    ike_float(sa);
    sa->state = IKE_EXPECT_AUTH_RESPONSE;
    return ike_ask(sa, &ike_auth) ? IKE_FINISHED : IKE_IGNORED;
}

static enum ike_verdict answered(struct ike_sa *sa, struct ike_request *q,
                                 const struct ike_message *m)
{
    struct ike_setup *s = sa->setup;
    struct ike_proposal p;
    struct ike_notify n;
    (void)q;
    if (ike_find_notify(&m->chain, IKE_N_COOKIE, 0, &n))
        return ike_take_cookie(sa, m, &n);
    if (ike_find_notify(&m->chain, IKE_N_INVALID_KE_PAYLOAD, 0, &n))
        return take_group(sa, &n);
    uint16_t error = ike_find_error(&m->chain);
    if (error) {
        ike_fail(sa, error, ike_notify_name(error));
        return IKE_FINISHED;
    }
    if (!m->header.spi_r ||
        !ike_chosen(&p, ike_find(&m->chain, IKE_PAYLOAD_SA), &sa->ipsec->set.ike, IKE_PROTOCOL_IKE,
                    0, true) ||
        p.suite.dh != s->kex.group ||
        !take_public(s, ike_find(&m->chain, IKE_PAYLOAD_KE), p.suite.dh) ||
        !ike_nonce_take(&s->nr, ike_find(&m->chain, IKE_PAYLOAD_NONCE)))
        return IKE_IGNORED;
    sa->spi_r = m->header.spi_r;
    sa->suite = p.suite;
    if (!ike_setup_keys(sa)) {
        sa->spi_r = 0;
        return IKE_IGNORED;
    }
    return ike_first_answered(sa, m);
}

const struct ike_procedure ike_init = {
    .name = "IKE_SA_INIT", .exchange = IKE_SA_INIT, .build = build, .answered = answered};

/* -- responder -- */

static int refuse(struct ipsec *ipsec, const struct ike_message *m, uint16_t notify,
                  const void *data, size_t len)
{
    uint8_t buffer[64];
    struct ike_writer w = ike_writer_of(buffer, sizeof buffer);
    ike_put_notify(&w, notify, data, len);
    ike_reply_stateless(ipsec, m, &w, 0);
    return notify == IKE_N_NO_PROPOSAL_CHOSEN ? SD_DROP_POLICY : SD_DROP_UNVALIDATED;
}

/* The same first message again: the answer is there still. */
bool ike_answered_before(struct ipsec *ipsec, const struct ike_message *m)
{
    struct ike_sa *sa;
    uint64_t hash = ike_initiator_hash(ipsec, m->header.spi_i);
    for (uint32_t cursor = 0; (sa = sd_index_find(&ipsec->by_initiator, hash, &cursor));) {
        const struct ike_setup *s = sa->setup;
        if (!sd_addr_equal(&sa->path.remote, &m->path->remote) || s->init_i_len != m->raw_len ||
            memcmp(s->init_i, m->raw, m->raw_len) != 0)
            continue;
        ike_flight_send(sa, &sa->answers[0].flight, m->path);
        return true;
    }
    return false;
}

void ike_first_proven(struct ike_sa *sa, bool proven)
{
    sa->setup->validated = proven;
    if (proven)
        ike_event(sa, SD_EV_VALIDATED, "COOKIE");
}

static struct ike_sa *respond_to(struct ipsec *ipsec, const struct ike_message *m,
                                 const struct ike_proposal *p)
{
    struct ike_sa *sa = ike_respond(ipsec, m);
    if (!sa)
        return NULL;
    struct ike_setup *s = sa->setup;
    sa->suite = p->suite;
    if (!ike_nonce_take(&s->ni, ike_find(&m->chain, IKE_PAYLOAD_NONCE)) ||
        !take_public(s, ike_find(&m->chain, IKE_PAYLOAD_KE), p->suite.dh)) {
        ike_sa_kill(sa);
        return NULL;
    }
    ike_take_abilities(sa, m);
    ike_kex_make(&s->kex, ipsec->env, p->suite.dh);
    ike_nonce_make(&s->nr, ipsec->env);
    return sa;
}

int ike_init_in(struct ipsec *ipsec, const struct ike_message *m)
{
    uint8_t body[2048];
    struct ike_writer w = ike_writer_of(body, sizeof body);
    struct ike_proposal p;
    uint16_t group;
    const uint8_t *data;
    size_t len;
    bool proven;

    if (ike_answered_before(ipsec, m))
        return SD_DROP_REPLAY;
    if (m->chain.unknown_critical)
        return refuse(ipsec, m, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, &m->chain.unknown_critical, 1);
    if (!ike_ke_read(ike_find(&m->chain, IKE_PAYLOAD_KE), &group, &data, &len) ||
        !ike_find(&m->chain, IKE_PAYLOAD_SA) || !ike_find(&m->chain, IKE_PAYLOAD_NONCE))
        return SD_DROP_MALFORMED;
    int result = ike_cookie_check(ipsec, m, &proven); /* 2.6 */
    if (result != SD_OK)
        return result;
    if (ipsec->stats.half_open >= ipsec->set.half_open_max)
        return SD_DROP_FULL;
    if (!ike_choose(&p, ike_find(&m->chain, IKE_PAYLOAD_SA), &ipsec->set.ike, IKE_PROTOCOL_IKE, 0,
                    group, true))
        return refuse(ipsec, m, IKE_N_NO_PROPOSAL_CHOSEN, NULL, 0);
    if (p.suite.dh != group) {
        const uint8_t wanted[2] = {(uint8_t)(p.suite.dh >> 8), (uint8_t)p.suite.dh};
        return refuse(ipsec, m, IKE_N_INVALID_KE_PAYLOAD, wanted, sizeof wanted);
    }
    struct ike_sa *sa = respond_to(ipsec, m, &p);
    if (!sa)
        return SD_DROP_MALFORMED;
    ike_first_proven(sa, proven);
    ike_put_choice(&w, &p.suite, IKE_PROTOCOL_IKE, p.number, 0, 0);
    ike_put_ke(&w, p.suite.dh, sa->setup->kex.public_key, ike_kex_public_len(p.suite.dh));
    ike_put_payload(&w, IKE_PAYLOAD_NONCE, sa->setup->nr.data, sa->setup->nr.len);
    if (ipsec->set.peer_proof == IKE_PROOF_CERTIFICATE)
        ike_put_certificate_request(sa, &w);
    ike_put_abilities(sa, &w);
    ike_answer_first(sa, m, &w);
    return SD_OK;
}
