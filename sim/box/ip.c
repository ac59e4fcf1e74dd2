/* ip.c - views, checksums and in-place changes of IPv4 packets. */
#include "sim/box/ip.h"

#include <string.h>

uint32_t sd_sum(uint32_t sum, const uint8_t *data, size_t len)
{
    uint64_t wide = sum;
    for (; len >= 4; data += 4, len -= 4)
        wide += sd_read32(data);
    if (len >= 2) {
        wide += sd_read16(data);
        data += 2;
        len -= 2;
    }
    if (len == 1)
        wide += (uint32_t)data[0] << 8;
    /* Words of 32 bits fold to the same sum as their halves. */
    while (wide >> 16 != 0)
        wide = (wide & 0xffff) + (wide >> 16);
    return (uint32_t)wide;
}

uint16_t sd_sum_fold(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

uint16_t sd_ip_checksum(const uint8_t *ip)
{
    uint32_t sum = sd_sum(0, ip, SD_IP_CHECKSUM);
    return sd_sum_fold(sd_sum(sum, ip + SD_IP_SOURCE, SD_IP_HEADER - SD_IP_SOURCE));
}

static uint32_t pseudo_header(uint32_t source, uint32_t destination, uint8_t proto, size_t len)
{
    return (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) +
           proto + (uint32_t)len;
}

uint16_t sd_transport_checksum(uint32_t source, uint32_t destination, uint8_t proto,
                               const uint8_t *segment, size_t len)
{
    uint16_t sum =
        sd_sum_fold(sd_sum(pseudo_header(source, destination, proto, len), segment, len));
    return sum == 0 && proto == SD_PROTO_UDP ? 0xffff : sum;
}

bool sd_transport_checksum_good(uint32_t source, uint32_t destination, uint8_t proto,
                                const uint8_t *segment, size_t len)
{
    return sd_sum_fold(sd_sum(pseudo_header(source, destination, proto, len), segment, len)) == 0;
}

bool sd_ip_view(struct sd_ip *v, uint8_t *packet, size_t len)
{
    if (len < SD_IP_HEADER || packet[0] != 0x45 || sd_read16(packet + SD_IP_LENGTH) != len)
        return false;
    uint16_t fragment = sd_read16(packet + SD_IP_FRAGMENT);
    *v = (struct sd_ip){
        .packet = packet,
        .len = len,
        .source = sd_read32(packet + SD_IP_SOURCE),
        .destination = sd_read32(packet + SD_IP_DESTINATION),
        .proto = packet[SD_IP_PROTO],
        .id = sd_read16(packet + SD_IP_ID),
        .dont_fragment = (fragment & SD_IP_DF) != 0,
        .more_fragments = (fragment & SD_IP_MF) != 0,
        .fragment_offset = (uint16_t)((fragment & SD_IP_OFFSET_MASK) * 8),
        .payload = packet + SD_IP_HEADER,
        .payload_len = len - SD_IP_HEADER,
    };
    size_t needed = v->proto == SD_PROTO_TCP   ? SD_TCP_HEADER
                    : v->proto == SD_PROTO_UDP ? SD_UDP_HEADER
                                               : SIZE_MAX;
    if (v->fragment_offset == 0 && v->payload_len >= needed) {
        v->has_ports = true;
        v->source_port = sd_read16(v->payload);
        v->destination_port = sd_read16(v->payload + 2);
    }
    return true;
}

/* The transport checksum's place, or NULL where there is none to keep right. */
static uint8_t *transport_checksum_at(const struct sd_ip *v)
{
    if (!v->has_ports)
        return NULL;
    if (v->proto == SD_PROTO_TCP)
        return v->payload + SD_TCP_CHECKSUM;
    uint8_t *at = v->payload + SD_UDP_CHECKSUM;
    return sd_read16(at) == 0 ? NULL : at;
}

/* RFC 1624: the checksum after a 16-bit word changed from `from` to `to`. */
static uint16_t checksum_update(uint16_t checksum, uint16_t from, uint16_t to)
{
    return sd_sum_fold((uint32_t)(uint16_t)~checksum + (uint16_t)~from + to);
}

static void update_at(const struct sd_ip *v, uint8_t *checksum, uint16_t from, uint16_t to)
{
    uint16_t sum = checksum_update(sd_read16(checksum), from, to);
    if (sum == 0 && v->proto == SD_PROTO_UDP && checksum == v->payload + SD_UDP_CHECKSUM)
        sum = 0xffff;
    sd_write16(checksum, sum);
}

static void set_address(struct sd_ip *v, size_t offset, uint32_t ip)
{
    uint32_t before = sd_read32(v->packet + offset);
    uint8_t *transport = transport_checksum_at(v);
    uint8_t *header = v->packet + SD_IP_CHECKSUM;
    for (int shift = 16; shift >= 0; shift -= 16) {
        uint16_t from = (uint16_t)(before >> shift), to = (uint16_t)(ip >> shift);
        update_at(v, header, from, to);
        if (transport != NULL)
            update_at(v, transport, from, to);
    }
    sd_write32(v->packet + offset, ip);
}

void sd_ip_set_source(struct sd_ip *v, uint32_t ip)
{
    set_address(v, SD_IP_SOURCE, ip);
    v->source = ip;
}

void sd_ip_set_destination(struct sd_ip *v, uint32_t ip)
{
    set_address(v, SD_IP_DESTINATION, ip);
    v->destination = ip;
}

static void set_port(struct sd_ip *v, size_t offset, uint16_t port)
{
    uint8_t *transport = transport_checksum_at(v);
    if (transport != NULL)
        update_at(v, transport, sd_read16(v->payload + offset), port);
    sd_write16(v->payload + offset, port);
}

void sd_ip_set_source_port(struct sd_ip *v, uint16_t port)
{
    set_port(v, 0, port);
    v->source_port = port;
}

void sd_ip_set_destination_port(struct sd_ip *v, uint16_t port)
{
    set_port(v, 2, port);
    v->destination_port = port;
}

void sd_ip_fix_checksums(uint8_t *packet, size_t len)
{
    struct sd_ip v;
    if (!sd_ip_view(&v, packet, len))
        return;
    sd_write16(packet + SD_IP_CHECKSUM, sd_ip_checksum(packet));
    if (v.fragment_offset != 0 || v.more_fragments)
        return;
    if (v.has_ports) {
        uint8_t *at = v.payload + (v.proto == SD_PROTO_TCP ? SD_TCP_CHECKSUM : SD_UDP_CHECKSUM);
        sd_write16(at, 0);
        sd_write16(
            at, sd_transport_checksum(v.source, v.destination, v.proto, v.payload, v.payload_len));
    } else if (v.proto == SD_PROTO_ICMP && v.payload_len >= SD_ICMP_HEADER) {
        sd_write16(v.payload + SD_ICMP_CHECKSUM, 0);
        sd_write16(v.payload + SD_ICMP_CHECKSUM, sd_sum_fold(sd_sum(0, v.payload, v.payload_len)));
    }
}

void sd_ip_write_header(uint8_t *packet, size_t len, uint8_t proto, uint16_t id, uint32_t source,
                        uint32_t destination)
{
    memset(packet, 0, SD_IP_HEADER);
    packet[0] = 0x45;
    sd_write16(packet + SD_IP_LENGTH, (uint16_t)len);
    sd_write16(packet + SD_IP_ID, id);
    packet[SD_IP_TTL] = 64;
    packet[SD_IP_PROTO] = proto;
    sd_write32(packet + SD_IP_SOURCE, source);
    sd_write32(packet + SD_IP_DESTINATION, destination);
    sd_write16(packet + SD_IP_CHECKSUM, sd_ip_checksum(packet));
}

size_t sd_icmp_error(uint8_t *out, uint8_t type, uint8_t code, uint16_t mtu, uint32_t reporter,
                     const uint8_t *about, size_t about_len)
{
    size_t quoted = about_len < SD_IP_HEADER + 8 ? about_len : SD_IP_HEADER + 8;
    size_t len = SD_IP_HEADER + SD_ICMP_HEADER + quoted;
    uint8_t *icmp = out + SD_IP_HEADER;
    memmove(icmp + SD_ICMP_HEADER, about, quoted);
    memset(icmp, 0, SD_ICMP_HEADER);
    icmp[0] = type;
    icmp[1] = code;
    sd_write16(icmp + SD_ICMP_MTU, mtu);
    sd_write16(icmp + SD_ICMP_CHECKSUM, sd_sum_fold(sd_sum(0, icmp, len - SD_IP_HEADER)));
    uint32_t sender = sd_read32(icmp + SD_ICMP_HEADER + SD_IP_SOURCE);
    sd_ip_write_header(out, len, SD_PROTO_ICMP, 0, reporter, sender);
    return len;
}
