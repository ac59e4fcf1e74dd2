#include "protocols/ipsec/setup.h"
#include "protocols/ipsec/eap.h"
#include "protocols/ipsec/puzzle.h"
#include "protocols/ipsec/resume.h"
#include <string.h>

sd_sid ike_sid_new(struct ipsec *ipsec)
{
    return ++ipsec->last_sid;
}

static struct ike_sa *begin(struct ipsec *ipsec, bool initiator, const struct sd_path *path)
{
    struct ike_sa *sa = ike_sa_new(ipsec, initiator);
    struct ike_setup *s = sa ? sd_alloc(ipsec->env, sizeof *s) : NULL;
    if (!s) {
        sd_free(sa);
        return NULL;
    }
    sa->setup = s;
    sa->initiator_at_first = initiator;
    sa->sid = ike_sid_new(ipsec);
    *(initiator ? &sa->spi_i : &sa->spi_r) = ike_spi_new(ipsec);
    ike_use_path(sa, path);
    if (!ike_sa_register(sa)) {
        ike_sa_kill(sa);
        return NULL;
    }
    return sa;
}

struct ike_sa *ike_initiate(struct ipsec *ipsec, const struct sd_path *path)
{
    struct ike_sa *sa = begin(ipsec, true, path);
    if (!sa)
        return NULL;
    sa->state = IKE_EXPECT_INIT_RESPONSE;
    ike_sa_expect_auth(sa, true);
    ike_nonce_make(&sa->setup->ni, ipsec->env);
    const struct ike_procedure *first = &ike_init;
    if (ipsec->set.resume && ike_resume_begin(sa))
        first = &ike_session_resume;
    else
        ike_kex_make(&sa->setup->kex, ipsec->env,
                     ike_policy_first(&ipsec->set.ike, IKE_TRANSFORM_DH));
    if (!ike_ask(sa, first)) {
        ike_sa_kill(sa);
        return NULL;
    }
    ike_go(sa);
    return sa;
}

struct ike_sa *ike_respond(struct ipsec *ipsec, const struct ike_message *m)
{
    struct ike_sa *sa = begin(ipsec, false, m->path);
    struct ike_setup *s = sa ? sa->setup : NULL;
    if (!sa)
        return NULL;
    sa->state = IKE_EXPECT_AUTH;
    sa->spi_i = m->header.spi_i;
    s->init_i = sd_alloc(ipsec->env, m->raw_len);
    if (!s->init_i) {
        ike_sa_kill(sa);
        return NULL;
    }
    memcpy(s->init_i, m->raw, m->raw_len);
    s->init_i_len = m->raw_len;
    sa->dies_at = ipsec->now + IKE_HALF_OPEN_LIFE;
    ike_sa_expect_auth(sa, true);
    return sa;
}

void ike_keep_response(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_setup *s = sa->setup;
    sd_free(s->init_r);
    s->init_r = sd_alloc(sa->ipsec->env, m->raw_len);
    s->init_r_len = s->init_r ? m->raw_len : 0;
    if (s->init_r)
        memcpy(s->init_r, m->raw, m->raw_len);
}

void ike_setup_free(struct ike_sa *sa)
{
    struct ike_setup *s = sa->setup;
    if (!s)
        return;
    sd_free(s->init_i);
    sd_free(s->init_r);
    sd_free(s->puzzle);
    sd_free(s->eap);
    sd_free(s->first_child);
    sd_free(s->resumption);
    sd_free(s);
    sa->setup = NULL;
}
