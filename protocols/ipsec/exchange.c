/* exchange.c - requests and their responses: message ids, windows, retransmission (RFC 7296 2.1 to
 * 2.3).
 *
 * Who asks retransmits; who answers keeps its answers for as long as they may be asked for again.
 * Requests that the peer's window has no room for wait in line. */
#include "protocols/ipsec/create.h"
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/fragment.h"
#include "protocols/ipsec/ike.h"
#include "protocols/ipsec/informational.h"
#include "protocols/ipsec/stream.h"
#include <string.h>

/* What a message holds before it is sealed: one at a time, as agents are never entered twice. */
static uint8_t body[65536];

/* -- our requests -- */

struct ike_request *ike_ask(struct ike_sa *sa, const struct ike_procedure *procedure)
{
    struct ike_request *q = sd_alloc(sa->ipsec->env, sizeof *q);
    if (!q)
        return NULL;
    q->procedure = procedure;
    q->due = SD_NEVER;
    *sa->requests_end = q;
    sa->requests_end = &q->next;
    return q;
}

struct ike_request *ike_asking(const struct ike_sa *sa, const struct ike_procedure *procedure)
{
    struct ike_request *q = sa->requests;
    while (q && q->procedure != procedure)
        q = q->next;
    return q;
}

void ike_request_drop(struct ike_sa *sa, struct ike_request *q)
{
    struct ike_request **at = &sa->requests;
    while (*at != q)
        at = &(*at)->next;
    *at = q->next;
    if (sa->requests_end == &q->next)
        sa->requests_end = at;
    ike_flight_free(&q->flight);
    sd_free(q->kex);
    sd_free(q);
}

static void forget_answer(struct ike_answer *a)
{
    ike_flight_free(&a->flight);
    a->there = false;
}

void ike_exchanges_free(struct ike_sa *sa)
{
    while (sa->requests)
        ike_request_drop(sa, sa->requests);
    for (size_t i = 0; i < IKE_WINDOW; i++)
        forget_answer(&sa->answers[i]);
    ike_fragments_free(sa);
}

static struct ike_header header_of(const struct ike_sa *sa, uint8_t exchange, uint32_t id,
                                   bool response)
{
    return (struct ike_header){
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .version = IKE_VERSION,
        .exchange = exchange,
        .flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
                           (response ? IKE_FLAG_RESPONSE : 0)),
        .id = id,
    };
}

/* False: there is no need for it any more, or no memory. */
static bool make(struct ike_sa *sa, struct ike_request *q)
{
    struct ike_writer w = ike_writer_of(body, sizeof body);
    struct ike_header h = header_of(sa, q->procedure->exchange, q->id, false);
    ike_flight_free(&q->flight);
    bool made = q->procedure->build(sa, q, &w) && ike_seal(sa, &q->flight, &h, &w);
    sd_wipe(body, ike_written(&w));
    return made;
}

static void send_request(struct ike_sa *sa, struct ike_request *q)
{
    const struct sd_path *path = q->path.remote.family ? &q->path : &sa->path;
    if (path->remote.proto != SD_PROTO_TCP || path->conn) /* else it waits for a connection */
        ike_flight_send(sa, &q->flight, path);
    q->sendings++;
    q->due = sa->ipsec->now + q->wait;
    q->wait = q->wait * IKE_RETRANSMIT_NUM / IKE_RETRANSMIT_DEN;
}

static void send_first(struct ike_sa *sa, struct ike_request *q)
{
    q->sent = true;
    q->sendings = 0;
    q->wait = IKE_RETRANSMIT;
    send_request(sa, q);
}

void ike_retransmit(struct ike_sa *sa, struct ike_request *q)
{
    sa->ipsec->stats.retransmits++;
    send_request(sa, q);
    /* RFC 9329 5.1: UDP does not seem to pass. */
    if (q->sendings == IKE_TCP_FROM && sa->state == IKE_EXPECT_INIT_RESPONSE)
        ipsec_stream_ask(sa->ipsec, &sa->path);
}

void ike_ask_again(struct ike_sa *sa)
{
    for (struct ike_request *q = sa->requests; q; q = q->next) {
        if (q->sent)
            send_first(sa, q); /* as it was: an answer may come by either path */
    }
    ike_plan(sa);
}

/* 2.3: how many may be out, and how many are. */
static bool has_room(const struct ike_sa *sa, const struct ike_procedure *next)
{
    uint32_t oldest = sa->next_id;
    bool alone = false;
    for (const struct ike_request *q = sa->requests; q; q = q->next) {
        if (q->sent && q->id < oldest)
            oldest = q->id;
        alone |= q->sent && q->procedure->alone;
    }
    uint32_t out = sa->next_id - oldest;
    return out < sa->peer_window && !alone && !(next->alone && out);
}

void ike_go(struct ike_sa *sa)
{
    for (struct ike_request *q = sa->requests, *next; q && sa->state != IKE_DEAD; q = next) {
        next = q->next;
        if (q->sent)
            continue;
        if (!has_room(sa, q->procedure))
            break;
        q->id = sa->next_id;
        if (!make(sa, q)) {
            ike_request_drop(sa, q);
            continue;
        }
        sa->next_id++;
        send_first(sa, q);
    }
    ike_plan(sa);
}

