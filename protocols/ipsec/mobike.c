/* mobike.c - UPDATE_SA_ADDRESSES, and the proof that the peer receives there (RFC 4555 3.5, 3.7).
 *
 *   initiator, at its new address            responder
 *   HDR, SK{N(UPDATE_SA_ADDRESSES),     -->
 *           N(NAT_DETECTION...)}
 *                                       <--  HDR, SK{N(NAT_DETECTION...)}
 *                                       <--  HDR, SK{N(COOKIE2)}              to the new address
 *   HDR, SK{N(COOKIE2)}                 -->
 *
 * The responder sends nothing else to the new address before its COOKIE2 has come back. */
#include "protocols/ipsec/mobike.h"
#include <string.h>

static void put_cookie2(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    sd_random(sa->ipsec->env, q->cookie2, sizeof q->cookie2);
    ike_put_notify(w, IKE_N_COOKIE2, q->cookie2, sizeof q->cookie2);
}

static bool has_cookie2(const struct ike_request *q, const struct ike_message *m)
{
    struct ike_notify n;
    return ike_find_notify(&m->chain, IKE_N_COOKIE2, 0, &n) && n.len == sizeof q->cookie2 &&
           sd_equal_ct(n.data, q->cookie2, n.len);
}

/* -- initiator -- */

/* False: not said, or as before. */
static bool seen_anew(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_notify n;
    if (!ike_find_notify(&m->chain, IKE_N_NAT_DETECTION_DESTINATION_IP, 0, &n) ||
        n.len != sizeof sa->seen_as || memcmp(n.data, sa->seen_as, sizeof sa->seen_as) == 0)
        return false;
    memcpy(sa->seen_as, n.data, sizeof sa->seen_as);
    return true;
}

static bool build_update(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    ike_put_notify(w, IKE_N_UPDATE_SA_ADDRESSES, NULL, 0);
    ike_put_nat_detection(sa, &q->path, w);
    put_cookie2(sa, q, w);
    return true;
}

static enum ike_verdict update_answered(struct ike_sa *sa, struct ike_request *q,
                                        const struct ike_message *m)
{
    uint16_t error = ike_find_error(&m->chain);
    if (error || !has_cookie2(q, m)) {
        ike_event(sa, SD_EV_NOTE, error ? ike_notify_name(error) : "COOKIE2 is wrong")->code =
            error;
        return IKE_FINISHED;
    }
    sa->nat = ike_nat_of(sa, m);
    seen_anew(sa, m);
    ike_use_path(sa, &q->path);
    ike_event(sa, SD_EV_MIGRATED, "UPDATE_SA_ADDRESSES");
    return IKE_FINISHED;
}

/* -- responder -- */

static bool build_routability(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    put_cookie2(sa, q, w);
    return true;
}

static enum ike_verdict routability_answered(struct ike_sa *sa, struct ike_request *q,
                                             const struct ike_message *m)
{
    if (!has_cookie2(q, m))
        return IKE_FINISHED;
    sa->nat = q->nat;
    ike_use_path(sa, &q->path);
    ike_event(sa, SD_EV_MIGRATED, "COOKIE2 came back from there");
    return IKE_FINISHED;
}

const struct ike_procedure ike_update_addresses = {.name = "UPDATE_SA_ADDRESSES",
                                                   .exchange = IKE_INFORMATIONAL,
                                                   .build = build_update,
                                                   .answered = update_answered};
const struct ike_procedure ike_routability = {.name = "COOKIE2",
                                              .exchange = IKE_INFORMATIONAL,
                                              .build = build_routability,
                                              .answered = routability_answered};

/* One of each at a time: the latest address is the one that counts. */
static struct ike_request *ask_afresh(struct ike_sa *sa, const struct ike_procedure *p,
                                      const struct sd_path *path)
{
    struct ike_request *q = ike_asking(sa, p);
    if (q && !q->sent)
        ike_request_drop(sa, q);
    q = ike_ask(sa, p);
    if (q)
        q->path = *path;
    return q;
}

bool ike_may_be_rebound(const struct ike_sa *sa)
{
    return sa->mobike && sa->initiator_at_first && sa->nat.here && !sa->path.conn;
}

void ike_check_binding(struct ike_sa *sa, const struct ike_message *m)
{
    if (seen_anew(sa, m))
        ask_afresh(sa, &ike_update_addresses, &sa->path);
}

int ike_move(struct ike_sa *sa, const struct sd_path *path)
{
    struct sd_path moved = sa->path;
    if (!sa->mobike || !sa->initiator_at_first || sa->path.conn)
        return SD_E_UNSUPPORTED;
    memcpy(moved.local.ip, path->local.ip, sizeof moved.local.ip);
    /* 3.5: what is under way goes from the new address too; the old one is gone. */
    sa->path.local = sa->esp_path.local = moved.local;
    ask_afresh(sa, &ike_update_addresses, &moved);
    ike_go(sa);
    return SD_OK;
}

void ike_mobike_in(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    struct ike_notify n;
    if (!sa->mobike)
        return;
    if (ike_has_notify(&m->chain, IKE_N_UPDATE_SA_ADDRESSES) && !sa->initiator_at_first) {
        struct ike_request *q = ask_afresh(sa, &ike_routability, m->path);
        if (q)
            q->nat = ike_nat_of(sa, m);
    }
    if (ike_has_notify(&m->chain, IKE_N_NAT_DETECTION_SOURCE_IP))
        ike_put_nat_detection(sa, m->path, w);
    if (ike_find_notify(&m->chain, IKE_N_COOKIE2, 0, &n))
        ike_put_notify(w, IKE_N_COOKIE2, n.data, n.len);
}
