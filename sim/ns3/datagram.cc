// datagram.cc - UDP (RFC 768) and raw IP protocols.
#include "sim/ns3/datagram.h"
#include "sim/ns3/link.h"
#include "sim/ns3/routes.h"

extern "C" {
#include "sim/box/ip.h"
}

#include <cstring>

namespace shakedown
{

using namespace ns3;

constexpr size_t kUdpHeader = 8;
constexpr size_t kIpHeader = 20;
constexpr uint16_t kFirstEphemeral = 32768; // Linux's ip_local_port_range
constexpr uint16_t kLastEphemeral = 60999;

static uint64_t Key(uint32_t ip, uint16_t port)
{
    return static_cast<uint64_t>(ip) << 16 | port;
}

NS_OBJECT_ENSURE_REGISTERED(DatagramLayer);

TypeId DatagramLayer::GetTypeId()
{
    static TypeId id = TypeId("shakedown::DatagramLayer")
                           .SetParent<IpL4Protocol>()
                           .AddConstructor<DatagramLayer>();
    return id;
}

Ptr<DatagramLayer> DatagramLayer::Make(Host *host, uint8_t proto)
{
    Ptr<DatagramLayer> layer = CreateObject<DatagramLayer>();
    layer->m_host = host;
    layer->m_proto = proto;
    layer->m_next_port = kFirstEphemeral;
    host->ip->Insert(layer);
    return layer;
}

uint16_t DatagramLayer::FreePort(uint32_t ip)
{
    for (int tries = kFirstEphemeral; tries <= kLastEphemeral; tries++) {
        uint16_t port = m_next_port;
        m_next_port = port == kLastEphemeral ? kFirstEphemeral : port + 1;
        if (m_sockets.count(Key(ip, port)) == 0 && m_sockets.count(Key(0, port)) == 0)
            return port;
    }
    return 0;
}

sd_udp *DatagramLayer::Open(uint32_t ip, uint16_t port, sd_udp_receive receive, void *ctx)
{
    if (HasPorts() && port == 0 && (port = FreePort(ip)) == 0)
        return nullptr;
    if (m_sockets.count(Key(ip, port)) != 0)
        return nullptr;
    sd_udp *socket = new sd_udp{m_host, m_proto, ip, port, receive, ctx};
    m_sockets[Key(ip, port)] = socket;
    m_host->net->udps.insert(socket);
    return socket;
}

void DatagramLayer::Close(sd_udp *socket)
{
    m_sockets.erase(Key(socket->ip, socket->port));
    m_host->net->udps.erase(socket);
    delete socket;
}

int DatagramLayer::Send(const sd_udp *socket, const sd_addr *to, const void *data, size_t len,
                        bool dont_fragment)
{
    size_t header = HasPorts() ? kUdpHeader : 0;
    uint32_t destination = sd_addr_ipv4(to);
    if (!IsUnicast(destination) || (HasPorts() && to->port == 0) || (data == nullptr && len > 0) ||
        len > kMaxPacket - kIpHeader - header)
        return SD_E_ARG;
    Ptr<Ipv4Route> route = m_host->routes->Find(destination);
    if (!route)
        return SD_DROP_UNKNOWN;
    uint32_t source = socket->ip != 0 ? socket->ip : route->GetSource().Get();

    uint16_t mtu = route->GetOutputDevice()->GetMtu();
    if (dont_fragment && kIpHeader + header + len > mtu) {
        uint8_t start[8] = {static_cast<uint8_t>(socket->port >> 8),
                            static_cast<uint8_t>(socket->port), static_cast<uint8_t>(to->port >> 8),
                            static_cast<uint8_t>(to->port)};
        ReportIcmp(m_host, SD_ICMP_UNREACHABLE, SD_ICMP_FRAGMENTATION_NEEDED, mtu, m_proto,
                   Ipv4Address(source), Ipv4Address(destination), start);
        return SD_DROP_POLICY;
    }

    Scratch bytes(m_host->net);
    uint8_t *segment = bytes.data();
    if (len > 0)
        memcpy(segment + header, data, len);
    size_t total = header + len;
    if (HasPorts()) {
        sd_write16(segment, socket->port);
        sd_write16(segment + 2, to->port);
        sd_write16(segment + 4, static_cast<uint16_t>(total));
        sd_write16(segment + 6, 0);
        if (m_host->net->config.checksums)
            sd_write16(segment + 6,
                       sd_transport_checksum(source, destination, SD_PROTO_UDP, segment, total));
    }
    SendIp(m_host, Create<Packet>(segment, static_cast<uint32_t>(total)), Ipv4Address(source),
           Ipv4Address(destination), m_proto, dont_fragment);
    return SD_OK;
}

int DatagramLayer::GetProtocolNumber() const
{
    return m_proto;
}

IpL4Protocol::RxStatus DatagramLayer::Receive(Ptr<Packet> packet, const Ipv4Header &header,
                                              Ptr<Ipv4Interface>)
{
    Scratch bytes(m_host->net);
    size_t len = packet->CopyData(bytes.data(), kMaxPacket);
    const uint8_t *segment = bytes.data();
    uint32_t source = header.GetSource().Get(), destination = header.GetDestination().Get();
    uint16_t from = 0, to = 0;
    size_t skip = 0;
    if (HasPorts()) {
        if (len < kUdpHeader || sd_read16(segment + 4) < kUdpHeader || sd_read16(segment + 4) > len)
            return RX_CSUM_FAILED;
        len = sd_read16(segment + 4);
        if (m_host->net->config.checksums && sd_read16(segment + 6) != 0 &&
            !sd_transport_checksum_good(source, destination, SD_PROTO_UDP, segment, len))
            return RX_CSUM_FAILED;
        from = sd_read16(segment);
        to = sd_read16(segment + 2);
        skip = kUdpHeader;
    }
    auto found = m_sockets.find(Key(destination, to));
    if (found == m_sockets.end())
        found = m_sockets.find(Key(0, to));
    if (found == m_sockets.end())
        return RX_ENDPOINT_UNREACH;
    sd_udp *socket = found->second;
    if (socket->receive != nullptr) {
        sd_addr remote = Endpoint(header.GetSource(), from, m_proto);
        sd_addr local = Endpoint(header.GetDestination(), to, m_proto);
        socket->receive(socket->ctx, socket, segment + skip, len - skip, &remote, &local);
    }
    return RX_OK;
}

IpL4Protocol::RxStatus DatagramLayer::Receive(Ptr<Packet>, const Ipv6Header &, Ptr<Ipv6Interface>)
{
    return RX_ENDPOINT_CLOSED;
}

void DatagramLayer::ReceiveIcmp(Ipv4Address, uint8_t, uint8_t type, uint8_t code, uint32_t info,
                                Ipv4Address source, Ipv4Address destination,
                                const uint8_t payload[8])
{
    ReportIcmp(m_host, type, code, static_cast<uint16_t>(info), m_proto, source, destination,
               payload);
}

// Segments go to IP through SendIp(); ns-3 sets these all the same.
void DatagramLayer::SetDownTarget(DownTargetCallback)
{
}

void DatagramLayer::SetDownTarget6(DownTargetCallback6)
{
}

IpL4Protocol::DownTargetCallback DatagramLayer::GetDownTarget() const
{
    return DownTargetCallback();
}

IpL4Protocol::DownTargetCallback6 DatagramLayer::GetDownTarget6() const
{
    return DownTargetCallback6();
}

void DestroyUdp(sd_net *net)
{
    for (sd_udp *socket : net->udps)
        delete socket;
    net->udps.clear();
}

} // namespace shakedown

