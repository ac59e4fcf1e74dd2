// hook.h - the one place between IP and every interface of a node, both ways.
#ifndef SD_NS3_HOOK_H
#define SD_NS3_HOOK_H

#include "sim/ns3/network.h"

#include "ns3/traffic-control-layer.h"

namespace shakedown
{

class HookLayer : public ns3::TrafficControlLayer
{
  public:
    static ns3::TypeId GetTypeId();

    void SetHost(Host *host)
    {
        m_host = host;
    }
    void SetHook(sd_hook hook, void *ctx)
    {
        m_hook = hook;
        m_ctx = ctx;
    }

    // A whole IP packet came in at an interface.
    void Arrive(Device *device, ns3::Ptr<const ns3::Packet> packet);
    // The same, past the hook: in to IP, or out to the wire.
    void Deliver(Device *device, ns3::Ptr<const ns3::Packet> packet);
    void Depart(Device *device, ns3::Ptr<ns3::Packet> packet);
    // A whole IP packet of this node's goes out, through the hook.
    void Emit(Device *device, ns3::Ptr<ns3::Packet> packet);
    // Whether the packet being delivered is the node's own, sent to itself.
    bool IsOwn() const
    {
        return m_own;
    }

    // Calls of ns-3: outgoing packets, and packets of a node to itself.
    void Send(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<ns3::QueueDiscItem> item) override;
    void Receive(ns3::Ptr<ns3::NetDevice> device, ns3::Ptr<const ns3::Packet> packet,
                 uint16_t protocol, const ns3::Address &from, const ns3::Address &to,
                 ns3::NetDevice::PacketType type) override;

  protected:
    void DoInitialize() override;

  private:
    bool DeliverToLayer(ns3::Ptr<const ns3::Packet> packet);
    void DeliverOwn(Device *device, ns3::Ptr<const ns3::Packet> packet);
    // Runs the hook; nullptr: dropped.  `packet` itself where nothing was changed.
    template <typename P> P RunHook(Device *device, sd_direction direction, P packet);

    Host *m_host = nullptr;
    sd_hook m_hook = nullptr;
    void *m_ctx = nullptr;
    bool m_own = false;
};

} // namespace shakedown

#endif
