// tcp_connection.h - one TCP connection: ns-3's TcpSocketBase with Linux's constants, without the
// shared list of endpoints, and with the segment checks of RFC 9293 and RFC 5961 in front.
#ifndef SD_NS3_TCP_CONNECTION_H
#define SD_NS3_TCP_CONNECTION_H

#include "sim/ns3/network.h"

#include "ns3/ipv4-end-point.h"
#include "ns3/tcp-header.h"
#include "ns3/tcp-socket-base.h"

namespace shakedown
{

class TcpLayer;
struct Listener;

constexpr size_t kOptionRoom = 40;        // RFC 9293 3.1: the data offset has four bits
constexpr uint32_t kTimestampsBytes = 12; // RFC 7323, with padding, in every segment
constexpr uint32_t kMinMss = 88;          // Linux's floor

// The fields of a segment that decide what becomes of it.
struct Segment {
    ns3::Ipv4Address source, destination;
    uint16_t source_port, destination_port;
    ns3::SequenceNumber32 seq, ack;
    uint8_t flags; // without PSH, URG, ECE, CWR
    uint32_t payload;
    const uint8_t *options;
    size_t options_len;
};

// The address and port at both ends.
struct FourTuple {
    uint32_t local_ip, remote_ip;
    uint16_t local_port, remote_port;
    bool operator==(const FourTuple &o) const
    {
        return local_ip == o.local_ip && remote_ip == o.remote_ip && local_port == o.local_port &&
               remote_port == o.remote_port;
    }
};

struct FourTupleHash {
    size_t operator()(const FourTuple &n) const
    {
        uint64_t h =
            (static_cast<uint64_t>(n.local_ip) << 32 | n.remote_ip) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        h += static_cast<uint64_t>(n.local_port) << 16 | n.remote_port;
        h *= UINT64_C(0xbf58476d1ce4e5b9);
        return h ^ h >> 32;
    }
};

class Connection : public ns3::TcpSocketBase
{
  public:
    static ns3::TypeId GetTypeId();
    // A connection with Linux's settings that new ones are copied from.  Setting them takes longer
    // than a handshake, so the process keeps one.
    static ns3::Ptr<const Connection> Pattern();

    Connection();
    Connection(const Connection &pattern);
    ~Connection() override;

    void Join(TcpLayer *layer, const FourTuple &names, uint32_t id);
    // Sends a SYN.
    bool OpenActive();
    // Answers a SYN with a SYN-ACK.
    void OpenPassive(std::shared_ptr<Listener> listener, const ns3::TcpHeader &syn,
                     const Segment &segment);
    // Stands where OpenPassive() and a SYN-ACK of sequence `isn` would have led.
    void OpenFromCookie(std::shared_ptr<Listener> listener, const Segment &ack, uint32_t isn,
                        uint16_t mss, int window_scale, bool sack, bool timestamps);
    void Deliver(ns3::Ptr<ns3::Packet> packet, const Segment &segment);
    void PathMtu(uint16_t mtu);
    void Refused();

    size_t Room() const;
    size_t Queue(const void *data, size_t len);
    size_t Take(void *data, size_t cap);
    void Finish(); // FIN after what is queued
    void Abort();  // RST
    void Orphan(); // nobody listens any more
    void Detach(); // the network is being destroyed

    const FourTuple &Names() const
    {
        return m_names;
    }
    uint32_t Id() const
    {
        return m_id;
    }
    sd_path Path() const;
    sd_tcp *handle = nullptr;
    sd_tcp_counters counters{};

    // Agents' options (RFC 9293 3.2): made once per kind of segment, repeated on retransmission.
    size_t OptionsFor(bool syn, bool ack, uint8_t out[kOptionRoom], size_t cap);

    ns3::Ptr<ns3::TcpSocketBase> Fork() override;
    void SendEmptyPacket(uint8_t flags) override;
    uint32_t SendDataPacket(ns3::SequenceNumber32 seq, uint32_t max, bool with_ack) override;

  private:
    void BecomePattern();
    void SetCallbacks();
    void Report(sd_tcp_event event);
    void StateChanged(ns3::TcpSocket::TcpStates_t before, ns3::TcpSocket::TcpStates_t now);
    void OnConnected(ns3::Ptr<ns3::Socket>);
    void OnConnectFailed(ns3::Ptr<ns3::Socket>);
    void OnReadable(ns3::Ptr<ns3::Socket>);
    void OnRoom(ns3::Ptr<ns3::Socket>, uint32_t);
    void OnPeerClosed(ns3::Ptr<ns3::Socket>);
    void OnBroken(ns3::Ptr<ns3::Socket>);
    void OnEstablished(ns3::Ptr<ns3::Socket>, const ns3::Address &);

    bool Acceptable(const Segment &segment);
    void OnReset(const Segment &segment);
    void Kill(sd_tcp_event event);
    void Process(ns3::Ptr<ns3::Packet> packet, const Segment &segment);
    void ProcessFin(const Segment &segment);
    void AcknowledgeData(ns3::Ptr<ns3::Packet> packet);
    void WatchWindow();
    bool IsOutstanding() const;
    void SendEmpty(uint8_t flags);
    void RepeatFin();
    void LastAckTimeout() override;
    void PersistTimeout() override;
    void ReTxTimeout() override;
    void Forward(ns3::Ptr<ns3::Packet> packet, const Segment &segment, uint32_t payload);
    uint32_t InitialSequence() const;
    void StartSending(uint32_t isn);
    void StartReceiving(ns3::SequenceNumber32 peer_isn);
    void SetSegment(uint32_t mss);
    void TakeMss(const Segment &segment);
    void HearOptions(sd_segment which, const Segment &segment);

    TcpLayer *m_layer = nullptr;
    FourTuple m_names{};
    ns3::Ipv4EndPoint m_own_end_point;
    uint32_t m_id = 0;
    std::shared_ptr<Listener> m_listener;
    bool m_half_open = false;
    bool m_wants_room = false; // the application was refused bytes
    bool m_finished = false;   // the application closed
    bool m_orphan = false;
    bool m_peer_closed = false; // reported
    bool m_dead = false;        // FAILED or RESET reported, or aborted
    bool m_active = false;
    bool m_fin_heard = false; // the peer's, which waits for what is missing before it
    ns3::SequenceNumber32 m_fin_place;
    bool m_fin_sent = false;
    uint32_t m_fins_repeated = 0;
    ns3::EventId m_fin_event;
    uint8_t m_syn_options[kOptionRoom];
    size_t m_syn_options_len = 0;
    bool m_syn_options_made = false;
    uint8_t m_ack_options[kOptionRoom];
    size_t m_ack_options_len = 0;
    bool m_ack_options_made = false;
    bool m_heard_non_syn = false;
};

} // namespace shakedown

#endif
