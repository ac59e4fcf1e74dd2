// routes.h - a node's routing table: longest prefix match through one hash table per prefix
// length, so that a router with ten thousand links forwards as fast as one with two.
#ifndef SD_NS3_ROUTES_H
#define SD_NS3_ROUTES_H

#include "sim/ns3/network.h"

#include "ns3/ipv4-route.h"
#include "ns3/ipv4-routing-protocol.h"

#include <unordered_map>

namespace shakedown
{

class RouteTable : public ns3::Ipv4RoutingProtocol
{
  public:
    static ns3::TypeId GetTypeId();

    void SetHost(Host *host)
    {
        m_host = host;
    }
    // Whether the node passes on packets that are for others.
    void SetForwarding(bool on)
    {
        m_forwarding = on;
    }
    // gateway 0: the network is on the link itself.  Replaces a route to the same network.
    void Add(uint32_t net, uint8_t prefix, uint32_t gateway, Device *out);
    // Packets of the node's own that leave there come from `source` from now on.
    void ChangeSource(Device *out, uint32_t source);
    // nullptr: none.
    ns3::Ptr<ns3::Ipv4Route> Find(uint32_t destination) const;
    bool IsLocal(uint32_t ip) const
    {
        return m_local.find(ip) != m_local.end();
    }

    ns3::Ptr<ns3::Ipv4Route> RouteOutput(ns3::Ptr<ns3::Packet> packet,
                                         const ns3::Ipv4Header &header,
                                         ns3::Ptr<ns3::NetDevice> out,
                                         ns3::Socket::SocketErrno &error) override;
    bool RouteInput(ns3::Ptr<const ns3::Packet> packet, const ns3::Ipv4Header &header,
                    ns3::Ptr<const ns3::NetDevice> in, UnicastForwardCallback forward,
                    MulticastForwardCallback multicast, LocalDeliverCallback deliver,
                    ErrorCallback error) override;
    void NotifyInterfaceUp(uint32_t interface) override;
    void NotifyInterfaceDown(uint32_t interface) override;
    void NotifyAddAddress(uint32_t interface, ns3::Ipv4InterfaceAddress address) override;
    void NotifyRemoveAddress(uint32_t interface, ns3::Ipv4InterfaceAddress address) override;
    void SetIpv4(ns3::Ptr<ns3::Ipv4> ipv4) override;
    void PrintRoutingTable(ns3::Ptr<ns3::OutputStreamWrapper> stream,
                           ns3::Time::Unit unit) const override;

  protected:
    void DoDispose() override;

  private:
    struct Level {
        uint8_t prefix;
        std::unordered_map<uint32_t, ns3::Ptr<ns3::Ipv4Route>> by_net;
    };

    Host *m_host = nullptr;
    bool m_forwarding = false;
    std::vector<Level> m_levels;                    // longest prefix first
    std::unordered_map<uint32_t, uint32_t> m_local; // own address -> interface of ns-3
};

} // namespace shakedown

#endif
