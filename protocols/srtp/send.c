/* send.c - what the application says, as RTP packets under SRTP. */
#include "protocols/srtp/media.h"
#include "sim/core/reader.h"
#include <string.h>

#define IP_UDP_BYTES 28

const struct sr_master *sr_sending(const struct sr_session *s)
{
    return s->send_old && s->old.there ? &s->old.ours : &s->now.ours;
}

uint32_t sr_timestamp(const struct srtp *a)
{
    return (uint32_t)(a->now / SD_MS * (SR_CLOCK_HZ / 1000) +
                      a->now % SD_MS * SR_CLOCK_HZ / SD_SECOND);
}

struct sr_source *sr_send_source(struct sr_session *s, uint64_t stream)
{
    struct srtp *a = s->agent;
    for (struct sr_source *source = s->ours; source; source = source->next)
        if (source->stream == stream)
            return source;
    uint32_t random[3];
    sd_random(a->env, random, sizeof random);
    struct sr_source *source = sr_source_new(a, random[0], false);
    if (!source)
        return NULL;
    source->stream = stream;
    /* RFC 3711 3.3.1: below 2^15, so that a lost first packet cannot hide a wrap. */
    source->seq = (uint16_t)(random[1] & 0x7fff);
    source->timestamp = random[2];
    source->next = s->ours;
    s->ours = source;
    return source;
}

/* RFC 3550 5.1 */
static void put_header(struct sd_writer *w, const struct sr_source *source, uint32_t timestamp,
                       bool marker)
{
    sd_put8(w, 2 << 6);
    sd_put8(w, (uint8_t)((marker ? SR_RTP_MARKER : 0) | (SR_PAYLOAD_TYPE + source->stream)));
    sd_put16(w, source->seq);
    sd_put32(w, timestamp);
    sd_put32(w, source->context.ssrc);
}

long sr_send(struct sr_session *s, uint64_t stream, const uint8_t *data, size_t len, bool marker)
{
    struct srtp *a = s->agent;
    if (s->phase == SR_CLOSING)
        return SD_E_STATE;
    if (s->phase == SR_HANDSHAKE) {
        s->writable_wanted = len > 0;
        return 0;
    }
    const struct sr_master *key = sr_sending(s);
    size_t total = SR_RTP_HEADER + len + sr_trailer(key->profile, &a->policy, SR_RTP);
    if (stream >= SR_STREAMS || total + IP_UDP_BYTES > a->path_mtu)
        return SD_E_ARG;
    if (len == 0)
        return 0;
    struct sr_source *source = sr_send_source(s, stream);
    uint8_t *unit = source ? sd_outbox_unit(&a->outbox, &s->path, total) : NULL;
    if (!unit)
        return SD_E_NOMEM;
    struct sd_writer w = sd_writer_of(unit, total);
    put_header(&w, source, source->timestamp + sr_timestamp(a), marker);
    sd_put(&w, data, len);
    sr_protect_rtp(&source->context, key, &a->policy, unit, SR_RTP_HEADER + len);
    source->seq++;
    source->packets++;
    source->octets += (uint32_t)len;
    a->stats.units_out++;
    a->stats.bytes_out += total;
    return (long)len;
}
