/* messages.c - what the application says as DATAGRAM frames (RFC 9221): sent once, in order. */
#include "protocols/quic/quic.h"

#include <string.h>

#define WAITING_MAX 256u /* beyond it a message is lost, as in a full queue */

/* The longest that fits now into one packet; 0: the peer takes none. */
static size_t longest(const struct quic_connection *c)
{
    const ngtcp2_transport_params *theirs = ngtcp2_conn_get_remote_transport_params(c->ng);
    size_t packet = ngtcp2_conn_get_path_max_tx_udp_payload_size(c->ng);
    if (!theirs || theirs->max_datagram_frame_size <= 3)
        return 0;
    size_t fits = packet - QUIC_DATAGRAM_OVERHEAD, taken = theirs->max_datagram_frame_size - 3;
    return fits < taken ? fits : taken;
}

long quic_message_say(struct quic_connection *c, const uint8_t *data, size_t len)
{
    if (len > longest(c))
        return SD_E_ARG;
    if (c->messages_count == WAITING_MAX)
        return (long)len;
    struct quic_message *m = sd_alloc(c->quic->env, sizeof *m + len);
    if (!m)
        return SD_E_NOMEM;
    m->len = len;
    memcpy(m->data, data, len);
    if (c->messages_last)
        c->messages_last->next = m;
    else
        c->messages = m;
    c->messages_last = m;
    c->messages_count++;
    return (long)len;
}

void quic_message_sent(struct quic_connection *c)
{
    struct quic_message *m = c->messages;
    c->messages = m->next;
    if (!c->messages)
        c->messages_last = NULL;
    c->messages_count--;
    sd_free(m);
}

void quic_messages_free(struct quic_connection *c)
{
    while (c->messages)
        quic_message_sent(c);
}
