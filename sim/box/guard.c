/* guard.c - structural checks of IPv4, TCP, UDP and ICMP, without copies. */
#include "sim/box/guard.h"
#include "sim/box/ip.h"

static const char *const names[SD_GUARD_VERDICTS] = {
    [SD_GUARD_GOOD] = "good",
    [SD_GUARD_IP_HEADER] = "IP header",
    [SD_GUARD_IP_LENGTH] = "IP length",
    [SD_GUARD_FRAGMENT] = "fragment",
    [SD_GUARD_TTL] = "time to live",
    [SD_GUARD_ADDRESS] = "address",
    [SD_GUARD_TCP_HEADER] = "TCP header",
    [SD_GUARD_TCP_OPTIONS] = "TCP options",
    [SD_GUARD_UDP] = "UDP",
    [SD_GUARD_ICMP] = "ICMP",
};

const char *sd_guard_name(enum sd_guard_verdict verdict)
{
    return (unsigned)verdict < SD_GUARD_VERDICTS ? names[verdict] : "unknown";
}

const uint8_t *sd_tcp_option_next(const uint8_t *options, size_t len, size_t *at)
{
    while (*at < len && options[*at] == SD_TCP_OPTION_NOP)
        (*at)++;
    if (*at >= len || options[*at] == SD_TCP_OPTION_END)
        return NULL;
    if (len - *at < 2 || options[*at + 1] < 2 || options[*at + 1] > len - *at)
        return NULL;
    const uint8_t *option = options + *at;
    *at += option[1];
    return option;
}

/* The lengths that ns-3 insists on, by kind; RFC 9293 3.2, RFC 7323, RFC 2018. */
static bool option_length_good(uint8_t kind, uint8_t len)
{
    switch (kind) {
    case SD_TCP_OPTION_MSS:
        return len == 4;
    case SD_TCP_OPTION_WINDOW_SCALE:
        return len == 3;
    case SD_TCP_OPTION_SACK_PERMITTED:
        return len == 2;
    case SD_TCP_OPTION_SACK:
        return len >= 10 && len <= 34 && len % 8 == 2;
    case SD_TCP_OPTION_TIMESTAMPS:
        return len == 10;
    default:
        return len >= 2;
    }
}

bool sd_guard_tcp_options(const uint8_t *options, size_t len)
{
    size_t at = 0;
    while (at < len) {
        if (options[at] == SD_TCP_OPTION_END)
            return true;
        if (options[at] == SD_TCP_OPTION_NOP) {
            at++;
            continue;
        }
        if (len - at < 2 || options[at + 1] < 2 || options[at + 1] > len - at ||
            !option_length_good(options[at], options[at + 1]))
            return false;
        at += options[at + 1];
    }
    return true;
}

enum sd_guard_verdict sd_guard_tcp(const uint8_t *segment, size_t len)
{
    if (len < SD_TCP_HEADER)
        return SD_GUARD_TCP_HEADER;
    size_t header = (size_t)(segment[SD_TCP_OFFSET] >> 4) * 4;
    if (header < SD_TCP_HEADER || header > len)
        return SD_GUARD_TCP_HEADER;
    return sd_guard_tcp_options(segment + SD_TCP_HEADER, header - SD_TCP_HEADER)
               ? SD_GUARD_GOOD
               : SD_GUARD_TCP_OPTIONS;
}

static enum sd_guard_verdict udp_good(const uint8_t *datagram, size_t len, bool first_of_many)
{
    if (len < SD_UDP_HEADER)
        return SD_GUARD_UDP;
    uint16_t said = sd_read16(datagram + 4);
    if (said < SD_UDP_HEADER || (!first_of_many && said > len))
        return SD_GUARD_UDP;
    return SD_GUARD_GOOD;
}

/* Errors quote an IP header and 8 bytes, which ns-3 reads without looking at the length. */
static enum sd_guard_verdict icmp_good(const uint8_t *icmp, size_t len)
{
    if (len < SD_ICMP_HEADER)
        return SD_GUARD_ICMP;
    if (icmp[0] != SD_ICMP_UNREACHABLE && icmp[0] != SD_ICMP_TIME_EXCEEDED)
        return SD_GUARD_GOOD;
    if (len < SD_ICMP_HEADER + SD_IP_HEADER + 8 || icmp[SD_ICMP_HEADER] != 0x45)
        return SD_GUARD_ICMP;
    return SD_GUARD_GOOD;
}

static bool address_good(uint32_t ip)
{
    return ip != 0 && ip >> 24 != 127 && ip < 0xe0000000u;
}

enum sd_guard_verdict sd_guard_packet(const uint8_t *ip, size_t len)
{
    if (len < SD_IP_HEADER || len > UINT16_MAX || ip[0] != 0x45 ||
        sd_read16(ip + SD_IP_LENGTH) != len)
        return SD_GUARD_IP_HEADER;
    if (ip[SD_IP_TTL] == 0)
        return SD_GUARD_TTL;
    if (!address_good(sd_read32(ip + SD_IP_SOURCE)) ||
        !address_good(sd_read32(ip + SD_IP_DESTINATION)))
        return SD_GUARD_ADDRESS;

    uint16_t fragment = sd_read16(ip + SD_IP_FRAGMENT);
    size_t offset = (size_t)(fragment & SD_IP_OFFSET_MASK) * 8;
    bool more = (fragment & SD_IP_MF) != 0;
    size_t payload_len = len - SD_IP_HEADER;
    if (offset + len > UINT16_MAX)
        return SD_GUARD_IP_LENGTH;
    if (more && (payload_len % 8 != 0 || payload_len == 0))
        return SD_GUARD_FRAGMENT;

    const uint8_t *payload = ip + SD_IP_HEADER;
    switch (ip[SD_IP_PROTO]) {
    case SD_PROTO_TCP:
        /* RFC 1858: the header stays in one piece. */
        if (offset > 0)
            return offset < SD_TCP_HEADER_MAX ? SD_GUARD_FRAGMENT : SD_GUARD_GOOD;
        return sd_guard_tcp(payload, payload_len);
    case SD_PROTO_UDP:
        return offset > 0 ? SD_GUARD_GOOD : udp_good(payload, payload_len, more);
    case SD_PROTO_ICMP:
        return offset > 0 || more ? SD_GUARD_FRAGMENT : icmp_good(payload, payload_len);
    default:
        return SD_GUARD_GOOD;
    }
}
