/* ip.h - reads and writes the headers of IPv4, UDP, TCP and ICMP in place, and their checksums.
 *
 * A view is made by sd_ip_view(), which checks lengths; the writers below it trust the view. */
#ifndef SD_BOX_IP_H
#define SD_BOX_IP_H

#include "sim/core/base.h"

static inline uint16_t sd_read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t sd_read32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void sd_write16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}
static inline void sd_write32(uint8_t *p, uint32_t v)
{
    sd_write16(p, (uint16_t)(v >> 16));
    sd_write16(p + 2, (uint16_t)v);
}

/* RFC 791 3.1: offsets in the header without options, the only one the network carries. */
enum {
    SD_IP_HEADER = 20,
    SD_IP_LENGTH = 2,
    SD_IP_ID = 4,
    SD_IP_FRAGMENT = 6, /* flags and offset */
    SD_IP_TTL = 8,
    SD_IP_PROTO = 9,
    SD_IP_CHECKSUM = 10,
    SD_IP_SOURCE = 12,
    SD_IP_DESTINATION = 16,
};
#define SD_IP_DF          0x4000u
#define SD_IP_MF          0x2000u
#define SD_IP_OFFSET_MASK 0x1fffu /* in units of 8 bytes */

/* RFC 9293 3.1 */
enum {
    SD_TCP_HEADER = 20,
    SD_TCP_SEQ = 4,
    SD_TCP_ACK_NUMBER = 8,
    SD_TCP_OFFSET = 12,
    SD_TCP_FLAGS = 13,
    SD_TCP_WINDOW = 14,
    SD_TCP_CHECKSUM = 16,
    SD_TCP_HEADER_MAX = 60,
};
enum { SD_TCP_FIN = 1, SD_TCP_SYN = 2, SD_TCP_RST = 4, SD_TCP_PSH = 8, SD_TCP_ACK = 16 };
enum {
    SD_TCP_OPTION_END = 0,
    SD_TCP_OPTION_NOP = 1,
    SD_TCP_OPTION_MSS = 2,
    SD_TCP_OPTION_WINDOW_SCALE = 3,
    SD_TCP_OPTION_SACK_PERMITTED = 4,
    SD_TCP_OPTION_SACK = 5,
    SD_TCP_OPTION_TIMESTAMPS = 8,
};

enum { SD_UDP_HEADER = 8, SD_UDP_CHECKSUM = 6 };

/* RFC 792, RFC 1191 */
enum { SD_ICMP_HEADER = 8, SD_ICMP_CHECKSUM = 2, SD_ICMP_MTU = 6 };
enum { SD_ICMP_UNREACHABLE = 3, SD_ICMP_TIME_EXCEEDED = 11 };
enum { SD_ICMP_HOST = 1, SD_ICMP_PORT = 3, SD_ICMP_FRAGMENTATION_NEEDED = 4 };
enum { SD_ICMP_REASSEMBLY = 1 }; /* of time exceeded */

/* Adds len bytes to a running one's complement sum; all but the last piece have even length. */
uint32_t sd_sum(uint32_t sum, const uint8_t *data, size_t len);
uint16_t sd_sum_fold(uint32_t sum); /* the checksum */

uint16_t sd_ip_checksum(const uint8_t *ip); /* of the header, its checksum field taken as zero */
/* Of a UDP datagram or TCP segment whose checksum field is zero; addresses in host order.  UDP
 * never gets 0, which means "none". */
uint16_t sd_transport_checksum(uint32_t source, uint32_t destination, uint8_t proto,
                               const uint8_t *segment, size_t len);
bool sd_transport_checksum_good(uint32_t source, uint32_t destination, uint8_t proto,
                                const uint8_t *segment, size_t len);

/* What an IPv4 packet holds. */
struct sd_ip {
    uint8_t *packet;
    size_t len;
    uint32_t source, destination; /* host order */
    uint8_t proto;
    uint16_t id;
    bool dont_fragment, more_fragments;
    uint16_t fragment_offset; /* bytes */
    uint8_t *payload;
    size_t payload_len;
    /* UDP and TCP in a packet that is whole or a first fragment; else has_ports is false. */
    bool has_ports;
    uint16_t source_port, destination_port;
};
/* False: not a well-formed IPv4 packet without options. */
bool sd_ip_view(struct sd_ip *, uint8_t *packet, size_t len);

/* Change an address or port and every checksum that covers it, incrementally: a wrong checksum
 * stays wrong, UDP's zero stays zero. */
void sd_ip_set_source(struct sd_ip *, uint32_t ip);
void sd_ip_set_destination(struct sd_ip *, uint32_t ip);
void sd_ip_set_source_port(struct sd_ip *, uint16_t port);
void sd_ip_set_destination_port(struct sd_ip *, uint16_t port);
/* Computes all checksums of the packet afresh; a fragment only gets its IP header's. */
void sd_ip_fix_checksums(uint8_t *packet, size_t len);

/* Writes a header of 20 bytes, DF clear, TTL 64, with its checksum. */
void sd_ip_write_header(uint8_t *packet, size_t len, uint8_t proto, uint16_t id, uint32_t source,
                        uint32_t destination);
/* An ICMP error about `about` (RFC 792: its header and 8 bytes more): the packet's length, which
 * is at most 56. */
size_t sd_icmp_error(uint8_t *out, uint8_t type, uint8_t code, uint16_t mtu, uint32_t reporter,
                     const uint8_t *about, size_t about_len);

#endif
