/* send.c - all that may be sent now: ngtcp2 says how much and when, and fills packets from
 * messages and streams. */
#include "protocols/quic/quic.h"

#include <string.h>

void quic_send_datagram(struct quic_connection *c, const struct sd_path *path, const uint8_t *data,
                        size_t len)
{
    struct quic *q = c->quic;
    uint8_t *unit = sd_outbox_unit_with(&q->outbox, path, len, SD_UNIT_DONT_FRAGMENT);
    if (!unit)
        return;
    memcpy(unit, data, len);
    if (!c->client && !c->validated)
        q->stats.bytes_to_unvalidated += len;
}

struct packet {
    ngtcp2_path_storage path;
    ngtcp2_pkt_info info;
    uint8_t data[65536];
    size_t cap;
};

/* Puts the first message into the packet.  Like ngtcp2's: bytes of a whole packet, 0 (not now),
 * NGTCP2_ERR_WRITE_MORE (there is room for more), or another error. */
static ngtcp2_ssize fill_with_message(struct quic_connection *c, struct packet *p)
{
    const ngtcp2_vec text = {c->messages->data, c->messages->len};
    int accepted = 0;
    ngtcp2_ssize n = ngtcp2_conn_writev_datagram(c->ng, &p->path.path, &p->info, p->data, p->cap,
                                                 &accepted, NGTCP2_WRITE_DATAGRAM_FLAG_MORE, 0,
                                                 &text, 1, quic_time(c->quic));
    bool never = n == NGTCP2_ERR_INVALID_STATE || n == NGTCP2_ERR_INVALID_ARGUMENT;
    if (accepted || never)
        quic_message_sent(c);
    return never ? NGTCP2_ERR_WRITE_MORE : n;
}

static ngtcp2_ssize fill_with_stream(struct quic_connection *c, struct packet *p,
                                     struct quic_stream *s)
{
    ngtcp2_vec piece[QUIC_PIECES];
    ngtcp2_ssize taken = -1;
    bool fin;
    size_t pieces = quic_stream_unsent(s, piece, &fin);
    uint32_t flags = NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0);
    ngtcp2_ssize n =
        ngtcp2_conn_writev_stream(c->ng, &p->path.path, &p->info, p->data, p->cap, &taken, flags,
                                  s->id, piece, pieces, quic_time(c->quic));
    if (taken >= 0)
        quic_stream_sent(c, s, (size_t)taken, fin);
    if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
        s->blocked = true;
        return NGTCP2_ERR_WRITE_MORE;
    }
    if (n == NGTCP2_ERR_STREAM_SHUT_WR || n == NGTCP2_ERR_STREAM_NOT_FOUND) {
        quic_stream_over(c, s);
        return NGTCP2_ERR_WRITE_MORE;
    }
    return n;
}

/* One packet or datagram of several: its bytes, 0: nothing may go now, or an error. */
static ngtcp2_ssize fill(struct quic_connection *c, struct packet *p)
{
    ngtcp2_ssize n = NGTCP2_ERR_WRITE_MORE;
    while (n == NGTCP2_ERR_WRITE_MORE) {
        struct quic_stream *s;
        if (c->messages)
            n = fill_with_message(c, p);
        else if ((s = quic_stream_turn(c)))
            n = fill_with_stream(c, p, s);
        else
            return ngtcp2_conn_write_pkt(c->ng, &p->path.path, &p->info, p->data, p->cap,
                                         quic_time(c->quic));
    }
    return n;
}

static size_t packet_cap(const struct quic_connection *c)
{
    size_t most = ngtcp2_conn_get_max_tx_udp_payload_size(c->ng);
    size_t path = c->quic->path_mtu - QUIC_UDP_IPV4;
    return most < path ? most : path;
}

void quic_send(struct quic_connection *c)
{
    static struct packet p; /* one thread, never re-entered */
    struct quic *q = c->quic;
    size_t burst = q->pacing ? ngtcp2_conn_get_send_quantum(c->ng) : SIZE_MAX, sent = 0;
    ngtcp2_ssize n;
    for (struct quic_stream *s = c->streams; s; s = s->next)
        s->blocked = false;
    p.cap = packet_cap(c);
    ngtcp2_path_storage_zero(&p.path);
    while (sent < burst && (n = fill(c, &p)) != 0) {
        if (n < 0) {
            quic_close_failed(c, (int)n);
            return;
        }
        struct sd_path path = quic_path_to(&p.path.path);
        quic_send_datagram(c, &path, p.data, (size_t)n);
        sent += (size_t)n;
    }
    if (q->pacing)
        ngtcp2_conn_update_pkt_tx_time(c->ng, quic_time(q));
    if (c->closing && quic_streams_done(c))
        quic_close_now(c);
    else
        quic_connection_due(c);
}

/* RFC 9002 6.2: a probe timeout sends again what was not acknowledged. */
static void count_probes(struct quic_connection *c)
{
    ngtcp2_conn_stat stat;
    ngtcp2_conn_get_conn_stat(c->ng, &stat);
    if (stat.pto_count > c->ptos)
        c->quic->stats.retransmits++;
    c->ptos = stat.pto_count;
}

/* A client that only listens says nothing by itself.  Once its NAT has forgotten it, the server's
 * packets go where nobody is, and neither would ever find out (RFC 9000 10.1.2). */
#define ASK_FIRST SD_SECOND
#define ASK_LAST  (16 * SD_SECOND)

void quic_ask_later(struct quic_connection *c)
{
    c->ask_after = ASK_FIRST;
    c->ask_at = c->quic->now + ASK_FIRST;
}

/* ngtcp2 sends a PING to whoever was silent for longer than its keep-alive time. */
static void ask(struct quic_connection *c)
{
    c->ask_after *= 2;
    c->ask_at = c->ask_after <= ASK_LAST ? c->quic->now + c->ask_after : SD_NEVER;
    ngtcp2_conn_set_keep_alive_timeout(c->ng, 1);
    quic_send(c);
    if (c->ng)
        ngtcp2_conn_set_keep_alive_timeout(c->ng, 0);
}

void quic_expire(struct quic_connection *c)
{
    if (!c->ng) {
        quic_connection_free(c);
        return;
    }
    int r = ngtcp2_conn_handle_expiry(c->ng, quic_time(c->quic));
    if (r != 0) {
        quic_close_failed(c, r);
        return;
    }
    count_probes(c);
    if (c->quic->now >= c->ask_at)
        ask(c);
    else
        quic_send(c);
}
