// hook.cc - runs a node's hook, keeps bad packets from ns-3, injects packets.
#include "sim/ns3/hook.h"
#include "sim/ns3/datagram.h"
#include "sim/ns3/link.h"
#include "sim/ns3/routes.h"
#include "sim/ns3/tcp_layer.h"

extern "C" {
#include "sim/box/guard.h"
#include "sim/box/ip.h"
}

#include "ns3/queue-item.h"

namespace shakedown
{

using namespace ns3;

NS_OBJECT_ENSURE_REGISTERED(HookLayer);

TypeId HookLayer::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::HookLayer").SetParent<TrafficControlLayer>().AddConstructor<HookLayer>();
    return id;
}

template <typename P> P HookLayer::RunHook(Device *device, sd_direction direction, P packet)
{
    Scratch bytes(m_host->net);
    sd_packet seen{};
    seen.data = bytes.data();
    seen.len = packet->CopyData(bytes.data(), kMaxPacket);
    seen.cap = kScratch;
    seen.node = m_host->id;
    seen.ifindex = device->Index();
    seen.direction = direction;
    seen.now = NowNs();
    const sd_verdict verdict = m_hook(m_ctx, &seen);
    if (Number(verdict) == SD_PASS)
        return packet;
    if (Number(verdict) != SD_CHANGED)
        return nullptr;
    if (sd_guard_packet(seen.data, seen.len) == SD_GUARD_GOOD)
        return Create<Packet>(seen.data, static_cast<uint32_t>(seen.len));
    m_host->counters.refused++;
    return nullptr;
}

void HookLayer::Arrive(Device *device, Ptr<const Packet> packet)
{
    if (m_hook != nullptr)
        packet = RunHook(device, SD_IN, packet);
    if (packet)
        Deliver(device, packet);
}

// Whole UDP datagrams and TCP segments for this node itself go straight to their layer; ns-3 would
// make four callbacks for each first.  False: fragments, options, errors, what is for others, and
// what claims to come from this node.
bool HookLayer::DeliverToLayer(Ptr<const Packet> packet)
{
    uint8_t start[SD_IP_HEADER];
    if (packet->CopyData(start, sizeof start) < sizeof start || start[0] != 0x45 ||
        (sd_read16(start + SD_IP_FRAGMENT) & (SD_IP_MF | SD_IP_OFFSET_MASK)) != 0 ||
        !m_host->routes->IsLocal(sd_read32(start + SD_IP_DESTINATION)) ||
        m_host->routes->IsLocal(sd_read32(start + SD_IP_SOURCE)))
        return false;
    IpL4Protocol *layer = nullptr;
    if (start[SD_IP_PROTO] == SD_PROTO_TCP)
        layer = PeekPointer(m_host->tcp);
    else if (start[SD_IP_PROTO] == SD_PROTO_UDP)
        layer = PeekPointer(m_host->udp);
    if (layer == nullptr)
        return false;
    Ptr<Packet> segment = packet->Copy();
    Ipv4Header header;
    if (m_host->net->config.checksums)
        header.EnableChecksum();
    segment->RemoveHeader(header);
    if (!header.IsChecksumOk() || header.GetPayloadSize() > segment->GetSize())
        return false;
    segment->RemoveAtEnd(segment->GetSize() - header.GetPayloadSize());
    return layer->Receive(segment, header, nullptr) != IpL4Protocol::RX_ENDPOINT_UNREACH;
}

void HookLayer::Deliver(Device *device, Ptr<const Packet> packet)
{
    static const Address nobody;
    if (DeliverToLayer(packet))
        return;
    m_host->ip->Receive(device, packet, kIpv4, nobody, nobody, NetDevice::PACKET_HOST);
}

void HookLayer::Depart(Device *device, Ptr<Packet> packet)
{
    device->Transmit(packet);
}

void HookLayer::Send(Ptr<NetDevice> to, Ptr<QueueDiscItem> item)
{
    item->AddHeader();
    Emit(static_cast<Device *>(PeekPointer(to)), item->GetPacket()); // loopback never comes here
}

void HookLayer::Emit(Device *device, Ptr<Packet> packet)
{
    if (m_hook != nullptr)
        packet = RunHook(device, SD_OUT, packet);
    if (packet)
        Depart(device, packet);
}

// Only what a node sends to an address of its own comes this way.  It waits for the next event,
// so that nobody is called while still sending.
void HookLayer::Receive(Ptr<NetDevice> to, Ptr<const Packet> packet, uint16_t protocol,
                        const Address &, const Address &, NetDevice::PacketType)
{
    Ptr<Device> device = DynamicCast<Device>(to);
    if (device && protocol == kIpv4)
        Simulator::ScheduleNow(&HookLayer::DeliverOwn, this, PeekPointer(device), packet);
}

void HookLayer::DeliverOwn(Device *device, Ptr<const Packet> packet)
{
    m_own = true;
    Deliver(device, packet);
    m_own = false;
}

// The base class looks for queue discs here; there are none.
void HookLayer::DoInitialize()
{
    Object::DoInitialize();
}

} // namespace shakedown

using namespace shakedown;

int sd_net_hook(sd_net *net, int node, sd_hook hook, void *ctx)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr)
        return SD_E_ARG;
    host->hook->SetHook(hook, ctx);
    return SD_OK;
}

int sd_net_inject(sd_net *net, int node, int ifindex, sd_direction direction, const uint8_t *ip,
                  size_t len, sd_time delay)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || !host->HasInterface(ifindex) || ip == nullptr ||
        Number(direction) > SD_OUT || delay > kMaxDelay)
        return SD_E_ARG;
    Device *device = ns3::PeekPointer(host->devices[ifindex]);
    if (sd_guard_packet(ip, len) != SD_GUARD_GOOD ||
        (direction == SD_OUT && len > device->GetMtu())) {
        host->counters.refused++;
        return SD_E_ARG;
    }
    ns3::Ptr<ns3::Packet> packet = ns3::Create<ns3::Packet>(ip, static_cast<uint32_t>(len));
    HookLayer *hook = ns3::PeekPointer(host->hook);
    if (direction == SD_IN)
        ns3::Simulator::ScheduleWithContext(host->node->GetId(), Delay(delay), &HookLayer::Deliver,
                                            hook, device, packet);
    else
        ns3::Simulator::ScheduleWithContext(host->node->GetId(), Delay(delay), &HookLayer::Depart,
                                            hook, device, packet);
    return SD_OK;
}

int sd_net_on_queue_drop(sd_net *net,
                         void (*dropped)(void *ctx, int node, int ifindex, const uint8_t *ip,
                                         size_t len),
                         void *ctx)
{
    if (net == nullptr)
        return SD_E_ARG;
    net->queue_drop = dropped;
    net->queue_drop_ctx = ctx;
    return SD_OK;
}
