/* report.c - RTCP (RFC 3550 6): what each end tells the other of what it sent and received, and
 * BYE.
 *
 * Between two there is nothing to reconsider (6.3): a report goes every 5 s times a factor of 0.5
 * to 1.5, the first after half that. */
#include "protocols/srtp/media.h"
#include "sim/core/reader.h"
#include <stdio.h>
#include <string.h>

#define REPORTS_MAX   8 /* blocks in one packet */
#define PACKET_MAX    512
#define UNIX_TO_NTP   UINT64_C(2208988800)
#define CNAME_MAX     64
#define MAX_MISORDER  100 /* RFC 3550 A.1 */
#define FRACTION_BITS 32

/* RFC 3550 4: seconds since 1900 in the upper half. */
static uint64_t ntp_now(const struct srtp *a)
{
    uint64_t seconds = a->env->epoch_s + UNIX_TO_NTP + a->now / SD_SECOND;
    return seconds << FRACTION_BITS | ((a->now % SD_SECOND) << FRACTION_BITS) / SD_SECOND;
}

static uint32_t middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* -- receiving: RFC 3550 A.1, A.8 -- */

void sr_report_received(struct sr_source *source, const struct srtp *a, uint16_t seq,
                        uint32_t timestamp)
{
    uint32_t transit = sr_timestamp(a) - timestamp;
    if (source->packets == 0) {
        source->first = source->highest = seq;
    } else {
        uint16_t ahead = (uint16_t)(seq - source->highest);
        int32_t d = (int32_t)(transit - source->transit);
        if (ahead < UINT16_MAX - MAX_MISORDER)
            source->highest += ahead;
        source->jitter += (uint32_t)(d < 0 ? -d : d) - ((source->jitter + 8) >> 4);
    }
    source->transit = transit;
    source->packets++;
}

/* -- sending -- */

/* 6.4.1, A.3 */
static void put_block(struct sd_writer *w, struct sr_source *source, const struct srtp *a)
{
    uint32_t expected = source->highest - source->first + 1;
    int32_t lost = (int32_t)(expected - source->packets);
    uint32_t expected_now = expected - source->expected_before;
    int32_t lost_now = (int32_t)(expected_now - (source->packets - source->received_before));
    uint8_t fraction = expected_now == 0 || lost_now <= 0
                           ? 0
                           : (uint8_t)(((uint32_t)lost_now << 8) / expected_now);
    source->expected_before = expected;
    source->received_before = source->packets;
    sd_put32(w, source->context.ssrc);
    sd_put8(w, fraction);
    sd_put24(w, (uint32_t)(lost < 0 ? 0 : lost > 0x7fffff ? 0x7fffff : lost));
    sd_put32(w, source->highest);
    sd_put32(w, source->jitter >> 4);
    sd_put32(w, source->last_sr);
    sd_put32(w,
             source->last_sr ? (uint32_t)((a->now - source->last_sr_at) / (SD_SECOND / 65536)) : 0);
}

/* One packet of a compound, whose header is written when its length is known. */
static void end_packet(struct sd_writer *w, uint8_t *start, uint8_t count, uint8_t type)
{
    while ((size_t)(w->at - start) % 4)
        sd_put8(w, 0);
    struct sd_writer header = sd_writer_of(start, 4);
    sd_put8(&header, (uint8_t)(2 << 6 | count));
    sd_put8(&header, type);
    sd_put16(&header, (uint16_t)((size_t)(w->at - start) / 4 - 1));
}

static void put_report(struct sd_writer *w, struct sr_session *s, const struct sr_source *mine)
{
    uint8_t *start = sd_put_space(w, 4), blocks = 0;
    struct srtp *a = s->agent;
    sd_put32(w, mine->context.ssrc);
    if (mine->packets > 0) {
        sd_put64(w, ntp_now(a));
        sd_put32(w, mine->timestamp + sr_timestamp(a));
        sd_put32(w, mine->packets);
        sd_put32(w, mine->octets);
    }
    for (struct sr_source *theirs = s->theirs; theirs && blocks < REPORTS_MAX;
         theirs = theirs->next)
        if (theirs->packets > 0) {
            put_block(w, theirs, a);
            blocks++;
        }
    end_packet(w, start, blocks, mine->packets > 0 ? RTCP_SR : RTCP_RR);
}