using namespace shakedown;

sd_udp *sd_net_udp(sd_net *net, int node, uint32_t ip, uint16_t port, sd_udp_receive receive,
                   void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    return host != nullptr ? host->udp->Open(ip, port, receive, ctx) : nullptr;
}

sd_udp *sd_net_raw(sd_net *net, int node, uint8_t proto, sd_udp_receive receive, void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || proto == 0 || proto == SD_PROTO_ICMP || proto == SD_PROTO_TCP ||
        proto == SD_PROTO_UDP)
        return nullptr;
    auto found = host->raw.find(proto);
    if (found == host->raw.end())
        found = host->raw.emplace(proto, DatagramLayer::Make(host, proto)).first;
    return found->second->Open(0, 0, receive, ctx);
}

int sd_udp_send(sd_udp *socket, const sd_addr *to, const void *data, size_t len, bool dont_fragment)
{
    if (socket == nullptr || to == nullptr)
        return SD_E_ARG;
    Host *host = socket->host;
    DatagramLayer *layer = ns3::PeekPointer(
        socket->proto == SD_PROTO_UDP ? host->udp : host->raw.find(socket->proto)->second);
    return layer->Send(socket, to, data, len, dont_fragment);
}

uint16_t sd_udp_port(const sd_udp *socket)
{
    return socket != nullptr ? socket->port : 0;
}

void sd_udp_close(sd_udp *socket)
{
    if (socket == nullptr)
        return;
    Host *host = socket->host;
    DatagramLayer *layer = ns3::PeekPointer(
        socket->proto == SD_PROTO_UDP ? host->udp : host->raw.find(socket->proto)->second);
    layer->Close(socket);
}
