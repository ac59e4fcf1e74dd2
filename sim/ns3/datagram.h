// datagram.h - UDP, and IP protocols without ports: one hash look-up from packet to receiver.
#ifndef SD_NS3_DATAGRAM_H
#define SD_NS3_DATAGRAM_H

#include "sim/ns3/network.h"

#include "ns3/ip-l4-protocol.h"

#include <unordered_map>

struct sd_udp {
    shakedown::Host *host;
    uint8_t proto;
    uint32_t ip; // 0: any
    uint16_t port;
    sd_udp_receive receive;
    void *ctx;
};

namespace shakedown
{

class DatagramLayer : public ns3::IpL4Protocol
{
  public:
    static ns3::TypeId GetTypeId();
    static ns3::Ptr<DatagramLayer> Make(Host *host, uint8_t proto);

    // nullptr: the port is taken, or none is free.
    sd_udp *Open(uint32_t ip, uint16_t port, sd_udp_receive receive, void *ctx);
    void Close(sd_udp *socket);
    int Send(const sd_udp *socket, const sd_addr *to, const void *data, size_t len,
             bool dont_fragment);

    int GetProtocolNumber() const override;
    RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv4Header &header,
                     ns3::Ptr<ns3::Ipv4Interface> interface) override;
    RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv6Header &header,
                     ns3::Ptr<ns3::Ipv6Interface> interface) override;
    void ReceiveIcmp(ns3::Ipv4Address reporter, uint8_t ttl, uint8_t type, uint8_t code,
                     uint32_t info, ns3::Ipv4Address source, ns3::Ipv4Address destination,
                     const uint8_t payload[8]) override;
    void SetDownTarget(DownTargetCallback callback) override;
    void SetDownTarget6(DownTargetCallback6 callback) override;
    DownTargetCallback GetDownTarget() const override;
    DownTargetCallback6 GetDownTarget6() const override;

  private:
    bool HasPorts() const
    {
        return m_proto == SD_PROTO_UDP;
    }
    uint16_t FreePort(uint32_t ip);

    Host *m_host = nullptr;
    uint8_t m_proto = 0;
    uint16_t m_next_port = 0;
    std::unordered_map<uint64_t, sd_udp *> m_sockets; // by address and port
};

void DestroyUdp(sd_net *net);

} // namespace shakedown

#endif
