// network.h - what the files of sim/ns3 share: the network, its nodes, scratch memory.
//
// ns-3 supplies IP, TCP, time and events.  Ours are the parts where it is slow or silent: links
// (link.h), routes (routes.h), the byte hook (hook.h), UDP and raw IP (datagram.h), and the way
// TCP segments find their connection (tcp_layer.h).
#ifndef SD_NS3_NETWORK_H
#define SD_NS3_NETWORK_H

extern "C" {
#include "sim/net.h"
}

#include "ns3/ipv4-l3-protocol.h"
#include "ns3/node.h"
#include "ns3/nstime.h"
#include "ns3/packet.h"
#include "ns3/simulator.h"

#include <cstring>
#include <map>
#include <memory>
#include <unordered_set>
#include <vector>

namespace shakedown
{

class Device;
class LinkDevice;
class HookLayer;
class RouteTable;
class DatagramLayer;
class TcpLayer;
class Connection;

constexpr size_t kMaxPacket = 65535;
constexpr size_t kScratch = kMaxPacket + 128; // room for a hook to lengthen the largest packet
constexpr uint16_t kIpv4 = 0x0800;

// One node: host, router or NAT.
struct Host {
    sd_net *net;
    int id;
    ns3::Ptr<ns3::Node> node;
    ns3::Ptr<ns3::Ipv4L3Protocol> ip;
    ns3::Ptr<RouteTable> routes;
    ns3::Ptr<HookLayer> hook;
    ns3::Ptr<DatagramLayer> udp;
    ns3::Ptr<TcpLayer> tcp;
    std::map<uint8_t, ns3::Ptr<DatagramLayer>> raw; // by IP protocol
    std::vector<ns3::Ptr<Device>> devices;          // by ifindex
    uint32_t links = 0;
    struct sd_net_counters counters {
    };
    sd_icmp icmp = nullptr;
    void *icmp_ctx = nullptr;
    uint16_t next_packet_id = 1; // IPv4 identification

    bool HasInterface(int ifindex) const;
};

struct Link {
    LinkDevice *end[2];
};

// Timers live in slots; a handle carries the slot's generation, so that a stale one is harmless.
struct TimerSlot {
    ns3::EventId event;
    uint32_t generation = 1;
    void (*fire)(void *ctx) = nullptr;
    void *ctx = nullptr;
};

} // namespace shakedown

struct sd_net {
    sd_net_config config{};
    std::vector<std::unique_ptr<shakedown::Host>> hosts;
    std::vector<shakedown::Link> links;
    std::vector<shakedown::TimerSlot> timers;
    std::vector<uint32_t> free_timers;
    std::vector<std::unique_ptr<uint8_t[]>> scratch; // one buffer per depth of nesting
    size_t depth = 0;
    bool running = false;
    int tunnels_entered = 0; // packets inside packets that are being sent right now
    std::unordered_set<sd_udp *> udps;
    std::unordered_set<sd_tcp *> tcps;
    uint32_t next_tcp_id = 1;
    void (*queue_drop)(void *, int, int, const uint8_t *, size_t) = nullptr;
    void *queue_drop_ctx = nullptr;

    shakedown::Host *HostOf(int node) const
    {
        return node >= 0 && static_cast<size_t>(node) < hosts.size() ? hosts[node].get() : nullptr;
    }
};

namespace shakedown
{

// A buffer of kScratch bytes that no other live Scratch shares: a hook or receiver may send, which
// may run another hook.
class Scratch
{
  public:
    explicit Scratch(sd_net *net) : m_net(net)
    {
        if (net->depth == net->scratch.size())
            net->scratch.emplace_back(new uint8_t[kScratch]);
        m_data = net->scratch[net->depth++].get();
    }
    ~Scratch()
    {
        m_net->depth--;
    }
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;
    uint8_t *data()
    {
        return m_data;
    }

  private:
    sd_net *m_net;
    uint8_t *m_data;
};

// The run begins at this time of ns-3's clock.  TCP timestamps count that clock, and a SYN cookie
// hides the peer's options in one that must not lie in the future, nor before the clock began.
constexpr uint64_t kOrigin = 10 * SD_SECOND;

inline uint64_t ClockNs()
{
    return static_cast<uint64_t>(ns3::Simulator::Now().GetTimeStep());
}

inline uint64_t NowNs()
{
    return ClockNs() - kOrigin;
}

// The longest time that is safe to add to now: about 146 years.
constexpr uint64_t kMaxDelay = static_cast<uint64_t>(INT64_MAX) / 2;

inline ns3::Time Delay(uint64_t ns)
{
    return ns3::TimeStep(ns < kMaxDelay ? ns : kMaxDelay);
}

// C may put any number into an enum; C++ must not even read it as one.
template <typename Enum> inline unsigned Number(const Enum &value)
{
    static_assert(sizeof value == sizeof(unsigned));
    unsigned number;
    memcpy(&number, &value, sizeof number);
    return number;
}

inline uint32_t PrefixMask(uint8_t prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

// An address that a host can have, and send to.
inline bool IsUnicast(uint32_t ip)
{
    return ip != 0 && ip >> 24 != 127 && ip < 0xe0000000U;
}

inline sd_addr Endpoint(ns3::Ipv4Address ip, uint16_t port, uint8_t proto)
{
    sd_addr a = sd_ipv4_word(ip.Get(), port);
    a.proto = proto;
    return a;
}

// Hands a transport segment to IP with a header of its own, so that DF can be set.  False: there
// is no route, or DF forbids what the interface's MTU needs (the sender is told by ICMP).
bool SendIp(Host *host, ns3::Ptr<ns3::Packet> segment, ns3::Ipv4Address source,
            ns3::Ipv4Address destination, uint8_t proto, bool dont_fragment);

// Tells the node's owner about an ICMP error for a packet it sent.
void ReportIcmp(Host *host, uint8_t type, uint8_t code, uint16_t mtu, uint8_t proto,
                ns3::Ipv4Address source, ns3::Ipv4Address destination, const uint8_t payload[8]);

} // namespace shakedown

#endif
