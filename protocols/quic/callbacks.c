/* callbacks.c - what ngtcp2 asks and tells of one connection. */
#include "protocols/quic/agent.h"
#include "protocols/quic/quic.h"

#include <string.h>

/* -- asked -- */

static void on_random(uint8_t *to, size_t len, const ngtcp2_rand_ctx *ctx)
{
    sd_random(ctx->native_handle, to, len);
}

static int on_new_id(ngtcp2_conn *ng, ngtcp2_cid *id, uint8_t *token, size_t len, void *connection)
{
    (void)ng;
    struct quic_connection *c = connection;
    uint8_t bytes[QUIC_CID_MAX];
    sd_random(c->quic->env, bytes, len);
    ngtcp2_cid_init(id, bytes, len);
    quic_reset_token(c->quic, id, token);
    return quic_connection_listen(c, id) ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
}

static int on_id_retired(ngtcp2_conn *ng, const ngtcp2_cid *id, void *connection)
{
    (void)ng;
    quic_connection_forget(connection, id);
    return 0;
}

/* -- the handshake -- */

void quic_tell_ready(struct quic_connection *c)
{
    if (c->ready)
        return;
    c->ready = true;
    quic_tls_tell_ready(c);
    quic_streams_ready(c);
}

void quic_tell_validated(struct quic_connection *c, const char *how)
{
    if (c->validated)
        return;
    c->validated = true;
    quic_tell(c, SD_EV_VALIDATED, how);
}

static int on_handshake_client(ngtcp2_conn *ng, void *connection)
{
    struct quic_connection *c = connection;
    int r = 0;
    quic_connection_state(c, QUIC_OPEN);
    c->quic->stats.handshakes++;
    if (gnutls_session_is_resumed(c->tls))
        quic_tell(c, SD_EV_RESUMED, NULL);
    else
        quic_tls_tell_peer(c);
    if (c->early_offered && (gnutls_session_get_flags(c->tls) & GNUTLS_SFLAGS_EARLY_DATA))
        quic_tell(c, SD_EV_EARLY_OK, NULL);
    else if (c->early_offered)
        r = ngtcp2_conn_early_data_rejected(ng);
    quic_tell_ready(c);
    return r;
}

void quic_early_refused(struct quic_connection *c, const char *why)
{
    quic_streams_free(c);
    c->streams_begun = 0;
    c->early_offered = false;
    quic_tell(c, SD_EV_EARLY_REFUSED, why);
}

static int on_early_refused(ngtcp2_conn *ng, void *connection)
{
    (void)ng;
    quic_early_refused(connection, "the server took no early data");
    return 0;
}

static int on_handshake_server(ngtcp2_conn *ng, void *connection)
{
    struct quic_connection *c = connection;
    struct quic *q = c->quic;
    uint8_t token[NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN];
    quic_connection_state(c, QUIC_OPEN);
    q->stats.handshakes++;
    quic_tell_validated(c, "Handshake packet");
    bool resumed = gnutls_session_is_resumed(c->tls);
    if (resumed && !c->early_taken)
        quic_tell(c, SD_EV_RESUMED, NULL);
    if (!resumed)
        quic_tls_tell_peer(c);
    quic_tell_ready(c);
    if (!q->mode->psk && gnutls_session_ticket_send(c->tls, 1, 0) != GNUTLS_E_SUCCESS)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    size_t len = quic_address_token(q, &c->path.remote, token);
    return len == 0 ? 0 : ngtcp2_conn_submit_new_token(ng, token, len);
}

static int on_confirmed(ngtcp2_conn *ng, void *connection)
{
    (void)ng;
    ((struct quic_connection *)connection)->confirmed = true;
    return 0;
}

static int on_retry(ngtcp2_conn *ng, const ngtcp2_pkt_hd *hd, void *connection)
{
    quic_tell(connection, SD_EV_NOTE, "Retry");
    return ngtcp2_crypto_recv_retry_cb(ng, hd, connection);
}

static int on_new_token(ngtcp2_conn *ng, const ngtcp2_vec *token, void *connection)
{
    (void)ng;
    quic_tickets_keep_token(connection, token);
    return 0;
}

/* -- streams -- */

static struct sd_event *tell_data(struct quic_connection *c, const uint8_t *data, size_t len)
{
    struct quic *q = c->quic;
    uint8_t *copy = len > 0 ? sd_alloc(q->env, len) : NULL;
    if (len > 0 && !copy)
        return NULL;
    if (len > 0)
        memcpy(copy, data, len);
    struct sd_event *e = sd_outbox_event(&q->outbox, SD_EV_DATA, c->sid, copy);
    e->data = copy;
    e->len = len;
    e->path = c->path;
    return e;
}

