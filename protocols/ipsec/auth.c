/* auth.c - IKE_AUTH (RFC 7296 1.2): identities and their proofs, and the first child.
 *
 *   HDR, SK{IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, SAi2, TSi, TSr}  -->
 *                            <--  HDR, SK{IDr, [CERT,] AUTH, SAr2, TSi, TSr}
 *
 * With EAP (2.16) the initiator leaves AUTH out of its first request, both exchange EAP packets
 * (eap.c), and when these have succeeded both AUTH payloads are made of what they agreed on. */
#include "protocols/ipsec/eap.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/proof.h"
#include "protocols/ipsec/rekey.h"
#include "protocols/ipsec/resume.h"
#include "protocols/ipsec/setup.h"
#include <stdio.h>
#include <string.h>

/* -- both -- */

static void put_id(struct ike_sa *sa, struct ike_writer *w, uint8_t type)
{
    struct ike_id *id = &sa->own_id;
    const char *name = sa->ipsec->set.id;
    struct sd_writer body = sd_writer_of(id->body, sizeof id->body);
    sd_put8(&body, IKE_ID_FQDN);
    sd_put24(&body, 0);
    sd_put(&body, name, strlen(name));
    id->len = sd_written(&body);
    ike_put_payload(w, type, id->body, id->len);
}

/* 3.5.  Names that are text become the SA's name.  False: malformed, or not whom we expect. */
static bool take_id(struct ike_sa *sa, const struct ike_payload *p)
{
    struct ike_id *id = &sa->peer_id;
    const char *expected = sa->ipsec->set.peer_id;
    if (!p || p->len < 4 || p->len > sizeof id->body)
        return false;
    memcpy(id->body, p->body, p->len);
    id->len = p->len;
    size_t len = p->len - 4;
    const uint8_t *data = id->body + 4;
    switch (id->body[0]) {
    case IKE_ID_IPV4:
        if (len != 4)
            return false;
        snprintf(sa->name, sizeof sa->name, "%u.%u.%u.%u", data[0], data[1], data[2], data[3]);
        break;
    case IKE_ID_FQDN:
    case IKE_ID_RFC822:
        snprintf(sa->name, sizeof sa->name, "%.*s", (int)len, (const char *)data);
        break;
    default:
        snprintf(sa->name, sizeof sa->name, "ID of type %u", id->body[0]);
        break;
    }
    if (sa->setup->resumption && !ike_resumed_peer(sa))
        return false;
    return !expected || (strlen(expected) == len && memcmp(expected, data, len) == 0);
}

static void put_notifies(struct ike_sa *sa, struct ike_writer *w)
{
    const uint8_t window[] = {0, 0, 0, IKE_WINDOW};
    ike_put_notify(w, IKE_N_SET_WINDOW_SIZE, window, sizeof window);
    if (sa->ipsec->set.mobike)
        ike_put_notify(w, IKE_N_MOBIKE_SUPPORTED, NULL, 0);
}

static void take_notifies(struct ike_sa *sa, const struct ike_chain *c)
{
    struct ike_notify n;
    sa->mobike = sa->ipsec->set.mobike && ike_has_notify(c, IKE_N_MOBIKE_SUPPORTED);
    if (ike_find_notify(c, IKE_N_SET_WINDOW_SIZE, 0, &n))
        ike_take_window(sa, &n);
}

void ike_established(struct ike_sa *sa)
{
    struct ipsec *ipsec = sa->ipsec;
    ike_sa_expect_auth(sa, false);
    sa->state = IKE_ESTABLISHED;
    sa->dies_at = SD_NEVER;
    ike_plan_rekey(sa);
    ike_sa_count(sa);
    ipsec->stats.handshakes++;
}

/* Everything is agreed: the application may send. */
static void ready(struct ike_sa *sa)
{
    if (sa->setup->resumption)
        ike_event(sa, SD_EV_RESUMED, "IKE_SESSION_RESUME");
    ike_established(sa);
    ike_event_text(sa, SD_EV_READY, "%s", cipher_name(&sa->children->esp->set.suite));
    ike_setup_free(sa);
    ike_plan(sa);
}

/* -- initiator -- */

static void put_first(struct ike_sa *sa, struct ike_writer *w)
{
    struct ipsec *ipsec = sa->ipsec;
    struct ike_setup *s = sa->setup;
    put_id(sa, w, IKE_PAYLOAD_IDI);
    if (!s->resumption && ipsec->set.own_proof == IKE_PROOF_CERTIFICATE)
        ike_put_certificates(sa, w);
    if (!s->resumption && ipsec->set.peer_proof == IKE_PROOF_CERTIFICATE)
        ike_put_certificate_request(sa, w);
}

