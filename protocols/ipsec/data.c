#include "protocols/ipsec/data.h"
#include "protocols/ipsec/create.h"
#include "protocols/ipsec/encap.h"
#include "protocols/ipsec/setup.h"
#include "protocols/ipsec/stream.h"

static struct ike_sa *find_peer(const struct ipsec *ipsec, const struct sd_addr *remote)
{
    struct ike_sa *found = NULL;
    for (struct ike_sa *sa = ipsec->newest; sa; sa = sa->older)
        if (sd_addr_ipv4(&sa->path.remote) == sd_addr_ipv4(remote) && sa->state != IKE_REPLACED &&
            !sa->closing && (!found || sa->state == IKE_ESTABLISHED))
            found = sa;
    return found;
}

struct ike_sa *ipsec_reach(struct ipsec *ipsec, const struct sd_path *path)
{
    struct ike_sa *sa = find_peer(ipsec, &path->remote);
    struct sd_path way = *path;
    if (sa)
        return sa;
    way.remote.proto = SD_PROTO_UDP;
    if (ipsec->set.tcp) { /* RFC 9329: nothing can be sent before there is a connection */
        way.remote.proto = way.local.proto = SD_PROTO_TCP;
        way.remote.port = ENCAP_PORT;
        way.conn = 0;
        ipsec_stream_ask(ipsec, &way);
    }
    return ike_initiate(ipsec, &way);
}

/* RFC 4301 4.4.1: a packet that wants a child that is not there. */
static void acquire(struct ipsec *ipsec, const uint8_t *inner, size_t len)
{
    struct esp_flow flow;
    const struct sd_config *c = ipsec->config;
    if (!ipsec_is_client(ipsec) || !esp_flow_of(&flow, inner, len))
        return;
    for (size_t i = 0; i < c->peer_count; i++) {
        const struct sd_peer *p = &c->peers[i];
        struct esp_selectors ts = {.count = 1};
        ts.at[0] = esp_selector_of(p->inner_net, p->inner_prefix);
        if (!p->endpoint.family || !esp_selectors_match(&ts, flow.destination, 0, 0, false))
            continue;
        struct sd_path path = {.local = ipsec->local, .remote = p->endpoint};
        struct ike_sa *sa = ipsec_reach(ipsec, &path);
        if (sa && sa->state == IKE_ESTABLISHED && !sa->children &&
            !ike_asking(sa, &ike_new_child)) {
            ike_ask(sa, &ike_new_child);
            ike_go(sa);
        }
        return;
    }
}

/* What was sent wants an answer sooner or later. */
static void expect_answer(struct ike_sa *sa)
{
    sd_time now = sa->ipsec->now;
    if (sa->keepalive_at != SD_NEVER)
        sa->keepalive_at = now + IKE_KEEPALIVE;
    if (sa->liveness_at != SD_NEVER)
        return;
    sd_time silence = sa->ipsec->set.liveness_s * SD_SECOND;
    if (!sa->esp_heard && silence > IPSEC_FIRST_SILENCE)
        silence = IPSEC_FIRST_SILENCE;
    sa->liveness_at = now + silence;
    if (!sa->due.place || sa->due.at > sa->liveness_at)
        ike_plan(sa);
}

void ipsec_send(struct ipsec *ipsec, const uint8_t *inner, size_t len)
{
    struct esp_child *used = NULL;
    int result = esp_out(&ipsec->sad, ipsec->now, inner, len, &used);
    if (result == SD_OK && used)
        expect_answer(((struct ike_child *)used->set.owner)->sa);
    else if (result == SD_DROP_POLICY)
        acquire(ipsec, inner, len);
}

int ipsec_esp_in(struct ipsec *ipsec, const struct sd_path *path, uint8_t *packet, size_t len)
{
    struct esp_received r = {0};
    int result = esp_in(&ipsec->sad, ipsec->now, packet, len, &r);
    if (!r.child)
        return result;
    struct ike_sa *sa = ((struct ike_child *)r.child->set.owner)->sa;
    sa->esp_heard = true;
    ike_heard(sa);
    if (r.newest)
        ike_esp_came_by(sa, path);
    return result;
}
