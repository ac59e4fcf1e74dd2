#include "protocols/ipsec/eap.h"
#include <stdio.h>
#include <string.h>

#define EAP_HEADER 4u

/* -- the secret -- */

static size_t secret_of(const struct ipsec *ipsec, const char *identity,
                        uint8_t secret[EAP_SECRET_MAX])
{
    const struct sd_config *c = ipsec->config;
    if (c->delegate)
        return c->delegate->secret(c->delegate->ctx, identity, secret, EAP_SECRET_MAX);
    bool known = !c->psk_identity || strcmp(c->psk_identity, identity) == 0;
    if (!c->psk || !known || c->psk_len > EAP_SECRET_MAX)
        return 0;
    memcpy(secret, c->psk, c->psk_len);
    return c->psk_len;
}

static struct ike_eap *eap_new(struct ike_sa *sa, const char *identity)
{
    struct ipsec *ipsec = sa->ipsec;
    struct ike_eap *eap = sd_alloc(ipsec->env, sizeof *eap);
    if (!eap)
        return NULL;
    eap->method = ipsec->set.eap_md5 ? &eap_md5 : &eap_mschapv2;
    snprintf(eap->identity, sizeof eap->identity, "%s", identity);
    eap->secret_len = secret_of(ipsec, identity, eap->secret);
    sa->setup->eap = eap;
    return eap;
}

/* -- packets: RFC 3748 4 -- */

struct packet {
    uint8_t code, identifier, type;
    struct sd_reader data;
};

static bool read_packet(struct packet *p, const struct ike_payload *payload)
{
    struct sd_reader r = sd_reader_of(payload->body, payload->len);
    *p = (struct packet){.code = sd_get8(&r)};
    p->identifier = sd_get8(&r);
    size_t len = sd_get16(&r);
    if (r.bad || len != payload->len)
        return false;
    if (p->code == EAP_REQUEST || p->code == EAP_RESPONSE)
        p->type = sd_get8(&r);
    p->data = r;
    return !r.bad;
}

/* Writes the header before what a method wrote behind it; the packet's length. */
static size_t frame(uint8_t *packet, uint8_t code, uint8_t identifier, uint8_t type, size_t data)
{
    size_t len = EAP_HEADER + (type ? 1 + data : 0);
    struct sd_writer w = sd_writer_of(packet, EAP_HEADER + 1);
    sd_put8(&w, code);
    sd_put8(&w, identifier);
    sd_put16(&w, (uint16_t)len);
    if (type)
        sd_put8(&w, type);
    return len;
}

static struct sd_writer data_of(uint8_t *packet, size_t cap)
{
    return sd_writer_of(packet + EAP_HEADER + 1, cap - EAP_HEADER - 1);
}

/* -- responder -- */

static bool serve(struct ike_sa *sa, struct sd_reader *in, struct ike_writer *w)
{
    struct ike_eap *eap = sa->setup->eap;
    uint8_t packet[256], code = EAP_REQUEST, type = eap->method->type;
    struct sd_writer out = data_of(packet, sizeof packet);
    switch (eap->method->serve(eap, sa->ipsec->env, in, &out)) {
    case EAP_MORE:
        eap->identifier++;
        break;
    case EAP_GOOD:
        eap->state = EAP_SUCCEEDED;
        code = EAP_SUCCESS;
        type = 0;
        break;
    case EAP_BAD:
        code = EAP_FAILURE;
        type = 0;
        break;
    }
    if (out.bad)
        return false;
    size_t len = frame(packet, code, eap->identifier, type, sd_written(&out));
    ike_put_payload(w, IKE_PAYLOAD_EAP, packet, len);
    return code != EAP_FAILURE;
}

bool ike_eap_start(struct ike_sa *sa, struct ike_writer *w)
{
    struct ike_eap *eap = eap_new(sa, sa->name);
    return eap && eap->secret_len && serve(sa, NULL, w);
}

bool ike_eap_take_response(struct ike_sa *sa, const struct ike_payload *payload,
                           struct ike_writer *w)
{
    const struct ike_eap *eap = sa->setup->eap;
    struct packet p;
    return read_packet(&p, payload) && p.code == EAP_RESPONSE && p.identifier == eap->identifier &&
           p.type == eap->method->type && serve(sa, &p.data, w);
}

/* -- initiator -- */

/* A request of a method that we do not want: RFC 3748 5.3.1 names the one that we do. */
static void answer_request(struct ike_sa *sa, struct packet *p, struct sd_writer *out,
                           uint8_t *type, bool *good)
{
    struct ike_eap *eap = sa->setup->eap;
    *type = p->type;
    *good = true;
    if (p->type == EAP_IDENTITY) {
        sd_put(out, eap->identity, strlen(eap->identity));
    } else if (p->type == EAP_NOTIFICATION) {
        return;
    } else if (p->type == eap->method->type) {
        *good = eap->method->respond(eap, sa->ipsec->env, &p->data, out);
    } else {
        *type = EAP_NAK;
        sd_put8(out, eap->method->type);
    }
}

bool ike_eap_take_request(struct ike_sa *sa, const struct ike_payload *payload)
{
    struct packet p;
    struct ike_eap *eap = sa->setup->eap;
    if (!eap && !(eap = eap_new(sa, sa->ipsec->set.id)))
        return false;
    if (!read_packet(&p, payload))
        return false;
    if (p.code == EAP_SUCCESS && eap->done) {
        eap->state = EAP_SUCCEEDED;
        return true;
    }
    if (p.code != EAP_REQUEST)
        return false;
    uint8_t type;
    bool good;
    eap->identifier = p.identifier;
    struct sd_writer out = data_of(eap->packet, sizeof eap->packet);
    answer_request(sa, &p, &out, &type, &good);
    eap->packet_len = frame(eap->packet, EAP_RESPONSE, p.identifier, type, sd_written(&out));
    return good && !out.bad;
}

bool ike_eap_put(struct ike_sa *sa, struct ike_writer *w)
{
    const struct ike_eap *eap = sa->setup->eap;
    ike_put_payload(w, IKE_PAYLOAD_EAP, eap->packet, eap->packet_len);
    return true;
}
