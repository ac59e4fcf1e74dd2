/* child.c - child SAs: what is offered, what is agreed, and their keys (RFC 7296 2.9, 2.17). */
#include "protocols/ipsec/ike.h"
#include <string.h>

/* -- selectors -- */

static void add_selector(struct esp_selectors *ts, struct esp_selector s)
{
    if (ts->count < ESP_SELECTORS_MAX)
        ts->at[ts->count++] = s;
}

void ike_own_selectors(const struct ike_sa *sa, struct esp_selectors *own,
                       struct esp_selectors *peers)
{
    const struct sd_config *c = sa->ipsec->config;
    own->count = peers->count = 0;
    add_selector(own, c->inner_net ? esp_selector_of(c->inner_net, c->inner_prefix)
                                   : esp_selector_of(0, 0));
    for (size_t i = 0; i < c->peer_count; i++) {
        const struct sd_peer *p = &c->peers[i];
        if (!p->endpoint.family || sd_addr_ipv4(&p->endpoint) == sd_addr_ipv4(&sa->path.remote))
            add_selector(peers, esp_selector_of(p->inner_net, p->inner_prefix));
    }
    if (!c->peer_count)
        add_selector(peers, esp_selector_of(0, 0));
}

/* What a peer may have of the addresses that it wants: those of the peers we know, however many. */
static struct esp_selectors allowed(const struct ike_sa *sa, const struct esp_selectors *wanted)
{
    const struct sd_config *c = sa->ipsec->config;
    struct esp_selectors result = {.count = 0};
    if (!c->peer_count)
        return *wanted;
    for (size_t i = 0; i < c->peer_count && result.count < ESP_SELECTORS_MAX; i++) {
        struct esp_selectors one = {.count = 1};
        one.at[0] = esp_selector_of(c->peers[i].inner_net, c->peers[i].inner_prefix);
        struct esp_selectors both = esp_selectors_narrow(wanted, &one);
        for (size_t k = 0; k < both.count; k++)
            add_selector(&result, both.at[k]);
    }
    return result;
}

static bool same_selector(const struct esp_selector *a, const struct esp_selector *b)
{
    return a->proto == b->proto && a->first_port == b->first_port && a->last_port == b->last_port &&
           a->first_ip == b->first_ip && a->last_ip == b->last_ip;
}

static bool same_selectors(const struct esp_selectors *a, const struct esp_selectors *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++)
        if (!same_selector(&a->at[i], &b->at[i]))
            return false;
    return a->count == b->count;
}

/* -- offers -- */

static size_t count_children(const struct ike_sa *sa)
{
    size_t n = 0;
    for (const struct ike_child *c = sa->children; c; c = c->next)
        n++;
    return n;
}

struct ike_policy ike_child_policy(const struct ipsec *ipsec)
{
    struct ike_policy p = ipsec->set.esp;
    if (ike_policy_first(&p, IKE_TRANSFORM_DH))
        return p;
    for (size_t i = 0; i < ipsec->set.ike.count && p.count < IKE_POLICY_MAX; i++)
        if (ipsec->set.ike.at[i].type == IKE_TRANSFORM_DH)
            p.at[p.count++] = ipsec->set.ike.at[i];
    return p;
}

void ike_put_child_offer(struct ike_sa *sa, struct ike_writer *w, uint32_t spi, bool dh)
{
    const struct ike_policy policy = ike_child_policy(sa->ipsec);
    ike_put_offer(w, &policy, IKE_PROTOCOL_ESP, spi, sizeof spi, dh);
}

void ike_put_child_selectors(struct ike_writer *w, const struct ike_child_terms *t)
{
    if (t->transport)
        ike_put_notify(w, IKE_N_USE_TRANSPORT_MODE, NULL, 0);
    ike_put_ts(w, IKE_PAYLOAD_TSI, t->initiator ? &t->local : &t->remote);
    ike_put_ts(w, IKE_PAYLOAD_TSR, t->initiator ? &t->remote : &t->local);
}

uint16_t ike_child_accept(struct ike_sa *sa, const struct ike_chain *c, bool dh, uint16_t ke_group,
                          struct ike_child_terms *t, uint8_t *number)
{
    struct ipsec *ipsec = sa->ipsec;
    const struct ike_policy policy = ike_child_policy(ipsec);
    struct ike_proposal p;
    struct esp_selectors tsi, tsr, own, peers;
    memset(t, 0, sizeof *t);
    if (count_children(sa) >= IKE_CHILDREN_MAX)
        return IKE_N_NO_ADDITIONAL_SAS;
    if (!ike_ts_read(ike_find(c, IKE_PAYLOAD_TSI), &tsi) ||
        !ike_ts_read(ike_find(c, IKE_PAYLOAD_TSR), &tsr))
        return IKE_N_INVALID_SYNTAX;
    if (!ike_choose(&p, ike_find(c, IKE_PAYLOAD_SA), &policy, IKE_PROTOCOL_ESP, sizeof t->spi_out,
                    ke_group, dh))
        return IKE_N_NO_PROPOSAL_CHOSEN;
    if (dh && !p.suite.dh && ike_policy_first(&ipsec->set.esp, IKE_TRANSFORM_DH))
        return IKE_N_NO_PROPOSAL_CHOSEN; /* we want it, and the peer does not offer it */
    ike_own_selectors(sa, &own, &peers);
    t->local = esp_selectors_narrow(&tsr, &own);
    t->remote = allowed(sa, &tsi);
    if (!t->local.count || !t->remote.count)
        return IKE_N_TS_UNACCEPTABLE;
    t->transport = ipsec->set.transport && ike_has_notify(c, IKE_N_USE_TRANSPORT_MODE);
    t->suite = p.suite;
    t->spi_out = (uint32_t)p.spi;
    t->spi_in = esp_spi_new(&ipsec->sad);
    *number = p.number;
    return t->spi_out ? 0 : IKE_N_INVALID_SYNTAX;
}