static void put_name(struct sd_writer *w, const struct sr_session *s, uint32_t ssrc)
{
    const char *name = s->agent->name ? s->agent->name : "somebody";
    size_t len = strlen(name) < CNAME_MAX ? strlen(name) : CNAME_MAX;
    uint8_t *start = sd_put_space(w, 4);
    sd_put32(w, ssrc);
    sd_put8(w, RTCP_SDES_CNAME);
    sd_put8(w, (uint8_t)len);
    sd_put(w, name, len);
    sd_put8(w, 0);
    end_packet(w, start, 1, RTCP_SDES);
}

static void put_bye(struct sd_writer *w, uint32_t ssrc)
{
    uint8_t *start = sd_put_space(w, 4);
    sd_put32(w, ssrc);
    end_packet(w, start, 1, RTCP_BYE);
}

static void send_compound(struct sr_session *s, struct sr_source *mine, bool bye)
{
    struct srtp *a = s->agent;
    const struct sr_master *key = sr_sending(s);
    uint8_t packet[PACKET_MAX + SR_TRAILER_MAX];
    struct sd_writer w = sd_writer_of(packet, PACKET_MAX);
    put_report(&w, s, mine);
    put_name(&w, s, mine->context.ssrc);
    if (bye)
        put_bye(&w, mine->context.ssrc);
    size_t len =
        w.bad ? 0 : sr_protect_rtcp(&mine->context, key, &a->policy, packet, sd_written(&w));
    uint8_t *unit = len ? sd_outbox_unit(&a->outbox, &s->path, len) : NULL;
    if (!unit)
        return;
    memcpy(unit, packet, len);
    a->stats.units_out++;
    a->stats.bytes_out += len;
}

void sr_report_send(struct sr_session *s, bool bye)
{
    struct srtp *a = s->agent;
    uint32_t random;
    sr_send_source(s, 0); /* who receives only needs a name, too */
    for (struct sr_source *mine = s->ours; mine; mine = mine->next)
        send_compound(s, mine, bye);
    sd_random(a->env, &random, sizeof random);
    s->report_at = a->now + SR_REPORT_EVERY / 2 + SR_REPORT_EVERY * (random >> 16) / 65536;
}

/* -- reading -- */

static bool is_ours(const struct sr_session *s, uint32_t ssrc)
{
    const struct sr_source *mine = s->ours;
    while (mine && mine->context.ssrc != ssrc)
        mine = mine->next;
    return mine != NULL;
}

/* A block about what we sent: told with the round trip that it lets us compute (6.4.1). */
static void read_block(struct sr_session *s, struct sd_reader *r)
{
    const struct srtp *a = s->agent;
    char text[128], rtt[32] = "";
    uint32_t ssrc = sd_get32(r);
    uint8_t fraction = sd_get8(r);
    uint32_t lost = sd_get24(r);
    sd_get32(r);
    uint32_t jitter = sd_get32(r), last = sd_get32(r), delay = sd_get32(r);
    if (r->bad || !is_ours(s, ssrc))
        return;
    uint32_t back_and_forth = middle(ntp_now(a)) - last - delay;
    if (last)
        snprintf(rtt, sizeof rtt, ", round trip %u ms",
                 (uint32_t)(((uint64_t)back_and_forth * 1000 + 32768) / 65536));
    snprintf(text, sizeof text, "peer's report: %u lost, %u %% lately, jitter %u ms%s", lost,
             fraction * 100u / 256, jitter / (SR_CLOCK_HZ / 1000), rtt);
    sr_session_tell(s, SD_EV_NOTE, 0, text);
}

static void read_report(struct sr_session *s, struct sr_source *source, uint8_t type, uint8_t count,
                        struct sd_reader *r)
{
    sd_get32(r);
    if (type == RTCP_SR) {
        uint64_t ntp = sd_get64(r);
        sd_get(r, 12);
        if (!r->bad) {
            source->last_sr = middle(ntp);
            source->last_sr_at = s->agent->now;
        }
    }
    for (uint8_t i = 0; i < count && !r->bad; i++)
        read_block(s, r);
}

void sr_report_read(struct sr_session *s, struct sr_source *source, const uint8_t *packet,
                    size_t len)
{
    struct sd_reader r = sd_reader_of(packet, len);
    while (sd_left(&r) > 0) {
        uint8_t first = sd_get8(&r), type = sd_get8(&r);
        struct sd_reader body = sd_get_sub(&r, sd_get16(&r) * 4u);
        if (r.bad || first >> 6 != 2)
            return;
        if (type == RTCP_SR || type == RTCP_RR) {
            read_report(s, source, type, first & 0x1f, &body);
        } else if (type == RTCP_BYE) {
            sr_session_over(s, SD_EV_CLOSED, "BYE");
            return;
        }
    }
}
