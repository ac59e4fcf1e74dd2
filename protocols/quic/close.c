/* close.c - how a connection ends (RFC 9000 10): by the application, by the peer, by an error, by
 * silence, or because the peer knows nothing of it any more. */
#include "protocols/quic/quic.h"

#include <stdio.h>
#include <string.h>

#define PTOS 3u /* RFC 9000 10.2: closing and draining last so many probe timeouts */

/* Once. */
static void tell_over(struct quic_connection *c, enum sd_event_kind kind, uint64_t code,
                      const char *words)
{
    if (c->told_over)
        return;
    c->told_over = true;
    quic_tell(c, kind, words)->code = code;
}

/* What is left of it remembers its ids for a while, so that late packets find it. */
static void linger(struct quic_connection *c, enum quic_state state)
{
    struct quic *q = c->quic;
    sd_time pto = ngtcp2_conn_get_pto(c->ng);
    quic_connection_state(c, state);
    quic_connection_strip(c);
    quic_streams_free(c);
    quic_messages_free(c);
    sd_agenda_set(&q->agenda, q->env, &c->due, q->now + PTOS * pto);
}

/* -- CONNECTION_CLOSE -- */

static void say_close(struct quic_connection *c, const ngtcp2_connection_close_error *why)
{
    struct quic *q = c->quic;
    uint8_t packet[QUIC_DATAGRAM_MIN];
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_ssize len = ngtcp2_conn_write_connection_close(c->ng, &path.path, &info, packet,
                                                          sizeof packet, why, quic_time(q));
    if (len <= 0)
        return;
    c->path = quic_path_to(&path.path);
    quic_send_datagram(c, &c->path, packet, (size_t)len);
    c->close_packet = sd_alloc(q->env, (size_t)len);
    if (!c->close_packet)
        return;
    memcpy(c->close_packet, packet, (size_t)len);
    c->close_len = (size_t)len;
    c->close_next = 1;
}

/* RFC 9000 10.2.1: again, but ever more rarely. */
void quic_close_heard(struct quic_connection *c, const struct sd_path *path)
{
    if (c->state != QUIC_CLOSING || !c->close_packet || ++c->close_heard < c->close_next)
        return;
    c->close_heard = 0;
    c->close_next *= 2;
    struct sd_path back = *path;
    quic_send_datagram(c, &back, c->close_packet, c->close_len);
}

/* -- by the application -- */

void quic_close_now(struct quic_connection *c)
{
    ngtcp2_connection_close_error why;
    ngtcp2_connection_close_error_default(&why);
    ngtcp2_connection_close_error_set_application_error(&why, QUIC_NO_ERROR, NULL, 0);
    say_close(c, &why);
    tell_over(c, SD_EV_CLOSED, QUIC_NO_ERROR, "closed");
    linger(c, QUIC_CLOSING);
}

int quic_close_asked(struct quic_connection *c)
{
    if (!c->ng || c->closing)
        return SD_OK;
    c->closing = true;
    if (!c->ready)
        quic_close_now(c);
    else
        quic_send(c);
    return SD_OK;
}

/* -- by the peer -- */

static int heard_close(struct quic_connection *c)
{
    ngtcp2_connection_close_error why;
    char words[160];
    ngtcp2_conn_get_connection_close_error(c->ng, &why);
    bool application = why.type == NGTCP2_CONNECTION_CLOSE_ERROR_CODE_TYPE_APPLICATION;
    uint64_t alert = why.error_code - QUIC_CRYPTO_ERROR;
    if (c->reset) {
        tell_over(c, SD_EV_ERROR, 0, "stateless reset: the peer knows nothing of it any more");
    } else if (application || why.error_code == QUIC_NO_ERROR) {
        /* Orderly: what an application's code means, HTTP/3's 0x100 say, is the application's. */
        snprintf(words, sizeof words, "CONNECTION_CLOSE, %s code 0x%llx",
                 application ? "application" : "transport", (unsigned long long)why.error_code);
        tell_over(c, SD_EV_CLOSED, why.error_code, words);
    } else if (alert < QUIC_CRYPTO_ERROR) {
        const char *name = gnutls_alert_get_name((gnutls_alert_description_t)alert);
        snprintf(words, sizeof words, "TLS alert %u from the peer: %s", (unsigned)alert,
                 name ? name : "unknown");
        tell_over(c, SD_EV_ERROR, alert, words);
    } else {
        snprintf(words, sizeof words, "CONNECTION_CLOSE, transport error 0x%llx",
                 (unsigned long long)why.error_code);
        tell_over(c, SD_EV_ERROR, why.error_code, words);
    }
    linger(c, QUIC_DRAINING);
    return SD_OK;
}

/* -- by silence -- */

static int gone_silent(struct quic_connection *c)
{
    if (c->state == QUIC_OPEN)
        tell_over(c, SD_EV_CLOSED, 0, "idle timeout");
    else
        tell_over(c, SD_EV_ERROR, 0, "no answer");
    quic_connection_free(c);
    return SD_DROP_STATE;
}

/* -- by an error -- */

static int broken(struct quic_connection *c, int error)
{
    ngtcp2_connection_close_error why;
    ngtcp2_connection_close_error_default(&why);
    if (error == NGTCP2_ERR_CRYPTO)
        ngtcp2_connection_close_error_set_transport_error_tls_alert(
            &why, ngtcp2_conn_get_tls_alert(c->ng), NULL, 0);
    else
        ngtcp2_connection_close_error_set_transport_error_liberr(&why, error, NULL, 0);
    tell_over(c, SD_EV_ERROR,
              error == NGTCP2_ERR_CRYPTO ? ngtcp2_conn_get_tls_alert(c->ng) : why.error_code,
              quic_tls_words(c, error));
    say_close(c, &why);
    linger(c, QUIC_CLOSING);
    return quic_drop(c->quic, error == NGTCP2_ERR_CRYPTO ? SD_DROP_AUTH : SD_DROP_MALFORMED);
}

int quic_close_failed(struct quic_connection *c, int error)
{
    struct quic *q = c->quic;
    switch (error) {
    case NGTCP2_ERR_DRAINING:
        return heard_close(c);
    case NGTCP2_ERR_IDLE_CLOSE:
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
        return gone_silent(c);
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_DROP_CONN: /* a first packet that begins nothing */
        quic_connection_free(c);
        return quic_drop(q, SD_DROP_MALFORMED);
    case NGTCP2_ERR_VERSION_NEGOTIATION_FAILURE:
        tell_over(c, SD_EV_ERROR, 0, "the server speaks no version of ours");
        quic_connection_free(c);
        return quic_drop(q, SD_DROP_POLICY);
    default:
        return broken(c, error);
    }
}