static int on_stream_data(ngtcp2_conn *ng, uint32_t flags, int64_t id, uint64_t offset,
                          const uint8_t *data, size_t len, void *connection, void *stream)
{
    (void)offset, (void)stream;
    struct quic_connection *c = connection;
    bool early = flags & NGTCP2_STREAM_DATA_FLAG_EARLY;
    if (early && !c->early_taken) {
        c->early_taken = true;
        quic_tell(c, SD_EV_RESUMED, NULL);
        quic_tell(c, SD_EV_EARLY_OK, NULL);
        quic_tell_ready(c); /* RFC 9001 5.7: it may answer before it has the client's Finished */
    }
    if (!c->closing) {
        struct sd_event *e = tell_data(c, data, len);
        if (!e)
            return NGTCP2_ERR_CALLBACK_FAILURE;
        e->stream = QUIC_STREAM_NUMBER(id) | (id & QUIC_STREAM_UNI ? SD_QUIC_UNI : 0);
        e->early = early;
        e->fin = flags & NGTCP2_STREAM_DATA_FLAG_FIN;
    }
    if (c->client)
        quic_ask_later(c);
    /* The application has it: there is room again. */
    ngtcp2_conn_extend_max_stream_offset(ng, id, len);
    ngtcp2_conn_extend_max_offset(ng, len);
    return 0;
}

static int on_stream_begun(ngtcp2_conn *ng, int64_t id, void *connection)
{
    struct quic_connection *c = connection;
    if (id & QUIC_STREAM_UNI)
        return 0;
    struct quic_stream *s = quic_stream_begun_by_peer(c, id);
    if (!s)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    /* Both began to speak at once: each hears the other where the other began. */
    return s->id == id ? ngtcp2_conn_set_stream_user_data(ng, id, s)
                       : ngtcp2_conn_shutdown_stream_write(ng, id, QUIC_NO_ERROR);
}

static int on_stream_acked(ngtcp2_conn *ng, int64_t id, uint64_t offset, uint64_t len,
                           void *connection, void *stream)
{
    (void)ng, (void)id;
    if (stream)
        quic_stream_acked(connection, stream, offset + len);
    return 0;
}

static int on_stream_closed(ngtcp2_conn *ng, uint32_t flags, int64_t id, uint64_t code,
                            void *connection, void *stream)
{
    (void)flags, (void)code;
    struct quic_connection *c = connection;
    bool of_server = id & QUIC_STREAM_SERVER, theirs = of_server == c->client;
    if (stream)
        quic_stream_over(c, stream);
    if (theirs && (id & QUIC_STREAM_UNI))
        ngtcp2_conn_extend_max_streams_uni(ng, 1);
    else if (theirs)
        ngtcp2_conn_extend_max_streams_bidi(ng, 1);
    return 0;
}

static int on_message(ngtcp2_conn *ng, uint32_t flags, const uint8_t *data, size_t len,
                      void *connection)
{
    (void)ng;
    struct sd_event *e = tell_data(connection, data, len);
    if (!e)
        return NGTCP2_ERR_CALLBACK_FAILURE;
    e->stream = SD_STREAM_MESSAGES;
    e->early = flags & NGTCP2_DATAGRAM_FLAG_EARLY;
    return 0;
}

/* -- paths and the end -- */

static int on_path(ngtcp2_conn *ng, uint32_t flags, const ngtcp2_path *path,
                   ngtcp2_path_validation_result result, void *connection)
{
    (void)ng, (void)flags;
    struct quic_connection *c = connection;
    if (result != NGTCP2_PATH_VALIDATION_RESULT_SUCCESS)
        return 0;
    struct sd_path now = quic_path_to(path);
    if (sd_addr_equal(&now.remote, &c->settled.remote) &&
        sd_addr_equal(&now.local, &c->settled.local))
        return 0;
    c->path = c->settled = now;
    quic_tell(c, SD_EV_MIGRATED, "path validated");
    return 0;
}

static int on_reset(ngtcp2_conn *ng, const ngtcp2_pkt_stateless_reset *reset, void *connection)
{
    (void)ng, (void)reset;
    ((struct quic_connection *)connection)->reset = true;
    return 0;
}

#define COMMON                                                                                     \
    .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb, .encrypt = ngtcp2_crypto_encrypt_cb,    \
    .decrypt = quic_protect_open, .hp_mask = ngtcp2_crypto_hp_mask_cb,                             \
    .recv_stream_data = on_stream_data, .acked_stream_data_offset = on_stream_acked,               \
    .stream_open = on_stream_begun, .stream_close = on_stream_closed, .rand = on_random,           \
    .get_new_connection_id = on_new_id, .remove_connection_id = on_id_retired,                     \
    .update_key = quic_protect_update, .path_validation = on_path,                                 \
    .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,                             \
    .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,                         \
    .recv_datagram = on_message,                                                                   \
    .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,                           \
    .version_negotiation = ngtcp2_crypto_version_negotiation_cb

const ngtcp2_callbacks quic_client_callbacks = {
    COMMON,
    .client_initial = ngtcp2_crypto_client_initial_cb,
    .recv_retry = on_retry,
    .handshake_completed = on_handshake_client,
    .handshake_confirmed = on_confirmed,
    .recv_new_token = on_new_token,
    .recv_stateless_reset = on_reset,
    .early_data_rejected = on_early_refused,
};

const ngtcp2_callbacks quic_server_callbacks = {
    COMMON,
    .recv_client_initial = ngtcp2_crypto_recv_client_initial_cb,
    .handshake_completed = on_handshake_server,
};
