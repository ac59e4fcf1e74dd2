// link.h - interfaces: the two ends of a link, and the virtual interface of a tunnel.
#ifndef SD_NS3_LINK_H
#define SD_NS3_LINK_H

#include "sim/ns3/network.h"

#include "ns3/net-device.h"

namespace shakedown
{

// What every interface answers ns-3; a kind of interface adds Transmit().
class Device : public ns3::NetDevice
{
  public:
    static ns3::TypeId GetTypeId();

    void Attach(Host *host, int ifindex, uint16_t mtu);
    Host *Owner() const
    {
        return m_host;
    }
    int Index() const // ifindex of net.h
    {
        return m_ifindex;
    }
    virtual bool IsTunnel() const = 0;
    // A whole IP packet leaves through this interface.
    virtual void Transmit(ns3::Ptr<ns3::Packet> packet) = 0;

    void SetIfIndex(const uint32_t index) override;
    uint32_t GetIfIndex() const override;
    ns3::Ptr<ns3::Channel> GetChannel() const override;
    void SetAddress(ns3::Address address) override;
    ns3::Address GetAddress() const override;
    bool SetMtu(const uint16_t mtu) override;
    uint16_t GetMtu() const override;
    bool IsLinkUp() const override;
    void AddLinkChangeCallback(ns3::Callback<void> callback) override;
    bool IsBroadcast() const override;
    ns3::Address GetBroadcast() const override;
    bool IsMulticast() const override;
    ns3::Address GetMulticast(ns3::Ipv4Address group) const override;
    ns3::Address GetMulticast(ns3::Ipv6Address address) const override;
    bool IsBridge() const override;
    bool IsPointToPoint() const override;
    bool Send(ns3::Ptr<ns3::Packet> packet, const ns3::Address &to, uint16_t protocol) override;
    bool SendFrom(ns3::Ptr<ns3::Packet> packet, const ns3::Address &from, const ns3::Address &to,
                  uint16_t protocol) override;
    ns3::Ptr<ns3::Node> GetNode() const override;
    void SetNode(ns3::Ptr<ns3::Node> node) override;
    bool NeedsArp() const override;
    void SetReceiveCallback(ReceiveCallback callback) override;
    void SetPromiscReceiveCallback(PromiscReceiveCallback callback) override;
    bool SupportsSendFrom() const override;

  protected:
    void DoDispose() override;

    Host *m_host = nullptr;
    int m_ifindex = -1;
    uint32_t m_ns3_index = 0;
    uint16_t m_mtu = 1500;
    ns3::Ptr<ns3::Node> m_node;
};

// One end of a link.  The transmitter is a FIFO queue with tail drop; since it serves strictly in
// order, the time at which a packet is out is known when it comes in, and one event carries it to
// the other end.
class LinkDevice : public Device
{
  public:
    static ns3::TypeId GetTypeId();

    void Configure(uint64_t rate_bps, sd_time delay, uint32_t queue_bytes);
    void SetPeer(LinkDevice *peer)
    {
        m_peer = peer;
    }
    bool IsTunnel() const override
    {
        return false;
    }
    void Transmit(ns3::Ptr<ns3::Packet> packet) override;

  private:
    struct Waiting {
        uint64_t out; // when its last bit has left
        uint32_t bytes;
    };

    void Arrive(ns3::Ptr<ns3::Packet> packet);
    void ForgetSent(uint64_t now);
    bool QueueHasRoom(uint32_t bytes) const;

    LinkDevice *m_peer = nullptr;
    uint64_t m_rate_bps = 0;
    sd_time m_delay = 0;
    uint32_t m_queue_bytes = 0;
    uint64_t m_free_at = 0;         // when the transmitter has sent all it holds
    std::vector<Waiting> m_waiting; // from m_first on: in transmission, and behind it
    size_t m_first = 0;
    uint64_t m_held_bytes = 0;
};

// A tunnel's virtual interface: packets go to the agent instead of a wire.
class TunDevice : public Device
{
  public:
    static ns3::TypeId GetTypeId();

    void Configure(sd_tun_out out, void *ctx);
    bool IsTunnel() const override
    {
        return true;
    }
    void Transmit(ns3::Ptr<ns3::Packet> packet) override;

  private:
    sd_tun_out m_out = nullptr;
    void *m_ctx = nullptr;
};

} // namespace shakedown

#endif