uint16_t ike_child_accepted(struct ike_sa *sa, const struct ike_chain *c, bool dh,
                            struct ike_child_terms *t)
{
    const struct ike_policy policy = ike_child_policy(sa->ipsec);
    const struct esp_selectors own = t->local, peers = t->remote;
    struct ike_proposal p;
    struct esp_selectors tsi, tsr;
    if (!ike_ts_read(ike_find(c, IKE_PAYLOAD_TSI), &tsi) ||
        !ike_ts_read(ike_find(c, IKE_PAYLOAD_TSR), &tsr))
        return IKE_N_INVALID_SYNTAX;
    if (!ike_chosen(&p, ike_find(c, IKE_PAYLOAD_SA), &policy, IKE_PROTOCOL_ESP, sizeof t->spi_out,
                    dh) ||
        !p.spi)
        return IKE_N_NO_PROPOSAL_CHOSEN;
    t->local = esp_selectors_narrow(&tsi, &own);
    t->remote = esp_selectors_narrow(&tsr, &peers);
    if (!t->local.count || !same_selectors(&t->local, &tsi) || !t->remote.count ||
        !same_selectors(&t->remote, &tsr))
        return IKE_N_TS_UNACCEPTABLE; /* 2.9: more than we asked for */
    t->transport = ike_has_notify(c, IKE_N_USE_TRANSPORT_MODE);
    if (t->transport && !sa->ipsec->set.transport)
        return IKE_N_INVALID_SYNTAX;
    t->suite = p.suite;
    t->spi_out = (uint32_t)p.spi;
    return 0;
}

/* -- children -- */

static struct esp_limit soft_limit(const struct ike_sa *sa, bool initiator)
{
    const struct ike_settings *set = &sa->ipsec->set;
    uint64_t age = set->child_rekey_s * SD_SECOND, draw;
    sd_random(sa->ipsec->env, &draw, sizeof draw);
    /* 2.8.1: so that both sides seldom begin at once, the responder waits longer. */
    age -= draw % (age / 20 + 1);
    if (!initiator)
        age += age / 10;
    return (struct esp_limit){.age = age, .bytes = (uint64_t)set->child_rekey_kib * 1024};
}

static struct esp_limit hard_limit(const struct ike_sa *sa)
{
    const struct ike_settings *set = &sa->ipsec->set;
    uint64_t age = set->child_rekey_s * SD_SECOND;
    return (struct esp_limit){.age = age + age / 5 + IKE_CHILD_MARGIN,
                              .bytes = (uint64_t)set->child_rekey_kib * 1024 * 2};
}

struct ike_child *ike_child_install(struct ike_sa *sa, const struct ike_child_terms *t)
{
    struct ipsec *ipsec = sa->ipsec;
    uint8_t keymat[2 * CIPHER_KEY_MAX];
    struct cipher_suite cipher = ike_cipher_of(&t->suite);
    size_t key_len = cipher_key_len(&cipher);
    struct ike_child *c = key_len ? sd_alloc(ipsec->env, sizeof *c) : NULL;
    if (!c)
        return NULL;
    ike_keymat(&sa->keys, t->ni, t->nr, t->secret, t->secret_len, keymat, 2 * key_len);
    *c = (struct ike_child){.sa = sa, .suite = t->suite};
    c->esp = esp_child_add(&ipsec->sad, ipsec->now,
                           &(struct esp_child_config){
                               .suite = cipher,
                               .esn = t->suite.esn,
                               .transport = t->transport,
                               .spi_in = t->spi_in,
                               .spi_out = t->spi_out,
                               .key_out = t->initiator ? keymat : keymat + key_len,
                               .key_in = t->initiator ? keymat + key_len : keymat,
                               .local = t->local,
                               .remote = t->remote,
                               .window = ipsec->set.window,
                               .pad_to = (uint16_t)ipsec->set.pad_to,
                               .soft = soft_limit(sa, t->initiator),
                               .hard = hard_limit(sa),
                               .hold = t->hold,
                               .path = &sa->esp_path,
                               .sid = sa->sid,
                               .owner = c,
                           });
    sd_wipe(keymat, sizeof keymat);
    if (!c->esp) {
        sd_free(c);
        return NULL;
    }
    c->next = sa->children;
    sa->children = c;
    return c;
}

void ike_child_remove(struct ike_child *c)
{
    struct ike_child **at = &c->sa->children;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    esp_child_remove(&c->sa->ipsec->sad, c->esp);
    sd_free(c);
}

struct ike_child *ike_child_find(const struct ike_sa *sa, uint32_t spi_in)
{
    struct ike_child *c = sa->children;
    while (c && c->esp->set.spi_in != spi_in)
        c = c->next;
    return c;
}

struct ike_child *ike_child_find_out(const struct ike_sa *sa, uint32_t spi_out)
{
    struct ike_child *c = sa->children;
    while (c && c->esp->set.spi_out != spi_out)
        c = c->next;
    return c;
}

/* 2.8: a new IKE SA inherits the children. */
void ike_children_move(struct ike_sa *from, struct ike_sa *to)
{
    struct ike_child **end = &to->children;
    while (*end)
        end = &(*end)->next;
    *end = from->children;
    from->children = NULL;
    for (struct ike_child *c = *end; c; c = c->next) {
        c->sa = to;
        c->esp->set.path = &to->esp_path;
        c->esp->set.sid = to->sid;
    }
}

void ike_children_free(struct ike_sa *sa)
{
    while (sa->children)
        ike_child_remove(sa->children);
}
