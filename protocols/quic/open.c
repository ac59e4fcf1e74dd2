/* open.c - both sides' first steps: ngtcp2's and GnuTLS's objects of a connection. */
#include "protocols/quic/quic.h"

#include <string.h>

#define STREAMS   128u       /* that a peer may have open */
#define UNI       8u         /* in one direction only: HTTP/3 has three */
#define WINDOW    (4u << 20) /* of a stream, as the lab's TCP offers */
#define WINDOWS   (8u << 20) /* of all streams together */
#define IDS_KEPT  7u         /* RFC 9000 5.1.1: the peer's connection ids */
#define FIRST_CID 18u        /* RFC 9000 7.2: at least 8, unpredictable */
#define MESSAGE   65535u     /* RFC 9221 3 */

static void draw_id(struct quic *q, ngtcp2_cid *id, size_t len)
{
    uint8_t bytes[QUIC_CID_MAX];
    sd_random(q->env, bytes, len);
    ngtcp2_cid_init(id, bytes, len);
}

/* ngtcp2 writes qlog 0.3 as JSON text sequences. */
static void on_qlog(void *connection, uint32_t flags, const void *data, size_t len)
{
    const struct quic_connection *c = connection;
    struct sd_env *env = c->quic->env;
    (void)flags;
    env->log(env->ctx, "sqlog", c->sid, data, len);
}

static void settings_of(struct quic_connection *c, const ngtcp2_cid *odcid, ngtcp2_settings *s)
{
    struct quic *q = c->quic;
    ngtcp2_settings_default(s);
    if (q->env->log) {
        s->qlog.odcid = *odcid;
        s->qlog.write = on_qlog;
    }
    s->initial_ts = quic_time(q);
    s->rand_ctx.native_handle = q->env;
    s->max_tx_udp_payload_size = q->path_mtu - QUIC_UDP_IPV4;
    s->handshake_timeout = UINT64_MAX; /* silence ends it */
}

static void parameters_of(struct quic_connection *c, ngtcp2_transport_params *p)
{
    ngtcp2_transport_params_default(p);
    p->initial_max_streams_bidi = STREAMS;
    p->initial_max_streams_uni = UNI;
    p->initial_max_stream_data_bidi_local = WINDOW;
    p->initial_max_stream_data_bidi_remote = WINDOW;
    p->initial_max_stream_data_uni = WINDOW;
    p->initial_max_data = WINDOWS;
    p->max_idle_timeout = c->quic->idle;
    p->active_connection_id_limit = IDS_KEPT;
    p->max_datagram_frame_size = MESSAGE;
}

static int result_of(int ng)
{
    return ng == 0 ? SD_OK : ng == NGTCP2_ERR_NOMEM ? SD_E_NOMEM : SD_E_ARG;
}

/* A ticket and an address token, where the mode uses them. */
static void bring_what_is_known(struct quic_connection *c, ngtcp2_transport_params *known,
                                bool *resumes, bool *early)
{
    *early = false;
    *resumes = quic_tickets_offer(c, known, early);
    c->early_offered = *resumes && *early && c->quic->mode->early;
}

int quic_open_client(struct quic_connection *c, uint32_t version)
{
    static uint32_t spoken[] = {QUIC_VERSION_1};
    struct quic *q = c->quic;
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters, known;
    struct quic_path path;
    ngtcp2_cid dcid, scid;
    uint8_t token[QUIC_TOKEN_MAX];
    bool resumes, early;

    if (!quic_tls_new(c))
        return SD_E_NOMEM;
    draw_id(q, &dcid, FIRST_CID);
    draw_id(q, &scid, QUIC_CID_LEN);
    settings_of(c, &dcid, &settings);
    parameters_of(c, &parameters);
    settings.original_version = c->retried_version;
    settings.preferred_versions = spoken;
    settings.preferred_versionslen = 1;
    settings.token.base = token;
    settings.token.len = quic_tickets_take_token(c, token);
    quic_path_of(&path, &c->path);
    int r = ngtcp2_conn_client_new(&c->ng, &dcid, &scid, &path.path, version,
                                   &quic_client_callbacks, &settings, &parameters, &c->mem, c);
    if (r != 0)
        return result_of(r);
    ngtcp2_conn_set_tls_native_handle(c->ng, c->tls);
    bring_what_is_known(c, &known, &resumes, &early);
    if (c->early_offered)
        ngtcp2_conn_set_early_remote_transport_params(c->ng, &known);
    return quic_connection_listen(c, &scid) ? SD_OK : SD_E_NOMEM;
}

int quic_open_server(struct quic_connection *c, const ngtcp2_pkt_hd *hd, const ngtcp2_cid *odcid,
                     bool token_good)
{
    struct quic *q = c->quic;
    ngtcp2_settings settings;
    ngtcp2_transport_params parameters;
    struct quic_path path;
    ngtcp2_cid scid;

    if (!quic_tls_new(c))
        return SD_E_NOMEM;
    settings_of(c, odcid ? odcid : &hd->dcid, &settings);
    parameters_of(c, &parameters);
    draw_id(q, &scid, QUIC_CID_LEN);
    parameters.original_dcid = odcid ? *odcid : hd->dcid;
    if (odcid) {
        parameters.retry_scid = hd->dcid;
        parameters.retry_scid_present = 1;
    }
    if (token_good)
        settings.token = hd->token;
    parameters.stateless_reset_token_present = 1;
    quic_reset_token(q, &scid, parameters.stateless_reset_token);
    quic_path_of(&path, &c->path);
    int r = ngtcp2_conn_server_new(&c->ng, &hd->scid, &scid, &path.path, hd->version,
                                   &quic_server_callbacks, &settings, &parameters, &c->mem, c);
    if (r != 0)
        return result_of(r);
    ngtcp2_conn_set_tls_native_handle(c->ng, c->tls);
    /* Until the client has learnt our id it sends to the one that it drew. */
    return quic_connection_listen(c, &scid) && quic_connection_listen(c, &hd->dcid) ? SD_OK
                                                                                    : SD_E_NOMEM;
}