/* The first child, as we want it. */
static struct ike_child_terms offered(const struct ike_sa *sa)
{
    const struct ike_setup *s = sa->setup;
    struct ike_child_terms t = {.spi_in = s->child_spi,
                                .transport = sa->ipsec->set.transport,
                                .ni = &s->ni,
                                .nr = &s->nr,
                                .initiator = true};
    ike_own_selectors(sa, &t.local, &t.remote);
    return t;
}

static bool build(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct ipsec *ipsec = sa->ipsec;
    struct ike_setup *s = sa->setup;
    (void)q;
    if (s->eap && s->eap->state != EAP_SUCCEEDED)
        return ike_eap_put(sa, w);
    if (s->eap)
        return ike_put_proof(sa, w);
    s->child_spi = esp_spi_new(&ipsec->sad);
    put_first(sa, w);
    if (s->resumption || ipsec->set.own_proof != IKE_PROOF_EAP) {
        if (!ike_put_proof(sa, w))
            return false;
    }
    ike_put_child_offer(sa, w, s->child_spi, false);
    struct ike_child_terms t = offered(sa);
    ike_put_child_selectors(w, &t);
    put_notifies(sa, w);
    if (ipsec->set.tickets)
        ike_put_notify(w, IKE_N_TICKET_REQUEST, NULL, 0);
    return true;
}

/* 2.21.2: an SA whose peer could not prove itself is given up, and the peer is told so. */
static enum ike_verdict refuse(struct ike_sa *sa, const char *why)
{
    sa->silent = true;
    ike_event(sa, SD_EV_ERROR, why)->code = IKE_N_AUTHENTICATION_FAILED;
    ike_ask_close(sa, IKE_N_AUTHENTICATION_FAILED);
    return IKE_FINISHED;
}

/* The responder's identity and proof, before or instead of EAP.  NULL: fine. */
static const char *take_proof(struct ike_sa *sa, const struct ike_chain *c)
{
    const char *why = NULL;
    const struct ike_payload *id = ike_find(c, IKE_PAYLOAD_IDR);
    if (id && !take_id(sa, id))
        return "the responder is not whom we expect";
    if (!sa->peer_id.len)
        return "the responder has no identity";
    if (!ike_check_proof(sa, c, &why))
        return why;
    if (!sa->setup->eap)
        ike_event_text(sa, SD_EV_PEER_AUTH, "%s, by %s", sa->name, why);
    return NULL;
}

static enum ike_verdict take_child(struct ike_sa *sa, const struct ike_chain *c)
{
    struct ike_child_terms t = offered(sa);
    uint16_t error = ike_find_error(c);
    if (!error)
        error = ike_child_accepted(sa, c, false, &t);
    if (error || !ike_child_install(sa, &t)) {
        /* 1.2: the IKE SA stands all the same; without a child it is of no use to us. */
        ike_event(sa, SD_EV_ERROR, ike_notify_name(error))->code = error;
        sa->silent = true;
        ike_ask_close(sa, 0);
        return IKE_FINISHED;
    }
    take_notifies(sa, c);
    ike_take_ticket(sa, c);
    ready(sa);
    return IKE_FINISHED;
}

static enum ike_verdict answered(struct ike_sa *sa, struct ike_request *q,
                                 const struct ike_message *m)
{
    struct ike_setup *s = sa->setup;
    const struct ike_chain *c = &m->chain;
    const struct ike_payload *eap = ike_find(c, IKE_PAYLOAD_EAP);
    uint16_t error = ike_find_error(c);
    const char *why;
    (void)q;
    if (!ike_find(c, IKE_PAYLOAD_AUTH) && error) {
        ike_fail(sa, error, ike_notify_name(error));
        return IKE_FINISHED;
    }
    if ((!s->eap || !eap) && (why = take_proof(sa, c)))
        return refuse(sa, why);
    if (!eap)
        return take_child(sa, c);
    if (sa->ipsec->set.own_proof != IKE_PROOF_EAP || !ike_eap_take_request(sa, eap))
        return refuse(sa, "EAP failed");
    return ike_ask(sa, &ike_auth) ? IKE_FINISHED : refuse(sa, "no memory");
}

const struct ike_procedure ike_auth = {
    .name = "IKE_AUTH", .exchange = IKE_AUTH, .build = build, .answered = answered};

/* -- responder -- */

