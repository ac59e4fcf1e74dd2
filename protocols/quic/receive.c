/* receive.c - whose datagram it is, and what ngtcp2 makes of it. */
#include "protocols/quic/quic.h"

#include <string.h>

/* RFC 9000 8.1: a Handshake packet that opens is from the address that got the server's Initial. */
static bool has_handshake_packet(const struct sd_unit *u)
{
    const uint8_t *at = u->data;
    size_t left = u->len;
    bool bad = false;
    struct quic_packet p;
    while (quic_packet_next(&at, &left, &p, &bad))
        if (p.is_long && p.version == QUIC_VERSION_1 && p.type == QUIC_HANDSHAKE)
            return true;
    return false;
}

static void look_for_validation(struct quic_connection *c, const struct sd_unit *u)
{
    if (!c->client && !c->validated && has_handshake_packet(u))
        quic_tell_validated(c, "Handshake packet");
}

/* ngtcp2 passes over what does not open, as it should; the host wants to know. */
static int result_of(struct quic_connection *c)
{
    struct quic *q = c->quic;
    if (c->opened > 0)
        return SD_OK;
    return quic_drop(q, c->unopened > 0 ? SD_DROP_AUTH : SD_DROP_STATE);
}

/* Packets arrive where the client sends from, whatever its NAT makes of that. */
static void path_of(struct quic_path *path, const struct quic_connection *c,
                    const struct sd_unit *u)
{
    struct sd_path seen = u->path;
    if (c->client)
        seen.local = c->path.local;
    quic_path_of(path, &seen);
}

/* RFC 9000 6.2: begins again, with what both speak. */
static int change_version(struct quic_connection *c)
{
    if (c->retried_version || c->quic->version == QUIC_VERSION_1)
        return quic_close_failed(c, NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE);
    c->retried_version = c->quic->version;
    quic_tell(c, SD_EV_NOTE, "version negotiation");
    if (c->early_offered)
        quic_early_refused(c, "version negotiation");
    quic_connection_strip(c);
    if (quic_open_client(c, QUIC_VERSION_1) != SD_OK)
        return quic_close_failed(c, NGTCP2_ERR_NOMEM);
    quic_send(c);
    return SD_OK;
}

int quic_receive_for(struct quic_connection *c, const struct sd_unit *u)
{
    struct quic *q = c->quic;
    struct quic_path path;
    const ngtcp2_pkt_info info = {.ecn = u->ecn};
    if (!c->ng) {
        quic_close_heard(c, &u->path);
        return quic_drop(q, SD_DROP_STATE);
    }
    path_of(&path, c, u);
    quic_protect_reading(c);
    int r = ngtcp2_conn_read_pkt(c->ng, &path.path, &info, u->data, u->len, quic_time(q));
    quic_protect_reading(NULL);
    if (c->opened > 0)
        look_for_validation(c, u);
    if (r == NGTCP2_ERR_RECV_VERSION_NEGOTIATION)
        return change_version(c);
    if (r != 0)
        return quic_close_failed(c, r);
    int result = result_of(c);
    quic_send(c);
    return result;
}

/* Nobody's id: perhaps a stateless reset, which only the connection can tell (RFC 9000 10.3.1). */
static int receive_unknown(struct quic *q, const struct sd_unit *u)
{
    uint32_t cursor = 0;
    struct quic_connection *c;
    bool may_be_reset = u->len >= QUIC_RESET_MIN && !(u->data[0] & QUIC_LONG);
    while (may_be_reset && (c = quic_connection_by_peer(q, &u->path.remote, &cursor)))
        if (c->ng)
            return quic_receive_for(c, u);
    return quic_drop(q, SD_DROP_UNKNOWN);
}

int quic_receive(struct quic *q, const struct sd_unit *u)
{
    ngtcp2_version_cid id;
    if (u->path.remote.family == 0 || u->len == 0)
        return quic_drop(q, SD_DROP_MALFORMED);
    int r = ngtcp2_pkt_decode_version_cid(&id, u->data, u->len, QUIC_CID_LEN);
    if (r != 0 && r != NGTCP2_ERR_VERSION_NEGOTIATION)
        return quic_drop(q, SD_DROP_MALFORMED);
    struct quic_connection *c = quic_connection_by_cid(q, id.dcid, id.dcidlen);
    if (c && !c->client && !c->validated)
        q->stats.bytes_from_unvalidated += u->len;
    if (c)
        return quic_receive_for(c, u);
    return q->config.role & SD_ROLE_SERVER ? quic_accept(q, u) : receive_unknown(q, u);
}
