#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/mobike.h"
#include "protocols/ipsec/rekey.h"

#define WINDOW_MAX 64u /* more requests at once we never have */

void ike_take_window(struct ike_sa *sa, const struct ike_notify *n)
{
    struct sd_reader r = sd_reader_of(n->data, n->len);
    uint32_t window = sd_get32(&r);
    if (!r.bad && window > sa->peer_window) /* it never shrinks */
        sa->peer_window = window < WINDOW_MAX ? window : WINDOW_MAX;
}

/* -- the side that asks -- */

static bool build_delete(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    struct ike_child *c = ike_child_find(sa, q->child_spi);
    if (!c)
        return false;
    c->deleting = c->esp->retired = true;
    ike_put_delete_esp(w, q->child_spi);
    return true;
}

static enum ike_verdict delete_answered(struct ike_sa *sa, struct ike_request *q,
                                        const struct ike_message *m)
{
    struct ike_child *c = ike_child_find(sa, q->child_spi);
    (void)m;
    if (c)
        ike_child_remove(c);
    return IKE_FINISHED;
}

static bool build_close(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    (void)sa;
    if (q->notify)
        ike_put_notify(w, q->notify, NULL, 0);
    else
        ike_put_delete_ike(w);
    return true;
}

static enum ike_verdict close_answered(struct ike_sa *sa, struct ike_request *q,
                                       const struct ike_message *m)
{
    (void)q, (void)m;
    if (!sa->silent)
        ike_event(sa, SD_EV_CLOSED, "DELETE");
    sa->silent = sa->doomed = true;
    return IKE_FINISHED;
}

static bool build_liveness(struct ike_sa *sa, struct ike_request *q, struct ike_writer *w)
{
    (void)q;
    if (ike_may_be_rebound(sa))
        ike_put_nat_detection(sa, &sa->path, w);
    return true;
}

/* IKE passes; ESP, of which nothing has come, may not (2.23: UDP is always allowed). */
static enum ike_verdict liveness_answered(struct ike_sa *sa, struct ike_request *q,
                                          const struct ike_message *m)
{
    (void)q;
    if (ike_may_be_rebound(sa))
        ike_check_binding(sa, m);
    if (!sa->esp_heard && sa->esp_path.remote.proto == SD_PROTO_ESP) {
        ike_event(sa, SD_EV_NOTE, "no ESP has come: in UDP from now on");
        ike_esp_into_udp(sa);
    }
    return IKE_FINISHED;
}

const struct ike_procedure ike_delete_child = {.name = "deletion of a child",
                                               .exchange = IKE_INFORMATIONAL,
                                               .build = build_delete,
                                               .answered = delete_answered};
const struct ike_procedure ike_close = {.name = "deletion of the IKE SA",
                                        .exchange = IKE_INFORMATIONAL,
                                        .build = build_close,
                                        .answered = close_answered};
const struct ike_procedure ike_liveness = {.name = "liveness",
                                           .exchange = IKE_INFORMATIONAL,
                                           .build = build_liveness,
                                           .answered = liveness_answered};

void ike_ask_delete(struct ike_sa *sa, uint32_t spi_in)
{
    struct ike_request *q = ike_ask(sa, &ike_delete_child);
    if (q)
        q->child_spi = spi_in;
}

void ike_ask_close(struct ike_sa *sa, uint16_t notify)
{
    struct ike_request *q = ike_asking(sa, &ike_close);
    if (!q)
        q = ike_ask(sa, &ike_close);
    if (q)
        q->notify = notify;
    sa->closing = true;
}

void ike_ask_liveness(struct ike_sa *sa)
{
    if (!sa->requests) /* whatever is out asks the same */
        ike_ask(sa, &ike_liveness);
}

/* -- the side that is asked -- */

/* 1.4.1: answers with the other half of each pair, unless it is being deleted from here too. */
static void delete_children(struct ike_sa *sa, struct sd_reader *r, size_t count,
                            struct ike_writer *w)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t spi = sd_get32(r);
        struct ike_child *c = r->bad ? NULL : ike_child_find_out(sa, spi);
        if (!c)
            continue;
        if (!c->deleting)
            ike_put_delete_esp(w, c->esp->set.spi_in);
        ike_child_remove(c);
    }
}

static void close_by_peer(struct ike_sa *sa)
{
    ike_rekey_overtaken(sa);
    if (!sa->silent)
        ike_event(sa, SD_EV_CLOSED, "DELETE by the peer");
    sa->silent = sa->doomed = true;
}

static void take_delete(struct ike_sa *sa, const struct ike_payload *p, struct ike_writer *w)
{
    struct sd_reader r = sd_reader_of(p->body, p->len);
    uint8_t protocol = sd_get8(&r), spi_len = sd_get8(&r);
    size_t count = sd_get16(&r);
    if (r.bad)
        ike_put_notify(w, IKE_N_INVALID_SYNTAX, NULL, 0);
    else if (protocol == IKE_PROTOCOL_IKE)
        close_by_peer(sa);
    else if (protocol == IKE_PROTOCOL_ESP && spi_len == 4)
        delete_children(sa, &r, count, w);
}

void ike_informational_in(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    const struct ike_payload *p;
    struct ike_notify n;
    if (ike_has_notify(&m->chain, IKE_N_AUTHENTICATION_FAILED)) { /* 2.21.2 */
        ike_fail(sa, IKE_N_AUTHENTICATION_FAILED, "the peer does not believe our proof");
        return;
    }
    for (size_t i = 0; (p = ike_find_nth(&m->chain, IKE_PAYLOAD_DELETE, i)); i++)
        take_delete(sa, p, w);
    if (ike_find_notify(&m->chain, IKE_N_SET_WINDOW_SIZE, 0, &n))
        ike_take_window(sa, &n);
    ike_mobike_in(sa, m, w);
}
