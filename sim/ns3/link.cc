// link.cc - links: rate, delay, queue, MTU.
#include "sim/ns3/link.h"
#include "sim/ns3/hook.h"
#include "sim/ns3/routes.h"

#include "ns3/ipv4-interface-address.h"

namespace shakedown
{

using namespace ns3;

constexpr size_t kDefaultQueuePackets = 1000; // Linux's txqueuelen
constexpr uint16_t kMinMtu = 68;              // RFC 791: every link carries 68 bytes whole

NS_OBJECT_ENSURE_REGISTERED(LinkDevice);

TypeId LinkDevice::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::LinkDevice").SetParent<Device>().AddConstructor<LinkDevice>();
    return id;
}

void LinkDevice::Configure(uint64_t rate_bps, sd_time delay, uint32_t queue_bytes)
{
    m_rate_bps = rate_bps;
    m_delay = delay;
    m_queue_bytes = queue_bytes;
}

// The packet being transmitted does not count as queued.
bool LinkDevice::QueueHasRoom(uint32_t bytes) const
{
    if (m_waiting.empty())
        return true;
    if (m_queue_bytes == 0)
        return m_waiting.size() - m_first <= kDefaultQueuePackets;
    return m_held_bytes - m_waiting[m_first].bytes + bytes <= m_queue_bytes;
}

void LinkDevice::ForgetSent(uint64_t now)
{
    while (m_first < m_waiting.size() && m_waiting[m_first].out <= now)
        m_held_bytes -= m_waiting[m_first++].bytes;
    if (m_first == m_waiting.size()) {
        m_waiting.clear();
        m_first = 0;
    } else if (m_first > kDefaultQueuePackets) {
        m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<ptrdiff_t>(m_first));
        m_first = 0;
    }
}

void LinkDevice::Transmit(Ptr<Packet> packet)
{
    uint32_t bytes = packet->GetSize();
    uint64_t until_arrival = m_delay;
    if (m_rate_bps != 0) {
        uint64_t now = NowNs();
        ForgetSent(now);
        if (!QueueHasRoom(bytes)) {
            m_host->counters.queue_drops++;
            if (m_host->net->queue_drop != nullptr) {
                Scratch copy(m_host->net);
                packet->CopyData(copy.data(), bytes);
                m_host->net->queue_drop(m_host->net->queue_drop_ctx, m_host->id, m_ifindex,
                                        copy.data(), bytes);
            }
            return;
        }
        uint64_t start = m_free_at > now ? m_free_at : now;
        m_free_at = start + (bytes * 8 * SD_SECOND + m_rate_bps / 2) / m_rate_bps;
        m_waiting.push_back({m_free_at, bytes});
        m_held_bytes += bytes;
        until_arrival += m_free_at - now;
    }
    m_host->counters.packets_out++;
    m_host->counters.bytes_out += bytes;
    Simulator::ScheduleWithContext(m_peer->m_node->GetId(), Delay(until_arrival),
                                   &LinkDevice::Arrive, m_peer, packet);
}

void LinkDevice::Arrive(Ptr<Packet> packet)
{
    m_host->counters.packets_in++;
    m_host->counters.bytes_in += packet->GetSize();
    m_host->hook->Arrive(this, packet);
}

static bool CanTake(Host *host, uint32_t ip)
{
    return IsUnicast(ip) && !host->routes->IsLocal(ip);
}

static void Join(Host *host, Ptr<Device> device, uint32_t ip, uint8_t prefix, uint16_t mtu)
{
    device->Attach(host, static_cast<int>(host->devices.size()), mtu);
    host->devices.push_back(device);
    host->node->AddDevice(device);
    uint32_t interface = host->ip->AddInterface(device);
    host->ip->AddAddress(interface,
                         Ipv4InterfaceAddress(Ipv4Address(ip), Ipv4Mask(PrefixMask(prefix))));
    host->ip->SetUp(interface);
}

} // namespace shakedown

using namespace shakedown;

int sd_net_link(sd_net *net, struct sd_net_link *link)
{
    if (net == nullptr || link == nullptr)
        return SD_E_ARG;
    Host *host[2] = {net->HostOf(link->a.node), net->HostOf(link->b.node)};
    uint16_t mtu = link->mtu != 0 ? link->mtu : 1500;
    if (host[0] == nullptr || host[1] == nullptr || host[0] == host[1] || link->prefix < 1 ||
        link->prefix > 32 || !CanTake(host[0], link->a.ip) || !CanTake(host[1], link->b.ip) ||
        link->a.ip == link->b.ip || mtu < kMinMtu || link->delay > kMaxDelay)
        return SD_E_ARG;

    struct sd_net_end *end[2] = {&link->a, &link->b};
    ns3::Ptr<LinkDevice> device[2];
    for (int i = 0; i < 2; i++) {
        device[i] = ns3::CreateObject<LinkDevice>();
        device[i]->Configure(link->rate_bps, link->delay, link->queue_bytes);
        Join(host[i], device[i], end[i]->ip, link->prefix, mtu);
        end[i]->ifindex = device[i]->Index();
        host[i]->links++;
        host[i]->routes->SetForwarding(host[i]->links > 1);
    }
    device[0]->SetPeer(ns3::PeekPointer(device[1]));
    device[1]->SetPeer(ns3::PeekPointer(device[0]));
    net->links.push_back({{ns3::PeekPointer(device[0]), ns3::PeekPointer(device[1])}});
    return static_cast<int>(net->links.size() - 1);
}

int sd_net_set_link(sd_net *net, int link, uint64_t rate_bps, sd_time delay, uint32_t queue_bytes)
{
    if (net == nullptr || link < 0 || static_cast<size_t>(link) >= net->links.size() ||
        delay > kMaxDelay)
        return SD_E_ARG;
    for (LinkDevice *end : net->links[link].end)
        end->Configure(rate_bps, delay, queue_bytes);
    return SD_OK;
}

int sd_net_tun(sd_net *net, int node, uint32_t ip, uint8_t prefix, uint16_t mtu, sd_tun_out out,
               void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || !CanTake(host, ip) || prefix < 1 || prefix > 32 || mtu < kMinMtu ||
        out == nullptr)
        return SD_E_ARG;
    ns3::Ptr<TunDevice> device = ns3::CreateObject<TunDevice>();
    device->Configure(out, ctx);
    Join(host, device, ip, prefix, mtu);
    return device->Index();
}
