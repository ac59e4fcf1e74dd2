// tcp_layer.h - TCP of one node: finds the connection of a segment through a hash of the four
// names, answers strays with RST, guards the backlog, puts options into segments.
#ifndef SD_NS3_TCP_LAYER_H
#define SD_NS3_TCP_LAYER_H

#include "sim/ns3/tcp_connection.h"
#include "sim/ns3/tcp_time_wait.h"

#include "ns3/tcp-l4-protocol.h"

#include <unordered_map>

struct sd_tcp {
    shakedown::Host *host;
    ns3::Ptr<shakedown::Connection> connection; // null: a listener
    std::shared_ptr<shakedown::Listener> listener;
    sd_tcp_callback callback;
    void *ctx;
    uint32_t id;
    sd_path path;
};

namespace shakedown
{

struct Listener {
    sd_tcp *handle; // nullptr: closed
    uint16_t port;
    uint32_t backlog;
    sd_validation cookies;
    sd_tcp_counters counters;
};

struct OptionHook {
    sd_tcp_option_hook call;
    void *ctx;
};

class TcpLayer : public ns3::TcpL4Protocol
{
  public:
    static ns3::TypeId GetTypeId();
    static ns3::Ptr<TcpLayer> Make(Host *host);

    Host *Owner() const
    {
        return m_host;
    }
    std::shared_ptr<Listener> Listen(const struct sd_listen *config, sd_tcp *handle);
    void Unlisten(const Listener &listener);
    ns3::Ptr<Connection> Connect(const sd_addr *to, uint32_t id);
    void SetOptionHook(uint16_t port, OptionHook hook);
    const OptionHook *FindOptionHook(const FourTuple &names) const;

    // The connection is over: no segment reaches it any more.  Freed after the current event.
    void Bury(Connection *connection);
    // The same, but the peer may have to be told again.
    void BuryInTimeWait(Connection *connection, const TimeWait &state);
    // RST in answer to a segment that belongs to nothing (RFC 9293 3.10.7.1).
    void AnswerReset(const Segment &segment);
    // A segment of no connection, in answer to one.
    void SendAlone(const ns3::TcpHeader &header, const Segment &answered);
    // Largest segment that fits the route's interface; 0: no route.
    uint32_t MssTowards(uint32_t remote_ip) const;
    // Whose segment is on its way down: SendPacket() of ns-3 does not say.
    Connection *sending = nullptr;

    RxStatus Receive(ns3::Ptr<ns3::Packet> packet, const ns3::Ipv4Header &ip,
                     ns3::Ptr<ns3::Ipv4Interface> in) override;
    void ReceiveIcmp(ns3::Ipv4Address reporter, uint8_t ttl, uint8_t type, uint8_t code,
                     uint32_t info, ns3::Ipv4Address source, ns3::Ipv4Address destination,
                     const uint8_t payload[8]) override;

  protected:
    void DoDispose() override;

  private:
    void Down(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address source, ns3::Ipv4Address destination,
              uint8_t proto, ns3::Ptr<ns3::Ipv4Route> route);
    ns3::Ptr<ns3::Packet> WithOptions(ns3::Ptr<ns3::Packet> packet, ns3::Ipv4Address source,
                                      ns3::Ipv4Address destination);
    void OnSyn(const std::shared_ptr<Listener> &listener, ns3::Ptr<ns3::Packet> packet,
               const Segment &segment);
    bool OnCookie(const std::shared_ptr<Listener> &listener, ns3::Ptr<ns3::Packet> packet,
                  const Segment &segment);
    void SendCookie(Listener &listener, const Segment &segment);
    // True: the segment was an old connection's, and is answered.
    bool OnTimeWait(const FourTuple &names, const Segment &segment);
    uint32_t CookieKey() const;
    uint16_t FreePort(FourTuple *names);
    void EmptyGraves();

    Host *m_host = nullptr;
    uint16_t m_next_port = 0;
    std::unordered_map<FourTuple, ns3::Ptr<Connection>, FourTupleHash> m_connections;
    std::unique_ptr<TimeWaits> m_time_waits; // most nodes never need it
    std::unordered_map<uint16_t, std::shared_ptr<Listener>> m_listeners;
    std::unordered_map<uint16_t, OptionHook> m_option_hooks;
    std::vector<ns3::Ptr<Connection>> m_graves;
};

void DestroyTcp(sd_net *net);

} // namespace shakedown

#endif
