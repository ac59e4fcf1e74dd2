// tunnel.cc - a virtual interface: inner IP packets out to an agent and back in.
#include "sim/ns3/hook.h"
#include "sim/ns3/link.h"

extern "C" {
#include "sim/box/guard.h"
}

namespace shakedown
{

using namespace ns3;

// A tunnel may stand on a tunnel; one whose outer packets are routed into itself never ends.
constexpr int kMaxNesting = 4;

NS_OBJECT_ENSURE_REGISTERED(TunDevice);

TypeId TunDevice::GetTypeId()
{
    static TypeId id =
        TypeId("shakedown::TunDevice").SetParent<Device>().AddConstructor<TunDevice>();
    return id;
}

void TunDevice::Configure(sd_tun_out out, void *ctx)
{
    m_out = out;
    m_ctx = ctx;
}

void TunDevice::Transmit(Ptr<Packet> packet)
{
    sd_net *net = m_host->net;
    if (net->tunnels_entered == kMaxNesting) {
        m_host->counters.refused++;
        return;
    }
    Scratch bytes(net);
    uint32_t len = packet->CopyData(bytes.data(), kMaxPacket);
    net->tunnels_entered++;
    m_out(m_ctx, bytes.data(), len);
    net->tunnels_entered--;
}

} // namespace shakedown

using namespace shakedown;

int sd_net_tun_in(sd_net *net, int node, int ifindex, const uint8_t *ip, size_t len)
{
    Host *host = net != nullptr ? net->HostOf(node) : nullptr;
    if (host == nullptr || !host->HasInterface(ifindex) || !host->devices[ifindex]->IsTunnel() ||
        ip == nullptr)
        return SD_E_ARG;
    if (sd_guard_packet(ip, len) != SD_GUARD_GOOD) {
        host->counters.refused++;
        return SD_DROP_MALFORMED;
    }
    host->hook->Arrive(ns3::PeekPointer(host->devices[ifindex]), ns3::Create<ns3::Packet>(ip, len));
    return SD_OK;
}
