/* describe.c - names for ladders, from bytes alone: RTP and RTCP show their headers. */
#include "protocols/dtls12/agent.h"
#include "protocols/dtls13/agent.h"
#include "protocols/srtp/media.h"
#include "sim/core/reader.h"
#include <stdio.h>

static const char *report_name(uint8_t type)
{
    switch (type) {
    case RTCP_SR:
        return "sender report";
    case RTCP_RR:
        return "receiver report";
    case RTCP_BYE:
        return "BYE";
    default:
        return "report";
    }
}

static size_t said(int n, size_t cap)
{
    if (n <= 0 || cap == 0)
        return 0;
    return (size_t)n < cap ? (size_t)n : cap - 1;
}

/* Records in the clear look alike in both versions of DTLS; others only 1.3 has. */
static bool has_13(const uint8_t *data, size_t len)
{
    struct sd_reader r = sd_reader_of(data, len);
    while (sd_left(&r) > 0 && !r.bad) {
        if (sd_get8(&r) >= SR_DTLS_13)
            return true;
        sd_get(&r, SR_DTLS_LENGTH_AT - 1);
        sd_get(&r, sd_get16(&r));
    }
    return false;
}

size_t sr_describe(const uint8_t *data, size_t len, bool from_client, char *text, size_t cap)
{
    struct sd_reader r = sd_reader_of(data, len);
    uint8_t first = sd_get8(&r), type = sd_get8(&r);
    if (!r.bad && first >= SR_DTLS_FIRST && first <= SR_DTLS_LAST) {
        const struct sd_agent_ops *dtls = has_13(data, len) ? &sd_dtls13_agent : &sd_dtls12_agent;
        return dtls->describe(data, len, from_client, text, cap);
    }
    if (!r.bad && first <= SR_STUN_LAST)
        return said(snprintf(text, cap, "STUN %zu B", len), cap);
    bool rtcp = type >= SR_RTCP_TYPE_FIRST && type <= SR_RTCP_TYPE_LAST;
    size_t header = rtcp ? SR_RTCP_HEADER : SR_RTP_HEADER;
    uint16_t seq = sd_get16(&r);
    if (first < SR_RTP_FIRST || first > SR_RTP_LAST || len < header)
        return said(snprintf(text, cap, "malformed"), cap);
    if (rtcp)
        return said(snprintf(text, cap, "SRTCP %s [%zu B]", report_name(type), len - header), cap);
    return said(snprintf(text, cap, "SRTP %u #%u%s [%zu B]", type & 0x7f, seq,
                         type & SR_RTP_MARKER ? " M" : "", len - header),
                cap);
}