static void fail(struct ike_sa *sa, struct ike_writer *w, uint16_t notify, const char *why)
{
    ike_put_notify(w, notify, NULL, 0);
    ike_fail(sa, notify, why);
}

/* What the initiator wants of its first child, kept over EAP. */
static bool keep_child(struct ike_sa *sa, const struct ike_chain *c)
{
    struct ike_setup *s = sa->setup;
    struct ike_first_child *f = sd_alloc(sa->ipsec->env, sizeof *f);
    if (!f)
        return false;
    f->error = ike_child_accept(sa, c, false, IKE_DH_NONE, &f->terms, &f->number);
    f->wants_ticket = ike_has_notify(c, IKE_N_TICKET_REQUEST);
    f->terms.ni = &s->ni;
    f->terms.nr = &s->nr;
    s->first_child = f;
    take_notifies(sa, c);
    if (ike_has_notify(c, IKE_N_INITIAL_CONTACT))
        ike_forget_others(sa);
    return true;
}

/* The last answer: our proof, and the child. */
static void finish(struct ike_sa *sa, struct ike_writer *w)
{
    struct ike_setup *s = sa->setup;
    struct ike_first_child *f = s->first_child;
    if (!ike_put_proof(sa, w)) {
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED, "our own key does not sign");
        return;
    }
    if (!f->error && !ike_child_install(sa, &f->terms))
        f->error = IKE_N_NO_ADDITIONAL_SAS;
    if (f->error) {
        ike_put_notify(w, f->error, NULL, 0);
        ike_event(sa, SD_EV_ERROR, ike_notify_name(f->error))->code = f->error;
        ike_established(sa);
        ike_setup_free(sa);
        return;
    }
    ike_put_choice(w, &f->terms.suite, IKE_PROTOCOL_ESP, f->number, f->terms.spi_in,
                   sizeof f->terms.spi_in);
    ike_put_child_selectors(w, &f->terms);
    put_notifies(sa, w);
    if (f->wants_ticket)
        ike_put_ticket(sa, w);
    ready(sa);
}

static void take_first(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    struct ipsec *ipsec = sa->ipsec;
    struct ike_setup *s = sa->setup;
    const struct ike_chain *c = &m->chain;
    const char *why = NULL;
    bool wants_eap = !ike_find(c, IKE_PAYLOAD_AUTH); /* 2.16 */
    if (!take_id(sa, ike_find(c, IKE_PAYLOAD_IDI)) || !keep_child(sa, c)) {
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED, "the initiator is not whom we expect");
        return;
    }
    if (wants_eap != (ipsec->set.peer_proof == IKE_PROOF_EAP && !s->resumption)) {
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED,
             wants_eap ? "the initiator wants EAP" : "the initiator does not want EAP");
        return;
    }
    if (!wants_eap && !ike_check_proof(sa, c, &why)) {
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED, why);
        return;
    }
    sa->dies_at = ipsec->now + IKE_AUTH_LIFE;
    put_id(sa, w, IKE_PAYLOAD_IDR);
    if (!s->resumption && ipsec->set.own_proof == IKE_PROOF_CERTIFICATE)
        ike_put_certificates(sa, w);
    if (!wants_eap) {
        ike_event_text(sa, SD_EV_PEER_AUTH, "%s, by %s", sa->name, why);
        finish(sa, w);
        return;
    }
    if (!ike_put_proof(sa, w) || !ike_eap_start(sa, w))
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED, "EAP cannot begin");
    sa->state = IKE_EXPECT_EAP;
}

/* 2.16: EAP packets, then the initiator's proof by the key that they agreed on. */
static void take_eap(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    const struct ike_payload *eap = ike_find(&m->chain, IKE_PAYLOAD_EAP);
    const char *why = NULL;
    if (sa->setup->eap->state != EAP_SUCCEEDED) {
        if (!eap || !ike_eap_take_response(sa, eap, w))
            fail(sa, w, IKE_N_AUTHENTICATION_FAILED, "EAP failed");
        return;
    }
    if (!ike_check_proof(sa, &m->chain, &why)) {
        fail(sa, w, IKE_N_AUTHENTICATION_FAILED, why);
        return;
    }
    ike_event_text(sa, SD_EV_PEER_AUTH, "%s, by %s", sa->setup->eap->identity, why);
    finish(sa, w);
}

void ike_auth_in(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    if (sa->state == IKE_EXPECT_AUTH)
        take_first(sa, m, w);
    else
        take_eap(sa, m, w);
}
