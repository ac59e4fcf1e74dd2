/* receive.c - an IKE message comes in: whose is it, and is it authentic? */
#include "protocols/ipsec/ike.h"
#include "protocols/ipsec/resume.h"

/* 2.5: a later version than ours: say which we speak. */
static int refuse_version(struct ipsec *ipsec, const struct ike_message *m)
{
    uint8_t data[8];
    struct ike_writer w = ike_writer_of(data, sizeof data);
    if ((m->header.version & 0xf0) < IKE_VERSION || m->header.flags & IKE_FLAG_RESPONSE)
        return SD_DROP_UNKNOWN;
    ike_put_notify(&w, IKE_N_INVALID_MAJOR_VERSION, NULL, 0);
    ike_reply_stateless(ipsec, m, &w, m->header.spi_r);
    return SD_DROP_UNKNOWN;
}

/* The first message of an IKE SA to be. */
static bool begins(const struct ike_header *h)
{
    return (h->exchange == IKE_SA_INIT || h->exchange == IKE_SESSION_RESUME) &&
           (h->flags & (IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE)) == IKE_FLAG_INITIATOR &&
           h->spi_r == 0 && h->id == 0;
}

static int begin(struct ipsec *ipsec, struct ike_message *m)
{
    ipsec->stats.bytes_from_unvalidated += m->raw_len;
    if (ipsec_is_client(ipsec))
        return SD_DROP_POLICY;
    if (!ike_chain_read(&m->chain, m->header.next_payload, m->raw + IKE_HEADER,
                        m->raw_len - IKE_HEADER))
        return SD_DROP_MALFORMED;
    return m->header.exchange == IKE_SA_INIT ? ike_init_in(ipsec, m) : ike_resume_in(ipsec, m);
}

/* The SA whose SPIs the header names.  In the answer to a first message the responder's is new. */
static struct ike_sa *find(const struct ipsec *ipsec, const struct ike_header *h)
{
    bool from_initiator = h->flags & IKE_FLAG_INITIATOR;
    struct ike_sa *sa = ike_sa_find(ipsec, from_initiator ? h->spi_r : h->spi_i);
    if (!sa || sa->initiator == from_initiator)
        return NULL;
    if (sa->state == IKE_EXPECT_INIT_RESPONSE)
        return sa->spi_i == h->spi_i ? sa : NULL;
    return sa->spi_i == h->spi_i && sa->spi_r == h->spi_r ? sa : NULL;
}

/* Responder: whoever has our SPI and the keys has got what we sent to its address. */
static void validated(struct ike_sa *sa)
{
    if (sa->initiator || !sa->setup || sa->setup->validated)
        return;
    sa->setup->validated = true;
    ike_event(sa, SD_EV_VALIDATED, "an answer with the responder's SPI");
}

static int receive_sealed(struct ike_sa *sa, struct ike_message *m, uint8_t *raw)
{
    bool whole;
    if (sa->setup && !ike_setup_keys(sa))
        return SD_DROP_STATE;
    int result = ike_open(sa, m, raw, &whole);
    if (result != SD_OK)
        return result;
    validated(sa);
    ike_heard(sa);
    ike_came_by(sa, m->path);
    if (!whole)
        return SD_OK;
    return m->header.flags & IKE_FLAG_RESPONSE ? ike_response_in(sa, m) : ike_request_in(sa, m);
}

static int receive(struct ipsec *ipsec, struct ike_message *m, uint8_t *raw)
{
    const struct ike_header *h = &m->header;
    if (!ike_header_read(&m->header, m->raw, m->raw_len))
        return SD_DROP_MALFORMED;
    if ((h->version & 0xf0) != IKE_VERSION)
        return refuse_version(ipsec, m);
    if (begins(h))
        return begin(ipsec, m);
    struct ike_sa *sa = find(ipsec, h);
    if (!sa)
        return SD_DROP_UNKNOWN;
    if (!ike_chain_read(&m->chain, h->next_payload, raw + IKE_HEADER, m->raw_len - IKE_HEADER))
        return SD_DROP_MALFORMED;
    if (sa->state != IKE_EXPECT_INIT_RESPONSE)
        return receive_sealed(sa, m, raw);
    return h->flags & IKE_FLAG_RESPONSE ? ike_response_in(sa, m) : SD_DROP_STATE;
}

int ike_receive(struct ipsec *ipsec, const struct sd_path *path, uint8_t *message, size_t len)
{
    struct ike_message m = {.path = path, .raw = message, .raw_len = len};
    return receive(ipsec, &m, message);
}