int ike_response_in(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_request *q = sa->requests;
    while (q && !(q->sent && q->id == m->header.id && q->procedure->exchange == m->header.exchange))
        q = q->next;
    if (!q)
        return SD_DROP_REPLAY;
    if (m->garbled)
        return SD_DROP_MALFORMED;
    if (sa->setup)
        sa->setup->heard = true;
    switch (q->procedure->answered(sa, q, m)) {
    case IKE_FINISHED:
        ike_request_drop(sa, q);
        break;
    case IKE_AGAIN:
        if (sa->state != IKE_EXPECT_INIT_RESPONSE)
            q->sent = false; /* with the next id */
        else if (make(sa, q))
            send_first(sa, q);
        else
            ike_fail(sa, 0, "no memory");
        break;
    case IKE_IGNORED:
        return SD_DROP_UNVALIDATED;
    }
    if (sa->doomed)
        ike_sa_kill(sa);
    else
        ike_go(sa);
    return SD_OK;
}

/* -- the peer's requests -- */

static void answer(struct ike_sa *sa, const struct ike_message *m, const struct ike_writer *w)
{
    struct ike_answer *a = &sa->answers[m->header.id % IKE_WINDOW];
    struct ike_header h = header_of(sa, m->header.exchange, m->header.id, true);
    forget_answer(a);
    a->there = ike_seal(sa, &a->flight, &h, w);
    a->id = m->header.id;
    ike_flight_send(sa, &a->flight, m->path);
}

/* 2.21.2: what a request may be in this state. */
static bool expected(const struct ike_sa *sa, uint8_t exchange)
{
    switch (sa->state) {
    case IKE_EXPECT_AUTH:
    case IKE_EXPECT_EAP:
        return exchange == IKE_AUTH || exchange == IKE_INFORMATIONAL;
    case IKE_ESTABLISHED:
    case IKE_REPLACED:
        return exchange == IKE_CREATE_CHILD_SA || exchange == IKE_INFORMATIONAL;
    default:
        return false;
    }
}

/* 2.21.2, 2.21.3: authentic nonsense ends a handshake, and leaves an SA as it is. */
static void refuse_garbled(struct ike_sa *sa, struct ike_writer *w)
{
    ike_put_notify(w, IKE_N_INVALID_SYNTAX, NULL, 0);
    if (sa->setup)
        ike_fail(sa, IKE_N_INVALID_SYNTAX, "a request of the peer is malformed");
}

static void handle(struct ike_sa *sa, const struct ike_message *m, struct ike_writer *w)
{
    if (m->garbled) {
        refuse_garbled(sa, w);
        return;
    }
    if (m->chain.unknown_critical) { /* 2.5 */
        ike_put_notify(w, IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, &m->chain.unknown_critical, 1);
        return;
    }
    switch (m->header.exchange) {
    case IKE_AUTH:
        ike_auth_in(sa, m, w);
        break;
    case IKE_CREATE_CHILD_SA:
        ike_create_in(sa, m, w);
        break;
    default:
        ike_informational_in(sa, m, w);
        break;
    }
}

int ike_request_in(struct ike_sa *sa, const struct ike_message *m)
{
    struct ike_answer *a = &sa->answers[m->header.id % IKE_WINDOW];
    if (a->there && a->id == m->header.id) { /* 2.1: answered before: the same answer */
        ike_flight_send(sa, &a->flight, m->path);
        return SD_DROP_REPLAY;
    }
    /* 2.3: the window ends with the newest request seen; gaps in it may be filled. */
    if (m->header.id + IKE_WINDOW <= sa->expected_id ||
        m->header.id >= sa->expected_id + IKE_WINDOW)
        return SD_DROP_REPLAY;
    if (a->there && a->id > m->header.id)
        return SD_DROP_REPLAY; /* its place holds a newer answer */
    if (!expected(sa, m->header.exchange))
        return SD_DROP_STATE;
    if (m->header.id >= sa->expected_id)
        sa->expected_id = m->header.id + 1;
    struct ike_writer w = ike_writer_of(body, sizeof body);
    handle(sa, m, &w);
    answer(sa, m, &w);
    sd_wipe(body, ike_written(&w));
    if (sa->doomed)
        ike_sa_kill(sa);
    else
        ike_go(sa);
    return SD_OK;
}

void ike_answer_first(struct ike_sa *sa, const struct ike_message *m, const struct ike_writer *w)
{
    answer(sa, m, w);
    sa->expected_id = m->header.id + 1;
    ike_plan(sa);
}

void ike_reply_stateless(struct ipsec *ipsec, const struct ike_message *m,
                         const struct ike_writer *w, uint64_t spi_r)
{
    size_t len = ike_written(w);
    uint8_t *out = encap_ike(&ipsec->out, m->path, IKE_HEADER + len);
    if (!out)
        return;
    ike_header_write(out, &(struct ike_header){.spi_i = m->header.spi_i,
                                               .spi_r = spi_r,
                                               .next_payload = w->first,
                                               .version = IKE_VERSION,
                                               .exchange = m->header.exchange,
                                               .flags = IKE_FLAG_RESPONSE,
                                               .id = m->header.id,
                                               .length = (uint32_t)(IKE_HEADER + len)});
    memcpy(out + IKE_HEADER, w->w.start, len);
    ipsec->stats.bytes_to_unvalidated += IKE_HEADER + len;
}
