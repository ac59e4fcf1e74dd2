/* accept.c - a server's answers before there is a connection: version negotiation, Retry, stateless
 * reset; and who becomes one. */
#include "protocols/quic/quic.h"

#include <string.h>

#define RETRY_GOOD (10 * SD_SECOND)    /* RFC 9000 8.1.3: short, it is used at once */
#define TOKEN_GOOD (86400 * SD_SECOND) /* NEW_TOKEN's: a later day's connection */

/* -- tokens: sealed by ngtcp2 under the static key, bound to address and time -- */

void quic_reset_token(const struct quic *q, const ngtcp2_cid *id, uint8_t token[QUIC_RESET_TOKEN])
{
    if (ngtcp2_crypto_generate_stateless_reset_token(token, q->static_key, sizeof q->static_key,
                                                     id) != 0)
        memset(token, 0, QUIC_RESET_TOKEN);
}

size_t quic_address_token(const struct quic *q, const struct sd_addr *remote, uint8_t *token)
{
    struct quic_path path;
    quic_path_of(&path, &(struct sd_path){.remote = *remote});
    ngtcp2_ssize len = ngtcp2_crypto_generate_regular_token(
        token, q->static_key, sizeof q->static_key, path.path.remote.addr, path.path.remote.addrlen,
        quic_time(q));
    return len > 0 ? (size_t)len : 0;
}

/* -- answers that leave nothing behind -- */

static void answer(struct quic *q, const struct sd_unit *u, const uint8_t *data, ngtcp2_ssize len)
{
    struct sd_path path = u->path;
    uint8_t *unit =
        len > 0 ? sd_outbox_unit_with(&q->outbox, &path, (size_t)len, SD_UNIT_DONT_FRAGMENT) : NULL;
    if (!unit)
        return;
    memcpy(unit, data, (size_t)len);
    q->stats.bytes_to_unvalidated += (uint64_t)len;
}

/* RFC 9000 6.1: to whoever comes with a version that we do not speak. */
static int negotiate(struct quic *q, const struct sd_unit *u, const ngtcp2_version_cid *from)
{
    static const uint32_t spoken[] = {QUIC_VERSION_1};
    uint8_t packet[128], random;
    if (u->len < QUIC_DATAGRAM_MIN || from->dcidlen > QUIC_CID_MAX || from->scidlen > QUIC_CID_MAX)
        return quic_drop(q, SD_DROP_MALFORMED);
    sd_random(q->env, &random, sizeof random);
    answer(q, u, packet,
           ngtcp2_pkt_write_version_negotiation(packet, sizeof packet, random, from->scid,
                                                from->scidlen, from->dcid, from->dcidlen, spoken,
                                                sizeof spoken / sizeof *spoken));
    return quic_drop(q, SD_DROP_POLICY);
}

/* RFC 9000 10.3: to a short packet of a connection that we know nothing of. */
static int reset(struct quic *q, const struct sd_unit *u)
{
    uint8_t packet[QUIC_RESET_MAX], token[QUIC_RESET_TOKEN], random[QUIC_RESET_MAX];
    ngtcp2_cid id;
    if (u->len <= QUIC_RESET_MIN)
        return quic_drop(q, SD_DROP_UNKNOWN);
    size_t len = u->len - 1 < sizeof packet ? u->len - 1 : sizeof packet;
    ngtcp2_cid_init(&id, u->data + 1, QUIC_CID_LEN);
    quic_reset_token(q, &id, token);
    sd_random(q->env, random, sizeof random);
    answer(q, u, packet,
           ngtcp2_pkt_write_stateless_reset(packet, len, token, random, len - sizeof token));
    return quic_drop(q, SD_DROP_UNKNOWN);
}

/* RFC 9000 8.1.2 */
static int retry(struct quic *q, const struct sd_unit *u, const ngtcp2_pkt_hd *hd)
{
    uint8_t packet[QUIC_DATAGRAM_MIN], token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN];
    uint8_t bytes[QUIC_CID_LEN];
    struct quic_path path;
    ngtcp2_cid scid;
    sd_random(q->env, bytes, sizeof bytes);
    ngtcp2_cid_init(&scid, bytes, sizeof bytes);
    quic_path_of(&path, &u->path);
    ngtcp2_ssize len = ngtcp2_crypto_generate_retry_token(
        token, q->static_key, sizeof q->static_key, hd->version, path.path.remote.addr,
        path.path.remote.addrlen, &scid, &hd->dcid, quic_time(q));
    if (len > 0)
        answer(q, u, packet,
               ngtcp2_crypto_write_retry(packet, sizeof packet, hd->version, &hd->scid, &scid,
                                         &hd->dcid, token, (size_t)len));
    return quic_drop(q, SD_DROP_UNVALIDATED);
}

