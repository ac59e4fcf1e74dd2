// device.cc - the answers that every interface gives ns-3: no ARP, no broadcast, no link changes.
#include "sim/ns3/link.h"

#include "ns3/channel.h"
#include "ns3/mac48-address.h"

namespace shakedown
{

using namespace ns3;

NS_OBJECT_ENSURE_REGISTERED(Device);

TypeId Device::GetTypeId()
{
    static TypeId id = TypeId("shakedown::Device").SetParent<NetDevice>();
    return id;
}

void Device::Attach(Host *host, int ifindex, uint16_t mtu)
{
    m_host = host;
    m_ifindex = ifindex;
    m_mtu = mtu;
}

void Device::SetIfIndex(const uint32_t index)
{
    m_ns3_index = index;
}

uint32_t Device::GetIfIndex() const
{
    return m_ns3_index;
}

Ptr<Channel> Device::GetChannel() const
{
    return nullptr;
}

void Device::SetAddress(Address)
{
}

// Nothing looks at it; being constant, it cannot differ between runs.
Address Device::GetAddress() const
{
    return Mac48Address("02:00:00:00:00:01");
}

bool Device::SetMtu(const uint16_t mtu)
{
    m_mtu = mtu;
    return true;
}

uint16_t Device::GetMtu() const
{
    return m_mtu;
}

bool Device::IsLinkUp() const
{
    return true;
}

void Device::AddLinkChangeCallback(Callback<void>)
{
}

bool Device::IsBroadcast() const
{
    return false;
}

Address Device::GetBroadcast() const
{
    static const Address none;
    return none;
}

bool Device::IsMulticast() const
{
    return false;
}

Address Device::GetMulticast(Ipv4Address) const
{
    return GetBroadcast();
}

Address Device::GetMulticast(Ipv6Address) const
{
    return GetBroadcast();
}

bool Device::IsBridge() const
{
    return false;
}

bool Device::IsPointToPoint() const
{
    return true;
}

bool Device::Send(Ptr<Packet> packet, const Address &, uint16_t protocol)
{
    if (protocol != kIpv4)
        return false;
    Transmit(packet);
    return true;
}

bool Device::SendFrom(Ptr<Packet> packet, const Address &, const Address &to, uint16_t protocol)
{
    return Send(packet, to, protocol);
}

Ptr<Node> Device::GetNode() const
{
    return m_node;
}

void Device::SetNode(Ptr<Node> node)
{
    m_node = node;
}

bool Device::NeedsArp() const
{
    return false;
}

void Device::SetReceiveCallback(ReceiveCallback)
{
}

void Device::SetPromiscReceiveCallback(PromiscReceiveCallback)
{
}

bool Device::SupportsSendFrom() const
{
    return false;
}

void Device::DoDispose()
{
    m_node = nullptr;
    NetDevice::DoDispose();
}

} // namespace shakedown
