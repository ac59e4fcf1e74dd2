// routes.cc - routing, local delivery, and the ICMP errors of a router.
#include "sim/ns3/routes.h"
#include "sim/ns3/hook.h"
#include "sim/ns3/link.h"

#include "ns3/icmpv4-l4-protocol.h"

#include <algorithm>

namespace shakedown
{

using namespace ns3;

NS_OBJECT_ENSURE_REGISTERED(RouteTable);

TypeId RouteTable::GetTypeId()
{
    static TypeId id = TypeId("shakedown::RouteTable")
                           .SetParent<Ipv4RoutingProtocol>()
                           .AddConstructor<RouteTable>();
    return id;
}

void RouteTable::Add(uint32_t net, uint8_t prefix, uint32_t gateway, Device *out)
{
    Ptr<Ipv4Route> route = Create<Ipv4Route>();
    route->SetDestination(Ipv4Address(net));
    route->SetGateway(Ipv4Address(gateway));
    route->SetOutputDevice(out);
    int32_t interface = m_host->ip->GetInterfaceForDevice(out);
    route->SetSource(m_host->ip->GetAddress(interface, 0).GetLocal());

    auto level = std::find_if(m_levels.begin(), m_levels.end(),
                              [prefix](const Level &l) { return l.prefix <= prefix; });
    if (level == m_levels.end() || level->prefix != prefix)
        level = m_levels.insert(level, Level{prefix, {}});
    level->by_net[net & PrefixMask(prefix)] = route;
}

Ptr<Ipv4Route> RouteTable::Find(uint32_t destination) const
{
    for (const Level &level : m_levels) {
        auto found = level.by_net.find(destination & PrefixMask(level.prefix));
        if (found != level.by_net.end())
            return found->second;
    }
    return nullptr;
}

Ptr<Ipv4Route> RouteTable::RouteOutput(Ptr<Packet>, const Ipv4Header &header, Ptr<NetDevice>,
                                       Socket::SocketErrno &error)
{
    Ptr<Ipv4Route> route = Find(header.GetDestination().Get());
    error = route ? Socket::ERROR_NOTERROR : Socket::ERROR_NOROUTETOHOST;
    return route;
}

bool RouteTable::RouteInput(Ptr<const Packet> packet, const Ipv4Header &header,
                            Ptr<const NetDevice>, UnicastForwardCallback forward,
                            MulticastForwardCallback, LocalDeliverCallback deliver, ErrorCallback)
{
    // A martian: nobody else sends from an address of ours (RFC 1812 5.3.7).
    if (IsLocal(header.GetSource().Get()) && !m_host->hook->IsOwn())
        return true;
    auto local = m_local.find(header.GetDestination().Get());
    if (local != m_local.end()) {
        deliver(packet, header, local->second);
        return true;
    }
    if (!m_forwarding || header.GetDestination().IsMulticast() ||
        header.GetDestination().IsBroadcast())
        return false;
    Ptr<Ipv4Route> route = Find(header.GetDestination().Get());
    if (!route)
        return false;
    // ns-3 would fragment in spite of DF (RFC 1191 section 4: the router says what fits).
    uint16_t mtu = route->GetOutputDevice()->GetMtu();
    if (header.IsDontFragment() && packet->GetSize() + header.GetSerializedSize() > mtu) {
        m_host->node->GetObject<Icmpv4L4Protocol>()->SendDestUnreachFragNeeded(header, packet, mtu);
        return true;
    }
    forward(route, packet, header);
    return true;
}

void RouteTable::NotifyInterfaceUp(uint32_t)
{
}

void RouteTable::NotifyInterfaceDown(uint32_t)
{
}

void RouteTable::NotifyAddAddress(uint32_t interface, Ipv4InterfaceAddress address)
{
    Ptr<Device> device = DynamicCast<Device>(m_host->ip->GetNetDevice(interface));
    if (!device)
        return; // loopback
    m_local[address.GetLocal().Get()] = interface;
    uint8_t prefix = static_cast<uint8_t>(address.GetMask().GetPrefixLength());
    Add(address.GetLocal().Get() & PrefixMask(prefix), prefix, 0, PeekPointer(device));
}

void RouteTable::ChangeSource(Device *out, uint32_t source)
{
    for (Level &level : m_levels)
        for (auto &entry : level.by_net)
            if (entry.second->GetOutputDevice() == out)
                entry.second->SetSource(Ipv4Address(source));
}

void RouteTable::NotifyRemoveAddress(uint32_t interface, Ipv4InterfaceAddress address)
{
    m_local.erase(address.GetLocal().Get());
    Ptr<NetDevice> device = m_host->ip->GetNetDevice(interface);
    uint8_t prefix = static_cast<uint8_t>(address.GetMask().GetPrefixLength());
    for (Level &level : m_levels)
        if (level.prefix == prefix) {
            auto found = level.by_net.find(address.GetLocal().Get() & PrefixMask(prefix));
            if (found != level.by_net.end() && found->second->GetOutputDevice() == device)
                level.by_net.erase(found);
        }
}

void RouteTable::SetIpv4(Ptr<Ipv4>)
{
}

void RouteTable::PrintRoutingTable(Ptr<OutputStreamWrapper>, Time::Unit) const
{
}

void RouteTable::DoDispose()
{
    m_levels.clear();
    m_local.clear();
    Ipv4RoutingProtocol::DoDispose();
}

} // namespace shakedown

using namespace shakedown;

int sd_net_route(sd_net *net, int node, uint32_t network, uint8_t prefix, uint32_t gateway,
                 int ifindex)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || prefix > 32 || !host->HasInterface(ifindex))
        return SD_E_ARG;
    host->routes->Add(network, prefix, gateway, ns3::PeekPointer(host->devices[ifindex]));
    return SD_OK;
}

int sd_net_forwarding(sd_net *net, int node, bool on)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr)
        return SD_E_ARG;
    host->routes->SetForwarding(on);
    return SD_OK;
}

int sd_net_readdress(sd_net *net, int node, int ifindex, uint32_t ip, uint8_t prefix)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || !host->HasInterface(ifindex) || !IsUnicast(ip) || prefix < 1 ||
        prefix > 32)
        return SD_E_ARG;
    int32_t interface = host->ip->GetInterfaceForDevice(host->devices[ifindex]);
    if (host->routes->IsLocal(ip) && host->ip->GetAddress(interface, 0).GetLocal().Get() != ip)
        return SD_E_ARG;
    while (host->ip->GetNAddresses(interface) > 0)
        host->ip->RemoveAddress(interface, 0U);
    host->ip->AddAddress(interface, ns3::Ipv4InterfaceAddress(ns3::Ipv4Address(ip),
                                                              ns3::Ipv4Mask(PrefixMask(prefix))));
    host->routes->ChangeSource(ns3::PeekPointer(host->devices[ifindex]), ip);
    return SD_OK;
}