/* INVALID_TOKEN (RFC 9000 8.1.2): whoever shows a Retry token that is none will not do better. */
static int refuse(struct quic *q, const struct sd_unit *u, const ngtcp2_pkt_hd *hd, uint64_t code)
{
    uint8_t packet[QUIC_DATAGRAM_MIN];
    answer(q, u, packet,
           ngtcp2_crypto_write_connection_close(packet, sizeof packet, hd->version, &hd->scid,
                                                &hd->dcid, code, NULL, 0));
    return quic_drop(q, code == NGTCP2_INVALID_TOKEN ? SD_DROP_AUTH : SD_DROP_FULL);
}

/* -- who becomes a connection -- */

enum token { TOKEN_NONE, TOKEN_OF_RETRY, TOKEN_OF_BEFORE, TOKEN_BAD };

static enum token check_token(const struct quic *q, const struct sd_unit *u,
                              const ngtcp2_pkt_hd *hd, ngtcp2_cid *odcid)
{
    struct quic_path path;
    quic_path_of(&path, &u->path);
    const ngtcp2_addr *a = &path.path.remote;
    if (hd->token.len == 0)
        return TOKEN_NONE;
    if (hd->token.base[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY)
        return ngtcp2_crypto_verify_regular_token(hd->token.base, hd->token.len, q->static_key,
                                                  sizeof q->static_key, a->addr, a->addrlen,
                                                  TOKEN_GOOD, quic_time(q)) == 0
                   ? TOKEN_OF_BEFORE
                   : TOKEN_NONE; /* 8.1.3: as if it had not come */
    return ngtcp2_crypto_verify_retry_token(odcid, hd->token.base, hd->token.len, q->static_key,
                                            sizeof q->static_key, hd->version, a->addr, a->addrlen,
                                            &hd->dcid, RETRY_GOOD, quic_time(q)) == 0
               ? TOKEN_OF_RETRY
               : TOKEN_BAD;
}

/* By default once half of the places are taken: until then a handshake has one round trip less. */
static bool wants_token(const struct quic *q)
{
    switch (q->config.validation) {
    case SD_VALIDATE_ALWAYS:
        return true;
    case SD_VALIDATE_NEVER:
        return false;
    default:
        return q->mode->retry || q->stats.half_open >= q->half_open_max / 2;
    }
}

static int begin(struct quic *q, const struct sd_unit *u, const ngtcp2_pkt_hd *hd,
                 const ngtcp2_cid *odcid, bool token_good)
{
    struct quic_connection *c = quic_connection_new(q, false, &u->path);
    if (!c)
        return quic_drop(q, SD_DROP_FULL);
    if (quic_open_server(c, hd, odcid, token_good) != SD_OK) {
        quic_connection_free(c);
        return quic_drop(q, SD_DROP_MALFORMED);
    }
    if (token_good)
        quic_tell_validated(c, odcid ? "Retry token" : "address token");
    return quic_receive_for(c, u);
}

static int accept_initial(struct quic *q, const struct sd_unit *u, const ngtcp2_pkt_hd *hd)
{
    ngtcp2_cid odcid;
    enum token token = check_token(q, u, hd, &odcid);
    bool good = token == TOKEN_OF_RETRY || token == TOKEN_OF_BEFORE;
    if (token == TOKEN_BAD)
        return refuse(q, u, hd, NGTCP2_INVALID_TOKEN);
    if (!good && wants_token(q))
        return retry(q, u, hd);
    if (q->stats.half_open >= q->half_open_max)
        return refuse(q, u, hd, NGTCP2_CONNECTION_REFUSED);
    return begin(q, u, hd, token == TOKEN_OF_RETRY ? &odcid : NULL, good);
}

int quic_accept(struct quic *q, const struct sd_unit *u)
{
    ngtcp2_version_cid from;
    ngtcp2_pkt_hd hd;
    int r = ngtcp2_pkt_decode_version_cid(&from, u->data, u->len, QUIC_CID_LEN);
    q->stats.bytes_from_unvalidated += u->len;
    if (r == NGTCP2_ERR_VERSION_NEGOTIATION)
        return negotiate(q, u, &from);
    if (r != 0)
        return quic_drop(q, SD_DROP_MALFORMED);
    if (!(u->data[0] & QUIC_LONG))
        return reset(q, u);
    r = ngtcp2_accept(&hd, u->data, u->len);
    if (r == 0)
        return accept_initial(q, u, &hd);
    /* 0-RTT before its Initial, a Handshake packet of a connection that is over. */
    return quic_drop(q, r == NGTCP2_ERR_RETRY || r == NGTCP2_ERR_INVALID_ARGUMENT
                            ? SD_DROP_UNKNOWN
                            : SD_DROP_MALFORMED);
}
